"""The screen of `canary-status`: each region's canary beside its base, and what may be said by now."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from backendctl.hints import runnable
from backendctl.release.latency import SHOWN
from backendctl.release.observed import Observed
from backendctl.release.outcome import Outcome, limit_of, ms, percent, span
from backendctl.release.status import CanaryStatus, RegionStatus
from backendctl.release.verdict import Rate, Verdict, rate_of
from backendctl.ui import sparks
from backendctl.ui.canary_data import bake, canary_document, canary_line, canary_markdown, release_of, timed
from backendctl.ui.watching import Said, Watch

__all__ = ["canary_document", "canary_markdown", "show_canary", "watch_canary"]

_MARKS = {Outcome.PASS: ("✓ pass", "ok"), Outcome.FAIL: ("✗ fail", "bad"), Outcome.INCONCLUSIVE: ("… open", "update")}
_BAR = 24
_SPARK = 30
_SCALE = 40
_BESIDE = 56
"""Columns that borders, names and figures take."""
_FUNCTIONS = 4
"""So many are shown one by one; all of them are judged."""
_LEAST_SCALE = 0.01


def show_canary(status: CanaryStatus, console: Console) -> None:
    """All regions, once: panels on a terminal, a line for each when piped."""
    if console.is_terminal:
        console.print(canary_screen(status, width=console.width))
        return
    for one in status.regions:
        console.print(Text(canary_line(one, at=status.at, release=release_of(status))), soft_wrap=True)


def watch_canary(console: Console) -> Watch[CanaryStatus]:
    """The same again and again."""
    return Watch(console=console, screen=lambda status, width: canary_screen(status, width=width), lines=_said)


def _said(status: CanaryStatus) -> Iterator[Said]:
    for one in status.regions:
        state = (one.target_percent, one.error, one.verdict.outcome if one.verdict else None, one.next_step)
        yield Said(
            key=(one.region, one.stage), state=state, line=canary_line(one, at=status.at, release=release_of(status))
        )


def canary_screen(status: CanaryStatus, *, width: int) -> RenderableType:
    """All of it, for a terminal of that many columns."""
    head = Text(status.backend, style="name")
    if whose := release_of(status):
        head.append(f"  {whose}", style="region")
    if status.steps:
        head.append("  steps " + " → ".join(f"{step:g} %" for step in (*status.steps, 100)), style="quiet")
    parts: list[RenderableType] = [head, *(_panel(one, status, width) for one in status.regions)]
    if status.next_step:
        parts.append(Text("Next: ", style="quiet").append(runnable(status.next_step), style="name"))
    return Group(*parts)


def _panel(one: RegionStatus, status: CanaryStatus, width: int) -> Panel:
    title = Text(f" {one.region} ", style="region").append(f"{one.stage} ", style="default")
    mark, style = _MARKS[one.verdict.outcome] if one.verdict else ("", "quiet")
    if one.error:
        mark, style, body = "? unknown", "bad", Group(Text(one.error, style="bad"))
    elif one.target_percent is None:
        mark, style, body = "", "quiet", Group(Text("no canary here", style="quiet"))
    else:
        body = Group(*_body(one, status, width))
    return Panel(
        body,
        title=title.append(f" {mark} ", style=style),
        title_align="left",
        border_style=style if style != "quiet" else "dim",
        box=box.ROUNDED,
        padding=(0, 1),
    )


def _body(one: RegionStatus, status: CanaryStatus, width: int) -> Iterator[RenderableType]:
    yield _share(one, status)
    yield Text()
    yield _table(one, status, room=max(4, min(_SPARK, (width - _BESIDE) // 2)))
    yield Text()
    yield from _rates(one, status, room=max(10, min(_SCALE, width - _BESIDE)))
    if one.verdict is not None:
        yield Text()
        told = Table.grid(padding=(0, 1))
        for reason in one.verdict.reasons:
            told.add_row(Text("  •"), Text(reason))
        for note in one.verdict.notes:
            told.add_row(Text("  !", style="update"), Text(note, style="quiet"))
        yield told
    if one.next_step:
        yield Text("  → ", style="quiet").append(runnable(one.next_step), style="name")


def _share(one: RegionStatus, status: CanaryStatus) -> Text:
    target = one.target_percent or 0.0
    filled = min(_BAR, max(1 if target else 0, round(_BAR * target / 100)))
    text = Text("  ").append("━" * filled, style="update").append("╌" * (_BAR - filled), "quiet")
    text.append(f"  target {target:g} %", style="name")
    if one.observed_percent is not None:
        text.append(f", observed {one.observed_percent:.1f} %", style="default" if one.is_share_kept else "bad")
        if not one.is_share_kept:
            text.append(" (off target)", style="bad")
    if one.since is not None:
        text.append(f", since {span(status.at - one.since)}", style="quiet")
    if left := bake(one, status.at):
        text.append(f", {left}", style="quiet")
    return text


def _table(one: RegionStatus, status: CanaryStatus, *, room: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2), header_style="quiet")
    table.add_column("", style="quiet", no_wrap=True)
    for head in ("baseline", "canary"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("over time", no_wrap=True)
    base, canary = rate_of(one.base, status.settings), rate_of(one.canary, status.settings)
    table.add_row("  requests", f"{base.requests:,}", f"{canary.requests:,}", "")
    table.add_row("  errors", _rate(base), _rate(canary), _course(one.base, one.canary, sparks.failing, room))
    if one.verdict is not None and canary.requests:
        table.add_row("", "", *_points(one.verdict, status))
    rejections = (one.base.rejections, one.canary.rejections)
    if any(rejections):
        table.add_row("  4xx", *(f"{count:,}" for count in rejections), "")
    shown = timed(one)
    for before, after in shown[:_FUNCTIONS]:
        name = f" {after.name}" if len(shown) > 1 or after.name else ""
        for level in SHOWN:
            course = _course(before, after, sparks.slowest, room)
            judged = level * 100 == status.settings.quantile
            table.add_row(*_latency(f"  p{level * 100:g}{name}", before, after, level), course if judged else "")
    if len(shown) > _FUNCTIONS:
        table.add_row(f"  and {len(shown) - _FUNCTIONS} more", "", "", "")
    return table


def _rate(rate: Rate) -> Text:
    return Text(f"{rate.errors:,}  ").append(f"{percent(rate.seen):>7}", style="name" if rate.errors else "quiet")


def _points(verdict: Verdict, status: CanaryStatus) -> tuple[Text, Text]:
    allowed = status.settings.max_error_increase
    style = "bad" if verdict.increase > allowed else "default"
    rest = f"at most {verdict.increase_at_most:+.2f}, {limit_of(allowed)} allowed"
    return Text(f"{verdict.increase:+.2f} points", style=style), Text(rest, style="quiet")


def _latency(label: str, before: Observed, after: Observed, level: float) -> tuple[str, str, Text]:
    old, new = before.at_level(level), after.at_level(level)
    if old is None or new is None:
        return label, "-" if old is None else ms(old), Text("-" if new is None else ms(new))
    more = (new / old - 1) * 100 if old > 0 else 0.0
    return label, ms(old), Text(ms(new)).append(f" {round(more):+4d} %", style="quiet")


def _course(base: Observed, canary: Observed, worth: sparks.Worth, room: int) -> Text:
    """Base and canary over time, on one scale."""
    since, until = canary.since, canary.until
    if until <= since:
        return Text("")
    width = sparks.slots(base.minutes, canary.minutes, since=since, until=until, most=room)
    old, new = (
        sparks.course(side.minutes, since=since, until=until, width=width, worth=worth) for side in (base, canary)
    )
    top = max((value for value in (*old, *new) if value is not None), default=0.0)
    text = Text(sparks.spark(old, top=top), style="region")
    return text.append("  ").append(sparks.spark(new, top=top), style="update")


def _rates(one: RegionStatus, status: CanaryStatus, *, room: int) -> Iterator[Text]:
    """Both proportions of errors with how far off they may be, and the limit, on one scale."""
    base, canary = rate_of(one.base, status.settings), rate_of(one.canary, status.settings)
    if not base.requests or not canary.requests:
        return
    limit = base.seen + status.settings.max_error_increase / 100
    top = max(_LEAST_SCALE, 1.5 * limit, min(canary.high, 2 * max(canary.seen, limit)))
    for name, rate, style in (("baseline", base, "region"), ("canary", canary, "update")):
        drawn = sparks.interval(rate.low, rate.seen, rate.high, top=top, width=room)
        yield Text(f"  {name:<8}", style="quiet").append(drawn, style=style)
    at = min(room - 1, round(limit / top * (room - 1)))
    scale = "0 %".ljust(at - 1, " ")[: max(0, at)]
    yield Text(f"  {'errors':<8}{scale:<{at}}▲ {percent(limit)} allowed", style="quiet")
