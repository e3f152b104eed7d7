"""What `status` says of a canary that is on."""

from __future__ import annotations

from typing import Any, cast

import pytest

from backendctl.engine.plan import Plan
from backendctl.errors import BackendctlError
from backendctl.release.outcome import Outcome
from backendctl.release.standing import standing
from backendctl.release.status import CanaryStatus, RegionStatus
from backendctl.release.verdict import Verdict
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.lambda_.alias import Alias

EAST = "us-east-1"
NOTE = "running the canary v8, 10 % since 2026-11-28T14:00:00Z"
STAGE = Stage(region=EAST, name="prodv1", owner="shop", api="shop", canary=True, note=NOTE)
ALIAS = Alias(region=EAST, name="places:live", owner="shop", physical="shop-places", alias="live", shared=True)
PLACE = f"{EAST}/stage/prodv1"
BACKEND: Any = cast("Any", None)


def _plan(*lives: Any) -> Plan:
    return Plan(backend="shop", regions=(EAST,), changes=(), unchanged=lives)


def _status(outcome: Outcome | None, *, stage: str = "prodv1", target: float = 10.0) -> CanaryStatus:
    verdict = None if outcome is None else Verdict(outcome=outcome, reasons=())
    one = RegionStatus(region=EAST, stage=stage, target_percent=target, verdict=verdict)
    return CanaryStatus(backend="shop", at=0.0, regions=(one,))


@pytest.mark.parametrize(
    ("outcome", "word"),
    [(Outcome.PASS, "pass"), (Outcome.FAIL, "fail"), (Outcome.INCONCLUSIVE, "inconclusive"), (None, "cannot tell")],
)
def test_a_canary_is_told_with_its_verdict_in_a_word(outcome: Outcome | None, word: str) -> None:
    notes, canaries = standing(_plan(STAGE), BACKEND, look=lambda _: _status(outcome))
    assert notes == ((PLACE, f"{NOTE}; verdict: {word}"),)
    verdict = None if outcome is None else str(outcome)
    assert canaries == ({"address": PLACE, "percent": 10.0, "verdict": verdict, "reasons": []},)


def test_a_look_that_fails_is_no_error_of_status() -> None:
    def fails(backend: Any) -> CanaryStatus:
        del backend
        raise BackendctlError("no region answers")

    notes, canaries = standing(_plan(STAGE), BACKEND, look=fails)
    assert notes == ((PLACE, f"{NOTE}; verdict: cannot tell"),)
    assert canaries == ({"address": PLACE, "percent": None, "verdict": None, "reasons": []},)


def test_an_alias_with_a_canary_of_0_per_cent_is_told_with_it() -> None:
    status = _status(Outcome.INCONCLUSIVE, stage="places:live", target=0.0)
    notes, _ = standing(_plan(ALIAS), BACKEND, look=lambda _: status)
    assert notes == ((f"{EAST}/alias/places:live", "running a canary, 0 %; verdict: inconclusive"),)


def test_nothing_is_asked_where_no_canary_is_on() -> None:
    def asked(backend: Any) -> CanaryStatus:
        raise AssertionError(backend)

    quiet = Stage(region=EAST, name="prodv1", owner="shop", api="shop")
    assert standing(_plan(quiet), BACKEND, look=asked) == ((), ())
