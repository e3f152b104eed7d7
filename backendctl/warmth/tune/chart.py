"""What was measured, as the chart of cost against time wants it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from backendctl.warmth.memory_chart import MemoryChart, MemoryPoint, Spread
from backendctl.warmth.tune.figures import quantile
from backendctl.warmth.tune.request import Goal
from backendctl.warmth.tune.run import Tuned


def memory_chart(tuned: Tuned) -> MemoryChart:
    """One function in one region; a spread is the middle half of the calls. Sizes without a price have no place."""
    best = {goal: advice.memory for goal, advice in tuned.advice.items()}
    return MemoryChart(
        function=tuned.target.name,
        region=tuned.target.region,
        points=tuple(
            MemoryPoint(
                memory_mb=size.memory,
                cost_per_million=size.cost.value,
                warm=_middle_half(size.warm_times),
                cold=_middle_half(size.cold_times),
            )
            for size in tuned.sizes
            if size.cost is not None
        ),
        current_mb=tuned.target.memory,
        cheapest_mb=best.get(Goal.COST),
        fastest_mb=best.get(Goal.SPEED),
        balanced_mb=best.get(Goal.BALANCED),
        runs=tuned.request.runs,
    )


def _middle_half(times: Sequence[float]) -> Spread | None:
    if not times:
        return None
    return Spread(middle=statistics.median(times), low=quantile(times, 0.25), high=quantile(times, 0.75))
