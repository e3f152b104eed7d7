from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from backendctl.sandbox.printed import MOST, Printed


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    yield reading, writing
    for end in (reading, writing):
        os.close(end)


def fed(pipe: tuple[int, int], text: bytes, *, times: int) -> list[str]:
    """The lines of so many pieces of text."""
    printed = Printed(pipe=pipe[0], lines=[])
    for _ in range(times):
        os.write(pipe[1], text)
        assert printed.read()
    printed.finish()
    return [line for _, line in printed.lines]


def test_lines_come_whole_with_the_one_that_did_not_end(pipe: tuple[int, int]) -> None:
    assert fed(pipe, b"one\ntw", times=2) == ["one", "twone", "tw"]


@pytest.mark.parametrize("text", [b"x" * 60_000, b"x\n" * 30_000, b"\n" * 60_000])
def test_no_more_is_kept_than_said_and_the_last_line_tells_of_the_rest(pipe: tuple[int, int], text: bytes) -> None:
    lines = fed(pipe, text, times=2 * MOST // len(text))
    assert sum(len(line) + 26 for line in lines[:-1]) < MOST + 100
    assert "bytes of output were dropped" in lines[-1]


def test_what_is_within_the_bound_is_kept_in_full(pipe: tuple[int, int]) -> None:
    assert fed(pipe, b"x" * 60_000, times=50) == ["x" * 3_000_000]
