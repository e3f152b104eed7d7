"""Checks of answers: what the canary says beside what is expected and what the base says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backendctl.release.answers import Said, compared, from_proxy
from backendctl.release.asking import tries
from backendctl.release.metric_checks import held_against
from backendctl.release.outcome import Outcome
from backendctl.spec.analysis import AnswerCheck, Metric, MetricCheck

PASS, FAIL, OPEN = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE


def _said(document: Any, status: int = 200) -> Said:
    return Said(status=status, body=json.dumps(document))


def _check(**settings: Any) -> AnswerCheck:
    return AnswerCheck(name="a place", method="GET", path="/places/{id}", **settings)


def _outcome(check: AnswerCheck, base: list[Said], canary: list[Said]) -> tuple[Outcome | None, str]:
    found = compared(check, base=base, canary=canary)
    return found.outcome, found.told


OAK = {"name": "Oak", "dogs": [{"id": 7, "at": 1}]}


def test_the_same_answer_passes() -> None:
    assert _outcome(_check(), [_said(OAK)] * 2, [_said(OAK)] * 2)[0] is PASS


def test_a_wrong_body_with_200_fails_and_is_named_by_its_path() -> None:
    outcome, told = _outcome(_check(), [_said(OAK)] * 2, [_said({**OAK, "name": "Elm"})] * 2)
    assert outcome is FAIL
    assert told == 'a place (GET /places/{id}): $.name is "Elm", baseline "Oak"'


@pytest.mark.parametrize("path", ["$.dogs[0].at", "$.dogs[*].at", "$.dogs", "$['dogs'][0]['at']"])
def test_what_is_to_be_ignored_is(path: str) -> None:
    other = {**OAK, "dogs": [{"id": 7, "at": 2}]}
    assert _outcome(_check(ignore=(path,)), [_said(OAK)] * 2, [_said(other)] * 2)[0] is PASS
    assert _outcome(_check(ignore=("$.dogs[1].at",)), [_said(OAK)] * 2, [_said(other)] * 2)[0] is FAIL


def test_what_differs_between_two_answers_of_the_base_is_not_the_canarys_fault() -> None:
    base = [_said({"at": 1, "name": "Oak"}), _said({"at": 2, "name": "Oak"})]
    assert _outcome(_check(), base, [_said({"at": 3, "name": "Oak"})])[0] is PASS
    assert _outcome(_check(), base, [_said({"at": 3, "name": "Elm"})])[0] is FAIL


def test_one_wrong_answer_of_two_fails() -> None:
    assert _outcome(_check(), [_said(OAK)] * 2, [_said(OAK), _said({})])[0] is FAIL


def test_another_status_fails_and_an_unsteady_base_cannot_tell() -> None:
    assert _outcome(_check(), [_said(OAK)] * 2, [_said(OAK, 500)])[0] is FAIL
    assert _outcome(_check(), [_said(OAK), _said(OAK, 503)], [_said(OAK, 500)])[0] is OPEN


def test_an_expectation_holds_the_canary_alone() -> None:
    check = _check(status=200, json={"$.name": "Oak", "$.dogs[0].id": 7}, against_base=False)
    assert _outcome(check, [_said({})], [_said(OAK)])[0] is PASS
    outcome, told = _outcome(check, [_said(OAK)], [_said({**OAK, "name": "Elm"})])
    assert (outcome, told) == (FAIL, 'a place (GET /places/{id}): $.name is "Elm", expected "Oak"')


def test_an_expectation_that_the_base_does_not_meet_either_says_nothing_of_the_canary() -> None:
    assert _outcome(_check(status=200), [_said({}, 404)] * 2, [_said({}, 404)] * 2)[0] is OPEN


def test_true_is_not_one() -> None:
    check = _check(json={"$.open": True}, against_base=False)
    assert _outcome(check, [_said({"open": True})], [_said({"open": 1})])[0] is FAIL


def test_texts_are_compared_as_they_are_and_an_unsteady_text_cannot_tell() -> None:
    one, other = Said(status=200, body="a"), Said(status=200, body="b")
    assert _outcome(_check(), [one, one], [other])[0] is FAIL
    assert _outcome(_check(), [one, other], [other])[0] is PASS
    assert _outcome(_check(), [one, other], [Said(status=200, body="c")])[0] is OPEN


def test_trouble_in_asking_cannot_tell() -> None:
    trouble = Said(trouble="throttled")
    assert _outcome(_check(), [_said(OAK)], [trouble])[0] is OPEN
    assert _outcome(_check(), [], [_said(OAK)])[0] is OPEN
    assert _outcome(_check(), [_said(OAK)], []) == (
        OPEN,
        "a place (GET /places/{id}): cannot tell: the canary has not answered",
    )


@pytest.mark.parametrize(
    ("payload", "fault", "said"),
    [
        ('{"statusCode": 200, "body": "x"}', "", Said(status=200, body="x")),
        ('{"statusCode": "201"}', "", Said(status=201)),
        ('{"errorMessage": "boom"}', "Unhandled", Said(status=502, body='{"errorMessage": "boom"}')),
        ('"text"', "", Said(status=502, body='"text"')),
    ],
)
def test_a_handlers_answer_is_what_api_gateway_would_make_of_it(payload: str, fault: str, said: Said) -> None:
    assert from_proxy(payload, fault=fault) == said


def test_the_canary_is_drawn_with_so_many_tries_that_it_is_hardly_missed() -> None:
    assert [tries(share) for share in (50.0, 10.0, 1.0, 0.1, 0.0)] == [10, 50, 500, 500, 0]


METRIC = {"m": Metric(namespace="Shop", name="Failed")}


@pytest.mark.parametrize(
    ("settings", "base", "canary", "outcome"),
    [
        ({"max": 3.0}, None, 3.0, PASS),
        ({"max": 3.0}, None, 3.5, FAIL),
        ({"min": 3.0}, None, 2.0, FAIL),
        ({"max": 3.0}, None, None, OPEN),
        ({"max_increase": 10.0}, 100.0, 109.0, PASS),
        ({"max_increase": 10.0}, 100.0, 111.0, FAIL),
        ({"max_increase": 10.0}, 0.0, 0.0, PASS),
        ({"max_increase": 10.0}, 0.0, 0.1, FAIL),
        ({"max_decrease": 10.0}, 100.0, 80.0, FAIL),
        ({"max_decrease": 10.0}, 100.0, 120.0, PASS),
        ({"max_increase": 10.0}, None, 1.0, OPEN),
        ({"max_increase": 10.0}, 1.0, None, OPEN),
    ],
)
def test_a_metric_passes_fails_or_cannot_tell(
    settings: dict[str, float], base: float | None, canary: float | None, outcome: Outcome
) -> None:
    check = MetricCheck(name="orders", metrics=METRIC, **settings)  # type: ignore[arg-type]  # only the bounds
    assert held_against(check, base=base, canary=canary).outcome is outcome
