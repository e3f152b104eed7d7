"""Which slot a release goes to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from backendctl.aws.connection import Aws
from backendctl.errors import RefusedError
from backendctl.resources.deploy_context import DeployContext, Link, SlotChoice
from backendctl.resources.lambda_ import slots
from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.slots import LiveVariables
from tests.unit.resources.lambda_helpers import (
    EAST,
    PLACES,
    PROD,
    changed,
    context_of,
    deploy,
    emulated,
    put_api,
    put_role,
    staged_context,
)

KEY = (EAST, "corkhounds-places", "version1")


@pytest.fixture
def aws() -> Iterator[Aws]:
    with emulated() as made:
        put_role(made)
        yield made


def choice(aws: Aws, context: DeployContext, live: LiveVariables) -> SlotChoice:
    aws.forget()
    return slots.choose(aws, context, variables=lambda _aws, _region, _api: live)[KEY]


def put(aws: Aws, context: DeployContext) -> None:
    """Function and slots as the context has them, without the stage."""
    deploy(aws, [*Function.desired(context), *[a for a in Alias.desired(context) if a.alias != "version1"]])


def on(*aliases: str) -> LiveVariables:
    return {"prodv1": {"placesAlias": aliases}}


def shared_context(*, search: str = "placesAlias", memory: int = 1024) -> DeployContext:
    """Two functions; the stage names the alias of the second by that variable."""
    places = changed(PLACES, memory=memory, warm=None)
    other = changed(PLACES, name="search", physical="corkhounds-search", warm=None)
    links = [
        Link(stage=PROD, variable="placesAlias", function=places, alias="version1"),
        Link(stage=PROD, variable=search, function=other, alias="version1"),
    ]
    first = SlotChoice(target="a", idle_exists=False)
    chosen = {(EAST, function.physical, "version1"): first for function in (places, other)}
    return context_of(places, other, links=links, slots=chosen)


def test_the_first_release_goes_to_a(aws: Aws) -> None:
    assert choice(aws, staged_context(), {}) == SlotChoice(target="a", idle_exists=False, has_stage=False)


def test_the_release_that_serves_stays_where_it_is(aws: Aws) -> None:
    put(aws, staged_context())
    assert choice(aws, staged_context(), on("version1-b")) == SlotChoice(target="b", idle_exists=True)
    assert choice(aws, staged_context(), on("version1-a")) == SlotChoice(target="a", idle_exists=True)


def test_a_new_release_goes_where_no_traffic_is(aws: Aws) -> None:
    put(aws, staged_context())
    assert choice(aws, staged_context(code="second"), on("version1-a")) == SlotChoice(target="b", idle_exists=True)
    assert choice(aws, staged_context(code="second"), on("version1-b")) == SlotChoice(target="a", idle_exists=True)


def test_a_stage_that_still_has_the_plain_name_uses_no_slot(aws: Aws) -> None:
    put(aws, staged_context())
    assert choice(aws, staged_context(code="second"), on("version1")).target == "a"


def test_after_a_kill_the_release_is_found_in_its_slot(aws: Aws) -> None:
    put(aws, staged_context())
    second = staged_context(target="b", idle_exists=True, code="second")
    put(aws, second)
    assert choice(aws, second, on("version1-a")) == SlotChoice(target="b", idle_exists=True)


def test_a_slot_that_was_removed_is_made_anew(aws: Aws) -> None:
    put(aws, staged_context())
    aws.lambda_(EAST).delete_alias(FunctionName="corkhounds-places", Name="version1-b")
    assert choice(aws, staged_context(), on("version1-a")) == SlotChoice(target="a", idle_exists=False)


def test_two_releases_that_serve_leave_no_room_for_a_third(aws: Aws) -> None:
    put(aws, staged_context())
    with pytest.raises(RefusedError, match="prodv1 on slot a and beta on slot b") as caught:
        choice(
            aws,
            staged_context(code="second"),
            {"prodv1": {"placesAlias": ["version1-a"]}, "beta": {"placesAlias": ["version1-b"]}},
        )
    assert "end the running canary" in caught.value.hint


def test_a_canary_uses_the_slot_that_its_overrides_name(aws: Aws) -> None:
    put(aws, staged_context())
    with pytest.raises(RefusedError, match="prodv1 on slot a and prodv1 on slot b"):
        choice(aws, staged_context(code="second"), on("version1-a", "version1-b"))


def test_functions_that_share_a_variable_share_the_slot(aws: Aws) -> None:
    """Only places changed, but the variable that names its slot names that of search too."""
    first, second = shared_context(), shared_context(memory=2048)
    put(aws, first)
    aws.forget()
    chosen = slots.choose(aws, second, variables=lambda _aws, _region, _api: on("version1-a"))
    assert {choice.target for choice in chosen.values()} == {"b"}
    put(aws, replace(second, slots=chosen))
    aws.forget()
    again = slots.choose(aws, second, variables=lambda _aws, _region, _api: on("version1-b"))
    assert {choice.target for choice in again.values()} == {"b"}


def test_functions_with_variables_of_their_own_choose_alone(aws: Aws) -> None:
    first, second = shared_context(search="searchAlias"), shared_context(search="searchAlias", memory=2048)
    put(aws, first)
    live = {"prodv1": {"placesAlias": ["version1-a"], "searchAlias": ["version1-a"]}}
    aws.forget()
    chosen = slots.choose(aws, second, variables=lambda _aws, _region, _api: live)
    assert {function: choice.target for (_, function, _), choice in chosen.items()} == {
        "corkhounds-places": "b",
        "corkhounds-search": "a",
    }


def test_a_variable_may_hold_the_function_too(aws: Aws) -> None:
    put(aws, staged_context())
    assert choice(aws, staged_context(code="second"), on("corkhounds-places:version1-a")).target == "b"


def test_live_variables_are_those_of_the_stages_and_of_their_canaries(aws: Aws) -> None:
    put_api(aws, None)
    assert slots.live_variables(aws, EAST, "corkhounds") == {}
    canary = {"percentTraffic": 5.0, "stageVariableOverrides": {"placesAlias": "version1-b"}}
    stage = {"stageName": "prodv1", "variables": {"placesAlias": "version1-a"}, "canarySettings": canary}
    put_api(aws, stages=[stage, {"stageName": "bare"}])
    assert slots.live_variables(aws, EAST, "corkhounds") == {
        "prodv1": {"placesAlias": ["version1-a", "version1-b"]},
        "bare": {},
    }


def test_live_variables_are_asked_for_unless_given(aws: Aws) -> None:
    put_api(aws, stages=[{"stageName": "prodv1", "variables": {"placesAlias": "version1-a"}}])
    assert slots.choose(aws, staged_context())[KEY].target == "b"


def test_a_context_without_staged_aliases_has_no_slots(aws: Aws) -> None:
    context = replace(staged_context(), links={})
    assert slots.choose(aws, context, variables=lambda _aws, _region, _api: {}) == {}
