"""The plan of a deploy, restricted to tables: with indexes, replicas, scaling and what each region has of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from backendctl.app import plan_of
from backendctl.aws.crew import together
from backendctl.aws.errors import BotoCoreError, ClientError, explain, is_silent
from backendctl.engine.action import Action
from backendctl.engine.plan import Change, Plan
from backendctl.engine.resource import address
from backendctl.errors import RefusedError, UsageError
from backendctl.remembering import remembered
from backendctl.resources.dynamodb import table_reads
from backendctl.resources.dynamodb.replica import Replica
from backendctl.resources.dynamodb.scaling import Scaling
from backendctl.resources.dynamodb.table import Table
from backendctl.resources.dynamodb.table_refusals import with_dynamodb
from backendctl.resources.kind import Kind
from backendctl.resources.ssm.region_index import RegionIndex

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
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
        gone = gone_before(plan, selection.delete, selection.deleted)
        plan = keeping(plan, gone=bool(gone))
        _refuse_lost(backend, plan, gone)
    return with_dynamodb(plan, backend.aws)


def gone_before(plan: Plan, allowed: Iterable[str], deleted: Collection[str]) -> list[str]:
    """What of that which is named was deleted by an earlier run, and has not been made again since.

    Args:
        allowed: what --allow-delete names. deleted: what earlier runs were allowed to delete.
    """
    found = [*plan.unchanged, *(change.resource for change in plan.changes)]
    there = {text for one in found for text in (f"{one.kind}/{one.name}", address(one.region, one.kind, one.name))}
    return [text for text in allowed if text in deleted and text not in there]


def _refuse_lost(backend: Backend, plan: Plan, gone: Iterable[str]) -> None:
    """A replica that an earlier run took away with its data has none that could be kept.

    Args:
        gone: REGION/replica/NAME or replica/NAME.
    """
    lost = [text for text in gone if text.split("/")[-2] == Replica.kind and not _may_be_kept(backend, plan, text)]
    if lost:
        raise RefusedError(
            [
                f"--keep-data: {one} is gone with its data: an earlier run deleted it without --keep-data"
                for one in lost
            ],
            hint="run the command without --allow-delete and --keep-data; the other regions have the data still",
        )


def _may_be_kept(backend: Backend, plan: Plan, text: str) -> bool:
    """Whether a table of that name is left where the replica was, or its region did not answer."""
    name = text.rpartition("/")[2]
    table = next((one for one in backend.spec.tables if one.name == name), None)
    physical = table.physical if table else f"{backend.spec.backend}-{name}"
    left = [region for region in plan.regions if table is None or region not in table.regions]
    regions = [text.partition("/")[0]] if text.count("/") > 1 else left
    answers = together(partial(_is_there, backend.aws, region, physical) for region in regions)
    return any(answers) or bool(plan.unreachable)


def _is_there(aws: Aws, region: str, physical: str) -> bool:
    try:
        return table_reads.describe(aws, region, physical) is not None
    except (ClientError, BotoCoreError) as error:
        if is_silent(error):
            return True
        raise explain(error, doing=f"look for the table {physical} in {region}") from error


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
