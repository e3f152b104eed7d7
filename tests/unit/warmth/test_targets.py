"""Which alias users hit, from what the live stages say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backendctl.aws.connection import Aws
from backendctl.resources.deploy_context import DeployContext, Link
from backendctl.spec.model import FunctionSpec
from backendctl.warmth.targets import Hit, hit_by_users, targets_in
from tests.unit.resources.lambda_helpers import (
    EAST,
    PLACES,
    PROD,
    changed,
    context_of,
    emulated,
    put_api,
    staged_context,
)


@pytest.fixture
def aws() -> Iterator[Aws]:
    with emulated() as made:
        yield made


def hits(
    context: DeployContext, live: dict[str, dict[str, list[str]]], function: FunctionSpec = PLACES
) -> tuple[Hit, ...]:
    return targets_in(context, EAST, function, live)


def test_users_hit_the_slot_that_the_live_stage_names(aws: Aws) -> None:
    put_api(aws, stages=[{"stageName": "prodv1", "variables": {"placesAlias": "version1-b"}}])
    assert hit_by_users(aws, staged_context(target="a"), EAST, PLACES) == (
        Hit(stage="prodv1", alias="version1", qualifier="version1-b"),
    )


def test_a_canary_s_share_hits_the_other_slot(aws: Aws) -> None:
    canary = {"percentTraffic": 10, "stageVariableOverrides": {"placesAlias": "version1-a"}}
    stage = {"stageName": "prodv1", "variables": {"placesAlias": "version1-b"}, "canarySettings": canary}
    put_api(aws, stages=[stage])
    assert hit_by_users(aws, staged_context(), EAST, PLACES) == (
        Hit(stage="prodv1", alias="version1", qualifier="version1-b"),
        Hit(stage="prodv1", alias="version1", qualifier="version1-a", is_canary=True),
    )


def test_a_stage_that_still_has_the_plain_name_hits_the_plain_alias() -> None:
    found = hits(staged_context(), {"prodv1": {"placesAlias": ["version1"]}})
    assert found == (Hit(stage="prodv1", alias="version1", qualifier="version1"),)


def test_a_stage_that_is_not_live_hits_nothing(aws: Aws) -> None:
    put_api(aws, None)
    assert hit_by_users(aws, staged_context(), EAST, PLACES) == ()


def test_a_live_stage_that_the_spec_does_not_name_is_used_too() -> None:
    found = hits(staged_context(), {"beta": {"placesAlias": ["version1-a"]}})
    assert found == (Hit(stage="beta", alias="version1", qualifier="version1-a"),)


def test_a_variable_may_hold_the_function_s_name_before_the_alias() -> None:
    found = hits(staged_context(), {"prodv1": {"placesAlias": [f"{PLACES.physical}:version1-a"]}})
    assert found == (Hit(stage="prodv1", alias="version1", qualifier="version1-a"),)
    assert hits(staged_context(), {"prodv1": {"placesAlias": ["another:version1-a"]}}) == ()


def test_a_function_that_no_stage_leads_to_is_hit_by_its_aliases(aws: Aws) -> None:
    function = changed(PLACES, aliases=("live", "batch"))
    assert hit_by_users(aws, context_of(function), EAST, function) == (
        Hit(stage=None, alias="live", qualifier="live"),
        Hit(stage=None, alias="batch", qualifier="batch"),
    )


def test_a_function_without_aliases_is_hit_as_it_is(aws: Aws) -> None:
    assert hit_by_users(aws, context_of(PLACES), EAST, PLACES) == (Hit(stage=None, alias=None, qualifier=None),)


def test_an_alias_that_the_definition_spells_out_is_hit_where_the_stage_is_live() -> None:
    function = changed(PLACES, aliases=("version1", "batch"))
    link = Link(stage=PROD, variable=None, function=function, alias="version1")
    context = context_of(function, links=[link])
    other = Hit(stage=None, alias="batch", qualifier="batch")
    assert hits(context, {"prodv1": {}}, function) == (
        Hit(stage="prodv1", alias="version1", qualifier="version1"),
        other,
    )
    assert hits(context, {}, function) == (other,)
