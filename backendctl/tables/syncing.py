"""The plan of a deploy, restricted to tables: with indexes, replicas, scaling and what each region has of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.app import plan_of
from backendctl.engine.plan import Action, Change, Plan
from backendctl.errors import UsageError
from backendctl.remembering import remembered
from backendctl.resources.replica import Replica
from backendctl.resources.roster import Roster
from backendctl.resources.scaling import Scaling
from backendctl.resources.table import Table
from backendctl.resources.table_refusals import with_dynamodb

if TYPE_CHECKING:
    from backendctl.app import Backend
    from backendctl.engine.resource import Resource
    from backendctl.selecting import Selection

KINDS: tuple[type[Resource], ...] = (Table, Scaling, Replica)


def plan_tables(backend: Backend, selection: Selection, *, keep_data: bool = False) -> Plan:
    """What a deploy would do about tables.

    A region that gets its first thing of this backend is noted as one of its regions, as a deploy does.

    Args:
        keep_data: whether replicas that go become tables of their own.

    Raises:
        BackendctlError: no region at all could be read.
        UsageError: the selection names what there is not; or no replica goes whose data could be kept.
    """
    kinds: tuple[type[Resource], ...] = (Roster, *KINDS)
    desired = [one for kind in kinds for one in kind.desired(backend.world)]
    plan = plan_of(backend, desired, regions=backend.spec.regions, kinds=kinds)
    made = {c.region for c in plan.changes if c.action is Action.CREATE and not isinstance(c.resource, Roster)}
    plan = plan.restricted(lambda change: _about_tables(change, made))
    plan = replace(plan, unchanged=tuple(one for one in plan.unchanged if not isinstance(one, Roster)))
    selection = remembered(selection, backend.aws.journal)
    selection.refuse_unmatched(plan)
    if keep_data and not (gone_before(selection) and not plan.changes):
        plan = keeping(plan)
    return with_dynamodb(plan, backend.aws)


def gone_before(selection: Selection) -> bool:
    """Whether an earlier run was allowed to delete all that is named, so that it may have been killed at its end."""
    return bool(selection.delete) and selection.deleted.issuperset(selection.delete)


def keeping(plan: Plan) -> Plan:
    """The plan in which replicas that go keep their data.

    Raises:
        UsageError: none goes.
    """
    changes = [_keeping(change) for change in plan.changes]
    if all(new is old for new, old in zip(changes, plan.changes, strict=True)):
        raise UsageError("--keep-data: no replica is to be removed", hint="take its region out of the spec first")
    return replace(plan, changes=tuple(changes))


def _keeping(change: Change) -> Change:
    if change.action is not Action.DELETE or not isinstance(change.live, Replica):
        return change
    return replace(change, live=replace(change.live, keep_data=True))


def _about_tables(change: Change, made: set[str]) -> bool:
    """Where a backend lives is noted when something is made there, and forgotten by a deploy alone."""
    if not isinstance(change.resource, Roster):
        return True
    return change.action is Action.CREATE and bool(made & {change.region, change.name})
