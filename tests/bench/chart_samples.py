"""Charts of made-up functions, to look at: `python -m tests.bench.chart_samples FOLDER`; prints time and size of each.

The first is the one that made a user understand his functions: a Java handler whose environments AWS replaces every
seven hours, although a ping comes every five minutes; peaks of 10 to 21 s with 256 MB, of 5 s with 1024 MB.
"""

from __future__ import annotations

import math
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

from backendctl.ui.charts.writing import write_memory_chart, write_timelines
from backendctl.warmth.memory_chart import MemoryChart, MemoryPoint, Spread
from backendctl.warmth.timeline import Bin, Event, Point, Timeline

NOW = 1_764_252_000
"""27 November 2025, 14:00 UTC."""
HOUR, DAY = 3600, 86400


def seven_hours(*, days: int = 4, seed: int = 7) -> Timeline:
    """A ping every five minutes, users by day, a recycled environment every seven hours, more memory half-way."""
    rng, since = random.Random(seed), NOW - days * DAY  # noqa: S311 - it draws durations
    change = since + days * DAY // 2 + 2 * HOUR
    points = []
    for at in range(since, NOW, 300):
        is_cold = (at - since) % (7 * HOUR) < 300
        points.append(_call(rng, at, has_more=at >= change, is_cold=is_cold and rng.random() < 0.3, is_ping=True))
        if is_cold or rng.random() < 0.35 + 0.3 * math.sin(at / DAY * 2 * math.pi):
            points.append(_call(rng, at + 20, has_more=at >= change, is_cold=is_cold, is_ping=False))
    return Timeline(
        region="us-east-1",
        function="places",
        alias="version1",
        since=since,
        until=NOW,
        points=tuple(sorted(points, key=lambda point: point.at)),
        events=(Event(at=change, label="1024 MB"), Event(at=change + 30 * HOUR, label="version 8")),
    )


def _call(rng: random.Random, at: int, *, has_more: bool, is_cold: bool, is_ping: bool) -> Point:
    moment = at + rng.random() * 200
    if is_cold:
        total = rng.gauss(5200, 300) if has_more else rng.uniform(10_000, 21_000)
        return Point(at=moment, duration_ms=total * 0.45, init_ms=total * 0.55, is_ping=is_ping)
    middle = 1.3 if is_ping else (22 if has_more else 70)
    return Point(
        at=moment,
        duration_ms=rng.lognormvariate(math.log(middle), 0.35),
        is_ping=is_ping,
        is_error=not is_ping and rng.random() < 0.01,
    )


def busy(count: int, *, seed: int = 1, function: str = "search", region: str = "us-east-1", cold: int = 60) -> Timeline:
    """So many invocations in a day, some of them cold starts."""
    rng = random.Random(seed)  # noqa: S311 - it draws durations
    since = NOW - DAY
    moments = sorted(since + rng.random() * DAY for _ in range(count))
    chosen = set(rng.sample(range(count), min(cold, count)))
    middle = math.log(rng.choice([8, 20, 45, 120]))
    return Timeline(
        region=region,
        function=function,
        alias="version1",
        since=since,
        until=NOW,
        points=tuple(
            Point(
                at=at,
                duration_ms=rng.lognormvariate(middle, 0.6),
                init_ms=rng.gauss(1800, 250) if n in chosen else None,
                is_ping=rng.random() < 0.1,
                is_error=rng.random() < 0.004,
            )
            for n, at in enumerate(moments)
        ),
        events=(Event(at=since + rng.random() * DAY, label=f"version {seed + 3}"),),
    )


def binned() -> Timeline:
    """A day in bins of ten minutes, with an hour in which nothing ran; every cold start is there."""
    rng, since = random.Random(3), NOW - DAY  # noqa: S311 - it draws durations
    kept = busy(400, seed=3, cold=25)
    bins = [
        Bin(at=at, seconds=600, count=rng.randrange(200, 900), p50_ms=rng.gauss(20, 1.5), p95_ms=rng.gauss(85, 12))
        for at in range(since, NOW, 600)
        if not 0 <= at - since - 9 * HOUR < HOUR
    ]
    cold = tuple(point for point in kept.points if point.init_ms is not None)
    return Timeline(
        region="eu-west-1", function="owners", alias="live", since=since, until=NOW, points=cold, bins=tuple(bins)
    )


