"""Calls to the versions, and what a failing handler means."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from backendctl.errors import BackendctlError
from backendctl.warmth.tune.latest import Latest, StoppedError
from backendctl.warmth.tune.looking import Target
from backendctl.warmth.tune.measuring import Bench, Calls, HandlerError
from tests.unit.warmth.tune.fakes import NAME, STAMP, FakeLambda, aws_of

BROKEN = {"errorType": "KeyError", "errorMessage": "'httpMethod'"}


def target(**changed: Any) -> Target:
    known: dict[str, Any] = {
        "region": "us-east-1",
        "name": "places",
        "physical": NAME,
        "memory": 1024,
        "timeout": 10,
        "architecture": "x86_64",
        "at_once": 10,
        "is_restored": False,
        "leftover": None,
        "old_versions": (),
        "notes": (),
    }
    return Target(**{**known, **changed})


def measured(
    fake: FakeLambda,
    *,
    runs: int = 6,
    stop: threading.Event | None = None,
    tell: Callable[[str], None] = lambda _: None,
    **changed: Any,
) -> list[Calls]:
    stop = stop or threading.Event()
    one = Latest(aws=aws_of(fake), region="us-east-1", physical=NAME, run="r", stamp=STAMP, stop=threading.Event())
    versions = one.publish((128, 512, 2048))
    bench = Bench(aws=aws_of(fake), target=target(**changed), payload="{}", runs=runs, stop=stop, tell=tell)
    return bench.measure(versions)


def test_each_size_has_its_cold_calls_and_as_many_warm_ones_as_asked() -> None:
    found = measured(FakeLambda())
    assert [calls.memory for calls in found] == [128, 512, 2048]
    assert all(len(calls.warm) == 6 for calls in found)
    assert all(calls.cold and all(one.is_cold for one in calls.cold) for calls in found)
    assert all(not one.is_cold and one.memory_mb == calls.memory for calls in found for one in calls.warm)


def test_warm_calls_take_turns() -> None:
    fake = FakeLambda()
    order: list[int] = []
    fake.durations = lambda memory: order.append(memory) or 5.0  # type: ignore[func-returns-value]
    measured(fake, runs=5, at_once=1)
    assert order[3:] == [128, 512, 2048] * 5


@pytest.mark.parametrize("at_once", [1, 3])
def test_cold_calls_run_together_as_many_as_allowed_and_warm_ones_alone(at_once: int) -> None:
    fake, lock, running, seen = FakeLambda(), threading.Lock(), [0], list[int]()
    together = threading.Barrier(at_once)

    def duration(_: int) -> float:
        with lock:
            running[0] += 1
            seen.append(running[0])
            is_cold = len(seen) <= 3 * at_once
        if is_cold:
            together.wait(timeout=30)
        with lock:
            running[0] -= 1
        return 5.0

    fake.durations = duration
    measured(fake, at_once=at_once)
    assert max(seen[: 3 * at_once]) == at_once
    assert set(seen[3 * at_once :]) == {1}
    assert len(seen) == 3 * (at_once + 6)


def test_an_environment_that_was_replaced_is_called_again() -> None:
    fake = FakeLambda()
    count = iter(range(1000))

    def forget(operation: str) -> None:
        if operation == "Invoke" and next(count) == 24:
            fake.warm.clear()

    fake.before = forget
    found = measured(fake, at_once=10)
    assert [len(calls.warm) for calls in found] == [6, 6, 6]
    assert sum(len(calls.cold) for calls in found) == 6  # three at first, and one each since


def test_a_handler_that_raises_ends_the_tuning_with_its_words() -> None:
    fake = FakeLambda(fails={128: BROKEN, 512: BROKEN, 2048: BROKEN})
    with pytest.raises(HandlerError, match=r"fails on this payload at 2048 MB: KeyError: 'httpMethod'") as told:
        measured(fake)
    assert "--payload" in told.value.hint
    assert fake.calls.count("Invoke") <= 10


def test_a_size_that_is_too_small_is_ruled_out_and_the_others_go_on() -> None:
    late = {"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out after 10.00 seconds"}
    found = measured(FakeLambda(fails={128: late}, status="timeout"))
    assert found[0].failure == "Sandbox.Timedout: Task timed out after 10.00 seconds"
    assert [len(calls.warm) for calls in found[1:]] == [6, 6]


def test_a_timeout_at_the_size_in_use_is_no_matter_of_memory() -> None:
    late = {"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out after 10.00 seconds"}
    with pytest.raises(HandlerError):
        measured(FakeLambda(fails={2048: late}, status="timeout"))


def test_without_report_lines_nothing_is_measured() -> None:
    with pytest.raises(BackendctlError, match="writes no REPORT line") as told:
        measured(FakeLambda(reports=False))
    assert "system log level" in told.value.hint


def test_an_http_error_is_noticed() -> None:
    found = measured(FakeLambda(answer='{"statusCode": 404, "body": ""}'))
    assert [calls.statuses for calls in found] == [{404}] * 3
    said: list[str] = []
    measured(FakeLambda(answer='{"statusCode": 404, "body": ""}'), tell=said.append)
    answered = [number for number, line in enumerate(said) if line.startswith("the handler answers 404")]
    assert answered == [1]  # once, and right after the first call
    assert measured(FakeLambda(answer='["statusCode"]'))[0].statuses == set()


def test_a_stop_ends_the_calls() -> None:
    fake, stop = FakeLambda(), threading.Event()
    count = iter(range(1000))
    fake.before = lambda operation: stop.set() if operation == "Invoke" and next(count) == 25 else None
    with pytest.raises(StoppedError):
        measured(fake, stop=stop)
    assert fake.calls.count("Invoke") == 26
