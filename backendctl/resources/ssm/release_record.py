"""One release as it is remembered: what it is called, what it serves, and where it came from; pure.

A release has a number, the same in every region, and a token that names its content, so that two operators who could
not see each other cannot mean two things by the same number. Both stand in the stage itself (`VARIABLE`), or in an
alias's description: what serves is told by what serves, and the record tells what that is.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os.path
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

VARIABLE = "backendctlRelease"
"""The stage variable that holds the tag of the release a stage serves; a canary's override holds its own."""

LIMIT = 4096
"""Bytes of a Standard parameter (K8)."""
_COMPRESSED_ABOVE = 4000
_PACKED = "z:"
_TAG = re.compile(r"^(\d{1,6})-([0-9a-f]{8})$")


class Event(StrEnum):
    """What an entry of the log tells: the beginning of a release, or what became of one."""

    DEPLOY = "deploy"
    CANARY = "canary"
    ROLLBACK = "rollback"
    FOUND = "found"
    """It was there before anybody wrote."""
    SHIFT = "shift"
    PROMOTE = "promote"
    ABORT = "abort"


RELEASES = frozenset({Event.DEPLOY, Event.CANARY, Event.ROLLBACK, Event.FOUND})
"""The events that begin a release; the others name a canary's number again."""


class State(StrEnum):
    """How far it has come in one region."""

    CLAIMED = "claimed"
    READY = "ready"
    """What it is made of is known and stands; the next call turns the stage."""
    DONE = "done"
    WITHDRAWN = "withdrawn"
    """Announced, and given up before anything was changed: somebody else was first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One entry of the log in one region.

    Attributes:
        index: its place in the log, from 1; claimed once, never reused. number: of the release, as people see it.
        token: 8 hex digits naming its content.
        targets: stages, or aliases such as "places:live".
        regions: those it is meant for.
        time: UTC, ISO 8601, of its beginning. commit: with "+" when the tree was not clean.
        operator: who ran the command, and from where: "user@host". process: its number there.
        before: number of the release that served; None when there was none. like: of the one it is a return to.
        deployment: id; of the stage whose name comes first, where several have their own.
        deployments: stage → id, where a release of several stages has more than one.
        definition, localised: digests of its definition; None where it has more than one.
        versions: "physical:alias" → version number. codes: the same keys → 8 hex digits of the code's hash.
        variables: stage → its variables, None for a value that is not remembered; without a stage of older entries.
        percent: the share that a canary begins with.
        touched: seconds since the epoch of the last write, as AWS has it; 0 when unknown.
    """

    index: int
    number: int
    event: Event
    token: str
    targets: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    time: str = ""
    commit: str = ""
    author: str = ""
    operator: str = ""
    process: int | None = None
    before: int | None = None
    like: int | None = None
    deployment: str = ""
    deployments: dict[str, str] = field(default_factory=dict)
    definition: str | None = None
    localised: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    variables: dict[str, dict[str, str | None]] = field(default_factory=dict)
    percent: float | None = None
    state: State = State.CLAIMED
    touched: float = field(default=0.0, compare=False)

    @property
    def is_release(self) -> bool:
        """Whether it begins a release."""
        return self.event in RELEASES

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do for it in this region."""
        return self.state in {State.DONE, State.WITHDRAWN}

    @property
    def tag(self) -> str:
        """What stands in a stage variable or an alias's description: "8-3f2a1c9d"."""
        return f"{self.number}-{self.token}"

    def deployment_of(self, stage: str) -> str:
        """Id of the deployment that a stage gets by it."""
        return self.deployments.get(stage, self.deployment)

    def on(self, stage: str, deployment: str, variables: Mapping[str, str | None]) -> Record:
        """With the deployment and the variables of one of its stages."""
        several = len(self.targets) > 1
        return replace(
            self,
            deployment=deployment,
            deployments={**self.deployments, stage: deployment} if several else self.deployments,
            variables={**self.variables, stage: dict(variables)},
        )

    def serves_like(self, other: Record) -> bool:
        """Whether the same answers: deployment and versions."""
        return (self.deployment, self.deployments, self.versions) == (
            other.deployment,
            other.deployments,
            other.versions,
        )


def split_tag(tag: str) -> tuple[int, str] | None:
    """Number and token; None for what is no tag of ours."""
    found = _TAG.match(tag)
    return (int(found[1]), found[2]) if found else None


