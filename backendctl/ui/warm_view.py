"""The screen of `warm-status`: a table per region, with the reason under each row that is not warm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from backendctl.hints import runnable
from backendctl.ui.charts.blocks import blocks
from backendctl.ui.warm_data import cold_users, drained_lines, iso, rounded, warm_document, warm_line, warm_markdown
from backendctl.ui.watching import Said, Watch
from backendctl.warmth.evidence import GOOD, Outcome
from backendctl.warmth.figures import Quantiles
from backendctl.warmth.look import WarmRow, WarmStatus

__all__ = ["show_warm", "warm_document", "warm_markdown", "watch_warm"]

_COLUMNS = {"pings": 5, "cold users": 17, "cold": 6, "warm": 6, "alive": 5}
"""Heads and widths."""
_NAME = 14
"""Columns for a name; a longer one gets a line of its own, so that a row fits 80 columns."""
_WIDTH = 80
_MANY = 4
"""Rows of a region from which on a footer adds them up."""
_SECOND = 1000.0
_CENT = 0.01


def show_warm(status: WarmStatus, console: Console, *, verbose: bool = False) -> None:
    """Every region, once."""
    console.print(warm_screen(status, verbose=verbose))
    timelines = [row.timeline for row in status.rows if row.timeline is not None]
    if verbose and timelines:
        console.print(Group(Text(), *blocks(timelines, width=console.width)))


def watch_warm(console: Console, *, verbose: bool = False) -> Watch[WarmStatus]:
    """The same again and again."""
    return Watch(console=console, screen=lambda status, _: warm_screen(status, verbose=verbose), lines=_said)


def _said(status: WarmStatus) -> Iterator[Said]:
    for row in status.rows:
        yield Said(key=(row.subject.region, row.subject.called), state=row.verdict.outcome, line=warm_line(row))
    for line in drained_lines(status):
        yield Said(key=line, state=None, line=line)
    for region, error in status.unreachable.items():
        yield Said(key=region, state=None, line=f"{region} did not answer: {error.message}")


def warm_screen(status: WarmStatus, *, verbose: bool) -> RenderableType:
    """All of it."""
    window = status.request.window
    head = Text(status.backend or "functions", style="name")
    head.append(f"  {iso(window.since)} to {iso(window.until)}", style="quiet")
    parts: list[RenderableType] = [head]
    for region in dict.fromkeys(row.subject.region for row in status.rows):
        parts += _region(region, [row for row in status.rows if row.subject.region == region], verbose=verbose)
    parts += [Text(line, style="update") for line in drained_lines(status)]
    for region, error in status.unreachable.items():
        parts.append(Text.assemble("\n", (region, "region"), (f"  did not answer: {error.message}", "bad")))
    if not status.rows and not status.unreachable:
        parts.append(Text("no function to look at", style="quiet"))
    if any(row.figures is not None and row.figures.is_estimated and row.figures.users for row in status.rows):
        parts.append(
            Text(
                "~ estimated: no access log with $context.integration.requestId tells users' requests from pings",
                style="quiet",
            )
        )
    return Group(*parts)


def _region(region: str, rows: Sequence[WarmRow], *, verbose: bool) -> list[RenderableType]:
    names = _names(rows)
    widest = min(max(len(name) for name in names), _NAME)
    parts: list[RenderableType] = [Text(), Text(region, style="region"), _head(widest)]
    for name, row in zip(names, rows, strict=True):
        if len(name) > widest:
            parts += [Text(name, style="name"), _row("", row, widest)]
        else:
            parts.append(_row(name, row, widest))
        parts += [Padding(line, (0, 0, 0, 2), expand=False) for line in _lines(row, widest, verbose=verbose)]
    if len(rows) >= _MANY:
        parts.append(_footer(rows))
    return parts


def _names(rows: Sequence[WarmRow]) -> list[str]:
    """The function; with the alias where users hit several of one function."""
    several = Counter(row.subject.function for row in rows)
    return [
        row.subject.function + (f":{row.subject.alias or '$LATEST'}" if several[row.subject.function] > 1 else "")
        for row in rows
    ]


def _head(widest: int) -> Text:
    heads = "  ".join(head.rjust(width) for head, width in _COLUMNS.items())
    return Text(f"{'':{widest}}  {heads}  verdict", style="quiet", no_wrap=True)


def _row(name: str, row: WarmRow, widest: int) -> Text:
    mark, style = _mark(row.verdict.outcome)
    verdict = Text(f"{mark} {row.verdict.outcome if _has_room(row, widest) else '…'}", style=style)
    return Text.assemble((name.ljust(widest), "name"), "  ", _values(row), "  ", verdict)


def _values(row: WarmRow) -> str:
    found = row.figures
    cells = (rounded(row.counted.fired) if row.counted.is_known else "-", *("-",) * (len(_COLUMNS) - 1))
    if found is not None:
        share = cold_users(found, longest=_COLUMNS["cold users"])
        cells = (rounded(found.pings), share, _time(found.cold.p50), _time(found.warm.p50), rounded(found.alive))
    return "  ".join(cell.rjust(width) for cell, width in zip(cells, _COLUMNS.values(), strict=True))


def _has_room(row: WarmRow, widest: int) -> bool:
    """Whether the verdict fits into the row; one that does not stands below it, with its reason."""
    return widest + len("  ") + len(_values(row)) + len("  ✓ ") + len(row.verdict.outcome) <= _WIDTH


def _mark(outcome: Outcome) -> tuple[str, str]:
    """A sign and its style."""
    if outcome in GOOD:
        return "✓", "ok"
    return ("?", "update") if outcome is Outcome.NO_DATA else ("✗", "bad")


def _lines(row: WarmRow, widest: int, *, verbose: bool) -> Iterator[Text]:
    """Why, the classes of cold starts, what to do next; and, verbose, everything else that is known."""
    verdict, found = row.verdict, row.figures
    if verdict.outcome not in GOOD:
        _, style = _mark(verdict.outcome)
        word = "" if _has_room(row, widest) else f"{verdict.outcome}: "
        yield Text.assemble((word, style), verdict.reason)
    elif verbose or not _has_room(row, widest):
        yield Text(verdict.reason if _has_room(row, widest) else f"{verdict.outcome}: {verdict.reason}")
    if found is not None and found.cold_users:
        told = ", ".join(f"{count:,} {cause}" for cause, count in found.causes.items())
        yield Text(f"cold starts of users: {told}", style="quiet")
    if verdict.next_step:
        yield Text(f"→ {runnable(verdict.next_step)}", style="region")
    if verbose:
        yield from (Text(line, style="quiet") for line in _details(row))


def _details(row: WarmRow) -> Iterator[str]:
    for rule in row.subject.rules:
        state = ("enabled" if rule.is_enabled else "disabled") if rule.is_there else "does not exist"
        calls = ", ".join(f"{n} x {qualifier or '$LATEST'}" for qualifier, n in rule.targets.items())
        yield f"{rule.told}: {state}, {rule.schedule}, calls {calls or 'nothing'}"
    counted = row.counted
    due = f" of {counted.due} due" if counted.due is not None else ""
    yield f"users hit {row.subject.called}, version {row.subject.version or '-'}, {row.subject.memory_mb} MB"
    yield f"fired {counted.fired:,}{due}, {counted.failed} failed, last {iso(counted.last) or 'never'}"
    found = row.figures
    if found is None:
        return
    yield f"invocations {found.invocations:,}: {found.users:,} users, {found.pings:,} pings, {found.others:,} others"
    yield (
        f"users: init {_both(found.init)}, cold {_both(found.cold)}, warm {_both(found.warm)}; "
        f"first after a ping {_both(found.first)}, later {_both(found.later)}"
    )
    yield (
        f"pings: {_both(found.ping)}, {found.absorbed} met a cold start, {found.failed_pings} failed, "
        f"{found.overlap} at the same time"
    )
    if row.pings_month:
        price = "" if row.pings_month_usd is None else f", ${row.pings_month_usd:.4f} a month before the free tier"
        yield f"pings cost: {row.pings_month:,.0f} invocations a month{price}"


def _footer(rows: Sequence[WarmRow]) -> Text:
    outcomes = Counter(row.verdict.outcome for row in rows)
    told = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    users = sum(row.figures.users for row in rows if row.figures)
    cold = sum(row.figures.cold_users for row in rows if row.figures)
    pings = sum(row.pings_month_usd or 0.0 for row in rows)
    price = f"; pings ${pings:.2f} a month" if pings >= _CENT else ""
    met = f"{cold:,} of {users:,} users' requests cold" if users else "no user's request yet"
    return Text(f"{len(rows)} functions: {told}; {met}{price}", style="quiet")


def _both(found: Quantiles) -> str:
    return "-" if found.p50 is None else f"{_time(found.p50)} / {_time(found.p95)}"


def _time(value: float | None) -> str:
    """`14 ms`, `1.2 s`."""
    if value is None:
        return "-"
    return f"{value:.0f} ms" if value < _SECOND else f"{value / _SECOND:.2g} s"
