"""A region that hangs costs one bound, not one for every call and attempt."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Iterator

import pytest
from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from backendctl.aws.connection import Access, Aws
from backendctl.aws.errors import explain
from backendctl.aws.silence import Silence, SilentError
from backendctl.errors import AwsError

_REFUSED = EndpointConnectionError(endpoint_url="https://x")
_READ, _CONNECT = ReadTimeoutError(endpoint_url="https://x"), ConnectTimeoutError(endpoint_url="https://x")


class Clock:
    """Seconds that pass only by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(name="hanging")
def _hanging() -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_the_attempts_of_one_call_fit_into_its_bound(clock: Clock) -> None:
    for service, error in itertools.product(("dynamodb", "lambda"), (_READ, _CONNECT)):
        silence = Silence(60, clock)
        each = silence.connecting() if error is _CONNECT else silence.reading(service)
        attempts = next(n for n in itertools.count(1) if silence.ends(error, service, since=clock.now - n * each))
        assert attempts * each <= 61


def test_what_is_no_silence_is_botocores_to_try_again(clock: Clock) -> None:
    silence = Silence(1, clock)
    assert not silence.ends(None, "dynamodb", since=0)
    assert not silence.ends(_REFUSED, "dynamodb", since=clock.now)
    assert silence.ends(_REFUSED, "dynamodb", since=clock.now - 2)


def test_a_silent_service_is_left_alone_for_a_while_and_asked_again_then(clock: Clock) -> None:
    silence = Silence(60, clock)
    silence.note(_READ, "ssm", "us-west-2", "GetParameter", since=clock.now)
    with pytest.raises(SilentError, match=r"ssm in us-west-2 gave no answer to GetParameter within 60 s"):
        silence.refuse("ssm", "us-west-2")
    silence.refuse("ssm", "us-east-1")
    silence.refuse("dynamodb", "us-west-2")
    clock.now += 61
    silence.refuse("ssm", "us-west-2")


@pytest.mark.parametrize("error", [_REFUSED, ConnectionClosedError(endpoint_url="https://x")])
def test_a_service_that_cannot_be_reached_is_asked_again_sooner(clock: Clock, error: BaseException) -> None:
    silence = Silence(60, clock)
    silence.note(error, "ssm", "us-west-2", "GetParameter", since=clock.now)
    with pytest.raises(SilentError) as silent:
        silence.refuse("ssm", "us-west-2")
    assert str(error) in str(silent.value)
    assert "--timeout" not in str(silent.value)
    clock.now += 21
    silence.refuse("ssm", "us-west-2")


def test_a_region_that_resets_connections_costs_the_attempts_of_one_call() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{server.getsockname()[1]}"  # nobody listens: every connection is refused
        aws = Aws(Access(keys=("testing", "testing"), endpoint_url=address, attempts=2, time_scale=0.0), backend="b")
        silent = []
        for _ in range(20):
            with pytest.raises((EndpointConnectionError, SilentError)) as caught:
                aws.dynamodb("us-west-2").list_tables()
            silent.append(isinstance(caught.value, SilentError))
    assert silent == [False] + [True] * 19
    told = explain(caught.value, doing="read us-west-2/table/places")
    assert isinstance(told, AwsError)
    assert told.silent
    assert "is anything listening there?" in str(told.hint)


def test_one_slow_call_among_answered_ones_silences_nobody_and_an_answer_ends_a_silence(clock: Clock) -> None:
    silence = Silence(60, clock)
    started = clock.now
    clock.now += 30
    silence.broken("apigateway", "us-west-2")
    clock.now += 30
    silence.note(_READ, "apigateway", "us-west-2", "PutRestApi", since=started)
    silence.refuse("apigateway", "us-west-2")
    silence.note(_READ, "apigateway", "us-west-2", "PutRestApi", since=clock.now)
    silence.broken("apigateway", "us-west-2")
    silence.refuse("apigateway", "us-west-2")


def test_a_function_that_takes_its_time_is_no_silence(clock: Clock) -> None:
    silence = Silence(60, clock)
    silence.note(_READ, "lambda", "us-west-2", "Invoke", since=clock.now)
    silence.refuse("lambda", "us-west-2")


def test_a_hanging_region_is_told_within_the_bound(hanging: str) -> None:
    aws = Aws(Access(keys=("testing", "testing"), endpoint_url=hanging, timeout=1.0, time_scale=0.0), backend="b")
    started = time.monotonic()
    for _ in range(20):
        with pytest.raises((ReadTimeoutError, SilentError)) as silent:
            aws.dynamodb("us-west-2").list_tables()
    assert time.monotonic() - started < 20  # one bound and no more; 20 of them would be 20 s and five attempts 100 s
    told = explain(silent.value, doing="read us-west-2/table/places")
    assert isinstance(told, AwsError)
    assert told.silent
    assert "--timeout" in told.message
