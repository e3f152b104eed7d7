"""A stage that is made for the first time: what waits for its data, and what does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from backendctl.aws.connection import Aws
from backendctl.errors import BackendctlError
from backendctl.resources.apigateway import stage_wanted
from backendctl.resources.apigateway.rest_api import RestApi
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.deploy_context import DeployContext
from backendctl.resources.events.warmer import Warmer
from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.permission import Permission
from backendctl.resources.lambda_.provisioned import ProvisionedConcurrency
from backendctl.spec.model import Attribute, Key, Provisioned, TableSpec
from tests.unit.resources import api_helpers
from tests.unit.resources.api_helpers import Calls, document
from tests.unit.resources.lambda_helpers import (
    EAST,
    PLACES,
    PROD,
    changed,
    deploy,
    emulated,
    put_role,
    staged_context,
)

DATA = {f"{EAST}/table/places", f"{EAST}/replica/places"}
TABLE = TableSpec(
    name="places", physical="corkhounds-places", regions=(EAST,), key=Key(hash=Attribute(name="id", type="S"))
)


@pytest.fixture
def aws() -> Iterator[Aws]:
    with emulated() as made:
        put_role(made)
        yield made


def context(*, has_stage: bool = False, **rest: Any) -> DeployContext:
    """With a table, and a definition that calls the function."""
    definitions = api_helpers.context(definition=document("/places")).definitions
    return replace(staged_context(has_stage=has_stage, tables=(TABLE,), **rest), definitions=definitions)


def waiting(resources: Any) -> set[str]:
    """Names of those that wait for the data."""
    return {one.name for one in resources if one.needs() & DATA}


def test_slots_and_permissions_do_not_wait_for_the_data_of_a_stage_that_is_not_there_yet() -> None:
    given = context()
    assert waiting(Alias.desired(given)) == {"places:version1"}
    assert waiting(Permission.desired(given)) == set()


def test_the_stage_itself_and_whatever_calls_its_functions_wait_for_the_data() -> None:
    given = context(function=changed(PLACES, provisioned=Provisioned(environments=1)))
    assert waiting(Stage.desired(given)) == {"prodv1"}
    assert waiting(Warmer.desired(given)) == {"places"}
    assert waiting(ProvisionedConcurrency.desired(given)) == {"places:version1-a"}


def test_slots_beside_a_stage_that_serves_wait_for_the_data_themselves() -> None:
    given = context(has_stage=True)
    assert waiting(Alias.desired(given)) == {"places:version1-a", "places:version1-b", "places:version1"}
    assert waiting(Stage.desired(given)) == set()


def test_a_release_is_called_once_whether_the_stage_is_there_or_not() -> None:
    for has_stage in (False, True):
        given = context(has_stage=has_stage)
        by_alias = [alias.name for alias in Alias.desired(given) if alias.warm_input is not None]
        by_stage = [one.alias for one in stage_wanted.behind_of(given, EAST, PROD) if one.warm_input is not None]
        assert (by_alias, by_stage) == ((["places:version1-a"], []) if has_stage else ([], ["version1-a"]))


def test_the_release_has_answered_before_its_first_stage_is_made(aws: Aws) -> None:
    given = context()
    deploy(aws, [*Function.desired(given), *(one for one in Alias.desired(given) if one.alias != "version1")])
    deploy(aws, list(RestApi.desired(given)))
    calls = Calls(aws.apigateway(EAST), "api-gateway")
    aws.lambda_(EAST).meta.events.register("provide-client-params.lambda", calls._note)
    deploy(aws, list(Stage.desired(given)))
    assert [(call["FunctionName"], call["Qualifier"]) for call in calls.of("Invoke")] == [("corkhounds-places", "1")]
    assert calls.names.index("Invoke") < calls.names.index("CreateStage")


def test_no_stage_is_made_for_a_release_that_nobody_published(aws: Aws) -> None:
    given = context()
    deploy(aws, [*Function.desired(given), *(one for one in Alias.desired(given) if one.alias != "version1")])
    deploy(aws, list(RestApi.desired(given)))
    calls = Calls(aws.apigateway(EAST), "api-gateway")
    (stage,) = Stage.desired(context(code="second"))
    with pytest.raises(BackendctlError, match="has no version of release"):
        stage.create(aws)
    assert calls.of("CreateStage") == []
