"""How near a run comes to what AWS's rates allow: `python -m tests.bench.pace`.

    python -m tests.bench.pace [--regions 3] [--functions 100] [--time-scale 1] [--workers 16]

Against a sandbox that takes its time as AWS does and refuses what is beyond AWS's rates. The bound is what the calls of
the busiest rate take, had nothing ever waited for anything else: the number of calls that share it, less its burst, at
that rate. Throttles are answers that a rate was exceeded; none is right. No run has come to its end yet: the bound is
not tried.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from backendctl.aws.pacing import RATES, TOTALS, burst_of, is_in_total
from tests.bench import reference
from tests.bench.calls import Run, phases, sandbox, say

_THROTTLED = 429


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regions", type=int, default=3)
    parser.add_argument("--functions", type=int, default=100)
    parser.add_argument("--time-scale", type=float, default=1.0, help="1 is AWS's pace")
    parser.add_argument("--workers", type=int, default=16)
    asked = parser.parse_args()
    scale = asked.time_scale
    say(f"{asked.regions} regions x {asked.functions} functions, time scale {scale:g}, AWS's rates")
    say(f"{'':14} {'calls':>6} {'span s':>7} {'bound s':>8} {'ratio':>6} {'own cpu s':>10} {'429':>5}  bound by")
    with tempfile.TemporaryDirectory() as name, sandbox(Path(name), time_scale=scale, quotas=True) as port:
        spec = reference.make(Path(name), regions=asked.regions, functions=asked.functions)
        for phase, found in phases(Path(name), port, spec, workers=asked.workers):
            bounds = bounds_of(found)
            bucket, seconds = max(bounds.items(), key=lambda one: one[1], default=("nothing", 0.0))
            bound = seconds * scale
            ratio = f"{found.span / bound:6.2f}" if bound else "     -"
            throttled = sum(call["status"] == _THROTTLED for call in found.calls)
            figures = f"{len(found.calls):6} {found.span:7.1f} {bound:8.1f} {ratio} {found.cpu:10.1f} {throttled:5}"
            say(f"{phase:14} {figures}  {bucket}")


def bounds_of(found: Run) -> dict[str, float]:
    """Rate and region → the seconds at AWS's pace that the calls which share it take at least."""
    single: Counter[tuple[str, str, str]] = Counter()
    shared: Counter[tuple[str, str]] = Counter()
    for call in found.calls:
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
