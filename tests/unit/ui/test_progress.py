"""Progress: plain lines in a pipe, something that moves on a terminal, nothing when quiet."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console
from rich.theme import Theme

from backendctl.engine.events import Done, Event, Failed, Noted, Skipped, Started
from backendctl.errors import BackendctlError
from backendctl.ui.console import Screen
from backendctl.ui.progress import Progress, busy, watch
from tests.unit.engine.things import EAST, WEST, Alias, Function, creating, deleting, plan_of

FUNCTION = creating(Function(region=EAST, name="places"))
ALIAS = creating(Alias(region=EAST, name="places:version1"))
GONE = deleting(Function(region=WEST, name="old"))
PLAN = plan_of(FUNCTION, ALIAS, GONE)
EVENTS: tuple[Event, ...] = (
    Started(change=FUNCTION),
    Noted(change=FUNCTION, message="waiting for the role"),
    Failed(change=FUNCTION, error=BackendctlError("no")),
    Skipped(change=ALIAS, because="us-east-1/function/places"),
    Started(change=GONE),
    Done(change=GONE, seconds=1.25),
)


def _piped(*events: Event, quiet: bool = False) -> str:
    err = StringIO()
    with Progress(PLAN, Screen(out=StringIO(), err=err).progress, quiet=quiet) as progress:
        for event in events:
            progress.show(event)
    return err.getvalue()


def _terminal(out: StringIO) -> Console:
    theme = Theme(dict.fromkeys(("ok", "bad", "quiet", "region"), "green"))
    return Console(file=out, width=100, force_terminal=True, theme=theme)


def test_a_pipe_gets_one_plain_line_for_each_event_that_tells_something() -> None:
    assert _piped(*EVENTS).splitlines() == [
        "  … us-east-1/function/places: waiting for the role",
        "  ✗ us-east-1/function/places",
        "  · us-east-1/alias/places:version1 not tried: us-east-1/function/places",
        "  ✓ us-west-2/function/old deleted in 1.2 s",
    ]


def test_a_pipe_gets_no_escape_sequences() -> None:
    assert "\x1b" not in _piped(*EVENTS)
    assert "\r" not in _piped(*EVENTS)


def test_quiet_says_nothing() -> None:
    assert _piped(*EVENTS, quiet=True) == ""


@pytest.mark.parametrize("message", ["[/]", "[/nothing] open", "value [bold]", "list [0]"])
def test_brackets_in_what_aws_says_are_no_markup(message: str) -> None:
    assert message in _piped(Noted(change=FUNCTION, message=message))


def test_brackets_in_an_address_are_no_markup() -> None:
    odd = creating(Function(region=EAST, name="a[/]"))
    err = StringIO()
    with Progress(plan_of(odd), Screen(out=StringIO(), err=err).progress) as progress:
        progress.show(Done(change=odd, seconds=0.0))
    assert "us-east-1/function/a[/] created" in err.getvalue()


def test_lines_are_not_broken_however_long() -> None:
    assert len(_piped(Noted(change=FUNCTION, message="x" * 400)).splitlines()) == 1


def test_a_terminal_shows_a_bar_for_each_region_and_leaves_only_the_lines() -> None:
    out = StringIO()
    with Progress(PLAN, _terminal(out)) as progress:
        for event in EVENTS:
            progress.show(event)
            if isinstance(event, Started) and progress._live is not None:
                progress._live.refresh()
    text = out.getvalue()
    assert EAST in text
    assert "0/2" in text
    assert "create function/places" in text
    assert "waiting for the role" not in text.replace("function/places: waiting for the role", "")


def test_what_takes_long_has_a_line_of_its_own_with_its_time_and_all_that_is_told() -> None:
    now = [0.0]
    console = _terminal(StringIO())
    progress = Progress(PLAN, console, clock=lambda: now[0])
    message = (
        "replica CREATING, since 14:21 UTC; AWS takes under a minute while the table is empty, 9 to 11 minutes else"
    )
    for event in (Started(change=FUNCTION), Noted(change=FUNCTION, message=message)):
        progress.show(event)
    now[0] = 83.0
    with console.capture() as captured:
        console.print(progress._draw())
    text = " ".join(captured.get().split())
    assert "us-east-1 1:23 function/places: replica CREATING" in text
    assert "9 to 11 minutes else" in text


def test_a_terminal_is_left_as_it_was_after_an_error() -> None:
    out = StringIO()
    with pytest.raises(KeyError), Progress(PLAN, _terminal(out)):
        raise KeyError("x")
    assert out.getvalue().count("\x1b[?25h") == out.getvalue().count("\x1b[?25l")


@pytest.mark.parametrize("total", [1, 2, 3, 7, 28, 29, 100])
def test_the_bar_is_as_wide_whatever_became_of_the_changes(total: int) -> None:
    changes = [creating(Function(region=EAST, name=f"f{number}")) for number in range(total)]
    out = StringIO()
    console = _terminal(out)
    progress = Progress(plan_of(*changes), console)
    for number, change in enumerate(changes):
        bad = number % 3 == 0
        progress.show(Failed(change=change, error=BackendctlError("x")) if bad else Done(change=change, seconds=0))
        with console.capture() as captured:
            console.print(progress._draw())
        assert sum(captured.get().count(part) for part in "━╌") == 28


def test_watching_passes_every_event_on() -> None:
    progress = Progress(PLAN, Screen(out=StringIO(), err=StringIO()).progress)
    assert list(watch(iter(EVENTS), progress)) == list(EVENTS)


def test_busy_says_nothing_in_a_pipe() -> None:
    err = StringIO()
    with busy(Screen(out=StringIO(), err=err).progress, "reading"):
        pass
    assert err.getvalue() == ""


def test_busy_spins_on_a_terminal_but_not_when_quiet() -> None:
    loud, quiet = StringIO(), StringIO()
    with busy(_terminal(loud), "reading"):
        pass
    with busy(_terminal(quiet), "reading", quiet=True):
        pass
    assert "reading" in loud.getvalue()
    assert quiet.getvalue() == ""
