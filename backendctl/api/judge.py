"""What a plan does to callers of an API, what stands in its way, and what is worth knowing before it is done."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from backendctl.api.faults import definition_refusals, region_faults
from backendctl.api.notes import notes
from backendctl.api.places import Place
from backendctl.api.smoke_test import asked_stages
from backendctl.engine.action import Action
from backendctl.engine.diff import differences
from backendctl.engine.plan import Change, Plan
from backendctl.engine.resource import address_of
from backendctl.openapi.diff import Section
from backendctl.resources.apigateway.canary import Canary
from backendctl.resources.apigateway.rest_api import RestApi
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.apigateway.stage_writes import held_by_canary

if TYPE_CHECKING:
    from backendctl.api.body import Body, Wanted
    from backendctl.api.look import Look
    from backendctl.api.review import RegionReview, StageReview
    from backendctl.engine.resource import Resource

EDITED = "edited by hand"
"""What stands for the definition of an API that does not hold what it says it does."""

_SERVING = frozenset({RestApi.kind, Stage.kind, Canary.kind})
_TURNING = frozenset({"definition", "localised", "variables"})


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is judged.

    Attributes:
        account: the one we deploy to. regions: all of the spec.
        place: says where in its file a part of the definition stands.
        whole: whether the plan is about nothing but the API, so that what stands in its way counts in any case.
        others: the same of the definitions that stages have of their own.
    """

    wanted: Wanted
    bodies: Mapping[str, Body]
    look: Look
    account: str
    regions: tuple[str, ...]
    place: Place
    whole: bool = False
    others: tuple[Case, ...] = ()

    @property
    def documents(self) -> tuple[Case, ...]:
        """This one, and those of stages' own definitions."""
        return (self, *self.others)


def kept(desired: Sequence[Resource], look: Look) -> list[Resource]:
    """The same resources; an API has what is put back when its put breaks off (A12)."""

    def of(resource: Resource) -> Resource:
        review = look.reviews.get(resource.region) if isinstance(resource, RestApi) else None
        if not isinstance(resource, RestApi) or review is None:
            return resource
        return replace(resource, backup=next(iter((review.exports or {}).values()), None))

    return [of(resource) for resource in desired]


def judged(plan: Plan, desired: Sequence[Resource], case: Case) -> Plan:
    """The plan with a put wherever the API does not hold what it says, and with what that means for callers."""
    plan = _putting_again(plan, desired, case)
    plan = replace(plan, changes=tuple(_with_details(plan, case)))
    touched = {change.region for change in plan.changes if change.kind in _SERVING and not change.removes}
    refusals = _once(_refusals(case), case.look.regions) if touched or case.whole else []
    plan = replace(
        plan,
        refusals=(
            *plan.refusals,
            *refusals,
            *_held_by_canaries(plan),
        ),
        breaking=(*plan.breaking, *(breaking(case.look.reviews, touched) if touched else ())),
    )
    if not touched:
        return plan
    told = [
        f"{region}/stage/{stage.stage} {stage.told_redeployed}"
        for region, review in case.look.reviews.items()
        for stage in review.stages
        if stage.redeployed
    ]
    puts = any(change.kind == RestApi.kind and change.desired is not None for change in plan.changes)
    noted = [note for one in case.documents for note in notes(one.wanted, put=puts)]
    unasked = [name for name in case.wanted.own if name not in {one.name for one in asked_stages(case.wanted.api)}]
    if puts and unasked:
        noted.append(
            f"{', '.join(unasked)} will serve a definition of its own, which API Gateway's test call does not reach: "
            "check it afterwards with `backendctl test`"
        )
    return replace(plan, remarks=(*plan.remarks, *told, *dict.fromkeys(noted)))


def _refusals(case: Case) -> Iterator[str]:
    if case.wanted.source.is_live:
        document = case.wanted.source.document
        yield from (
            f"{case.place(one.pointer)}: {one.message}" for one in definition_refusals(document, case.wanted.api)
        )
    for targets in case.look.lambda_targets.values():
        yield from targets.missing
    for one in case.documents:
        for region in case.look.regions:
            yield from region_faults(
                one.bodies[region].document,
                one.wanted,
                region=region,
                account=one.account,
                alone=len(one.regions) == 1,
                place=one.place,
            )


