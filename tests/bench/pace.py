"""How near a run comes to what AWS allows: `python -m tests.bench.pace`.

    python -m tests.bench.pace [--regions 3] [--functions 100] [--time-scale 1] [--workers 48]

Against a sandbox that takes its time as AWS does and refuses what is beyond AWS's rates. Throttles are answers that a
rate was exceeded; none is right.

Two things bound a run from below. Rates: the calls that share the busiest rate, less its burst, at that rate, had
nothing ever waited for anything else. AWS's own waits, until a certificate is issued, a replica is there, every host
knows of a change: what the same backend takes with one function in each region, which is deployed meanwhile to a
sandbox of its own. A plan comes before all changes, so the bound is that of its rates, and after it the greater of
rates and waits.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from backendctl.aws.journal import is_read
from backendctl.aws.pacing import RATES, TOTALS, burst_of, is_in_total
from tests.bench import reference
from tests.bench.calls import Run, phases, sandbox, say

_THROTTLED = 429
Calls = list[dict[str, Any]]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regions", type=int, default=3)
    parser.add_argument("--functions", type=int, default=100)
    parser.add_argument("--time-scale", type=float, default=1.0, help="1 is AWS's pace")
    parser.add_argument("--workers", type=int, default=48)
    asked = parser.parse_args()
    scale = asked.time_scale
    say(f"{asked.regions} regions x {asked.functions} functions, time scale {scale:g}, AWS's rates")
    say(f"{'':14} {'calls':>6} {'span s':>7} {'bound s':>8} {'ratio':>6} {'own cpu s':>10} {'429':>5}  bound by")
    deployed = partial(_deployed, regions=asked.regions, scale=scale, workers=asked.workers)
    with ThreadPoolExecutor(2) as pool:
        alone, whole = pool.map(deployed, (1, asked.functions))
    for (phase, found), (_, small) in zip(whole, alone, strict=True):
        planned, changed = _in_two(found.calls)
        by_plan, by_rates = busiest(planned), busiest(changed)
        waits = _seconds(_in_two(small.calls)[1])
        by_change = ("AWS's waits", waits) if waits > by_rates[1] * scale else (by_rates[0], by_rates[1] * scale)
        bound = by_plan[1] * scale + by_change[1]
        throttled = sum(call["status"] == _THROTTLED for call in found.calls)
        ratio = f"{found.span / bound:6.2f}" if bound else "     -"
        figures = f"{len(found.calls):6} {found.span:7.1f} {bound:8.1f} {ratio} {found.cpu:10.1f} {throttled:5}"
        told = [f"{name} {seconds:.1f}" for name, seconds in (by_plan, by_change) if seconds]
        say(f"{phase:14} {figures}  {', then '.join(told)}")


def _deployed(functions: int, *, regions: int, scale: float, workers: int) -> list[tuple[str, Run]]:
    with tempfile.TemporaryDirectory() as name, sandbox(Path(name), time_scale=scale, quotas=True) as port:
        spec = reference.make(Path(name), regions=regions, functions=functions)
        return list(phases(Path(name), port, spec, workers=workers))


def _in_two(calls: Calls) -> tuple[Calls, Calls]:
    """The calls of the plan, and those from the first change on."""
    first = min((call["from"] for call in calls if not is_read(call["operation"])), default=float("inf"))
    return [one for one in calls if one["from"] < first], [one for one in calls if one["from"] >= first]


def _seconds(calls: Calls) -> float:
    return max(call["to"] for call in calls) - min(call["from"] for call in calls) if calls else 0.0


def busiest(calls: Iterable[dict[str, Any]]) -> tuple[str, float]:
    """The rate, with its region, that takes longest for these calls, and the seconds at AWS's pace."""
    return max(bounds_of(calls).items(), key=lambda one: one[1], default=("nothing", 0.0))


def bounds_of(calls: Iterable[dict[str, Any]]) -> dict[str, float]:
    """Rate and region → the seconds at AWS's pace that the calls which share it take at least."""
    single: Counter[tuple[str, str, str]] = Counter()
    shared: Counter[tuple[str, str]] = Counter()
    for call in calls:
        service, operation, region = call["service"], call["operation"], call["region"]
        if (service, operation) in RATES:
            single[service, operation, region] += 1
        if is_in_total(service, operation):
            shared[service, region] += 1
    bounds: dict[str, float] = {}
    for (service, operation, region), number in single.items():
        rate = RATES[service, operation]
        bounds[f"{service} {operation} in {region}"] = max(0.0, number - burst_of(rate)) / rate
    for (service, region), number in shared.items():
        rate, burst = TOTALS[service]
        bounds[f"all of {service} in {region}"] = max(0.0, number - burst) / rate
    return bounds


if __name__ == "__main__":
    main()
