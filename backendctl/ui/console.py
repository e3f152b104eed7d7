"""The two streams: stdout is the result, stderr the progress."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.theme import Theme

from backendctl.ui.fitting import fitted
from backendctl.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

_THEME = Theme(
    {
        "create": "green",
        "update": "yellow",
        "delete": "red",
        "ok": "green",
        "bad": "bold red",
        "quiet": "dim",
        "name": "bold",
        "region": "bold cyan",
    }
)
_PIPED_WIDTH = 160


class SafeConsole(Console):
    """Shows control characters as escapes, and tables so that nothing in them is cut.

    So nothing that AWS holds can write to the terminal by itself.
    """

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As rich does; what is drawn is escaped, the console's own control codes are not."""
        if isinstance(renderable, Table):
            renderable = fitted(renderable, self, options or self.options)
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text))


@dataclass(frozen=True, kw_only=True)
class Screen:
    """Where to write, and how.

    Attributes:
        out, err: the streams. color: False never colours; None lets the stream decide (NO_COLOR is honoured).
        quiet: no progress.
    """

    out: TextIO
    err: TextIO
    color: bool | None = None
    quiet: bool = False

    @cached_property
    def result(self) -> Console:
        """For the result."""
        return self._console(self.out)

    @cached_property
    def progress(self) -> Console:
        """For what happens meanwhile."""
        return self._console(self.err)

    def _console(self, stream: TextIO) -> Console:
        plain = self.color is False or "NO_COLOR" in os.environ
        return SafeConsole(
            file=stream,
            theme=_THEME,
            no_color=plain,
            force_terminal=None if not plain else False,
            width=None if stream.isatty() else _PIPED_WIDTH,
            highlight=False,
            emoji=False,
        )