def _once(lines: Iterable[str], regions: Sequence[str]) -> list[str]:
    """What is said of several regions alike is said of the first, which names the others."""
    found: dict[str, list[str]] = {}
    for line in lines:
        shape = re.sub("|".join(re.escape(region) for region in regions), "…", line)
        found.setdefault(shape, []).append(line)
    return [
        alike[0] + (f" (the same in {len(alike) - 1} more regions)" if len(set(alike)) > 1 else "")
        for alike in found.values()
    ]


def _held_by_canaries(plan: Plan) -> Iterator[str]:
    """A64: while a canary is on, the stage itself is not to be deployed to."""
    for change in plan.changes:
        if isinstance(change.live, Stage) and change.live.canary and change.desired is not None:
            told = {f.field.partition(".")[0] for f in change.fields} & _TURNING
            words = sorted({"definition" if word == "localised" else word for word in told})
            if words:
                yield held_by_canary(change.address, change=" and ".join(words))


def breaking(reviews: Mapping[str, RegionReview], regions: set[str]) -> tuple[str, ...]:
    """Each change that breaks callers of a stage that serves, once, with the regions where it does."""
    found: dict[str, list[str]] = {}
    for region, one in reviews.items():
        for stage in one.stages if region in regions else ():
            for told in _breaking(stage):
                listed = found.setdefault(told, [])
                if region not in listed:
                    listed.append(region)
    return tuple(f"{told} ({', '.join(listed)})" for told, listed in found.items())


def _breaking(stage: StageReview) -> Iterator[str]:
    if stage.unknown:
        yield f"what the stage {stage.stage} serves cannot be compared: {stage.unknown}"
    for change in stage.differences:
        if change.breaking:
            where = f"{change.method or ''} {change.path or ''}".strip()
            yield change.breaking if where in change.breaking else f"{where}: {change.breaking}"


def _with_details(plan: Plan, case: Case) -> Iterator[Change]:
    """The difference by route on the change of the API, else on the first that turns a stage of it."""
    told: set[str] = set()
    with_api = {change.region for change in plan.changes if change.kind == RestApi.kind}
    for change in plan.changes:
        review = case.look.reviews.get(change.region)
        first = change.kind == RestApi.kind or (change.region not in with_api and change.region not in told)
        if review is None or change.removes or change.kind not in _SERVING or not first:
            yield change
            continue
        told.add(change.region)
        yield replace(change, details=tuple(sections(review)))


def sections(review: RegionReview) -> Iterator[Section]:
    """What differs in one region: by what its stages serve, those that serve the same together; then by hand."""
    by_change: dict[str, list[StageReview]] = {}
    for stage in review.stages:
        if stage.differences:
            by_change.setdefault(repr(stage.differences), []).append(stage)
    for alike in by_change.values():
        names = ", ".join(stage.stage for stage in alike)
        yield Section(title=f"callers of {names} would see", differences=alike[0].differences)
    if review.edited:
        title = "edited by hand and never deployed; this puts it back"
        yield Section(title=title, differences=review.edited)


def _putting_again(plan: Plan, wanted: Sequence[Resource], case: Case) -> Plan:
    """With a put wherever the API does not hold what its tag says."""
    by_hand = {region for region, review in case.look.reviews.items() if edited(review)}
    planned = {change.address for change in plan.changes}
    more: list[Change] = []
    left: list[Resource] = []
    for live in plan.unchanged:
        if not isinstance(live, RestApi) or live.region not in by_hand or address_of(live) in planned:
            left.append(live)
            continue
        desired = next(one for one in wanted if address_of(one) == address_of(live))
        if isinstance(desired, RestApi) and desired.alone:
            left.append(live)
            continue
        found = replace(live, definition=EDITED)
        more.append(Change(action=Action.UPDATE, desired=desired, live=found, fields=differences(desired, found)))
    if not more:
        return plan
    rank = {region: position for position, region in enumerate(plan.regions)}
    changes = sorted((*more, *plan.changes), key=lambda change: rank.get(change.region, -1))
    return replace(plan, changes=tuple(changes), unchanged=tuple(left))


def edited(review: RegionReview) -> bool:
    """Whether the API holds, or a stage serves, what somebody else made."""
    return bool(review.edited) or any(stage.foreign and stage.differences for stage in review.stages)
