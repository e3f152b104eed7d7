"""Draws the same again and again: in place on a terminal, a line for each change when piped."""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Generic, Self, TypeVar

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from backendctl.ui.moving import begin, end

S = TypeVar("S")


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """One line of a log. key: what it is about. state: it is said again when that changes."""

    key: Hashable
    state: Hashable
    line: str


@dataclass(kw_only=True, slots=True)
class Watch(Generic[S]):
    """One view of something that changes.

    Attributes:
        screen: all of it, for a terminal of that many columns. lines: the same for a log.
    """

    console: Console
    screen: Callable[[S, int], RenderableType]
    lines: Callable[[S], Iterable[Said]]
    _said: dict[Hashable, Hashable] = field(default_factory=dict)
    _live: Live | None = None

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            # What goes to stderr belongs above the picture only where it is the same terminal.
            self._live = Live(console=self.console, auto_refresh=False, redirect_stderr=sys.stderr.isatty())
            begin(self._live)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            end(self._live)

    def show(self, status: S) -> None:
        """Take in what was seen now; what is gone and comes back is said again."""
        if self._live is not None:
            self._live.update(self.screen(status, self.console.width), refresh=True)
            return
        now = {one.key: one for one in self.lines(status)}
        for key, one in now.items():
            if key not in self._said or self._said[key] != one.state:
                self.console.print(Text(one.line), soft_wrap=True)
        self._said = {key: one.state for key, one in now.items()}
