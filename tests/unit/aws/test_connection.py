"""Clients made once, reads shared, and credentials where they belong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import pytest

from backendctl.aws.connection import Access, Aws
from backendctl.aws.progress import reporting_to
from backendctl.aws.wait import until
from backendctl.errors import AwsError, Exit, WaitTimeoutError

_PATIENCE = 10.0


class Scripted(Protocol):
    asked: list[tuple[str, str]]

    def says(self, *answers: tuple[int, str, str]) -> None: ...


class Time(Protocol):
    slept: list[float]

    def clock(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


@pytest.fixture
def aws() -> Aws:
    return Aws(Access(keys=("testing", "testing")), backend="b")


def _counting(value: object = "loaded") -> tuple[list[int], Callable[[], object]]:
    calls: list[int] = []

    def load() -> object:
        calls.append(1)
        return value

    return calls, load


def test_a_client_is_made_once_per_service_and_region(aws: Aws) -> None:
    with ThreadPoolExecutor(8) as pool:
        clients = list(pool.map(lambda _: aws.lambda_("us-east-1"), range(16)))
    assert len({id(client) for client in clients}) == 1
    assert aws.lambda_("us-west-2") is not clients[0]
    assert aws.lambda_("us-west-2").meta.region_name == "us-west-2"


def test_each_accessor_gives_the_client_it_names(aws: Aws) -> None:
    made = {
        "lambda": aws.lambda_("eu-north-1"),
        "apigateway": aws.apigateway("eu-north-1"),
        "dynamodb": aws.dynamodb("eu-north-1"),
        "application-autoscaling": aws.scaling("eu-north-1"),
        "events": aws.events("eu-north-1"),
        "logs": aws.logs("eu-north-1"),
        "acm": aws.acm("eu-north-1"),
        "s3": aws.s3("eu-north-1"),
        "ssm": aws.ssm("eu-north-1"),
        "iam": aws.iam(),
        "route53": aws.route53(),
        "sts": aws.sts("eu-north-1"),
    }
    assert {service: client.meta.service_model.service_name for service, client in made.items()} == {
        service: service for service in made
    }


def test_clients_never_use_the_default_retry_mode_and_have_room_for_every_thread() -> None:
    client = Aws(Access(keys=("testing", "testing"), pool=40), backend="b").client("lambda", "us-east-1")
    assert client.meta.config.retries == {"mode": "standard", "total_max_attempts": 5}  # F1
    assert client.meta.config.max_pool_connections == 40  # F6


def test_a_shared_read_is_made_once(aws: Aws) -> None:
    calls, load = _counting()
    assert [aws.shared(("functions", "us-east-1"), load) for _ in range(3)] == ["loaded"] * 3
    assert len(calls) == 1


def test_a_shared_read_that_found_nothing_is_not_repeated(aws: Aws) -> None:
    calls, load = _counting(None)
    assert aws.shared(("x",), load) is None
    assert aws.shared(("x",), load) is None
    assert len(calls) == 1


def test_concurrent_askers_wait_for_one_read(aws: Aws) -> None:
    calls: list[int] = []
    asking = threading.Barrier(8, timeout=_PATIENCE)
    release = threading.Event()

    def load() -> str:
        calls.append(1)
        release.wait(_PATIENCE)
        return "loaded"

    def ask(_: int) -> str:
        asking.wait()
        return aws.shared(("functions",), load)

    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(ask, number) for number in range(8)]
        release.set()
        assert [answer.result(_PATIENCE) for answer in answers] == ["loaded"] * 8
    assert len(calls) == 1


def test_reads_of_different_keys_run_at_the_same_time(aws: Aws) -> None:
    both = threading.Barrier(2, timeout=_PATIENCE)
    with ThreadPoolExecutor(2) as pool:
        found = [pool.submit(aws.shared, (region,), lambda: both.wait() >= 0) for region in ("east", "west")]
        assert [item.result(_PATIENCE) for item in found] == [True, True]


def test_a_failed_read_is_tried_again_by_the_next_who_asks(aws: Aws) -> None:
    def fail() -> str:
        raise AwsError("no", doing="x", code="y")

    with pytest.raises(AwsError):
        aws.shared(("x",), fail)
    assert aws.shared(("x",), lambda: "loaded") == "loaded"


def test_forget_drops_what_starts_with_the_prefix_and_nothing_else(aws: Aws) -> None:
    keys: list[tuple[object, ...]] = [("table", "east", "a"), ("table", "east", "b"), ("table", "west", "a"), ("apis",)]
    for key in keys:
        aws.shared(key, lambda: "old")
    aws.forget("table", "east")
    assert [aws.shared(key, lambda: "new") for key in keys] == ["new", "new", "old", "old"]


def test_forget_without_a_prefix_drops_everything_but_who_we_are(aws: Aws) -> None:
    aws.shared(("identity",), lambda: ("123456789012", "aws"))
    aws.shared(("apis",), lambda: "old")
    aws.forget()
    assert aws.shared(("apis",), lambda: "new") == "new"
    assert (aws.account, aws.partition) == ("123456789012", "aws")


def test_what_threads_meet_in_outlives_what_was_read(aws: Aws) -> None:
    meeting: list[str] = aws.in_common(("batch", "zone"), list)
    meeting.append("mine")
    aws.forget()
    aws.begin()
    assert aws.in_common(("batch", "zone"), list) is meeting
    assert aws.in_common(("batch", "another"), list) == []


def test_a_read_that_was_under_way_when_the_context_changed_is_not_given_to_who_asks_afterwards(aws: Aws) -> None:
    started, release = threading.Event(), threading.Event()

    def load_old() -> str:
        started.set()
        release.wait(_PATIENCE)
        return "old"

    with ThreadPoolExecutor(2) as pool:
        early = pool.submit(aws.shared, ("apis",), load_old)
        assert started.wait(_PATIENCE)
        aws.forget("apis")
        late = pool.submit(aws.shared, ("apis",), lambda: "new")
        assert late.result(_PATIENCE) == "new"
        release.set()
        assert early.result(_PATIENCE) == "old"
    assert aws.shared(("apis",), lambda: "newer") == "new"


def test_forgetting_while_others_read_is_safe(aws: Aws) -> None:
    def read(number: int) -> int:
        aws.forget("key")
        return sum(aws.shared(("key", number, item), lambda: 1) for item in range(200))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, range(32))) == [200] * 32


def test_one_writer_at_a_time_gets_the_same_lock(aws: Aws) -> None:
    assert aws.exclusive("policy", "f") is aws.exclusive("policy", "f")
    assert aws.exclusive("policy", "f") is not aws.exclusive("policy", "g")


def test_an_exclusive_lock_is_not_the_lock_of_a_shared_read(aws: Aws) -> None:
    with aws.exclusive("apis"):
        assert aws.shared(("exclusive", "apis"), lambda: "loaded") == "loaded"


def test_who_we_are_is_asked_once_and_gives_account_and_partition(
    script: Scripted, connect: Callable[..., Aws]
) -> None:
    body = (
        "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws-cn:iam::123456789012:user/u</Arn>"
        "<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
    script.says((200, "", body))
    aws = connect()
    assert (aws.account, aws.partition) == ("123456789012", "aws-cn")  # F14
    assert len(script.asked) == 1


def test_without_credentials_the_error_says_so_and_what_to_do(script: Scripted, connect: Callable[..., Aws]) -> None:
    script.says((403, "", "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>"))
    with pytest.raises(AwsError) as refused:
        connect().identity("us-west-2")
    assert refused.value.doing == "get the caller identity in us-west-2"
    assert refused.value.code == "InvalidClientTokenId"


def test_an_unknown_profile_is_a_sentence_and_not_a_traceback() -> None:
    with pytest.raises(AwsError) as refused:
        Aws(Access(profile="nobody-has-this-profile"), backend="b")
    assert refused.value.code == "Profile"


def test_waiting_ends_with_the_first_answer_that_is_not_none(fake_time: Time) -> None:
    aws = Aws(Access(keys=("testing", "testing")), backend="b", clock=fake_time.clock, sleep=fake_time.sleep)
    answers = iter([None, None, "ACTIVE"])
    heard: list[str] = []
    with reporting_to(heard.append):
        assert until(aws, "the table", lambda: next(answers), limit=60, step=5) == "ACTIVE"
    assert fake_time.slept == [5, 5]
    assert heard == ["waiting for the table"]


def test_an_answer_that_is_false_or_empty_is_an_answer(fake_time: Time) -> None:
    aws = Aws(Access(keys=("testing", "testing")), backend="b", clock=fake_time.clock, sleep=fake_time.sleep)
    assert until(aws, "x", lambda: False, limit=1) is False


def test_waiting_gives_up_with_a_sentence_and_a_code_of_its_own(fake_time: Time) -> None:
    aws = Aws(Access(keys=("testing", "testing")), backend="b", clock=fake_time.clock, sleep=fake_time.sleep)
    with pytest.raises(WaitTimeoutError) as gave_up:
        until(aws, "replica us-west-2 to be ACTIVE", lambda: None, limit=60, step=5)
    assert gave_up.value.message == "gave up waiting for replica us-west-2 to be ACTIVE after 60 s"
    assert gave_up.value.exit_code is Exit.INCONCLUSIVE
    assert sum(fake_time.slept) == pytest.approx(60, abs=5)
