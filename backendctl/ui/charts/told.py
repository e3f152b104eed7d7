"""A timeline in words and figures: for tooltips, for readers who see no picture, and above each panel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from backendctl.ui.charts.labels import fitted
from backendctl.ui.charts.scales import quantile, told_moment, told_ms, total_ms
from backendctl.warmth.timeline import Bin, Event, Point, Timeline


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What a timeline holds.

    Attributes:
        invocations: all, those in bins too. cold: all cold starts; cold_pings: those of them that a ping absorbed.
        warm_ms: p50 and p95 of warm users' requests kept one by one; None without any.
        cold_ms: p50 and longest total of cold starts; None without any.
    """

    invocations: int
    pings: int
    cold: int
    cold_pings: int
    errors: int
    warm_ms: tuple[float, float] | None
    cold_ms: tuple[float, float] | None


def figures_of(timeline: Timeline) -> Figures:
    """Count it."""
    cold = [point for point in timeline.points if point.init_ms is not None]
    warm = [point.duration_ms for point in timeline.points if point.init_ms is None and not point.is_ping]
    totals = [total_ms(point) for point in cold]
    return Figures(
        invocations=len(timeline.points) + sum(one.count for one in timeline.bins),
        pings=sum(point.is_ping for point in timeline.points),
        cold=len(cold),
        cold_pings=sum(point.is_ping for point in cold),
        errors=sum(point.is_error for point in timeline.points),
        warm_ms=(quantile(warm, 0.5), quantile(warm, 0.95)) if warm else None,
        cold_ms=(quantile(totals, 0.5), max(totals)) if totals else None,
    )


def is_empty(timeline: Timeline) -> bool:
    """Whether nothing ran."""
    return not timeline.points and not timeline.bins


def told_apart(timelines: Sequence[Timeline]) -> list[Timeline]:
    """The same; functions that stand there under several aliases are named with them, as in "places:live"."""
    seen = Counter((one.function, one.region) for one in timelines)
    return [
        replace(one, function=f"{one.function}:{one.alias}") if seen[one.function, one.region] > 1 else one
        for one in timelines
    ]


def events_within(timeline: Timeline, since: float, until: float) -> list[Event]:
    """Those that the axis of time shows."""
    return [event for event in timeline.events if since <= event.at <= until]


def name_of(timeline: Timeline) -> str:
    """Such as "places · us-east-1"."""
    return f"{timeline.function} · {timeline.region}"


def fitted_name(timeline: Timeline, *, width: float, measure: Callable[[str], float]) -> str:
    """The same, the function's name shortened until it fits; the region stays whole."""
    region = f" · {timeline.region}"
    return fitted(timeline.function, width=width - measure(region), measure=measure) + region


def counted(count: int, one: str, many: str) -> str:
    """Such as "1 cold start", "1,204 cold starts"."""
    return f"{count:,} {one if count == 1 else many}"


def told_figures(figures: Figures) -> str:
    """Such as "288 invocations, 4 cold starts up to 12.3 s, 1 error"."""
    parts = [counted(figures.invocations, "invocation", "invocations")]
    cold = counted(figures.cold, "cold start", "cold starts") if figures.cold else "no cold start"
    joint = "of" if figures.cold == 1 else "up to"
    parts.append(f"{cold} {joint} {told_ms(figures.cold_ms[1])}" if figures.cold_ms else cold)
    if figures.errors:
        parts.append(counted(figures.errors, "error", "errors"))
    return ", ".join(parts)


def told_briefly(figures: Figures) -> str:
    """The same where there is little room: "288, 4 cold"."""
    return f"{figures.invocations:,}, {figures.cold:,} cold"


def point_title(point: Point) -> str:
    """The tooltip of an invocation."""
    if point.init_ms is None:
        took = told_ms(point.duration_ms)
    else:
        took = f"{told_ms(total_ms(point))} = {told_ms(point.init_ms)} loading + {told_ms(point.duration_ms)}"
    kinds = ["cold start"] if point.init_ms is not None else []
    kinds += ["ping"] if point.is_ping else []
    kinds += ["error"] if point.is_error else []
    return " · ".join([told_moment(point.at), took, *kinds])


def bin_title(one: Bin) -> str:
    """The tooltip of a bin."""
    count = counted(one.count, "warm invocation", "warm invocations")
    spread = f"p50 {told_ms(one.p50_ms)} · p95 {told_ms(one.p95_ms)}"
    return f"{told_moment(one.at)}, {one.seconds:g} s · {count} · {spread}"


def event_title(event: Event) -> str:
    """The tooltip of a line."""
    return f"{told_moment(event.at)} · {event.label}"
