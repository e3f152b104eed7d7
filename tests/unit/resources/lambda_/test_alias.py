"""Aliases: slots, plain names, and what may get traffic."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from backendctl.aws.connection import Aws
from backendctl.engine.diff import differences
from backendctl.errors import BackendctlError
from backendctl.resources.deploy_context import DeployContext
from backendctl.resources.lambda_ import lambda_reads, lambda_waits
from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.lambda_.alias_names import reached
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.prewarm import failed
from backendctl.spec.model import Warm
from tests.unit.resources.api_helpers import Calls
from tests.unit.resources.lambda_helpers import (
    EAST,
    PLACES,
    changed,
    context_of,
    deploy,
    emulated,
    put_role,
    staged_context,
)

NAME = "corkhounds-places"


@pytest.fixture
def aws() -> Iterator[Aws]:
    with emulated() as made:
        put_role(made)
        yield made


def by_name(context: DeployContext) -> dict[str, Alias]:
    return {alias.name: alias for alias in Alias.desired(context)}


def everything(context: DeployContext) -> list[Function | Alias]:
    return [*Function.desired(context), *Alias.desired(context)]


def pending(aws: Aws, context: DeployContext) -> list[str]:
    aws.forget()
    return [
        f"{alias.name} {change.field}"
        for alias in Alias.desired(context)
        for change in differences(alias, Alias.read(aws, alias))
    ]


def targets(aws: Aws) -> dict[str, str]:
    aws.forget()
    return {name: alias.version for name, alias in lambda_reads.aliases(aws, EAST, NAME).items()}


def test_a_staged_alias_has_two_slots_and_its_plain_name() -> None:
    found = by_name(staged_context())
    assert list(found) == ["places:version1-a", "places:version1-b", "places:version1"]
    assert {alias.release for alias in found.values()} == {found["places:version1-a"].release}


def test_the_slot_that_serves_is_left_alone() -> None:
    found = by_name(staged_context(target="b", idle_exists=True))
    assert found["places:version1-a"].release is None
    assert found["places:version1-b"].release is not None


def test_the_plain_name_moves_after_the_slots_and_the_stages() -> None:
    found = by_name(staged_context())
    assert found["places:version1"].needs() == {
        f"{EAST}/function/places",
        f"{EAST}/alias/places:version1-a",
        f"{EAST}/alias/places:version1-b",
        f"{EAST}/stage/prodv1",
    }
    assert found["places:version1-a"].needs() == {f"{EAST}/function/places"}


def test_only_slots_are_warmed_before_they_serve() -> None:
    found = by_name(staged_context())
    assert found["places:version1-a"].warm_input == '{"instruction": "warmer"}'
    assert found["places:version1"].warm_input is None


def test_a_new_version_is_warmed_in_as_many_environments_as_are_to_be_held() -> None:
    context = staged_context(changed(PLACES, warm=Warm(instances=3)))
    found = {alias.name: alias for alias in Alias.desired(context)}["places:version1-a"]
    assert (found.warm_input, found.warm_count) == ('{"instruction": "warmer", "holdMs": 75}', 3)


def test_an_alias_no_stage_variable_names_has_no_slots() -> None:
    found = by_name(context_of(changed(PLACES, aliases=("live",))))
    assert list(found) == ["places:live"]
    assert found["places:live"].needs() == {f"{EAST}/function/places"}


def test_users_reach_both_slots_but_not_the_plain_name() -> None:
    assert reached(staged_context(), EAST, PLACES) == ("version1-a", "version1-b")
    assert reached(context_of(changed(PLACES, aliases=("live",))), EAST, changed(PLACES, aliases=("live",))) == (
        "live",
    )
    assert reached(context_of(PLACES), EAST, PLACES) == (None,)


def test_the_second_plan_is_empty(aws: Aws) -> None:
    context = staged_context()
    deploy(aws, everything(context))
    assert pending(aws, staged_context(idle_exists=True)) == []
    assert targets(aws) == {"version1": "1", "version1-a": "1", "version1-b": "1"}


def test_a_release_goes_to_the_idle_slot_only(aws: Aws) -> None:
    deploy(aws, everything(staged_context()))
    second = staged_context(target="b", idle_exists=True, code="second")
    assert pending(aws, second) == ["places:version1-b release", "places:version1 release"]
    deploy(aws, [*Function.desired(second), by_name(second)["places:version1-b"]])
    assert targets(aws) == {"version1": "1", "version1-a": "1", "version1-b": "2"}


def test_an_alias_whose_revision_has_changed_since_it_was_listed_is_looked_at_again(aws: Aws) -> None:
    deploy(aws, everything(staged_context()))
    second = staged_context(target="b", idle_exists=True, code="second")
    deploy(aws, list(Function.desired(second)))
    given: list[str] = []

    def refuse_first(*, params: Any, **_: object) -> None:
        given.append(params["RevisionId"])
        if len(given) == 1:
            raise ClientError({"Error": {"Code": "PreconditionFailedException", "Message": "old"}}, "UpdateAlias")

    events: Any = aws.lambda_(EAST).meta.events
    events.register("provide-client-params.lambda.UpdateAlias", refuse_first)
    calls = Calls(aws.lambda_(EAST), "lambda")
    wanted = by_name(second)["places:version1-b"]
    live = Alias.read(aws, wanted)
    assert live is not None
    wanted.update(aws, live)
    assert len(given) == 2
    assert len(calls.of("GetAlias")) == 1
    assert targets(aws)["version1-b"] == "2"


def test_an_alias_that_somebody_has_moved_since_it_was_listed_is_not_moved_again(aws: Aws) -> None:
    deploy(aws, everything(staged_context()))
    second = staged_context(target="b", idle_exists=True, code="second")
    deploy(aws, list(Function.desired(second)))
    wanted = by_name(second)["places:version1-b"]
    live = Alias.read(aws, wanted)
    assert live is not None
    client: Any = aws.lambda_(EAST)
    client.update_alias(FunctionName=NAME, Name="version1-b", FunctionVersion="$LATEST")

    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "PreconditionFailedException", "Message": "old"}}, "UpdateAlias")

    client.meta.events.register("provide-client-params.lambda.UpdateAlias", refuse)
    with pytest.raises(ClientError, match="PreconditionFailed"):
        wanted.update(aws, live)
    assert targets(aws)["version1-b"] == "$LATEST"


def test_an_alias_that_shares_its_calls_since_it_was_listed_keeps_its_weights(aws: Aws) -> None:
    deploy(aws, everything(staged_context()))
    second = staged_context(target="b", idle_exists=True, code="second")
    deploy(aws, list(Function.desired(second)))
    wanted = by_name(second)["places:version1-b"]
    live = Alias.read(aws, wanted)
    assert live is not None
    client: Any = aws.lambda_(EAST)
    shares = {"AdditionalVersionWeights": {"2": 0.1}}
    client.update_alias(FunctionName=NAME, Name="version1-b", FunctionVersion="1", RoutingConfig=shares)
    sent: list[object] = []

    def refuse_first(**_: object) -> None:
        sent.append(None)
        if len(sent) == 1:
            raise ClientError({"Error": {"Code": "PreconditionFailedException", "Message": "old"}}, "UpdateAlias")

    client.meta.events.register("provide-client-params.lambda.UpdateAlias", refuse_first)
    with pytest.raises(ClientError, match="PreconditionFailed"):
        wanted.update(aws, live)
    found = client.get_alias(FunctionName=NAME, Name="version1-b")
    assert (found["FunctionVersion"], found["RoutingConfig"]) == ("1", shares)


@pytest.mark.parametrize(("state", "asked"), [("Active", 0), ("Pending", 1), (None, 1)])
def test_a_version_that_its_publication_calls_active_is_not_asked_for_again(
    aws: Aws, state: str | None, asked: int
) -> None:
    deploy(aws, list(Function.desired(staged_context())))
    told: Any = {"Version": "1", "LastUpdateStatus": "Successful", **({"State": state} if state else {})}
    lambda_waits.remember_rest(aws, EAST, NAME, told)
    calls = Calls(aws.lambda_(EAST), "lambda")
    found = lambda_waits.settled(aws, EAST, NAME, version="1")
    assert found["Configuration"]["Version"] == "1"
    assert len(calls.of("GetFunction")) == asked


def test_the_weights_of_somebody_else_are_taken_off(aws: Aws) -> None:
    deploy(aws, everything(staged_context()))
    deploy(aws, list(Function.desired(staged_context(code="second"))))
    aws.lambda_(EAST).update_alias(
        FunctionName=NAME, Name="version1-a", RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}}
    )
    first = staged_context(idle_exists=True)
    assert pending(aws, first) == ["places:version1-a weights.2"]
    deploy(aws, [by_name(first)["places:version1-a"]])
    assert pending(aws, first) == []
    assert targets(aws)["version1-a"] == "1"


def test_an_alias_of_somebody_else_is_not_ours(aws: Aws) -> None:
    deploy(aws, list(Function.desired(staged_context())))
    aws.lambda_(EAST).create_alias(FunctionName=NAME, Name="version1", FunctionVersion="1", Description="by hand")
    desired = by_name(staged_context())["places:version1"]
    aws.forget()
    live = Alias.read(aws, desired)
    assert live is not None
    assert live.owner is None
    assert list(Alias.owned(aws, EAST)) == []
    deploy(aws, [desired])
    assert [alias.name for alias in Alias.owned(aws, EAST)] == ["places:version1"]


def test_an_alias_on_no_release_of_ours_tells_the_version(aws: Aws) -> None:
    deploy(aws, everything(staged_context()))
    aws.lambda_(EAST).update_alias(FunctionName=NAME, Name="version1-a", FunctionVersion="$LATEST")
    aws.forget()
    live = {alias.name: alias.release for alias in Alias.owned(aws, EAST)}
    assert live["places:version1-a"] == "$LATEST"


def test_create_on_our_own_alias_moves_it(aws: Aws) -> None:
    deploy(aws, everything(staged_context()))
    second = staged_context(target="b", idle_exists=True, code="second")
    deploy(aws, list(Function.desired(second)))
    by_name(second)["places:version1-b"].create(aws)
    assert targets(aws)["version1-b"] == "2"


def test_a_release_nobody_published_is_a_plain_sentence(aws: Aws) -> None:
    deploy(aws, list(Function.desired(staged_context())))
    with pytest.raises(BackendctlError, match="has no version of release"):
        by_name(staged_context(code="second"))["places:version1-a"].create(aws)


def test_delete_takes_the_alias_and_may_be_repeated(aws: Aws) -> None:
    deploy(aws, everything(staged_context()))
    live = next(alias for alias in Alias.owned(aws, EAST) if alias.name == "places:version1")
    live.delete(aws)
    live.delete(aws)
    assert set(targets(aws)) == {"version1-a", "version1-b"}


def test_an_alias_of_a_renamed_function_is_not_deleted(aws: Aws) -> None:
    deploy(aws, everything(staged_context()))
    old = list(Alias.owned(aws, EAST))
    deploy(aws, list(Function.desired(staged_context(changed(PLACES, name="spots")))))
    for alias in old:
        alias.delete(aws)
    assert len(targets(aws)) == 3


def test_a_function_that_fails_on_the_warmer_says_why() -> None:
    log = base64.b64encode(b"START\nKeyError: 'path'\nEND").decode()
    told = failed("corkhounds-places:2 in us-east-1", fault="Unhandled", said='{"errorMessage": "x"}', log=log)
    assert told.startswith("corkhounds-places:2 in us-east-1 answers the warmer's input with an error (Unhandled)")
    assert "KeyError: 'path'" in told