def many(functions: int, *regions: str) -> list[Timeline]:
    """A sheet full of them; one has no traffic, some have long names."""
    words = (
        "places",
        "search",
        "owners",
        "pictures-thumbnail-generator-for-listings",
        "billing-nightly-reconciliation",
    )
    found = []
    for n in range(functions):
        for region in regions:
            name = f"{words[n % len(words)]}-{n}"
            one = busy(250, seed=n * 7 + len(region), function=name, region=region, cold=n % 6)
            if n % 11 == 5:
                one = Timeline(region=region, function=name, alias="live", since=one.since, until=one.until)
            found.append(one)
    return found


def eventful() -> Timeline:
    """More releases than there is room for labels."""
    rng, one = random.Random(5), busy(600, seed=5, function="a" * 40 + "-" + "b" * 23)  # noqa: S311 - it draws durations
    moments = sorted(one.since + rng.random() ** 2 * DAY for _ in range(24))
    events = [Event(at=at, label=f"version {n + 1} of release {n}") for n, at in enumerate(moments)]
    return Timeline(
        region=one.region,
        function=one.function,
        alias="live",
        since=one.since,
        until=one.until,
        points=one.points,
        events=(*events, Event(at=moments[3], label="1024 MB")),
    )


def lonely(*, is_cold: bool = True) -> Timeline:
    """A single invocation."""
    point = Point(at=NOW - HOUR, duration_ms=12.0, init_ms=840.0 if is_cold else None)
    return Timeline(region="us-east-1", function="places", alias="live", since=NOW - DAY, until=NOW, points=(point,))


def memory(*, has_cold: bool = True, best: tuple[int, int, int] = (512, 3008, 1024)) -> MemoryChart:
    """A handler that computes: twice the memory, half the time, up to one CPU."""
    points = []
    for size in (128, 256, 512, 1024, 1769, 3008):
        warm = 30 + 1400 * 128 / min(size, 1769) - (size > 1769) * 3
        cold = warm + 900 + 2200 * 128 / size
        points.append(
            MemoryPoint(
                memory_mb=size,
                cost_per_million=warm / 1000 * size / 1024 * 0.0000166667 * 1e6 + 0.2,
                warm=Spread(middle=warm, low=warm * 0.93, high=warm * 1.12),
                cold=Spread(middle=cold, low=cold * 0.95, high=cold * 1.2) if has_cold else None,
            )
        )
    cheapest, fastest, balanced = best
    return MemoryChart(
        function="places", region="us-east-1", points=tuple(points), current_mb=256, cheapest_mb=cheapest,
        fastest_mb=fastest, balanced_mb=balanced, runs=20,
    )  # fmt: skip


def _timed(name: str, draw: Callable[[], None], *files: Path) -> None:
    began = time.monotonic()
    draw()
    sizes = ", ".join(f"{file.suffix[1:]} {file.stat().st_size / 1000:,.0f} kB" for file in files)
    sys.stdout.write(f"{name:<20} {time.monotonic() - began:5.1f} s   {sizes}\n")


def main(folder: Path) -> None:
    """Write all of them in all three forms."""
    folder.mkdir(parents=True, exist_ok=True)
    regions = ("us-east-1", "us-west-2")
    sheets = {
        "seven-hours": [seven_hours()],
        "two": [busy(900, seed=4, region=region) for region in regions],
        "six": many(3, *regions),
        "eighty": many(40, *regions),
        "five-regions": many(4, *regions, "eu-west-1", "ap-southeast-2", "sa-east-1"),
        "busy": [busy(50_000, cold=300)],
        "binned": [binned()],
        "eventful": [eventful()],
        "lonely": [lonely()],
        "empty": [Timeline(region="us-east-1", function="places", alias="live", since=NOW - DAY, until=NOW)],
        "nothing": [],
    }
    for name, timelines in sheets.items():
        files = [folder / f"{name}.{ending}" for ending in ("svg", "png", "html")]

        def draw(timelines: list[Timeline] = timelines, files: list[Path] = files) -> None:
            for file in files:
                write_timelines(timelines, file, title="Invocations of corkhounds, stage prodv1")

        _timed(name, draw, *files)
    charts = {
        "memory": memory(),
        "memory-warm-only": memory(has_cold=False, best=(512, 512, 512)),
    }
    for name, chart in charts.items():
        for ending in ("svg", "png", "html"):
            write_memory_chart(chart, folder / f"{name}.{ending}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
