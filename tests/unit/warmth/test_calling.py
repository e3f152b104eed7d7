"""Calls that overlap, and what they prove."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from backendctl.aws.connection import Access, Aws
from backendctl.backend import Backend, Settings
from backendctl.errors import Exit, UsageError
from backendctl.resources.deploy_context import DeployContext
from backendctl.resources.lambda_.calling import Answer
from backendctl.spec.model import FunctionSpec, Provisioned, Warm
from backendctl.warmth.calling import environments, warm_now
from backendctl.warmth.report_line import Report, last_of
from tests.unit.resources.lambda_helpers import EAST, PLACES, WEST, changed, context_of, emulated

ID = "8f6ad1c0-0000-4000-8000-000000000001"
LIVE = changed(PLACES, aliases=("live",), warm=Warm(instances=3))


def line(duration: float, init: float | None = None) -> str:
    tail = f"\tInit Duration: {init} ms" if init is not None else ""
    return (
        f"REPORT RequestId: {ID}\tDuration: {duration} ms\tBilled Duration: {round(duration)} ms\t"
        f"Memory Size: 128 MB\tMax Memory Used: 40 MB{tail}\n"
    )


def report(duration: float, init: float | None = None) -> Report:
    found = last_of(line(duration, init))
    assert found is not None
    return found


def answered(began: float, ended: float) -> Answer:
    return Answer(began=began, ended=ended)


def test_calls_that_surely_ran_at_one_moment_had_an_environment_each() -> None:
    answers = [answered(0.00, 0.10), answered(0.01, 0.11), answered(0.02, 0.12)]
    assert environments(answers, [report(80)] * 3) == 3


def test_calls_that_may_have_followed_each_other_prove_one() -> None:
    """Each took 2 of 100 ms, so nobody knows when."""
    answers = [answered(0.00, 0.10), answered(0.01, 0.11), answered(0.02, 0.12)]
    assert environments(answers, [report(2)] * 3) == 1


def test_calls_that_did_not_overlap_prove_one() -> None:
    assert environments([answered(0.0, 0.1), answered(0.1, 0.2)], [report(99)] * 2) == 1


def test_every_cold_start_made_an_environment() -> None:
    answers = [answered(0.0, 0.9), answered(1.0, 1.9)]
    assert environments(answers, [report(2, init=300), report(2, init=300)]) == 2


def test_an_environment_is_busy_while_it_loads() -> None:
    """A warm call is over before the new one's handler begins; that one was loading meanwhile."""
    answers = [answered(0.0, 0.1), answered(0.0, 0.6)]
    assert environments(answers, [report(80), report(80, init=500)]) == 2


def test_an_environment_that_was_loaded_ahead_proves_nothing_by_its_loading() -> None:
    answers = [answered(0.0, 0.1), answered(0.0, 0.1)]
    assert environments(answers, [report(2), report(2, init=5000)]) == 1


def test_without_reports_an_answer_proves_one_and_no_answer_none() -> None:
    assert environments([answered(0.0, 0.1)] * 2, [None, None]) == 1
    failed = Answer(began=0.0, ended=0.1, error=EndpointConnectionError(endpoint_url="x"))
    assert environments([failed], [None]) == 0


class Lambda:
    """Answers Invoke at botocore's own seam; keeps what it was sent.

    Args:
        said: payload → the log line, or an exception, given the number of the call.
    """

    def __init__(self, aws: Aws, said: Callable[[int], Any], *, region: str = EAST, together: int = 1) -> None:
        self.sent: list[tuple[str, str]] = []
        self._said = said
        self._lock = threading.Lock()
        self._gate = threading.Barrier(together) if together > 1 else None
        events: Any = aws.lambda_(region).meta.events
        events.register("before-parameter-build.lambda.Invoke", self._note)
        events.register("before-call.lambda.Invoke", self._give)

    def _note(self, *, params: Mapping[str, Any], **_: Any) -> None:
        with self._lock:
            self.sent.append((params["Qualifier"], params["Payload"].decode()))

    def _give(self, **_: Any) -> tuple[Any, Any]:
        if self._gate is not None:
            self._gate.wait(timeout=10)
        with self._lock:
            said = self._said(len(self.sent))
        if isinstance(said, Exception):
            raise said
        parsed = {
            "Payload": io.BytesIO(b"{}"),
            "LogResult": base64.b64encode(said.encode()).decode(),
            "ResponseMetadata": {"RequestId": ID, "HTTPStatusCode": 200},
        }

        class Http:
            status_code = 200

        return Http(), parsed


