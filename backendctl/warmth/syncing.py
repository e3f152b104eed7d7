"""The plan of a deploy, restricted to what keeps functions warm: rules, schedules, and the right of both to call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.app import plan_of, refuse_live_definition
from backendctl.engine.action import Action
from backendctl.engine.diff import differences
from backendctl.engine.plan import Change, Plan
from backendctl.errors import RefusedError
from backendctl.resources.events.schedule import Schedule
from backendctl.resources.events.warmer import Warmer
from backendctl.resources.iam.role import Role, scheduler_role
from backendctl.resources.kind import Kind
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_.permission import Permission
from backendctl.resources.lambda_.permission_sources import is_warmer_s

if TYPE_CHECKING:
    from backendctl.backend import Backend

_KINDS: tuple[type[Kind], ...] = (Role, Permission, Warmer, Schedule)


def plan_warmers(backend: Backend) -> Plan:
    """What a deploy would do about warmers and their permissions; every other statement stays as it is.

    Raises:
        RefusedError: something that is to be called is not there yet.
        UsageError: the API is a live one's.
        BackendctlError: no region at all could be read.
    """
    refuse_live_definition(backend.spec)
    desired = [one for kind in _KINDS for one in kind.desired(backend.context)]
    plan = plan_of(backend, desired, regions=backend.spec.regions, kinds=_KINDS)
    changes = [kept for change in plan.changes if (kept := _restricted(change, backend.spec.backend)) is not None]
    if missing := sorted({told for change in changes for told in _missing(backend, change)}):
        raise RefusedError(missing, hint="deploy it first: backendctl deploy")
    return replace(plan, changes=tuple(changes))


def _restricted(change: Change, backend: str) -> Change | None:
    """The part of a change that is about warmers."""
    resource = change.resource
    if isinstance(resource, Role):
        return change if resource.name == scheduler_role(backend) else None
    if not isinstance(resource, Permission):
        return change
    live = change.live.statements or {} if isinstance(change.live, Permission) else {}
    wanted = change.desired.statements or {} if isinstance(change.desired, Permission) else {}
    others = {sid: source for sid, source in live.items() if not is_warmer_s(sid, backend)}
    ours = {sid: source for sid, source in wanted.items() if is_warmer_s(sid, backend)}
    if others | ours == live:
        return None
    if not others | ours:
        return replace(change, action=Action.DELETE, desired=None, fields=())
    desired = replace(resource, statements=others | ours)
    action = Action.UPDATE if live else Action.CREATE
    return replace(change, action=action, desired=desired, fields=differences(desired, change.live))


def _missing(backend: Backend, change: Change) -> Iterator[str]:
    """What a rule or schedule is to call, and is not there."""
    match change.desired:
        case Warmer(targets=targets):
            called = set((targets or {}).values())
        case Schedule(schedules=schedules):
            called = {told.rpartition(" ")[2] for told in (schedules or {}).values()}
        case _:
            return
    for name in called:
        physical, _, qualifier = name.partition(":")
        there = physical in lambda_reads.functions(backend.aws, change.region)
        if not there or (qualifier and qualifier not in lambda_reads.aliases(backend.aws, change.region, physical)):
            yield f"{change.region} has no {name}, which {change.address} is to call"
