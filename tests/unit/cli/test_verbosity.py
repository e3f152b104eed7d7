"""-v and -vv: what is told beside the result, and how."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import click
import pytest
from rich.console import Console
from rich.live import Live
from rich.text import Text

from backendctl.aws.call_log import CallEnd
from backendctl.cli.catalogue import entries
from backendctl.cli.main import cli
from backendctl.cli.verbosity import Verbosity
from backendctl.secrets import KNOWN
from backendctl.ui.moving import begin, end, paused, write_line


class Terminal(io.StringIO):
    """What says that somebody looks at it."""

    def isatty(self) -> bool:
        return True


def call(operation: str = "GetFunction", *, region: str = "us-east-1", error: str = "", retries: int = 0) -> CallEnd:
    return CallEnd(
        ended=datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
        region=region,
        service="lambda",
        operation=operation,
        error=error,
        status=409 if error else 200,
        seconds=1.2345,
        retries=retries,
        request_id="r-1",
    )


def told(level: int, *calls: CallEnd) -> str:
    more = Verbosity(level=level, stream=io.StringIO())
    now = iter((10.0, 13.21))
    with more.telling(lambda: next(now)):
        more.used["spec"] = "specs/a.yaml"
        for one in calls:
            more.hear(one)
    assert isinstance(more.stream, io.StringIO)
    return more.stream.getvalue()


def test_without_it_nothing_is_told() -> None:
    assert told(0, call()) == ""


def test_once_tells_what_was_used_and_counts_the_calls_by_region() -> None:
    assert told(1, call(), call(retries=2), call(region="eu-west-1", error="Conflict")).splitlines() == [
        "used spec specs/a.yaml",
        "3 calls to AWS (eu-west-1 1, us-east-1 2), 2 retries, 1 ended in an error; 3.2 s",
    ]


def test_a_command_that_asks_nothing_says_so() -> None:
    assert told(1).splitlines()[-1] == "0 calls to AWS; 3.2 s"


def test_twice_tells_each_call_and_then_the_same() -> None:
    lines = told(2, call(), call("UpdateAlias", error="Conflict", retries=1)).splitlines()
    assert lines[:2] == [
        "2026-01-02T03:04:05.678Z us-east-1 lambda GetFunction: 200, 1,234 ms, request r-1",
        "2026-01-02T03:04:05.678Z us-east-1 lambda UpdateAlias: 409 Conflict, 1,234 ms, 1 retry, request r-1",
    ]
    assert lines[-1].startswith("2 calls to AWS")


def test_it_is_told_also_when_the_command_fails() -> None:
    more = Verbosity(level=1, stream=io.StringIO())
    with pytest.raises(ValueError, match="no"), more.telling():
        raise ValueError("no")
    assert isinstance(more.stream, io.StringIO)
    assert "0 calls to AWS" in more.stream.getvalue()


def test_a_secret_that_comes_back_as_a_code_is_not_told() -> None:
    KNOWN.forget()
    KNOWN.add("s3cret-value")
    try:
        assert "s3cret" not in told(2, call(error="s3cret-value"))
    finally:
        KNOWN.forget()


def test_a_line_of_the_log_stands_above_what_moves() -> None:
    out = Terminal()
    live = Live(Text("moving"), console=Console(file=out, force_terminal=True, width=30), auto_refresh=False)
    begin(live)
    live.refresh()
    with paused():
        assert not live.is_started
    write_line("2026 a call that is longer than the terminal is wide", out)
    end(live)
    assert "\x1b[2K2026 a call that is longer than the terminal is wide\nmoving" in out.getvalue().replace("\r", "")


def test_a_line_of_the_log_goes_to_the_file_when_stderr_is_one() -> None:
    out, log = Terminal(), io.StringIO()
    live = Live(Text("moving"), console=Console(file=out, force_terminal=True), auto_refresh=False)
    begin(live)
    write_line("a call", log)
    end(live)
    assert log.getvalue() == "a call\n"
    assert "a call" not in out.getvalue()


@pytest.mark.parametrize("name", sorted(entries().keys() - {"sandbox"}))
def test_every_command_takes_it_and_says_what_it_does(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    (option,) = [one for one in command.params if isinstance(one, click.Option) and "-v" in one.opts]
    assert option.help is not None
    assert "-vv" in option.help
