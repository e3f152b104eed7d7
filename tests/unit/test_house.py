"""The house does not grow where it must not; `python -m tests.bench.house` prints all figures."""

from __future__ import annotations

from functools import cache

from tests.bench.house import Source, size_of, sources

LONGEST_FILE, LONGEST_FUNCTION = 500, 50
MOST_NOQA = 59
"""Exceptions from ruff in the tool, each with its reason beside it: whoever removes some lowers this number."""


@cache
def tool() -> tuple[Source, ...]:
    """Read by whoever runs these tests: every process of a run imports this file."""
    return sources(folders=("backendctl",))


def test_no_file_is_longer_than_500_lines() -> None:
    assert {one.path: one.lines for one in tool() if one.lines > LONGEST_FILE} == {}


def test_no_function_is_longer_than_50_lines() -> None:
    long = {(one.path, name): n for one in tool() for name, n in one.functions.items() if n > LONGEST_FUNCTION}
    assert long == {}


def test_every_function_is_typed() -> None:
    assert [one.path for one in tool() if one.typed < len(one.functions)] == []


def test_exceptions_from_ruff_do_not_become_more() -> None:
    assert size_of(tool()).noqa <= MOST_NOQA
