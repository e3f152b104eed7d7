"""Which regions are drained: one parameter per drained region, the same in every region that answers.

`/backendctl/<backend>/drained/<region>` is written before anything is changed, so that a command that was killed is
finished by the same command, and it holds what has to be put back. It is never deleted while the backend stands: a
region that did not answer at the time of a restore keeps an older one, and the highest serial counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from backendctl.aws.crew import together
from backendctl.aws.errors import attempt
from backendctl.errors import AwsError, BackendctlError
from backendctl.spec.callers import Throttling

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

T = TypeVar("T")


class Phase(StrEnum):
    """How far a drain or a restore has come."""

    DRAINING = "draining"
    DRAINED = "drained"
    RESTORING = "restoring"
    RESTORED = "restored"


class Means(StrEnum):
    """How Route 53 is made to send nobody to a region."""

    HEALTH_CHECK = "health-check"
    """The region's health check is inverted and disabled, which Route 53 takes for unhealthy."""
    THROTTLE = "throttle"
    """The method behind the health path is throttled to 0, so that the checkers of Route 53 see it fail."""
    RECORD = "record"
    """The region's records are taken out of the zone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DrainMark:
    """What is known of the drain of one region.

    Attributes:
        serial: counts the marks of this region; the highest is the one that counts.
        time: UTC, ISO 8601, of the drain's beginning. operator: "user@host".
        means: what has been begun, in that order.
        limits: the throttling of the health path's method before it was throttled; None when it had none of its own.
    """

    region: str
    phase: Phase
    serial: int
    time: str = ""
    operator: str = ""
    reason: str = ""
    means: tuple[Means, ...] = ()
    limits: Throttling | None = None

    @property
    def is_drained(self) -> bool:
        """Whether users are kept away, or are about to be, or not yet back."""
        return self.phase is not Phase.RESTORED

    @property
    def told(self) -> str:
        """For people: since when, by whom and why."""
        since = f" since {self.time}" if self.time else ""
        by = f" by {self.operator}" if self.operator else ""
        return f"{since}{by}{f' ({self.reason})' if self.reason else ''}".strip()

    @property
    def document(self) -> dict[str, Any]:
        """As JSON says it."""
        return {
            "phase": str(self.phase),
            "time": self.time,
            "operator": self.operator,
            "reason": self.reason,
            "means": [str(one) for one in self.means],
        }

    def at(self, phase: Phase) -> DrainMark:
        """The mark that comes after this one."""
        return replace(self, phase=phase, serial=self.serial + 1)

    def using(self, means: Means, limits: Throttling | None = None) -> DrainMark:
        """With one more means; what a first try has noted of the limits before stays."""
        if means in self.means:
            return self
        return replace(self, means=(*self.means, means), limits=limits if means is Means.THROTTLE else self.limits)


def root(backend: str) -> str:
    """Where all marks of a backend lie."""
    return f"/backendctl/{backend}/drained/"


def now() -> str:
    """UTC, ISO 8601."""
    return datetime.now(tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def marks(aws: Aws, regions: Sequence[str]) -> dict[str, DrainMark]:
    """Region → its newest mark, in whichever of these regions it lies; those that do not answer tell nothing."""
    found, _ = read_marks(aws, regions)
    return found


def drained(aws: Aws, regions: Sequence[str]) -> dict[str, DrainMark]:
    """The marks of the regions that are drained, in the order of `regions`."""
    found = marks(aws, regions)
    return {region: found[region] for region in regions if region in found and found[region].is_drained}


def read_marks(aws: Aws, regions: Sequence[str]) -> tuple[dict[str, DrainMark], dict[str, BackendctlError]]:
    """The same, and the regions that did not answer, with what they said."""
    answers = together(partial(_answer, aws, region) for region in regions)
    newest: dict[str, DrainMark] = {}
    silent: dict[str, BackendctlError] = {}
    for region, answer in zip(regions, answers, strict=True):
        if isinstance(answer, BackendctlError):
            silent[region] = answer
            continue
        for mark in answer:
            if mark.region not in newest or mark.serial > newest[mark.region].serial:
                newest[mark.region] = mark
    return newest, silent


def write(aws: Aws, regions: Iterable[str], mark: DrainMark) -> dict[str, BackendctlError]:
    """Write a mark in all of these regions that answer.

    Returns:
        The regions that did not, with what they said.

    Raises:
        BackendctlError: none answered, or AWS refuses.
    """
    wanted = list(regions)
    answers = together(
        partial(attempt, partial(_put, aws, region, mark), doing=f"mark {mark.region} in {region}") for region in wanted
    )
    aws.forget("drain-marks")
    failed = {region: one for region, one in zip(wanted, answers, strict=True) if isinstance(one, BackendctlError)}
    refused = [one for one in failed.values() if not (isinstance(one, AwsError) and one.silent)]
    if refused or len(failed) == len(wanted):
        raise (refused or list(failed.values()))[0]
    return failed


def _answer(aws: Aws, region: str) -> list[DrainMark] | BackendctlError:
    read = partial(aws.shared, ("drain-marks", region), partial(_load, aws, region))
    return attempt(read, doing=f"read marks of {region}")


def _load(aws: Aws, region: str) -> list[DrainMark]:
    pages = aws.ssm(region).get_paginator("get_parameters_by_path")
    found = [
        decoded(parameter["Name"].rpartition("/")[2], parameter.get("Value", ""))
        for page in pages.paginate(Path=root(aws.backend), Recursive=False)
        for parameter in page["Parameters"]
    ]
    return [mark for mark in found if mark is not None]


def _put(aws: Aws, region: str, mark: DrainMark) -> None:
    document = asdict(mark)
    del document["region"]
    aws.ssm(region).put_parameter(
        Name=f"{root(aws.backend)}{mark.region}",
        Value=_text({key: value for key, value in document.items() if value not in (None, "", ())}),
        Type="String",
        Tier="Standard",
        Overwrite=True,
    )


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document).replace("{{", "\\u007b\\u007b")  # SSM takes two braces for a reference


def decoded(region: str, text: str) -> DrainMark | None:
    """A mark from a parameter's value; None for what another hand wrote or damaged."""
    try:
        value: Mapping[str, Any] = json.loads(text)
        limits = value.get("limits")
        return DrainMark(
            region=region,
            phase=Phase(value["phase"]),
            serial=int(value["serial"]),
            time=str(value.get("time", "")),
            operator=str(value.get("operator", "")),
            reason=str(value.get("reason", "")),
            means=tuple(Means(one) for one in value.get("means", ())),
            limits=None if limits is None else Throttling(rate=float(limits["rate"]), burst=int(limits["burst"])),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return None
