"""Notes about what stays are not deleted: a region's index entry, the release log of a stage."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.engine.action import Action
from backendctl.engine.plan import Change, Plan
from backendctl.engine.resource import GLOBAL
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.ssm.region_index import RegionIndex
from backendctl.resources.ssm.release_parameters import ReleaseLog
from backendctl.selecting import Selection

if TYPE_CHECKING:
    from backendctl.aws.journal import Journal


def remembered(selection: Selection | None, journal: Journal | None) -> Selection:
    """With what earlier runs were allowed to delete, which may be gone by now."""
    selection = selection or Selection()
    if journal is None or not selection.delete:
        return selection
    return replace(selection, deleted=journal.allowed())


def remembering(whole: Plan, chosen: Plan, *, unseen: Collection[str]) -> Plan:
    """The chosen plan without the deletion of notes about what stays.

    Args:
        unseen: regions that were not looked at, or did not answer.
    """
    addresses = {change.address for change in chosen.changes}
    kept = [c for c in whole.changes if c.action is Action.DELETE and c.address not in addresses]

    def stays(change: Change) -> bool:
        if change.action is not Action.DELETE:
            return False
        is_of_unseen = change.kind == RegionIndex.kind and change.name in unseen
        return is_of_unseen or any(_tells_of(change, other) for other in kept)

    return chosen.restricted(lambda change: not stays(change))


def _tells_of(note: Change, other: Change) -> bool:
    """Whether one is how the other is found or undone later."""
    if note.kind == RegionIndex.kind:
        return other.kind not in {RegionIndex.kind, ReleaseLog.kind} and other.region in {note.name, GLOBAL}
    return note.kind == ReleaseLog.kind and other.kind in {Stage.kind, Alias.kind} and other.region == note.region
