from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from backendctl.sandbox.corrections.health.check import Check
from backendctl.sandbox.corrections.health.prober import request_of, verdict
from backendctl.sandbox.corrections.health.states import Report, States
from backendctl.sandbox.http import Response


def _check(identifier: str = "a", **more: Any) -> Check:
    return Check(**{"id": identifier, "type": "HTTPS", "host": "api.example", "port": 443, **more})


def _states(*checks: Check) -> States:
    states = States()
    states.replace(checks)
    return states


def _report(*, healthy: bool) -> Report:
    return Report(healthy=healthy, status="Success: x" if healthy else "Failure: y", moment=1.0)


def _seen(states: States, check: Check, probes: str) -> str:
    """What a check counts as after each probe, as the probes themselves are written: + went well, - failed."""
    told = ""
    for probe in probes:
        states.record(check, _report(healthy=probe == "+"))
        told += "+" if states.is_healthy(check.id) else "-"
    return told


def test_a_check_is_healthy_until_it_has_been_measured() -> None:
    states = _states(_check())
    assert states.is_healthy("a")
    assert states.last("a") is None


def test_as_many_probes_in_a_row_as_the_threshold_says_change_the_status() -> None:
    check = _check(threshold=3)
    states = _states(check)
    assert _seen(states, check, "--+---") == "+++++-"
    assert _seen(states, check, "+++") == "--+"


def test_the_last_failure_outlives_later_successes() -> None:
    check = _check()
    states = _states(check)
    _seen(states, check, "-+")
    last, failure = states.last("a"), states.last_failure("a")
    assert (last and last.healthy, failure and failure.healthy) == (True, False)


@pytest.mark.parametrize(
    ("settings", "told"), [("", "-"), ("inverted", "+"), ("disabled", "+"), ("disabled inverted", "-")]
)
def test_disabled_is_healthy_and_inverted_turns_it_round(settings: str, told: str) -> None:
    check = _check(threshold=1)
    states = _states(check)
    _seen(states, check, "-")
    states.replace([replace(check, inverted="inverted" in settings, disabled="disabled" in settings)])
    assert states.is_healthy("a") is (told == "+")


@pytest.mark.parametrize(("threshold", "told"), [(0, "+"), (1, "+"), (2, "-"), (3, "-")])
def test_a_calculated_check_needs_so_many_healthy_children(threshold: int, told: str) -> None:
    good, bad = _check("good", threshold=1), _check("bad", threshold=1)
    both = _check("both", type="CALCULATED", children=("good", "bad"), health_threshold=threshold)
    states = _states(good, bad, both)
    _seen(states, bad, "-")
    assert states.is_healthy("both") is (told == "+")
    assert states.healthy_children(both) == 1


def test_calculated_checks_that_name_each_other_have_a_status() -> None:
    first = _check("first", type="CALCULATED", children=("second",), health_threshold=1)
    second = _check("second", type="CALCULATED", children=("first",), health_threshold=1)
    assert _states(first, second).is_healthy("first")


def test_what_was_measured_of_a_check_that_is_gone_is_forgotten() -> None:
    check = _check(threshold=1)
    states = _states(check)
    _seen(states, check, "-")
    states.replace([])
    states.replace([check])
    assert states.is_healthy("a")


@pytest.mark.parametrize(("word", "statuses"), [("Success", (200, 204, 302)), ("Failure", (400, 403, 429, 503))])
def test_only_2xx_and_3xx_are_healthy(word: str, statuses: tuple[int, ...]) -> None:
    for status in statuses:
        told = verdict(_check(), Response(status=status))
        assert told.startswith(f"{word}: HTTP Status Code {status}")


def test_a_string_must_be_near_the_beginning_of_the_body() -> None:
    check = _check(type="HTTPS_STR_MATCH", search="fine")
    assert verdict(check, Response(body=b"all is fine")).startswith("Success")
    assert verdict(check, Response(body=b" " * 5120 + b"fine")).startswith("Failure: The search string")
    assert verdict(check, Response(status=500, body=b"fine")).startswith("Failure: HTTP Status Code 500")


def test_a_probe_says_whose_it_is_and_where_it_goes() -> None:
    request = request_of(_check(path="/v1/healthz?deep=1", port=8443))
    assert (request.path, request.query, request.headers["host"]) == (
        "/v1/healthz",
        {"deep": ["1"]},
        "api.example:8443",
    )
    assert request.headers["user-agent"].startswith("Amazon-Route53-Health-Check-Service (ref a;")
    assert request_of(_check()).headers["host"] == "api.example"
