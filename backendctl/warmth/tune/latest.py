"""$LATEST while versions are published from it, and those versions until they are deleted; see the package."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from backendctl.aws.errors import ClientError, is_missing, says
from backendctl.aws.progress import note
from backendctl.errors import BackendctlError
from backendctl.resources.lambda_ import lambda_reads, lambda_settings, lambda_waits, releases

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import FunctionConfigurationTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import Stamp

VARIABLE = "BACKENDCTL_TUNING"
"""The environment variable that holds the note."""
_PAIR = re.compile(r"(\w+)=(\S+)")
_TRIES = 5


class StoppedError(Exception):
    """The user asked to stop."""


class ChangedError(BackendctlError):
    """Somebody else changed $LATEST meanwhile; what they did stays."""

    def __init__(self, physical: str, region: str) -> None:
        super().__init__(
            f"{physical} in {region} was changed by somebody else while tune published its versions; that change stays",
            hint="a deploy or a release may be running: wait for its end, then tune again",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """What stands in the variable.

    Attributes:
        run: names one run of `tune`. memory: MB that $LATEST had. size: MB it was given. time: UTC, ISO 8601.
    """

    run: str
    memory: int
    size: int
    time: str

    def __str__(self) -> str:
        return f"run={self.run} memory={self.memory} size={self.size} time={self.time}"

    @classmethod
    def of(cls, config: FunctionConfigurationTypeDef) -> Self | None:
        """The note in a configuration, None when there is none."""
        found = dict(_PAIR.findall(variables(config).get(VARIABLE, "")))
        try:
            return cls(
                run=found["run"], memory=int(found["memory"]), size=int(found["size"]), time=found.get("time", "")
            )
        except (KeyError, ValueError):
            return None


def variables(config: FunctionConfigurationTypeDef) -> dict[str, str]:
    """The environment variables."""
    return dict(config.get("Environment", {}).get("Variables", {}))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Before:
    """$LATEST as it was. memory: MB. rest: all other settings, without the note."""

    memory: int
    rest: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Latest:
    """$LATEST of one function.

    Attributes:
        run: names this run of `tune`. stop: set when the user asks to stop.
    """

    aws: Aws
    region: str
    physical: str
    run: str
    stamp: Stamp
    stop: threading.Event

    def publish(self, sizes: tuple[int, ...]) -> dict[int, str]:
        """A version of each size; $LATEST is as before when this returns or raises.

        Returns:
            Number of the version by MB.

        Raises:
            ChangedError: somebody else changed $LATEST. StoppedError: the user asked to stop.
        """
        config = self._settled()
        before = _Before(memory=int(config.get("MemorySize", 128)), rest=_rest(config))
        made: dict[int, str] = {}
        size_now: int | None = None
        try:
            for size in sizes:
                if self.stop.is_set():
                    raise StoppedError
                note(f"publish a version of {size} MB")
                self._set(size, size_now, before)
                made[size] = self._version(size, before)
                size_now = size
        finally:
            self.put_back()
        return made

    def put_back(self) -> bool:
        """Give $LATEST the memory that the note tells, and take the note away; whether there was one.

        Memory that somebody else has set since stays as it is.
        """
        for _ in range(_TRIES):
            config = self._settled()
            if VARIABLE not in variables(config):
                return False
            found = Note.of(config)
            rest = {name: value for name, value in variables(config).items() if name != VARIABLE}
            back: dict[str, Any] = {"Environment": {"Variables": rest}}
            if found is not None and config.get("MemorySize") == found.size:
                back["MemorySize"] = found.memory
            note("put $LATEST back")
            if self._update(config, back):
                self._settled()
                return True
        raise BackendctlError(
            f"{self.physical} in {self.region} is being changed again and again, so $LATEST could not be put back",
            hint="run the same command again when nothing else changes the function: it puts it back first",
        )

    def delete_versions(self) -> list[str]:
        """Delete every version that a tuning published; the numbers of those that an alias has come to use (B30)."""
        self.aws.forget("lambda-versions", self.region, self.physical)
        kept: list[str] = []
        for version in lambda_reads.temporary_versions(self.aws, self.region, self.physical):
            note(f"delete version {version.number}")
            try:
                self.aws.lambda_(self.region).delete_function(FunctionName=self.physical, Qualifier=version.number)
            except ClientError as error:
                if says(error, "ResourceConflictException"):
                    kept.append(version.number)
                elif not is_missing(error):
                    raise
        self.aws.forget("lambda-versions", self.region, self.physical)
        return kept

    def _set(self, size: int, size_now: int | None, before: _Before) -> None:
        """Give $LATEST that size, with the note. size_now: what this run has set last, None at first."""
        for _ in range(_TRIES):
            config = self._settled()
            if self._is_at(config, size, before):
                return  # done already, and only the answer was lost
            if not self._is_at(config, size_now, before):
                break
            wanted = Note(run=self.run, memory=before.memory, size=size, time=self.stamp.time)
            environment = {**variables(config), VARIABLE: str(wanted)}
            if self._update(config, {"MemorySize": size, "Environment": {"Variables": environment}}):
                return
        raise ChangedError(self.physical, self.region)

    def _version(self, size: int, before: _Before) -> str:
        for _ in range(_TRIES):
            config = self._settled()
            lambda_waits.refuse_failed(config, region=self.region)
            if not self._is_at(config, size, before):
                break
            number = self._published(config, size)
            if number is None:
                continue
            made = lambda_waits.settled(self.aws, self.region, self.physical, version=number)["Configuration"]  # B25
            lambda_waits.refuse_failed(made, region=self.region)
            if not self._is_at(made, size, before):
                break
            return number
        raise ChangedError(self.physical, self.region)

    def _published(self, config: FunctionConfigurationTypeDef, size: int) -> str | None:
        """The number of a version of what was looked at and nothing else (B24); None when it has changed since."""
        try:
            made = self.aws.lambda_(self.region).publish_version(
                FunctionName=self.physical,
                CodeSha256=config["CodeSha256"],
                Description=releases.described_as_temporary(self.run, size, self.stamp),
                **_guard(config),
            )
        except ClientError as error:
            if says(error, "PreconditionFailedException") or says(error, "InvalidParameterValueException", "sha256"):
                return None
            raise
        return made["Version"]

    def _is_at(self, config: FunctionConfigurationTypeDef, size: int | None, before: _Before) -> bool:
        """Whether this is what this run has set, or, without a size, what was there before."""
        if _rest(config) != before.rest:
            return False
        if size is None:
            return VARIABLE not in variables(config) and config.get("MemorySize") == before.memory
        found = Note.of(config)
        return found is not None and (found.run, found.size) == (self.run, size) and config.get("MemorySize") == size

    def _update(self, config: FunctionConfigurationTypeDef, change: dict[str, Any]) -> bool:
        """UpdateFunctionConfiguration of what was looked at and nothing else; False when it has changed since (B10)."""
        try:
            self.aws.lambda_(self.region).update_function_configuration(
                FunctionName=self.physical, **change, **_guard(config)
            )
        except ClientError as error:
            if says(error, "PreconditionFailedException"):
                return False
            raise
        return True

    def _settled(self) -> FunctionConfigurationTypeDef:
        return lambda_waits.settled(self.aws, self.region, self.physical)["Configuration"]


def _guard(config: FunctionConfigurationTypeDef) -> dict[str, Any]:
    return {"RevisionId": config["RevisionId"]} if "RevisionId" in config else {}


def _rest(config: FunctionConfigurationTypeDef) -> dict[str, Any]:
    """All settings but the two that are changed here."""
    settings = lambda_settings.settings_of(config)
    settings["environment"] = {name: text for name, text in settings["environment"].items() if name != VARIABLE}
    del settings["memory"]
    return settings
