"""What a region serves, held against the source; and what was edited there and never deployed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.api import live as lives
from backendctl.api.comparable import comparable, compared
from backendctl.api.working_copy import working_copy as holds
from backendctl.errors import AwsError
from backendctl.openapi.arns import Home
from backendctl.openapi.diff import Difference
from backendctl.openapi.preserved_settings import left_alone, settings_places
from backendctl.resources.apigateway.api_reads import CARRIES, apis, stages

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
        redeployed: when what it serves was deployed, where that is the source although its deployment says otherwise.
        unknown: why it could not be compared; empty when it could.
        percent: of the traffic that a canary gets, None without one. trying: whether the canary shows the source.
    """

    stage: str
    exists: bool
    same: bool
    differences: tuple[Difference, ...] = ()
    foreign: bool = False
    redeployed: str = ""
    unknown: str = ""
    percent: float | None = None
    trying: bool = False

    @property
    def told_redeployed(self) -> str:
        """That it serves the source under another name, in words; empty where it does not."""
        if not self.redeployed:
            return ""
        if self.foreign:
            return f"was redeployed by hand at {self.redeployed}, same definition"
        return f"serves the same, deployed at {self.redeployed} from a definition in other words or with other names"


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionReview:
    """One region.

    Attributes:
        api_id: None where there is no such API.
        edited: from what is deployed to what the API holds: edits that nobody deployed.
        unknown: why it could not be told whether there are such edits; empty when it could.
        exports: stage → its export, complete.
        working_copy: what the API holds, deployed or not.
    """

    region: str
    api_id: str | None
    stages: tuple[StageReview, ...] = ()
    edited: tuple[Difference, ...] = ()
    unknown: str = ""
    exports: Mapping[str, bytes] | None = None
    working_copy: Mapping[str, Any] | None = None

    @property
    def same(self) -> bool:
        """Whether every stage serves the source and nothing waits to be deployed."""
        return all(stage.same for stage in self.stages) and not self.edited


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What one region is to serve.

    Attributes:
        form: in canonical form, as it compares with an export of that region.
        digest, localised: its names.
        home: that region and the account. bindings: of that region.
        own: stage → the same, where one has a definition of its own.
        alone: whether stages alone are released, so that settings of the API as a whole stay as they are.
    """

    form: Mapping[str, Any]
    digest: str
    localised: str | None
    stages: tuple[str, ...]
    home: Home
    bindings: Mapping[str, str]
    alone: bool = False
    own: Mapping[str, Wanted] = field(default_factory=dict)


def review(aws: Aws, region: str, *, name: str, wanted: Wanted) -> RegionReview:
    """Look at one region. name: of its API, or its id."""
    api_id = lives.api_id_of(aws, region, name)
    if api_id is None:
        missing = tuple(StageReview(stage=stage, exists=False, same=False) for stage in wanted.stages)
        return RegionReview(region=region, api_id=None, stages=missing)
    tags = next((one.get("tags") for one in apis(aws, region) if one["id"] == api_id), None) or {}
    alone = settings_places() if wanted.alone else left_alone(wanted.form, tags.get(CARRIES, "").split())
    exports: dict[str, bytes] = {}
    reviewed: list[StageReview] = []
    for stage in wanted.stages:
        its = wanted.own.get(stage, wanted)
        try:
            found = lives.served(aws, region, api_id, stage, form=lives.form_of(its.form))
        except AwsError as error:
            if error.silent:
                raise
            reviewed.append(StageReview(stage=stage, exists=True, same=False, unknown=str(error)))
            continue
        if found is None:
            reviewed.append(StageReview(stage=stage, exists=False, same=False))
            continue
        exports[stage] = found.body
        reviewed.append(_reviewed(stage, found, its, alone))
    working_copy = holds(aws, region, api_id)
    edited, unknown = undeployed(aws, region, api_id, working_copy=working_copy, first=wanted.stages, home=wanted.home)
    edited = _without(edited, alone)
    if edited and _holds_it(working_copy, wanted, alone):
        edited, unknown = (), "the API holds this definition already"
    return RegionReview(
        region=region,
        api_id=api_id,
        stages=tuple(reviewed),
        edited=edited,
        unknown=unknown,
        exports=exports,
        working_copy=working_copy,
    )


def _holds_it(working_copy: Mapping[str, Any], wanted: Wanted, alone: tuple[str, ...]) -> bool:
    """Whether what waits to be deployed is the source itself, put by a run that got no further."""
    same_form = lives.form_of(wanted.form) == lives.OPENAPI
    form = comparable(working_copy, home=wanted.home, bindings=wanted.bindings)
    return same_form and not _without(compared(form, wanted.form), alone)


def _without(found: tuple[Difference, ...], alone: tuple[str, ...]) -> tuple[Difference, ...]:
    """Without the settings that a put leaves as they are."""
    return tuple(one for one in found if not one.pointer.startswith(alone))


def _reviewed(stage: str, found: lives.Served, wanted: Wanted, alone: tuple[str, ...]) -> StageReview:
    changes: tuple[Difference, ...] = ()
    named = found.digest == wanted.digest and wanted.localised in {None, found.localised}
    if not named:
        form = comparable(found.document, home=wanted.home, bindings=wanted.bindings)
        changes = _without(compared(form, wanted.form), alone)
    return StageReview(
        stage=stage,
        exists=True,
        same=not changes,
        differences=changes,
        foreign=found.digest is None,
        redeployed=found.deployed if not (named or changes) else "",
        percent=found.percent,
        trying=found.trying == wanted.digest,
    )


def undeployed(
    aws: Aws, region: str, api_id: str, *, working_copy: Mapping[str, Any], first: Sequence[str], home: Home
) -> tuple[tuple[Difference, ...], str]:
    """What the API holds and no stage serves, and why that is unknown when it is.

    Each stage may serve another deployment; only what none of them serves was never deployed. A canary's deployment
    cannot be exported (A20).

    Args:
        first: the stages against which a difference is told, of those that are equally near. home: the region and
            the account.
    """
    found = stages(aws, region, api_id)
    if not found:
        return (), "no stage has been made"
    now = comparable(working_copy, home=home, bindings={})
    nearest: tuple[Difference, ...] | None = None
    for stage in sorted(found, key=lambda name: (name not in first, name)):
        try:
            served = lives.served(aws, region, api_id, stage, form=lives.OPENAPI)
        except AwsError as error:
            if error.silent:
                raise
            return (), f"AWS does not export the stage {stage}: {error}"
        changes = () if served is None else compared(comparable(served.document, home=home, bindings={}), now)
        if not changes:
            return (), ""
        if nearest is None or len(changes) < len(nearest):  # an edit was made to what was put last
            nearest = changes
    if any(stage.get("canarySettings") for stage in found.values()):
        return (), "a canary is running, and AWS exports no canary's definition"
    return nearest or (), ""