def token_of(*parts: Any) -> str:
    """8 hex digits naming these JSON-able parts."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:8]


def encode(record: Record) -> str:
    """A record as the value of a parameter, compressed when it would be longer than a Standard one takes.

    Of very many functions it is without the hashes of their code, which versions name as well, then without variables.
    What is longer than `LIMIT` even so does not fit.
    """
    shorter = (record, replace(record, codes={}), replace(record, codes={}, variables={}))
    values = [_encoded(one) for one in shorter]
    return next((value for value in values if len(value.encode()) <= LIMIT), values[-1])


def _encoded(record: Record) -> str:
    plain = {
        "number": record.number,
        "event": str(record.event),
        "token": record.token,
        "targets": list(record.targets),
        "regions": list(record.regions),
        "time": record.time,
        "commit": record.commit,
        "author": record.author,
        "operator": record.operator,
        "process": record.process,
        "before": record.before,
        "like": record.like,
        "deployment": record.deployment,
        "deployments": record.deployments,
        "definition": record.definition,
        "localised": record.localised,
        "variables": record.variables,
        "percent": record.percent,
        "state": str(record.state),
        **_packed_versions(record),
    }
    kept = {key: value for key, value in plain.items() if value not in (None, "", [], {})}
    text = json.dumps(kept, separators=(",", ":"))
    if len(text.encode()) <= _COMPRESSED_ABOVE and "{{" not in text:  # SSM takes {{ for a reference
        return text
    return _PACKED + base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def decode(index: int, text: str, *, touched: float = 0.0) -> Record | None:
    """A record from a parameter's value; None for what another hand wrote or damaged."""
    try:
        value: dict[str, Any] = json.loads(unpacked(text))
        versions, codes = _unpacked_versions(value)
        record = Record(
            index=index,
            number=_required(value["number"]),
            event=Event(value["event"]),
            token=value["token"],
            targets=_words(value.get("targets", [])),
            regions=_words(value.get("regions", [])),
            time=_word(value.get("time", "")),
            commit=_word(value.get("commit", "")),
            author=_word(value.get("author", "")),
            operator=_word(value.get("operator", "")),
            process=_number(value.get("process")),
            before=_number(value.get("before")),
            like=_number(value.get("like")),
            deployment=_word(value.get("deployment", "")),
            deployments={stage: _word(one) for stage, one in value.get("deployments", {}).items()},
            definition=_word(value["definition"]) if value.get("definition") is not None else None,
            localised=_word(value["localised"]) if value.get("localised") is not None else None,
            versions=versions,
            codes=codes,
            variables={stage: _values(one) for stage, one in value.get("variables", {}).items()},
            percent=_share(value.get("percent")),
            state=State(value.get("state", State.DONE)),
            touched=touched,
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return None
    return record if split_tag(record.tag) else None


def unpacked(text: str) -> str:
    """The JSON of a value, compressed or not.

    Raises:
        ValueError: it is damaged.
    """
    if not text.startswith(_PACKED):
        return text
    try:
        return zlib.decompress(base64.b64decode(text.removeprefix(_PACKED))).decode()
    except (binascii.Error, zlib.error) as error:
        raise ValueError(str(error)) from error


def _packed_versions(record: Record) -> dict[str, Any]:
    """The versions by alias, their functions' names without what all begin with."""
    prefix = os.path.commonprefix([key.rpartition(":")[0] for key in record.versions])  # noqa: RUF071  # of names
    packed: dict[str, dict[str, str]] = {}
    for key, number in record.versions.items():
        physical, _, alias = key.rpartition(":")
        packed.setdefault(alias, {})[physical.removeprefix(prefix)] = f"{number} {record.codes.get(key, '')}".strip()
    return {"prefix": prefix, "versions": packed}


def _unpacked_versions(value: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    prefix = _word(value.get("prefix", ""))
    versions: dict[str, str] = {}
    codes: dict[str, str] = {}
    for alias, functions in value.get("versions", {}).items():
        for name, told in functions.items():
            number, _, code = _word(told).partition(" ")
            versions[f"{prefix}{name}:{alias}"] = number
            if code:
                codes[f"{prefix}{name}:{alias}"] = code
    return versions, codes


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _values(value: Any) -> dict[str, str | None]:
    return {name: None if one is None else _word(one) for name, one in value.items()}


def _words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(value)
    return tuple(_word(one) for one in value)


def _number(value: Any) -> int | None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise TypeError(value)
    return value


def _required(value: Any) -> int:
    number = _number(value)
    if number is None or number < 1:
        raise TypeError(value)
    return number


def _share(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    return float(value)
