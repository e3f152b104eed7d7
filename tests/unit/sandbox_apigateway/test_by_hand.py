"""APIs built call by call, as the console and small scripts do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

URI = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:111111111111:function:places/invocations"
)


@pytest.fixture
def client(aws: Any) -> Any:
    return aws.client()


def build(client: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """An API with GET /places/{id} on Lambda, and the keys of that method."""
    api = client.create_rest_api(name="hand made", endpointConfiguration={"types": ["REGIONAL"]})
    places = client.create_resource(restApiId=api["id"], parentId=api["rootResourceId"], pathPart="places")
    one = client.create_resource(restApiId=api["id"], parentId=places["id"], pathPart="{id}")
    where = {"restApiId": api["id"], "resourceId": one["id"], "httpMethod": "GET"}
    client.put_method(**where, authorizationType="NONE", requestParameters={"method.request.path.id": True})
    client.put_integration(**where, type="AWS_PROXY", integrationHttpMethod="POST", uri=URI)
    return api, where


def test_an_api_built_by_hand_serves(aws: Any, client: Any) -> None:
    api, _ = build(client)
    client.create_deployment(restApiId=api["id"], stageName="dev")
    aws.backplane.add("places", None, lambda event: {"statusCode": 200, "body": event["pathParameters"]["id"]})
    assert aws.call(api["id"], "dev", "/places/42").body == b"42"


def test_a_method_shows_its_integration_and_responses(client: Any) -> None:
    _, where = build(client)
    client.put_method_response(**where, statusCode="200", responseModels={"application/json": "Empty"})
    client.put_integration_response(**where, statusCode="200", selectionPattern="")
    shown = client.get_method(**where)
    integration = shown["methodIntegration"]
    assert (integration["type"], integration["httpMethod"], integration["uri"]) == ("AWS_PROXY", "POST", URI)
    assert integration["timeoutInMillis"] == 29000
    assert integration["cacheNamespace"] == where["resourceId"]
    assert shown["methodResponses"] == {"200": {"statusCode": "200", "responseModels": {"application/json": "Empty"}}}
    client.delete_integration_response(**where, statusCode="200")
    client.delete_method_response(**where, statusCode="200")
    assert "methodResponses" not in client.get_method(**where)


def test_integrations_are_checked_as_aws_checks_them(client: Any) -> None:
    _, where = build(client)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"type": "AWS_PROXY", "uri": URI}, "Enumeration value for HttpMethod must be non-empty"),
        ({"type": "AWS", "integrationHttpMethod": "POST", "uri": "places"}, "Invalid ARN specified"),
        ({"type": "HTTP", "integrationHttpMethod": "GET", "uri": "x"}, "Invalid HTTP endpoint specified for URI"),
        ({"type": "MOCK", "timeoutInMillis": 300_001}, "Timeout should be between 50 ms and 300000 ms"),
        ({"type": "HTTP", "integrationHttpMethod": "GET", "uri": "${url}"}, "Invalid HTTP endpoint specified for URI"),
        ({"type": "AWS", "integrationHttpMethod": "POST", "uri": "${lambda_arn}"}, "Invalid ARN specified"),
        ({"type": "NEW"}, "Member must satisfy enum value set"),
    ]
    for options, text in wrong:
        with pytest.raises(ClientError, match=text):
            client.put_integration(**where, **options)


def test_an_integration_is_patched(client: Any) -> None:
    _, where = build(client)
    operations = [
        {"op": "replace", "path": "/timeoutInMillis", "value": "1000"},
        {"op": "add", "path": "/requestTemplates/application~1json", "value": "{}"},
    ]
    answer = client.update_integration(**where, patchOperations=operations)
    assert (answer["timeoutInMillis"], answer["requestTemplates"]) == (1000, {"application/json": "{}"})
    with pytest.raises(ClientError, match="Timeout should be between"):
        client.update_integration(
            **where, patchOperations=[{"op": "replace", "path": "/timeoutInMillis", "value": "1"}]
        )
    assert client.get_integration(**where)["timeoutInMillis"] == 1000


def test_path_parts_are_checked(client: Any) -> None:
    api, _ = build(client)
    root = {"restApiId": api["id"], "parentId": api["rootResourceId"]}
    with pytest.raises(ClientError, match="path part only allow"):
        client.create_resource(**root, pathPart="a b")
    with pytest.raises(ClientError, match="Another resource with the same parent already has this name: places"):
        client.create_resource(**root, pathPart="places")
    client.create_resource(**root, pathPart="{proxy+}")
    with pytest.raises(ClientError, match="already has a variable path part"):
        client.create_resource(**root, pathPart="{id}")


def test_the_quota_of_resources_is_final(client: Any) -> None:
    api = client.create_rest_api(name="big")
    for number in range(299):
        client.create_resource(restApiId=api["id"], parentId=api["rootResourceId"], pathPart=f"r{number}")
    with pytest.raises(ClientError, match="Maximum number of Resources") as caught:
        client.create_resource(restApiId=api["id"], parentId=api["rootResourceId"], pathPart="more")
    assert caught.value.response["Error"]["Code"] == "LimitExceededException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429


def test_the_endpoint_type_is_patched_by_its_old_name(client: Any) -> None:
    api = client.create_rest_api(name="edge")
    change = [{"op": "replace", "path": "/endpointConfiguration/types/EDGE", "value": "REGIONAL"}]
    answer = client.update_rest_api(restApiId=api["id"], patchOperations=change)
    assert answer["endpointConfiguration"]["types"] == ["REGIONAL"]
    with pytest.raises(ClientError, match="Invalid patch path"):
        client.update_rest_api(restApiId=api["id"], patchOperations=change)


def test_binary_types_are_added_and_removed_by_name(client: Any) -> None:
    api = client.create_rest_api(name="binary")
    add = [{"op": "add", "path": f"/binaryMediaTypes/image~1{kind}"} for kind in ("png", "gif")]
    answer = client.update_rest_api(restApiId=api["id"], patchOperations=add)
    assert answer["binaryMediaTypes"] == ["image/png", "image/gif"]
    remove = [{"op": "remove", "path": "/binaryMediaTypes/image~1png"}]
    answer = client.update_rest_api(restApiId=api["id"], patchOperations=remove)
    assert answer["binaryMediaTypes"] == ["image/gif"]


def test_a_policy_is_answered_escaped_and_with_full_arns(client: Any) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    api = client.create_rest_api(name="policy", policy=json.dumps({"Statement": [statement]}))
    assert '\\"Statement\\"' in api["policy"]
    document = json.loads(json.loads(f'"{api["policy"]}"'))
    arn = f"arn:aws:execute-api:us-east-1:111111111111:{api['id']}/*"
    assert document["Statement"][0]["Resource"] == arn


def test_authorizers_are_kept_while_in_use(client: Any) -> None:
    api, where = build(client)
    authorizer = client.create_authorizer(
        restApiId=api["id"],
        name="auth",
        type="TOKEN",
        authorizerUri=URI,
        identitySource="method.request.header.Authorization",
    )
    assert (authorizer["authType"], authorizer["authorizerResultTtlInSeconds"]) == ("custom", 300)
    use = [
        {"op": "replace", "path": "/authorizationType", "value": "CUSTOM"},
        {"op": "replace", "path": "/authorizerId", "value": authorizer["id"]},
    ]
    assert client.update_method(**where, patchOperations=use)["authorizerId"] == authorizer["id"]
    with pytest.raises(ClientError, match="Cannot delete authorizer"):
        client.delete_authorizer(restApiId=api["id"], authorizerId=authorizer["id"])
    client.delete_method(**{key: where[key] for key in ("restApiId", "resourceId", "httpMethod")})
    client.delete_authorizer(restApiId=api["id"], authorizerId=authorizer["id"])
    assert client.get_authorizers(restApiId=api["id"])["items"] == []


def test_gateway_responses_have_defaults_and_come_back_to_them(client: Any) -> None:
    api = client.create_rest_api(name="responses")
    listed = client.get_gateway_responses(restApiId=api["id"], limit=500)["items"]
    assert len(listed) == 21
    assert all(each["defaultResponse"] for each in listed)
    client.put_gateway_response(restApiId=api["id"], responseType="THROTTLED", statusCode="420")
    shown = client.get_gateway_response(restApiId=api["id"], responseType="THROTTLED")
    assert (shown["statusCode"], shown["defaultResponse"]) == ("420", False)
    client.delete_gateway_response(restApiId=api["id"], responseType="THROTTLED")
    with pytest.raises(ClientError, match="Gateway response type not defined on api"):
        client.delete_gateway_response(restApiId=api["id"], responseType="THROTTLED")


def test_a_clone_has_the_tree_of_its_source_and_goes_its_own_way(client: Any) -> None:
    api, where = build(client)
    copy = client.create_rest_api(name="copy", cloneFrom=api["id"])
    client.delete_resource(restApiId=api["id"], resourceId=where["resourceId"])
    paths = [each["path"] for each in client.get_resources(restApiId=copy["id"])["items"]]
    assert paths == ["/", "/places", "/places/{id}"]


def test_regions_know_nothing_of_each_other(aws: Any, client: Any) -> None:
    api, _ = build(client)
    with pytest.raises(ClientError, match=f"Invalid API identifier specified 111111111111:{api['id']}"):
        aws.client("eu-west-1").get_rest_api(restApiId=api["id"])
    assert aws.gateway.region_of_api(api["id"]) == "us-east-1"
    assert aws.gateway.region_of_api("nothing") is None


def test_an_unknown_operation_is_refused_plainly(client: Any) -> None:
    with pytest.raises(ClientError, match="does not emulate") as caught:
        client.get_vpc_links()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_an_api_has_ten_authorizers_at_most(client: Any) -> None:
    api_id = build(client)[0]["id"]
    function = "arn:aws:lambda:us-east-1:111111111111:function:auth"
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"

    def create(number: int) -> None:
        client.create_authorizer(restApiId=api_id, name=f"a{number}", type="TOKEN", authorizerUri=uri)

    for number in range(10):
        create(number)
    with pytest.raises(client.exceptions.LimitExceededException, match="Maximum number of Authorizers"):
        create(10)


@pytest.mark.parametrize("place", ["request", "response"])
def test_a_mapping_template_has_300_kilobytes_at_most(client: Any, place: str) -> None:
    templates = {"application/json": '{"statusCode": 200}'}
    long = {"application/json": "x" * (300 * 1024 + 1)}
    integration = {
        "type": "mock",
        "requestTemplates": long if place == "request" else templates,
        "responses": {"default": {"statusCode": "200", "responseTemplates": long if place == "response" else {}}},
    }
    document = {
        "openapi": "3.0.1",
        "info": {"title": "t", "version": "1"},
        "paths": {"/": {"get": {"x-amazon-apigateway-integration": integration}}},
    }
    with pytest.raises(client.exceptions.BadRequestException, match="mapping template"):
        client.import_rest_api(body=json.dumps(document))


def test_a_resource_policy_has_8192_characters_at_most(client: Any) -> None:
    api_id = build(client)[0]["id"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke"}
    policy = {"Statement": [{**statement, "Resource": [f"execute-api:/stage/GET/{n}" for n in range(200)]}]}
    value = {"op": "replace", "path": "/policy", "value": json.dumps(policy)}
    with pytest.raises(client.exceptions.BadRequestException, match="8192"):
        client.update_rest_api(restApiId=api_id, patchOperations=[value])
