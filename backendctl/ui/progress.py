"""Progress that moves on a terminal, and plain lines when piped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from backendctl.engine.events import Done, Event, Failed, Noted, Skipped, Started
from backendctl.engine.plan import Change, Plan
from backendctl.ui.moving import begin, end

_BAR = 28
_COUNT = len("999/999")
_SLOW = 10.0
"""Seconds; on a terminal the bars tell the rest."""
_LINES = 6
"""So many changes that take long are told in lines of their own."""
_FRAMES_PER_SECOND = 10


class Progress:
    """Draws the events of one apply.

    Args:
        console: stderr's.
        quiet: draw nothing. clock: seconds, from any origin.
    """

    def __init__(
        self, plan: Plan, console: Console, *, quiet: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._console = console
        self._quiet = quiet
        self._totals: dict[str, int] = {}
        for change in plan.changes:
            self._totals[change.region] = self._totals.get(change.region, 0) + 1
        self._done = dict.fromkeys(self._totals, 0)
        self._bad = dict.fromkeys(self._totals, 0)
        self._now: dict[str, tuple[str, str]] = {}
        self._begun: dict[str, tuple[Change, float]] = {}
        self._said: dict[str, set[str]] = {}
        self._spinner = Spinner("dots")
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal and not self._quiet:
            self._live = Live(
                get_renderable=self._draw, console=self._console, refresh_per_second=_FRAMES_PER_SECOND, transient=True
            )
            begin(self._live)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            end(self._live)

    def show(self, event: Event) -> None:
        """Take in one event."""
        address, region = event.change.address, event.change.region
        match event:
            case Started():
                self._begun[address] = (event.change, self._clock())
                self._now[address] = (region, event.change.action + " " + _short(address))
            case Noted(message=message, lasting=False):  # what lasts is told when all is done
                self._now[address] = (region, f"{_short(address)}: {message}")
                said = self._said.setdefault(address, set())
                if message in said:
                    return
                said.add(message)
                self._say(f"[quiet]  … {escape(address)}: {escape(message)}[/]", only_piped=True)
            case Done(seconds=seconds):
                self._finish(address, region)
                self._say(
                    f"[ok]  ✓[/] {escape(address)} [quiet]{event.change.action}d in {seconds:.1f} s[/]",
                    only_piped=seconds < _SLOW,
                )
            case Failed():
                self._finish(address, region, bad=True)
                self._say(f"[bad]  ✗[/] {escape(address)}")
            case Skipped(because=because):
                self._bad[region] += 1
                self._say(f"[quiet]  · {escape(address)} not tried: {escape(because)}[/]")

    def under_way(self) -> list[Change]:
        """What has begun and not ended; any thread may ask."""
        return [change for change, _ in list(self._begun.values())]

    def _slow(self) -> dict[str, str]:
        """Address → what is told of a change that takes long, with how long it has been going on."""
        told = {}
        for address, (change, began) in list(self._begun.items()):
            seconds = self._clock() - began
            if seconds >= _SLOW and address in self._now:
                what = self._now[address][1]
                told[address] = f"{change.region} {seconds // 60:.0f}:{seconds % 60:02.0f} {what}"
        return told

    def _finish(self, address: str, region: str, *, bad: bool = False) -> None:
        self._now.pop(address, None)
        self._begun.pop(address, None)
        (self._bad if bad else self._done)[region] += 1

    def _say(self, markup: str, *, only_piped: bool = False) -> None:
        if self._quiet or (only_piped and self._console.is_terminal):
            return
        self._console.print(markup, soft_wrap=True)

    def _draw(self) -> RenderableType:
        table = Table.grid(padding=(0, 1))
        longest = max(map(len, self._totals), default=0)
        for width in (longest, _BAR, _COUNT):
            table.add_column(no_wrap=True, min_width=width)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        slow = self._slow()
        for region, total in self._totals.items():
            busy = [
                what for address, (where, what) in list(self._now.items()) if where == region and address not in slow
            ]
            done, bad = self._done[region], self._bad[region]
            table.add_row(
                Text(region, style="region"),
                _bar(done, bad, total),
                Text(f"{done}/{total}"),
                Text(", ".join(busy), style="quiet") if busy else Text("✓" if done == total else "", style="ok"),
            )
        lines = [Text(line, style="quiet", overflow="fold") for line in list(slow.values())[:_LINES]]
        return Group(self._spinner, table, *lines) if self._now else table


def _bar(done: int, bad: int, total: int) -> Text:
    good, failed = _BAR * done // total, -(-_BAR * bad // total)
    return Text("━" * good, style="ok") + Text("━" * failed, style="bad") + Text("╌" * (_BAR - good - failed), "quiet")


def _short(address: str) -> str:
    return address.partition("/")[2]


@contextmanager
def busy(console: Console, what: str, *, quiet: bool = False) -> Iterator[None]:
    """A spinner while something is read; a terminal only."""
    if quiet or not console.is_terminal:
        yield
        return
    status = console.status(what)
    begin(status)
    try:
        yield
    finally:
        end(status)


def watch(events: Iterable[Event], progress: Progress) -> Iterator[Event]:
    """Draw each event and pass it on."""
    for event in events:
        progress.show(event)
        yield event
