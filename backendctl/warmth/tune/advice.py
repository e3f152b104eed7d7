"""The memory sizes to recommend, and how sure that is.

By cost: the cheapest for warm calls. By speed: the quickest. Balanced: the least product of cost and time, where a
step up is worth it when it saves a larger share of the time than it adds to the cost; unlike a sum of both, that does
not depend on which other sizes were measured.

Sizes that are not clearly worse than the best (less than 2 %, or within what chance does to so few calls) count as
equal to it. Of equally cheap ones the quickest is recommended, else the cheapest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backendctl.warmth.tune.figures import Size
from backendctl.warmth.tune.request import Goal

MARGIN = 0.02
"""A smaller relative difference matters to nobody."""
_RISK = 0.025
"""That one of the sizes, however many there are, is called clearly worse by chance."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """What is recommended by one goal.

    Attributes:
        memory: MB. rivals: MB of the sizes that are not clearly worse; empty means that the answer is sure.
    """

    goal: Goal
    memory: int
    rivals: tuple[int, ...]

    @property
    def is_sure(self) -> bool:
        """Whether every other size measured is clearly worse."""
        return not self.rivals


def advise(sizes: Sequence[Size]) -> dict[Goal, Advice]:
    """One recommendation for each goal. sizes: at least one."""
    return {goal: _by(goal, sizes) for goal in Goal}


def _by(goal: Goal, sizes: Sequence[Size]) -> Advice:
    best = min(sizes, key=lambda size: _point(goal, size))
    risk = _RISK / max(1, len(sizes) - 1)
    equal = [size for size in sizes if size is best or not is_clearly_worse(size, best, goal, risk=risk)]
    second = Goal.SPEED if goal is Goal.COST else Goal.COST
    chosen = min(equal, key=lambda size: (_point(second, size), size.memory))
    return Advice(goal=goal, memory=chosen.memory, rivals=tuple(one.memory for one in equal if one is not chosen))


def is_clearly_worse(size: Size, best: Size, goal: Goal, *, risk: float) -> bool:
    """Whether a size is worse by more than the margin, and by more than chance does."""
    if _point(goal, size) <= _point(goal, best) * (1 + MARGIN):
        return False
    worth = _WORTH[goal]
    pairs = list(zip(size.draws, best.draws, strict=True))
    turned = sum(worth(size.memory, *one) <= worth(best.memory, *other) for one, other in pairs)
    return turned / len(pairs) < risk


def _point(goal: Goal, size: Size) -> float:
    return _WORTH[goal](size.memory, size.billed.value, size.time.value)


# Memory in MB, billed ms and ms → what is to be least. Prices are proportional to the first, requests cost the same.
_WORTH: dict[Goal, Callable[[int, float, float], float]] = {
    Goal.COST: lambda memory, billed, _: memory * billed,
    Goal.SPEED: lambda _, __, time: time,
    Goal.BALANCED: lambda memory, billed, time: memory * billed * time,
}
