"""At 80 columns nothing is cut: a table that is too wide becomes blocks."""

from __future__ import annotations

import io

import pytest
from rich import box
from rich.panel import Panel
from rich.table import Table

from backendctl.release.history import History, Release
from backendctl.ui.console import SafeConsole, Screen
from backendctl.ui.history_view import show_history

_WORDS = [f"{name}-{number:016x}" for number, name in enumerate("abcdefgh")]


def _console(width: int) -> tuple[SafeConsole, io.StringIO]:
    stream = io.StringIO()
    console = Screen(out=stream, err=io.StringIO()).result
    console.width = width
    assert isinstance(console, SafeConsole)
    return console, stream


def _table(columns: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number in range(columns):
        table.add_column(f"head {number}", no_wrap=True)
    table.add_row(*_WORDS[:columns])
    return table


@pytest.mark.parametrize("columns", range(1, 9))
@pytest.mark.parametrize("within", [False, True])
def test_every_cell_is_shown_whole(columns: int, within: bool) -> None:  # noqa: FBT001  # parametrized
    console, stream = _console(80)
    console.print(Panel(_table(columns)) if within else _table(columns))
    told = stream.getvalue()
    assert all(word in told for word in _WORDS[:columns])
    assert "…" not in told
    assert max(map(len, told.splitlines())) <= 80


def test_a_table_that_has_room_stays_a_table() -> None:
    console, stream = _console(80)
    console.print(_table(3))
    head = next(line for line in stream.getvalue().splitlines() if "head" in line)
    assert head.split() == ["head", "0", "head", "1", "head", "2"]


def test_the_history_of_a_release_in_three_regions_is_whole_at_80_columns() -> None:
    regions = ("us-east-1", "us-west-2", "ap-southeast-1")
    versions = {region: {f"shop-function-{n}:version1": "123" for n in range(5)} for region in regions[:2]}
    release = Release(
        number=12,
        stages=("production-v1",),
        event="canary",
        what="canary, promoted",
        time="2026-11-28T14:00:00Z",
        commit="0123abcd+",
        author="Somebody With A Long Name",
        operator="somebody@a-long-name-of-a-machine.example",
        definition="0123456789ab",
        before=11,
        like=None,
        percent=10.0,
        versions=versions,
        live=regions[:2],
    )
    found = History(backend="shop", releases=(release,), regions=regions)
    console, stream = _console(80)
    show_history(found, console)
    lines = stream.getvalue().splitlines()
    told = " ".join(stream.getvalue().split())
    assert max(map(len, lines)) <= 80
    for word in ("v12", "2026-11-28 14:00", "canary, promoted", "0123abcd+", "us-east-1, us-west-2"):
        assert word in told
    console, stream = _console(80)
    show_history(found, console, verbose=True)
    told = " ".join(stream.getvalue().split())
    for word in (
        "production-v1",
        "Somebody With A Long Name",
        "0123456789ab",
        "somebody@a-long-name-of-a-machine.example",
    ):
        assert word in told
    assert all(f"shop-function-{n} 123" in told for n in range(5))
