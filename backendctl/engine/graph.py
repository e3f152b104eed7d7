"""Which change waits for which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from graphlib import TopologicalSorter

from backendctl.engine.action import Action
from backendctl.engine.plan import Change
from backendctl.engine.resource import GLOBAL
from backendctl.engine.traits import traits_of


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
    announced = {change.address for change in changes if traits_of(change.resource).announces}
    entries = _entries(changes)
    parts = _parts_of(changes)
    regions = _by_region(changes)
    graph: dict[str, set[str]] = {}
    for change in changes:
        if change.removes:
            graph[change.address] = {
                other.address
                for other in _possibly_touching(change, changes, regions)
                if other is not change and _goes_before(other, change, rank)
            }
        else:
            needs = set(change.resource.needs())
            traits = traits_of(change.resource)
            if not traits.part_of_needed:
                needs |= {one for need in needs for one in parts.get(need, ())}
            needs |= entries.get(change.region, set()) if not traits.opens_region else set()
            needs |= announced if not traits.opens_region and not traits.announces else set()
            graph[change.address] = needs & made - {change.address}
    return graph


def heights(changes: Sequence[Change], graph: Mapping[str, AbstractSet[str]]) -> dict[str, float]:
    """Address → how long the longest way from there to the end is: what has most behind it is to start first.

    A change counts as one, or as many as its kind `lasts`.
    """
    weight = {change.address: float(traits_of(change.resource).lasts) for change in changes}
    found = dict(weight)
    made = {c.address: graph[c.address] for c in changes if not c.removes}  # what goes comes last anyway
    for node in reversed(list(TopologicalSorter(made).static_order())):
        for need in made[node]:
            found[need] = max(found[need], weight[need] + found[node])
    return found


def _entries(changes: Sequence[Change]) -> dict[str, set[str]]:
    """Region → its new entries in the region index: before anything is made there, or a kill would leave it unknown."""
    found: dict[str, set[str]] = {}
    for change in changes:
        if traits_of(change.resource).opens_region and change.action is Action.CREATE:
            found.setdefault(change.name, set()).add(change.address)
    return found


def _parts_of(changes: Sequence[Change]) -> dict[str, set[str]]:
    """Address → what belongs to it: whatever needs the one waits for both."""
    found: dict[str, set[str]] = {}
    for change in changes:
        if not change.removes and traits_of(change.resource).part_of_needed:
            for need in change.resource.needs():
                found.setdefault(need, set()).add(change.address)
    return found


def _by_region(changes: Sequence[Change]) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(change.region, []).append(change)
    return found


def _possibly_touching(
    delete: Change, changes: Sequence[Change], regions: Mapping[str, list[Change]]
) -> Sequence[Change]:
    """All that may touch it; of a thing of one region that is much less than all there is."""
    traits = traits_of(delete.resource)
    if delete.region == GLOBAL or traits.spans or traits.opens_region:
        return changes
    return [*regions[delete.region], *regions.get(GLOBAL, ())]


def _goes_before(other: Change, delete: Change, rank: dict[str, int]) -> bool:
    if not _touches(other, delete):
        return False
    return not other.removes or rank.get(other.kind, 0) > rank.get(delete.kind, 0)


def _touches(other: Change, delete: Change) -> bool:
    if other.region == delete.region or GLOBAL in (other.region, delete.region):
        return True
    traits = traits_of(delete.resource)
    if traits.opens_region:
        return other.region == delete.name  # a region is forgotten last
    return bool(traits.spans) and traits_of(other.resource).spans == traits.spans
