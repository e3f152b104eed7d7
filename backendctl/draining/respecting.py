"""A deploy does not undo a drain: what keeps users away from a region stays as the drain has left it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.errors import UsageError
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.route53.evacuation import CLOSED, health_path
from backendctl.resources.route53.health_check import HealthCheck
from backendctl.resources.route53.record import Record
from backendctl.resources.ssm.drain_mark import DrainMark, Means, drained

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.engine.plan import Plan
    from backendctl.engine.resource import Resource
    from backendctl.spec.model import Spec

_LEADING = frozenset({HealthCheck.kind, Record.kind})
"""The kinds by which Route 53 sends users to a region."""


def closed(desired: Sequence[Resource], marks: Mapping[str, DrainMark], spec: Spec) -> list[Resource]:
    """What is wanted, with the health paths of drained regions throttled as they are."""
    place = health_path(spec)
    if place is None:
        return list(desired)
    shut = {region for region, mark in marks.items() if Means.THROTTLE in mark.means}

    def kept(one: Resource) -> Resource:
        if not isinstance(one, Stage) or one.region not in shut or one.name != place.stage:
            return one
        if one.method_throttling is None:
            return one
        return replace(one, method_throttling={**one.method_throttling, place.route: CLOSED})

    return [kept(one) for one in desired]


def respecting(plan: Plan, marks: Mapping[str, DrainMark]) -> Plan:
    """The plan without what would send users to a drained region, and with a remark for each.

    Args:
        marks: of the drained regions that the spec has; what leaves the spec is removed, drained or not.
    """
    if not marks:
        return plan
    left = plan.restricted(lambda change: not (change.region in marks and change.kind in _LEADING))
    return replace(left, remarks=(*plan.remarks, *(told(mark) for mark in marks.values())))


def without_drained(backend: Backend) -> tuple[Backend, Mapping[str, DrainMark]]:
    """The backend in the regions that users are sent to, for what users are to judge; and the marks of the others.

    Raises:
        UsageError: there is no such region among the chosen ones.
    """
    spec = backend.spec
    marks = {one: mark for one, mark in drained(backend.aws, spec.all_regions).items() if one in spec.regions}
    if not marks:
        return backend, marks
    left = tuple(region for region in spec.regions if region not in marks)
    if not left:
        raise UsageError(
            f"{', '.join(marks)} is drained: no user would meet a canary there",
            hint="deploy it, or bring users back first: backendctl restore",
        )
    spec = spec.narrowed(left)
    return replace(backend, spec=spec, context=replace(backend.context, spec=spec)), marks


def told(mark: DrainMark) -> str:
    """The sentence about a drained region."""
    return (
        f"{mark.region} is {mark.phase}, {mark.told}: its records and its health check stay as they are; "
        f"bring users back: backendctl restore {mark.region}"
    )
