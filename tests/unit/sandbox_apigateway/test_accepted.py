"""What AWS takes although it looks wrong, and what an export gives back of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

INTEGRATION = "x-amazon-apigateway-integration"
MOCK = {
    "type": "mock",
    "requestTemplates": {"application/json": '{"statusCode": 200}'},
    "responses": {"default": {"statusCode": "200"}},
}


@pytest.fixture
def client(aws: Any) -> Any:
    return aws.client()


def document(integration: dict[str, Any] = MOCK, *, method: str = "get", **root: Any) -> dict[str, Any]:
    operation = {"responses": {"200": {"description": "ok"}}, INTEGRATION: integration}
    return {"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": {"/a": {method: operation}}, **root}


def imported(client: Any, given: dict[str, Any], kind: str = "REGIONAL") -> str:
    made = client.import_rest_api(body=json.dumps(given), parameters={"endpointConfigurationTypes": kind})
    return str(made["id"])


def exported(client: Any, api: str) -> Any:
    client.create_deployment(restApiId=api, stageName="prod")
    answer = client.get_export(
        restApiId=api, stageName="prod", exportType="oas30", parameters={"extensions": "apigateway"}
    )
    return json.loads(answer["body"].read())


def resource(client: Any, api: str) -> str:
    items = client.get_resources(restApiId=api)["items"]
    return str(next(each["id"] for each in items if each["path"] == "/a"))


def test_streaming_and_the_target_of_a_vpc_link_are_exported(client: Any) -> None:
    target = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/one/1"
    sent = {
        "type": "http_proxy",
        "httpMethod": "GET",
        "uri": "https://example.com/",
        "responseTransferMode": "STREAM",
        "timeoutInMillis": 900_000,
        "connectionType": "VPC_LINK",
        "connectionId": "abc",
        "integration-target": target,
    }
    found = exported(client, imported(client, document(sent)))["paths"]["/a"]["get"][INTEGRATION]
    assert (found["responseTransferMode"], found["timeoutInMillis"]) == ("STREAM", 900_000)
    assert found["integrationTarget"] == target


def test_an_edge_api_waits_29_seconds_at_most(client: Any) -> None:
    given = document({**MOCK, "timeoutInMillis": 60_000})
    imported(client, given)
    with pytest.raises(ClientError, match="between 50 ms and 29000 ms"):
        imported(client, given, kind="EDGE")


def test_an_expression_that_nobody_filled_in_is_refused_at_import(client: Any) -> None:
    with pytest.raises(ClientError, match="Invalid ARN specified"):
        imported(client, document({"type": "aws", "httpMethod": "POST", "uri": "${lambda_arn}"}))
    scheme = {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": "${authorizer}"},
    }
    with pytest.raises(ClientError, match="Invalid Authorizer URI"):
        imported(client, document(components={"securitySchemes": {"auth": scheme}}))


def test_a_server_that_stands_without_a_list_is_read(client: Any) -> None:
    servers = {"url": "https://example.com/{basePath}", "variables": {"basePath": {"default": "/v1"}}}
    assert imported(client, document(servers=servers))


def test_models_name_each_other_by_their_address(client: Any) -> None:
    schemas = {
        "One": {"type": "object", "description": "first", "properties": {"two": {"$ref": "#/components/schemas/Two"}}},
        "Two": {"type": "object"},
    }
    api = imported(client, document(components={"schemas": schemas}))
    found = client.get_model(restApiId=api, modelName="One")
    reference = json.loads(found["schema"])["properties"]["two"]["$ref"]
    assert reference == f"https://apigateway.amazonaws.com/restapis/{api}/models/Two"
    assert found["description"] == "first"


def test_a_method_can_be_tried_by_name_where_only_any_answers(client: Any) -> None:
    api = imported(client, document(method="x-amazon-apigateway-any-method"))
    answer = client.test_invoke_method(restApiId=api, resourceId=resource(client, api), httpMethod="GET")
    assert answer["status"] == 200


def test_a_response_of_an_integration_needs_none_of_the_method(client: Any) -> None:
    api = imported(client, document())
    where = {"restApiId": api, "resourceId": resource(client, api), "httpMethod": "GET"}
    assert client.put_integration_response(**where, statusCode="404")["statusCode"] == "404"


def test_an_authorization_type_may_be_in_small_letters(client: Any) -> None:
    api = imported(client, document())
    where = {"restApiId": api, "resourceId": resource(client, api), "httpMethod": "PUT"}
    assert client.put_method(**where, authorizationType="none")["authorizationType"] == "NONE"


def test_an_access_log_may_be_added_as_well_as_replaced(client: Any) -> None:
    api = imported(client, document())
    client.create_deployment(restApiId=api, stageName="prod")
    role = "arn:aws:iam::123456789012:role/logs"
    client.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}])
    group = "arn:aws:logs:us-east-1:123456789012:log-group:access"
    operations = [
        {"op": "add", "path": "/accessLogSettings/destinationArn", "value": group},
        {"op": "add", "path": "/accessLogSettings/format", "value": "$context.requestId"},
    ]
    found = client.update_stage(restApiId=api, stageName="prod", patchOperations=operations)
    assert found["accessLogSettings"] == {"destinationArn": group, "format": "$context.requestId"}
