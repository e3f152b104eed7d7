"""What every operation on a stage does alike: look at it now, patch it in one call, and see what it is then.

The rule that a stage with a canary takes nothing else (A64) is here, for plans and for the moment of the write.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from backendctl.aws import tags as tagging
from backendctl.aws.errors import says
from backendctl.aws.wait import until
from backendctl.engine.diff import FieldChange
from backendctl.engine.resource import address
from backendctl.errors import BackendctlError
from backendctl.resources.apigateway.api_reads import list_stages, require_api
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.ssm.release_record import VARIABLE

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import PatchOperationTypeDef, StageTypeDef

    from backendctl.aws.connection import Aws

CANARY = "/canarySettings"
END_IT = "promote it (backendctl promote-canary) or end it (backendctl abort-canary)"
_CACHE_WAIT = 45 * 60  # A61; seconds
_LOOK = "look at it: backendctl history; then run the same command again"


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A version that has to be behind an alias when a stage turns to it."""

    physical: str
    alias: str
    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StagePlace:
    """One stage of one API in one region, as operations reach it."""

    aws: Aws
    region: str
    api: str
    name: str

    @property
    def address(self) -> str:
        """region/stage/name."""
        return address(self.region, "stage", self.name)

    @property
    def api_id(self) -> str:
        """Of the API, which has to be there."""
        return require_api(self.aws, self.region, self.api)

    def found(self) -> StageTypeDef:
        """The stage as it is now.

        Raises:
            BackendctlError: there is none.
        """
        found = list_stages(self.aws, self.region, self.api_id).get(self.name)
        if found is None:
            raise BackendctlError(
                f"there is no stage {self.name!r} in {self.region}", hint="deploy it first: backendctl deploy"
            )
        return found

    def patch(self, operations: Iterable[PatchOperationTypeDef]) -> StageTypeDef:
        """One UpdateStage with all of them; the whole stage as it answers, or as it is where there is nothing to do."""
        if listed := list(operations):
            answer: Any = self.aws.apigateway(self.region).update_stage(
                restApiId=self.api_id, stageName=self.name, patchOperations=listed
            )
            return cast("StageTypeDef", answer)
        return self.found()

    def refuse(self, what: str = "is not what was asked for") -> BackendctlError:
        """What to raise when somebody else changes it too."""
        return BackendctlError(f"{self.address} {what}: somebody else changes it", hint=_LOOK)


def held_by_canary(place: str, *, number: int | None = None, change: str = "") -> str:
    """Why a stage or an alias takes nothing else now, as one sentence; place: its address."""
    called = f"the canary v{number}" if number is not None else "a canary"
    told = f", and its {change} would change" if change else ""
    return f"{place} has {called}{told}: {END_IT}"


def refuse_canary(found: Mapping[str, Any], place: str) -> None:
    """Raise when a stage has a canary at the moment of a write."""
    if found.get("canarySettings"):
        raise BackendctlError(f"{place} has a canary, which was started meanwhile", hint=END_IT)


def refuse_changed(found: StageTypeDef, releases: Collection[str | None], place: str) -> None:
    """API Gateway has no condition on UpdateStage, so what the plan saw is looked at once more.

    Args:
        releases: tags of which one is to be served. place: the stage's address.

    Raises:
        BackendctlError: another release has come between, or a canary.
    """
    if (found.get("variables") or {}).get(VARIABLE, "") not in releases:
        what = "serves another release by now"
    elif found.get("canarySettings"):
        what = "has a canary by now"
    else:
        return
    raise BackendctlError(f"{place} {what}: somebody else changes it", hint=_LOOK)


def ensure_access_log(aws: Aws, region: str, group: str, *, owner: str) -> None:
    """AWS wants the group to be there; left behind when the stage goes, as logs are. owner: the backend."""
    try:
        aws.logs(region).create_log_group(logGroupName=group, tags=tagging.marked(owner, {}))
    except aws.logs(region).exceptions.ClientError as error:
        if not says(error, "ResourceAlreadyExistsException"):
            raise


def split_variables(variables: Mapping[str, str] | None) -> tuple[dict[str, str], str]:
    """A stage's variables, or a canary's overrides, without ours; and the tag of the release, empty for none."""
    rest = dict(variables or {})
    return rest, rest.pop(VARIABLE, "")


def replacing(path: str, value: str) -> PatchOperationTypeDef:
    """One operation; `replace` also creates."""
    return {"op": "replace", "path": path, "value": value}


def refuse_moved(aws: Aws, region: str, held: Sequence[Held]) -> None:
    """Just before a stage turns: the slots it turns to hold what was planned.

    Raises:
        BackendctlError: somebody else has moved one.
    """
    for one in held:
        aws.forget("lambda-aliases", region, one.physical)
    lambda_reads.read_ahead(aws, {(region, one.physical) for one in held}, lambda_reads.aliases)
    for one in held:
        alias = lambda_reads.aliases(aws, region, one.physical).get(one.alias)
        if alias is None or alias.version != one.version:
            raise BackendctlError(
                f"{one.physical}:{one.alias} in {region} does not hold version {one.version}: somebody else moved it",
                hint="run the same command again",
            )


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[FieldChange]:
    """What differs of these, field by field."""
    for name, value in after.items():
        if before.get(name) != value:
            yield FieldChange(field=name, before=before.get(name), after=value)


def await_cache(aws: Aws, region: str, api_id: str, stage: str) -> None:
    """Wait until the cache cluster of a stage is neither made nor resized nor deleted."""

    def probe() -> bool | None:
        found = aws.apigateway(region).get_stage(restApiId=api_id, stageName=stage)
        return None if found.get("cacheClusterStatus", "").endswith("IN_PROGRESS") else True

    until(aws, f"the cache of stage {stage}", probe, limit=_CACHE_WAIT, step=15)
