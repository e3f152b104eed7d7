"""The two streams."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.text import Text

from backendctl.ui.console import Screen


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_results_and_progress_go_to_different_streams() -> None:
    out, err = StringIO(), StringIO()
    screen = Screen(out=out, err=err)
    screen.result.print("result")
    screen.progress.print("progress")
    assert (out.getvalue(), err.getvalue()) == ("result\n", "progress\n")


def test_a_terminal_is_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    out = Terminal()
    Screen(out=out, err=StringIO()).result.print(Text("x", style="ok"))
    assert "\x1b[32m" in out.getvalue()


def test_no_color_keeps_a_terminal_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = Terminal()
    Screen(out=out, err=StringIO(), color=False).result.print(Text("x", style="ok"))
    assert out.getvalue() == "x\n"


def test_the_environment_can_ask_for_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = Terminal()
    Screen(out=out, err=StringIO()).result.print(Text("x", style="ok"))
    assert out.getvalue() == "x\n"


def test_emoji_names_and_numbers_stay_as_written() -> None:
    out = StringIO()
    Screen(out=out, err=StringIO()).result.print(":smile: 42 'x'")
    assert out.getvalue() == ":smile: 42 'x'\n"
