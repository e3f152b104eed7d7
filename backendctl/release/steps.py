"""What comes next for canaries that run: which regions, and which share; pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backendctl.release.running import Serving

FULL = 100.0


def next_percent(steps: Sequence[float], present: float) -> float:
    """The first step above the present share; `FULL` after the last one."""
    return next((step for step in steps if step > present), FULL)


def step_below(steps: Sequence[float], present: float) -> float:
    """The last step below the present share; 0 below the first, where nobody calls the canary any more."""
    return max((step for step in steps if step < present), default=0.0)


def present_percent(found: Sequence[Serving]) -> float:
    """The smallest share that a running canary has: what an interrupted shift has left behind is caught up first."""
    return min((one.canary.percent for one in found if one.canary is not None), default=0.0)


def next_wave(found: Sequence[Serving], waves: Sequence[Sequence[str]]) -> list[Serving]:
    """The running canaries of the first wave that has any; all of them where waves say nothing of their regions."""
    running = [one for one in found if one.canary is not None]
    for wave in waves:
        if here := [one for one in running if one.region in wave]:
            return here
    return running


def reachable(found: Sequence[Serving], waves: Sequence[Sequence[str]], *, silent: Collection[str]) -> list[Serving]:
    """Those of no wave that comes after one with a silent region: who knows how that one is.

    Args:
        silent: the regions that do not answer.
    """
    behind = held_back(waves, silent=silent)
    return [one for one in found if one.region not in behind]


def held_back(waves: Sequence[Sequence[str]], *, silent: Collection[str]) -> frozenset[str]:
    """The regions of every wave that comes after one with a silent region."""
    first = next((n for n, wave in enumerate(waves) if any(region in silent for region in wave)), len(waves))
    reached = {region for wave in waves[: first + 1] for region in wave}
    return frozenset(region for wave in waves for region in wave if region not in reached)


def earlier_wave(region: str, waves: Sequence[Sequence[str]]) -> frozenset[str]:
    """The regions of the wave before the one that a region is in."""
    place = next((index for index, wave in enumerate(waves) if region in wave), 0)
    return frozenset(waves[place - 1]) if place else frozenset()
