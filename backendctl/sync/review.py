"""What a region serves, held against the source; and what was edited there and never deployed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.openapi.diff import Difference
from backendctl.resources.api_reads import stages
from backendctl.sync import live as lives
from backendctl.sync.comparable import comparable, compared
from backendctl.sync.working import working as holds

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws


@dataclass(frozen=True, kw_only=True, slots=True)
class StageReview:
    """One stage of one region.

    Attributes:
        exists: whether the region has it.
        same: whether it serves the source, by what its deployment says or else by what it exports.
        differences: from what it serves to the source.
        foreign: whether somebody else deployed what it serves.
        percent: of the traffic that a canary gets, None without one. trying: whether the canary shows the source.
    """

    stage: str
    exists: bool
    same: bool
    differences: tuple[Difference, ...] = ()
    foreign: bool = False
    percent: float | None = None
    trying: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionReview:
    """One region.

    Attributes:
        api_id: None where there is no such API.
        edited: from what is deployed to what the API holds: edits that nobody deployed.
        unknown: why it could not be told whether there are such edits; empty when it could.
        exports: stage → its export, complete.
        working: what the API holds, deployed or not.
    """

    region: str
    api_id: str | None
    stages: tuple[StageReview, ...] = ()
    edited: tuple[Difference, ...] = ()
    unknown: str = ""
    exports: Mapping[str, bytes] | None = None
    working: Mapping[str, Any] | None = None

    @property
    def same(self) -> bool:
        """Whether every stage serves the source and nothing waits to be deployed."""
        return all(stage.same for stage in self.stages) and not self.edited


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the source says. form: its canonical form. digest: its name."""

    form: Mapping[str, Any]
    digest: str
    stages: tuple[str, ...]


def review(aws: Aws, region: str, *, name: str, bindings: Mapping[str, str], wanted: Wanted) -> RegionReview:
    """Look at one region. name: of its API, or its id."""
    api_id = lives.api_id_of(aws, region, name)
    if api_id is None:
        missing = tuple(StageReview(stage=stage, exists=False, same=False) for stage in wanted.stages)
        return RegionReview(region=region, api_id=None, stages=missing)
    exports: dict[str, bytes] = {}
    reviewed: list[StageReview] = []
    for stage in wanted.stages:
        found = lives.served(aws, region, api_id, stage, form=lives.form_of(wanted.form))
        if found is None:
            reviewed.append(StageReview(stage=stage, exists=False, same=False))
            continue
        exports[stage] = found.body
        reviewed.append(_reviewed(stage, found, wanted, bindings))
    working = holds(aws, region, api_id)
    edited, unknown = undeployed(aws, region, api_id, working=working, first=wanted.stages)
    if edited and _holds_it(working, wanted, bindings):
        edited, unknown = (), "the API holds this definition already"
    return RegionReview(
        region=region,
        api_id=api_id,
        stages=tuple(reviewed),
        edited=edited,
        unknown=unknown,
        exports=exports,
        working=working,
    )


def _holds_it(working: Mapping[str, Any], wanted: Wanted, bindings: Mapping[str, str]) -> bool:
    """Whether what waits to be deployed is the source itself, put by a run that got no further."""
    same_form = lives.form_of(wanted.form) == lives.OPENAPI
    return same_form and not compared(comparable(working, bindings=bindings), wanted.form)


def _reviewed(stage: str, found: lives.Served, wanted: Wanted, bindings: Mapping[str, str]) -> StageReview:
    changes: tuple[Difference, ...] = ()
    if found.digest != wanted.digest:
        changes = compared(comparable(found.document, bindings=bindings), wanted.form)
    return StageReview(
        stage=stage,
        exists=True,
        same=not changes,
        differences=changes,
        foreign=found.digest is None,
        percent=found.percent,
        trying=found.trying == wanted.digest,
    )


def undeployed(
    aws: Aws, region: str, api_id: str, *, working: Mapping[str, Any], first: Sequence[str]
) -> tuple[tuple[Difference, ...], str]:
    """What the API holds and no stage serves, and why that is unknown when it is.

    Each stage may serve another deployment; only what none of them serves was never deployed. A canary's deployment
    cannot be exported (A20).

    Args:
        first: the stages against which a difference is told, where they exist.
    """
    found = stages(aws, region, api_id)
    if not found:
        return (), "no stage has been made"
    now = comparable(working, bindings={})
    nearest: tuple[Difference, ...] | None = None
    for stage in sorted(found, key=lambda name: (name not in first, name)):
        served = lives.served(aws, region, api_id, stage, form=lives.OPENAPI)
        changes = () if served is None else compared(comparable(served.document, bindings={}), now)
        if not changes:
            return (), ""
        nearest = changes if nearest is None else nearest
    if any(stage.get("canarySettings") for stage in found.values()):
        return (), "a canary is on, and AWS exports no canary's definition"
    return nearest or (), ""
