"""Which change waits for which."""

from __future__ import annotations

from collections.abc import Sequence

from backendctl.engine.plan import Action, Change
from backendctl.engine.resource import GLOBAL

_ROSTER = "roster"
_RELEASE = "release"
# What spans regions: a replica is part of its table.
_SPANNING = frozenset({"table", "replica", "scaling"})


def edges(changes: Sequence[Change], order: Sequence[str]) -> dict[str, set[str]]:
    """For each address, the addresses that must be finished before it.

    Creates and updates follow `needs`. A delete waits for every create and update around it, so that traffic has
    moved before anything goes, and for the deletes of kinds that come later in creation order (H3). A need that is
    being deleted still stands: it goes afterwards, like everything else, so that no two ever wait for each other.

    Args:
        changes: the plan's.
        order: kinds in creation order; deletes of kinds that it does not name wait for no other delete.
    """
    rank = {kind: position for position, kind in enumerate(order)}
    made = {change.address for change in changes if not change.removes}
    # A release is announced in every region before anything of it moves; only regions are entered before.
    announced = {c.address for c in changes if c.kind == _RELEASE and c.region == GLOBAL}
    graph: dict[str, set[str]] = {}
    for change in changes:
        if change.removes:
            graph[change.address] = {
                other.address for other in changes if other is not change and _goes_before(other, change, rank)
            }
        else:
            needs = set(change.resource.needs()) | _entry(change, changes)
            needs |= announced if change.kind not in {_ROSTER, _RELEASE} else set()
            graph[change.address] = needs & made - {change.address}
    return graph


def _entry(change: Change, changes: Sequence[Change]) -> set[str]:
    """A region is entered in the roster before anything is made in it, or a kill would leave it unknown."""
    if change.kind == _ROSTER:
        return set()
    return {c.address for c in changes if c.kind == _ROSTER and c.action is Action.CREATE and c.name == change.region}


def _goes_before(other: Change, delete: Change, rank: dict[str, int]) -> bool:
    if not _touches(other, delete):
        return False
    return not other.removes or rank.get(other.kind, 0) > rank.get(delete.kind, 0)


def _touches(other: Change, delete: Change) -> bool:
    if other.region == delete.region or GLOBAL in (other.region, delete.region):
        return True
    if delete.kind == _ROSTER:
        return other.region == delete.name  # a region is forgotten last
    return other.kind in _SPANNING and delete.kind in _SPANNING
