"""Threads that give their place to others while they wait."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from backendctl.aws.crew import Crew, PatientLock, asleep, both, interleaved, together
from backendctl.aws.progress import note, reporting_to


def test_no_more_work_at_once_than_there_are_places() -> None:
    working, most, lock = 0, 0, threading.Lock()
    full = threading.Barrier(3)

    def work() -> None:
        nonlocal working, most
        with lock:
            working += 1
            most = max(most, working)
        full.wait(timeout=20)
        with lock:
            working -= 1

    with Crew(3, name="test") as crew:
        for _ in range(9):
            crew.submit(work)
    assert most == 3


def test_who_sleeps_leaves_the_place_to_another() -> None:
    other_worked = threading.Event()
    rest = asleep(lambda _: None if other_worked.wait(timeout=20) else pytest.fail("nobody else could work"))
    with Crew(1, name="test") as crew:
        sleeper = crew.submit(partial(rest, 5.0))
        crew.submit(other_worked.set)
        sleeper.result()


def test_who_waits_for_a_lock_does_not_keep_its_holder_from_going_on() -> None:
    lock, held = PatientLock(), threading.Event()
    waiting = threading.Event()

    def holder() -> str:
        with lock:
            held.set()
            asleep(lambda seconds: [waiting.wait(timeout=seconds)].clear())(20.0)
            return "went on"

    def waiter() -> None:
        held.wait(timeout=20)
        waiting.set()
        with lock:
            pass

    with Crew(1, name="test") as crew:
        first = crew.submit(holder)
        crew.submit(waiter)
        assert first.result(timeout=20) == "went on"


def test_the_heaviest_of_what_waits_is_first() -> None:
    begun, go = threading.Event(), threading.Event()
    done: list[str] = []

    def first() -> None:
        begun.set()
        go.wait(timeout=20)

    with Crew(1, name="test") as crew:
        crew.submit(first)
        begun.wait(timeout=20)
        for name, weight in (("light", 1.0), ("heavy", 9.0), ("as light", 1.0)):
            crew.submit(partial(done.append, name), weight=weight)
        go.set()
    assert done == ["heavy", "light", "as light"]


def test_what_is_done_together_comes_back_in_order_and_fails_as_the_first_that_failed() -> None:
    assert together(partial(pow, base, 2) for base in range(40)) == [base**2 for base in range(40)]

    def fail(text: str) -> None:
        raise ValueError(text)

    with pytest.raises(ValueError, match="first"):
        together((partial(fail, "first"), partial(fail, "second")))


def test_work_together_in_a_crew_of_one_place_ends() -> None:
    def parent() -> list[int]:
        return together(partial(abs, -number) for number in range(5))

    with Crew(1, name="test") as crew:
        assert [crew.submit(parent).result(timeout=20) for _ in range(3)] == [[0, 1, 2, 3, 4]] * 3


def test_regions_take_turns() -> None:
    asked = ["a1", "a2", "a3", "b1", "c1", "c2"]
    assert interleaved(asked, key=lambda item: item[0]) == ["a1", "b1", "c1", "a2", "c2", "a3"]


def test_what_is_done_together_reports_to_whoever_asked_for_it() -> None:
    heard: list[str] = []
    with reporting_to(heard.append):
        assert both(partial(note, "one"), lambda: 1) == (None, 1)
        together(partial(note, text) for text in ("two", "three"))
    assert sorted(heard) == ["one", "three", "two"]
