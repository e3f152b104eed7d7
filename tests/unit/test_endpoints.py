"""Paths worth trying."""

from __future__ import annotations

from dataclasses import replace

from backendctl.endpoints import sample_path
from backendctl.spec import domains, model
from tests.unit.resources.api_helpers import DOMAIN, STAGE, document, spec


def _spec(*paths: str, check: str | None = None, base: str | None = "v1") -> model.Spec:
    health = None if check is None else domains.HealthCheck(path=check)
    site = domains.DomainSpec(name=DOMAIN, zone="corkhounds.example", health_check=health)
    given = spec(domain=site, stages=(replace(STAGE, path=base),))
    assert given.api is not None
    return replace(given, api=replace(given.api, definition=document(*paths)))


def test_what_the_health_check_asks_is_tried_below_its_stage() -> None:
    assert sample_path(_spec("/healthz", check="/v1/healthz")) == "/healthz"
    assert sample_path(_spec("/healthz", check="/healthz", base="(none)")) == "/healthz"


def test_without_a_health_check_it_is_the_first_get_that_asks_for_nothing() -> None:
    assert sample_path(_spec("/places/{id}", "/places")) == "/places"
    assert sample_path(_spec("/places/{id}")) == "/"
