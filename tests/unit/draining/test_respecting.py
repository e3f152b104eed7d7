"""A deploy leaves what keeps users away from a drained region."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from backendctl.draining.forecast import forecast
from backendctl.draining.respecting import closed, respecting
from backendctl.engine.action import Action
from backendctl.engine.plan import Change, Plan
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.route53.evacuation import CLOSED, health_path
from backendctl.resources.route53.health_check import HealthCheck
from backendctl.resources.route53.record import Record
from backendctl.resources.ssm.drain_mark import DrainMark, Means, Phase
from backendctl.spec import domains, model
from backendctl.spec.callers import Throttling
from tests.unit.resources.api_helpers import DOMAIN, EAST, STAGE, WEST, context, document, spec

CHECK = domains.HealthCheck(path="/v1/healthz", interval=10, failures=2)
SITE = domains.DomainSpec(name=DOMAIN, zone="corkhounds.example", health_check=CHECK)
LIMITED = replace(STAGE, method_throttling={"GET /places": Throttling(rate=5, burst=5)})


def _spec(*paths: str, **parts: Any) -> model.Spec:
    given = spec(regions=(EAST, WEST), domain=SITE, stages=(LIMITED,), **parts)
    assert given.api is not None
    return replace(given, api=replace(given.api, definition=document(*paths)))


def _mark(*means: Means) -> DrainMark:
    return DrainMark(region=WEST, phase=Phase.DRAINED, serial=1, means=means)


def test_records_and_the_health_check_of_a_drained_region_are_left_alone() -> None:
    given = context(_spec("/healthz"))
    lives = [one for kind in (HealthCheck, Record) for one in kind.desired(given)]
    changes = tuple(Change(action=Action.CREATE, desired=one, live=None) for one in lives)
    plan = respecting(Plan(backend="b", regions=(EAST, WEST), changes=changes), {WEST: _mark(Means.RECORD)})
    assert {change.region for change in plan.changes} == {EAST}
    assert "is drained" in plan.remarks[0]


def test_a_health_path_that_is_throttled_stays_so_although_the_spec_has_limits_of_its_own() -> None:
    given = _spec("/healthz")
    stages = closed(list(Stage.desired(context(given))), {WEST: _mark(Means.THROTTLE)}, given)
    limits = {one.region: one.method_throttling for one in stages if isinstance(one, Stage)}
    assert (limits[WEST] or {})["GET /healthz"] == CLOSED
    assert "GET /healthz" not in (limits[EAST] or {})


def test_only_a_method_of_its_own_may_be_throttled() -> None:
    fit, any_path = health_path(_spec("/healthz")), health_path(_spec("/{proxy+}"))
    assert fit is not None
    assert any_path is not None
    assert (fit.stage, fit.route, fit.unfit) == ("prodv1", "GET /healthz", "")
    assert "not a method of its own" in any_path.unfit


def test_a_forecast_adds_what_the_checkers_need_and_what_resolvers_remember() -> None:
    told = forecast(_spec("/healthz"), WEST, [EAST], health_path(_spec("/healthz")))
    assert told.seconds == 10 * 2 + 60
    assert told.means == (Means.HEALTH_CHECK, Means.THROTTLE)


def test_without_a_health_check_the_record_is_changed() -> None:
    told = forecast(replace(_spec("/healthz"), domain=replace(SITE, health_check=None)), WEST, [EAST], None)
    assert told.means == (Means.RECORD,)
    assert "the records of us-west-2 are taken out of the zone" in " ".join(told.sentences())
