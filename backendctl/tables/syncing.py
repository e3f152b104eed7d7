"""The plan of a deploy, restricted to tables: with indexes, replicas, scaling and what each region has of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.app import plan_of
from backendctl.engine.action import Action
from backendctl.engine.plan import Change, Plan
from backendctl.engine.resource import address
from backendctl.errors import UsageError
from backendctl.remembering import remembered
from backendctl.resources.kind import Kind
from backendctl.resources.region_index import RegionIndex
from backendctl.resources.replica import Replica
from backendctl.resources.scaling import Scaling
from backendctl.resources.table import Table
from backendctl.resources.table_refusals import with_dynamodb

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.selecting import Selection

KINDS: tuple[type[Kind], ...] = (Table, Scaling, Replica)


def plan_tables(backend: Backend, selection: Selection, *, keep_data: bool = False) -> Plan:
    """What a deploy would do about tables.

    A region that gets its first thing of this backend, made or adopted, is noted as one of its regions, as a deploy
    does: else what it has would not be looked at once the spec has forgotten the region.

    Args:
        keep_data: whether replicas that go become tables of their own.

    Raises:
        BackendctlError: no region at all could be read.
        UsageError: the selection names what there is not; or no replica goes whose data could be kept. What an
            earlier run was allowed to delete may be gone by now, so that the same command finishes after a kill.
    """
    selection = remembered(selection, backend.aws.journal)
    kinds: tuple[type[Kind], ...] = (RegionIndex, *KINDS)
    desired = [one for kind in kinds for one in kind.desired(backend.context)]
    plan = plan_of(backend, desired, regions=backend.spec.regions, kinds=kinds)
    made = {c.region for c in plan.changes if _is_new(c)}
    plan = plan.restricted(lambda change: _about_tables(change, made))
    plan = replace(plan, unchanged=tuple(one for one in plan.unchanged if not isinstance(one, RegionIndex)))
    selection.refuse_unmatched(plan)
    if keep_data:
        plan = keeping(plan, gone=gone_before(plan, selection.delete, selection.deleted))
    return with_dynamodb(plan, backend.aws)


def gone_before(plan: Plan, allowed: Iterable[str], deleted: Collection[str]) -> bool:
    """Whether something that is named was deleted by an earlier run, and has not been made again since.

    Args:
        allowed: what --allow-delete names. deleted: what earlier runs were allowed to delete.
    """
    found = [*plan.unchanged, *(change.resource for change in plan.changes)]
    there = {text for one in found for text in (f"{one.kind}/{one.name}", address(one.region, one.kind, one.name))}
    return any(text in deleted and text not in there for text in allowed)


def keeping(plan: Plan, *, gone: bool = False) -> Plan:
    """The plan in which replicas that go keep their data.

    Args:
        gone: whether one may have gone already, in an earlier run of the same command.

    Raises:
        UsageError: none goes.
    """
    changes = [_keeping(change) for change in plan.changes]
    if not gone and all(new is old for new, old in zip(changes, plan.changes, strict=True)):
        raise UsageError("--keep-data: no replica is to be removed", hint="take its region out of the spec first")
    return replace(plan, changes=tuple(changes))


def _keeping(change: Change) -> Change:
    if change.action is not Action.DELETE or not isinstance(change.live, Replica):
        return change
    return replace(change, live=replace(change.live, keep_data=True))


def _is_new(change: Change) -> bool:
    return not isinstance(change.resource, RegionIndex) and (change.action is Action.CREATE or change.foreign)


def _about_tables(change: Change, made: set[str]) -> bool:
    """Where a backend lives is noted when something is made there, and forgotten by a deploy alone."""
    if not isinstance(change.resource, RegionIndex):
        return True
    return change.action is Action.CREATE and bool(made & {change.region, change.name})
