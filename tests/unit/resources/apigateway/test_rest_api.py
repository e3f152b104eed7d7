"""The API: made once, overwritten by definition, its id for ever the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from backendctl.aws.connection import Aws
from backendctl.engine.action import Action
from backendctl.errors import BackendctlError
from backendctl.resources.apigateway.api_reads import DEFINITION, find_api, pick_api
from backendctl.resources.apigateway.rest_api import RestApi
from tests.unit.resources.api_helpers import EAST, Calls, carry_out, context, deploy, document, mocked, only, plan

FIRST = only(RestApi, context())
SECOND = only(RestApi, context(definition=document("/places", "/search")))


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mocked() as connection:
        yield connection


def apis(aws: Aws) -> list[Any]:
    return list(aws.apigateway(EAST).get_rest_apis()["items"])


def test_a_new_api_is_regional_marked_and_holds_the_definition(aws: Aws) -> None:
    deploy(aws, FIRST)
    (api,) = apis(aws)
    assert api["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert api["tags"]["backendctl:backend"] == "corkhounds"
    assert api["tags"][DEFINITION] == FIRST.definition
    resources = aws.apigateway(EAST).get_resources(restApiId=api["id"])["items"]
    assert {resource["path"] for resource in resources} == {"/", "/places"}


def test_another_definition_keeps_the_id_and_is_put_with_overwrite(aws: Aws) -> None:
    deploy(aws, FIRST)
    (before,) = apis(aws)
    calls = Calls(aws.apigateway(EAST), "api-gateway")
    deploy(aws, SECOND)
    (after,) = apis(aws)
    assert after["id"] == before["id"]
    (put,) = calls.of("PutRestApi")
    assert (put["mode"], put["failOnWarnings"]) == ("overwrite", True)


def test_a_put_is_repeated_when_it_was_not_finished(aws: Aws) -> None:
    deploy(aws, FIRST)
    calls = Calls(aws.apigateway(EAST), "api-gateway")
    deploy(aws, SECOND)
    order = [name for name in calls.names if name in {"TagResource", "PutRestApi"}]
    assert order == ["TagResource", "PutRestApi", "TagResource"]
    assert calls.of("TagResource")[0]["tags"] == {DEFINITION: "pending"}


def test_a_create_killed_before_its_put_goes_on_as_an_update(aws: Aws) -> None:
    made = aws.apigateway(EAST).create_rest_api(
        name="corkhounds", tags=FIRST.tags, endpointConfiguration={"types": ["REGIONAL"]}
    )
    (change,) = plan(aws, [FIRST], RestApi).changes
    assert (change.action, change.foreign) == (Action.UPDATE, False)
    deploy(aws, FIRST)
    assert [api["id"] for api in apis(aws)] == [made["id"]]


def test_a_blank_twin_of_a_lost_answer_is_removed(aws: Aws) -> None:
    deploy(aws, FIRST)
    (kept,) = apis(aws)
    aws.apigateway(EAST).create_rest_api(name="corkhounds", tags=FIRST.tags)
    (change,) = plan(aws, [FIRST], RestApi).changes
    assert [(f.field, f.before, f.after) for f in change.fields] == [("blanks", 1, 0)]
    carry_out(aws, change)
    assert [api["id"] for api in apis(aws)] == [kept["id"]]


def test_create_when_it_exists_by_now_makes_no_second_one(aws: Aws) -> None:
    deploy(aws, FIRST)
    aws.forget()
    SECOND.create(aws)
    (api,) = apis(aws)
    assert api["tags"][DEFINITION] == SECOND.definition


def test_an_api_without_our_mark_is_foreign_and_gets_it_when_adopted(aws: Aws) -> None:
    made = aws.apigateway(EAST).create_rest_api(name="corkhounds", tags={"team": "maps"})
    (change,) = plan(aws, [FIRST], RestApi).changes
    assert change.foreign
    deploy(aws, FIRST)
    (api,) = apis(aws)
    assert api["id"] == made["id"]
    assert api["tags"]["team"] == "maps"
    assert api["endpointConfiguration"]["types"] == ["REGIONAL"]


def test_settings_made_by_hand_travel_in_the_body(aws: Aws) -> None:
    aws.apigateway(EAST).create_rest_api(
        name="corkhounds", description="by hand", apiKeySource="AUTHORIZER", minimumCompressionSize=1024
    )
    calls = Calls(aws.apigateway(EAST), "api-gateway")
    deploy(aws, FIRST)
    body = calls.of("PutRestApi")[0]["body"]
    assert b'"x-amazon-apigateway-api-key-source":"AUTHORIZER"' in body
    assert b'"x-amazon-apigateway-minimum-compression-size":1024' in body
    assert b'"description":"by hand"' in body


def test_a_setting_that_the_last_definition_made_goes_with_it(aws: Aws) -> None:
    with_source = {**document("/places"), "x-amazon-apigateway-api-key-source": "AUTHORIZER"}
    deploy(aws, only(RestApi, context(definition=with_source)))
    api_id = find_api(aws, EAST, "corkhounds") or ""
    aws.apigateway(EAST).update_rest_api(
        restApiId=api_id, patchOperations=[{"op": "replace", "path": "/apiKeySource", "value": "AUTHORIZER"}]
    )  # what real AWS does on the put
    calls = Calls(aws.apigateway(EAST), "api-gateway")
    deploy(aws, FIRST)
    assert b"api-key-source" not in calls.of("PutRestApi")[0]["body"]


def test_two_foreign_apis_of_the_name_are_refused(aws: Aws) -> None:
    for _ in range(2):
        aws.apigateway(EAST).create_rest_api(name="corkhounds")
    with pytest.raises(BackendctlError, match="2 APIs named 'corkhounds'"):
        RestApi.read(aws, FIRST)


def test_ours_goes_before_others_of_the_same_name() -> None:
    ours: Any = {"id": "b", "name": "n", "tags": {"backendctl:backend": "x", DEFINITION: "1"}}
    other: Any = {"id": "a", "name": "n"}
    assert pick_api([other, ours], name="n", backend="x", region=EAST) is ours


def test_two_of_ours_with_definitions_are_refused() -> None:
    tags = {"backendctl:backend": "x", DEFINITION: "1"}
    twins: Any = [{"id": i, "name": "n", "tags": tags} for i in "ab"]
    with pytest.raises(BackendctlError, match="a, b"):
        pick_api(twins, name="n", backend="x", region=EAST)


def test_a_miss_is_not_remembered(aws: Aws) -> None:
    assert find_api(aws, EAST, "corkhounds") is None
    FIRST.create(aws)
    assert find_api(aws, EAST, "corkhounds") == apis(aws)[0]["id"]


def test_more_than_one_page_is_read(aws: Aws) -> None:
    for number in range(30):
        aws.apigateway(EAST).create_rest_api(name=f"other-{number}")
    deploy(aws, FIRST)
    assert find_api(aws, EAST, "corkhounds") is not None


def test_an_api_that_is_not_desired_any_more_is_deleted_and_deleting_again_is_done(aws: Aws) -> None:
    deploy(aws, FIRST)
    (change,) = plan(aws, [], RestApi).changes
    assert change.action is Action.DELETE
    carry_out(aws, change)
    carry_out(aws, change)
    assert apis(aws) == []


def test_what_others_own_is_never_offered_for_deletion(aws: Aws) -> None:
    aws.apigateway(EAST).create_rest_api(name="corkhounds", tags={"backendctl:backend": "else"})
    aws.apigateway(EAST).create_rest_api(name="other")
    assert list(RestApi.owned(aws, EAST)) == []


def test_one_per_region_with_one_digest() -> None:
    given = context(replace(context().spec, regions=(EAST, "us-west-2")))
    east, west = RestApi.desired(given)
    assert east.definition == west.definition
    assert east.body != west.body


class Broken:
    """The first put is carried out and answered with an error."""

    def __init__(self, aws: Aws, code: str) -> None:
        self.code = code
        self.puts = 0
        aws.apigateway(EAST).meta.events.register_last("after-call.api-gateway.PutRestApi", self._answer)

    def _answer(self, *, http_response: Any, parsed: dict[str, Any], **_: Any) -> None:
        self.puts += 1
        if self.puts == 1:
            http_response.status_code = 400
            parsed["Error"] = {"Code": self.code, "Message": "broke off"}


def test_after_a_put_that_broke_off_it_holds_what_it_held_and_the_next_run_puts_again(aws: Aws) -> None:
    deploy(aws, FIRST)
    (api,) = apis(aws)
    (change,) = plan(aws, [replace(SECOND, backup=FIRST.body)], RestApi).changes
    broken = Broken(aws, "ConflictException")
    with pytest.raises(ClientError, match="broke off"):
        carry_out(aws, change)
    resources = aws.apigateway(EAST).get_resources(restApiId=api["id"])["items"]
    assert {resource["path"] for resource in resources} == {"/", "/places"}
    assert broken.puts == 2
    (again,) = plan(aws, [SECOND], RestApi).changes
    assert [(f.field, f.before) for f in again.fields] == [("definition", "pending"), ("localised", FIRST.localised)]


def test_a_definition_that_was_refused_has_changed_nothing_to_put_back(aws: Aws) -> None:
    deploy(aws, FIRST)
    (change,) = plan(aws, [replace(SECOND, backup=FIRST.body)], RestApi).changes
    broken = Broken(aws, "BadRequestException")
    with pytest.raises(ClientError, match="broke off"):
        carry_out(aws, change)
    assert broken.puts == 1