class Clock:
    """Stands still but for what a call takes."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def aws() -> Iterator[Aws]:
    with emulated():
        yield Aws(Access(keys=("testing", "testing"), time_scale=0.0), backend="corkhounds", clock=Clock())


def backend(aws: Aws, context: DeployContext) -> Backend:
    settings = Settings(spec=Path("corkhounds.yaml"), access=Access(), workers=2)
    return Backend(settings=settings, spec=context.spec, aws=aws, context=context)


def of(aws: Aws, *functions: FunctionSpec, regions: tuple[str, ...] = (EAST,)) -> Backend:
    return backend(aws, context_of(*functions, regions=regions))


def test_every_ping_goes_to_the_alias_and_says_how_long_to_stay(aws: Aws) -> None:
    lambda_ = Lambda(aws, lambda _: line(80, init=300), together=3)
    found = warm_now(of(aws, LIVE))
    assert lambda_.sent == [("live", '{"instruction": "warmer", "holdMs": 75}')] * 3
    (row,) = found.rows
    assert (row.function, row.qualifier, row.requested, row.answered) == ("places", "live", 3, 3)
    assert (row.environments, row.cold, row.holds) == (3, 3, True)
    assert found.exit_code is Exit.OK


def test_one_instance_gets_the_input_as_it_is(aws: Aws) -> None:
    lambda_ = Lambda(aws, lambda _: line(2))
    found = warm_now(of(aws, LIVE), instances=1)
    assert lambda_.sent == [("live", '{"instruction": "warmer"}')]
    assert (found.rows[0].environments, found.rows[0].warm_ms, found.exit_code) == (1, 2.0, Exit.OK)


def test_a_handler_that_does_not_stay_is_told(aws: Aws) -> None:
    lambda_ = Lambda(aws, lambda _: line(2))
    found = warm_now(of(aws, LIVE))
    assert len(lambda_.sent) == 3
    assert found.rows[0].holds is False
    assert "returns before the holdMs" in found.rows[0].reason
    assert found.exit_code is Exit.FAILED_VERDICT


def test_where_the_way_is_too_long_for_proof_handlers_are_asked_to_stay_longer(aws: Aws) -> None:
    """The clock stands still, so that no call can be shown to have overlapped another."""
    lambda_ = Lambda(aws, lambda _: line(80))
    found = warm_now(of(aws, LIVE))
    assert len(lambda_.sent) == 6
    assert found.rows[0].environments == 1
    assert found.exit_code is Exit.INCONCLUSIVE
    assert "did not surely overlap" in found.rows[0].reason


def test_without_reports_it_cannot_be_told(aws: Aws) -> None:
    Lambda(aws, lambda _: "nothing of Lambda's own")
    found = warm_now(of(aws, LIVE))
    assert (found.rows[0].cold, found.exit_code) == (None, Exit.INCONCLUSIVE)
    assert "no report" in found.rows[0].reason


def test_a_region_that_does_not_answer_is_told_and_the_other_is_warmed(aws: Aws) -> None:
    Lambda(aws, lambda _: line(2))
    Lambda(aws, lambda _: EndpointConnectionError(endpoint_url="https://lambda"), region=WEST)
    found = warm_now(of(aws, LIVE, regions=(EAST, WEST)), instances=1)
    assert [row.region for row in found.rows] == [EAST]
    assert list(found.unreachable) == [WEST]
    assert found.exit_code is Exit.PARTIAL


def test_what_cannot_be_warmed_is_refused_with_the_nearest_word(aws: Aws) -> None:
    cold = changed(PLACES, name="search", warm=None)
    listed = changed(LIVE, warm=Warm(input="[1]"))
    with pytest.raises(UsageError, match="no function 'placs'; did you mean 'places'") as caught:
        warm_now(of(aws, LIVE), ["placs"])
    assert caught.value.hint == "functions with `warm`: places"
    ready = changed(LIVE, name="ready", warm=None, provisioned=Provisioned(environments=1))
    with pytest.raises(UsageError, match="'ready' has provisioned concurrency"):
        warm_now(of(aws, LIVE, ready), ["ready"])
    with pytest.raises(UsageError, match="does not keep 'search' warm"):
        warm_now(of(aws, LIVE, cold), ["search"])
    with pytest.raises(UsageError, match=r"no function of corkhounds\.yaml has `warm`"):
        warm_now(of(aws, cold))
    with pytest.raises(UsageError, match="the spec names none"):
        warm_now(of(aws, LIVE), stages=["prod"])
    with pytest.raises(UsageError, match="is not a mapping"):
        warm_now(of(aws, listed), instances=2)
