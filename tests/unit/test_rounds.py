"""Calls that go out in rounds."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.rounds import Rounds

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


def test_what_does_not_wait_for_each_other_is_one_round_and_a_chain_is_as_long_as_it_is() -> None:
    rounds = Rounds()
    seen: list[list[int]] = [[] for _ in range(8)]

    def chain(number: int) -> None:
        for _ in range(1 + number % 3):
            seen[number].append(rounds.enter())
            rounds.leave()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(chain, range(8)))
    rounds.end()
    assert seen == [list(range(1, 2 + number % 3)) for number in range(8)]


def test_a_round_begins_only_when_nobody_computes_any_more() -> None:
    rounds = Rounds()
    begun = threading.Event()

    def slow() -> int:
        begun.set()
        sum(range(6_000_000))
        return rounds.enter()

    with ThreadPoolExecutor(2) as pool:
        late = pool.submit(slow)
        begun.wait()
        assert rounds.enter() == late.result() == 1
    rounds.end()
