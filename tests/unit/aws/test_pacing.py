"""Calls wait their turn at AWS's fixed rates."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import pytest

from backendctl.aws.pacing import Pacer

_PATIENCE = 10.0


class Time(Protocol):
    now: float
    slept: list[float]

    def clock(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


def _pacer(time: Time, *, time_scale: float = 1.0, overrides: Mapping[tuple[str, str], float] | None = None) -> Pacer:
    return Pacer(clock=time.clock, sleep=time.sleep, time_scale=time_scale, overrides=overrides)


def _seconds(pacer: Pacer, time: Time, operation: str, *, calls: int, service: str = "apigateway") -> float:
    """How long that many calls take."""
    start = time.now
    for _ in range(calls):
        pacer.wait(service=service, operation=operation, region="us-east-1")
    return time.now - start


@pytest.mark.parametrize(
    ("operation", "apart"),
    [
        ("CreateDeployment", 5),  # A31
        ("CreateRestApi", 3),
        ("ImportRestApi", 3),
        ("PutRestApi", 1),
        ("DeleteRestApi", 30),
        ("CreateDomainName", 30),  # A32
        ("UpdateDomainName", 30),
        ("DeleteDomainName", 30),
        ("UpdateAccount", 20),  # A33
    ],
)
def test_a_scarce_call_is_made_at_once_and_then_at_its_rate(fake_time: Time, operation: str, apart: float) -> None:
    pacer = _pacer(fake_time)
    assert _seconds(pacer, fake_time, operation, calls=1) == 0
    assert _seconds(pacer, fake_time, operation, calls=3) == pytest.approx(3 * apart)


def test_a_token_is_earned_again_while_nobody_calls(fake_time: Time) -> None:
    pacer = _pacer(fake_time)
    _seconds(pacer, fake_time, "CreateDeployment", calls=1)
    fake_time.now += 60
    assert _seconds(pacer, fake_time, "CreateDeployment", calls=1) == 0
    assert _seconds(pacer, fake_time, "CreateDeployment", calls=1) == pytest.approx(5)


def test_regions_have_buckets_of_their_own(fake_time: Time) -> None:
    pacer = _pacer(fake_time)
    for region in ("us-east-1", "us-west-2", "eu-north-1"):
        pacer.wait(service="apigateway", operation="DeleteRestApi", region=region)
    assert fake_time.slept == []


def test_different_operations_do_not_hold_each_other_up(fake_time: Time) -> None:
    pacer = _pacer(fake_time)
    for operation in ("DeleteRestApi", "CreateDomainName", "CreateDeployment"):
        pacer.wait(service="apigateway", operation=operation, region="us-east-1")
    assert fake_time.slept == []


def test_a_third_of_a_burst_is_kept_back_for_calls_that_arrive_together(fake_time: Time) -> None:
    pacer = _pacer(fake_time)
    assert _seconds(pacer, fake_time, "GetStages", calls=26) == 0  # of 40 (A35)
    assert _seconds(pacer, fake_time, "GetStage", calls=20) == pytest.approx(2.0, abs=0.1)


def test_lambda_control_calls_share_fifteen_a_second(fake_time: Time) -> None:
    pacer = _pacer(fake_time)
    assert _seconds(pacer, fake_time, "PublishVersion", calls=10, service="lambda") == 0
    assert _seconds(pacer, fake_time, "CreateAlias", calls=15, service="lambda") == pytest.approx(1.0)  # B56


def test_get_function_is_outside_the_shared_lambda_rate(fake_time: Time) -> None:
    pacer = _pacer(fake_time)
    _seconds(pacer, fake_time, "PublishVersion", calls=15, service="lambda")
    assert _seconds(pacer, fake_time, "GetFunction", calls=10, service="lambda") == 0
    assert _seconds(pacer, fake_time, "GetFunction", calls=100, service="lambda") == pytest.approx(1.0)  # B56


def test_route53_is_called_four_times_a_second(fake_time: Time) -> None:
    pacer = _pacer(fake_time)
    assert _seconds(pacer, fake_time, "ListResourceRecordSets", calls=3, service="route53") == 0
    assert _seconds(pacer, fake_time, "GetChange", calls=8, service="route53") == pytest.approx(2.0, abs=0.1)  # E22


def test_an_operation_without_a_rate_is_not_held_up(fake_time: Time) -> None:
    assert _seconds(_pacer(fake_time), fake_time, "DescribeTable", calls=500, service="dynamodb") == 0


def test_the_config_overrides_a_rate(fake_time: Time) -> None:
    pacer = _pacer(fake_time, overrides={("apigateway", "DeleteRestApi"): 0.5})
    assert _seconds(pacer, fake_time, "DeleteRestApi", calls=2) == pytest.approx(2.0)


def test_tempo_scales_every_wait_alike(fake_time: Time) -> None:
    pacer = _pacer(fake_time, time_scale=0.05)
    assert _seconds(pacer, fake_time, "DeleteRestApi", calls=3) == pytest.approx(2 * 30 * 0.05)


def test_tempo_zero_never_waits(fake_time: Time) -> None:
    assert _seconds(_pacer(fake_time, time_scale=0.0), fake_time, "DeleteRestApi", calls=50) == 0


def test_callers_at_the_same_moment_queue_up_behind_each_other() -> None:
    asked: list[float] = []
    pacer = Pacer(clock=lambda: 0.0, sleep=asked.append)
    for _ in range(4):
        pacer.wait(service="apigateway", operation="CreateDeployment", region="us-east-1")
    assert asked == pytest.approx([5.0, 10.0, 15.0])


def test_calls_that_a_stall_has_held_up_do_not_go_all_at_once() -> None:
    now = [0.0]
    slept: list[float] = []
    stalled = threading.Semaphore(0)
    over = threading.Event()

    def sleep(seconds: float) -> None:
        if not over.is_set():
            stalled.release()
            assert over.wait(_PATIENCE)
            return
        slept.append(seconds)

    pacer = Pacer(clock=lambda: now[0], sleep=sleep)
    with ThreadPoolExecutor(30) as pool:
        calls = [
            pool.submit(pacer.wait, service="lambda", operation="GetPolicy", region="us-east-1") for _ in range(30)
        ]
        for _ in range(20):  # ten have gone at once
            assert stalled.acquire(timeout=_PATIENCE)
        now[0] = 60.0
        over.set()
        for call in calls:
            call.result(_PATIENCE)
    assert sorted(slept) == pytest.approx([number / 15 for number in range(1, 11)])  # and ten now
