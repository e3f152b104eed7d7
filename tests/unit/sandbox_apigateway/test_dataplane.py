"""Requests to deployed stages."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

ARN = "arn:aws:execute-api:us-east-1:111111111111:"


def uri(function: str = "places:${stageVariables.alias}") -> str:
    arn = f"arn:aws:lambda:us-east-1:111111111111:function:{function}"
    return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"


def proxy(function: str = "places:${stageVariables.alias}", **members: Any) -> dict[str, Any]:
    return {
        "x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": uri(function)},
        **members,
    }


def mock(template: str, **members: Any) -> dict[str, Any]:
    integration = {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode": 200}'},
        "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": template}}},
    }
    return {"x-amazon-apigateway-integration": integration, **members}


def make(aws: Any, paths: dict[str, Any], **members: Any) -> str:
    document = {"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": paths, **members}
    client = aws.client()
    api = client.import_rest_api(body=json.dumps(document))
    client.create_deployment(restApiId=api["id"], stageName="dev", variables={"alias": "a"})
    return str(api["id"])


def told(response: Any) -> tuple[int, Any]:
    return response.status, json.loads(response.body)


@pytest.fixture
def places(aws: Any) -> str:
    aws.backplane.add("places", "a", lambda event: {"statusCode": 200, "body": event["path"]})
    return make(aws, {"/places/{id}": {"get": proxy()}})


def test_the_event_is_payload_1_0(aws: Any, places: str) -> None:
    answer = aws.call(
        places,
        "dev",
        "/places/42",
        query={"q": ["1", "2"]},
        headers={"user-agent": "curl", "x-own": "y"},
    )
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, b"/places/42", "application/json")
    event = aws.backplane.events[-1]
    assert (event["resource"], event["path"], event["httpMethod"]) == ("/places/{id}", "/places/42", "GET")
    assert event["pathParameters"] == {"id": "42"}
    assert event["queryStringParameters"] == {"q": "2"}
    assert event["multiValueQueryStringParameters"] == {"q": ["1", "2"]}
    assert event["stageVariables"] == {"alias": "a"}
    assert (event["body"], event["isBase64Encoded"]) == (None, False)
    assert event["headers"]["X-Own"] == "y"
    assert event["multiValueHeaders"]["X-Forwarded-For"] == ["127.0.0.1"]
    context = event["requestContext"]
    assert (context["stage"], context["apiId"], context["path"]) == ("dev", places, "/dev/places/42")
    assert context["domainName"] == f"{places}.execute-api.us-east-1.amazonaws.com"
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["identity"]["userAgent"] == "curl"
    assert context["requestId"] == answer.headers["x-amzn-RequestId"]


def test_unknown_routes_stages_and_apis_are_403(aws: Any, places: str) -> None:
    missing = (403, {"message": "Missing Authentication Token"})
    assert told(aws.call(places, "dev", "/nothing")) == missing
    assert told(aws.call(places, "dev", "/places/42", method="POST")) == missing
    assert told(aws.call(places, "other", "/places/42")) == (403, {"message": "Forbidden"})
    assert told(aws.call("nothing", "dev", "/places/42")) == (403, {"message": "Forbidden"})
    assert told(aws.call(places, "dev", "/places/42", region="us-west-2")) == (403, {"message": "Forbidden"})


def test_undeployed_edits_are_not_served(aws: Any, places: str) -> None:
    client = aws.client()
    document = {"openapi": "3.0.1", "info": {"title": "t"}, "paths": {"/new": {"get": mock("{}")}}}
    client.put_rest_api(restApiId=places, mode="overwrite", body=json.dumps(document))
    assert aws.call(places, "dev", "/places/42").status == 200
    assert aws.call(places, "dev", "/new").status == 403
    client.create_deployment(restApiId=places, stageName="dev")
    assert aws.call(places, "dev", "/places/42").status == 403
    assert aws.call(places, "dev", "/new").status == 200


def test_literal_beats_variable_beats_greedy(aws: Any) -> None:
    any_method = {"x-amazon-apigateway-any-method": mock("greedy")}
    api = make(
        aws,
        {
            "/{proxy+}": any_method,
            "/a": {"get": mock("a")},
            "/a/{id}": {"get": mock("variable")},
            "/a/fixed": {"get": mock("fixed")},
        },
    )
    found = {path: aws.call(api, "dev", path).body for path in ("/a", "/a/x", "/a/fixed", "/z/y", "/a/x/y")}
    assert found == {
        "/a": b"a",
        "/a/x": b"variable",
        "/a/fixed": b"fixed",
        "/z/y": b"greedy",
        "/a/x/y": b"greedy",
    }


def test_permission_is_asked_for_the_alias_called(aws: Any, places: str) -> None:
    source = f"{ARN}{places}/*/GET/places/*"
    aws.backplane.add("places", "b", lambda _event: {"statusCode": 201}, source=source)
    aws.client().update_stage(
        restApiId=places,
        stageName="dev",
        patchOperations=[{"op": "replace", "path": "/variables/alias", "value": "b"}],
    )
    assert aws.call(places, "dev", "/places/42").status == 201
    del aws.backplane.policies["places", "b"]
    assert told(aws.call(places, "dev", "/places/42")) == (500, {"message": "Internal server error"})
    log = "\n".join(aws.gateway.execution_log("us-east-1", places, "dev"))
    assert "Invalid permissions on Lambda function" in log


@pytest.mark.parametrize(
    "source", ["/*/POST/places/*", "/prod/GET/places/*", "/*/GET/other", "/*/GET/places/42", "/*/GET/places"]
)
def test_a_source_arn_for_something_else_does_not_permit(aws: Any, places: str, source: str) -> None:
    aws.backplane.add("places", "a", lambda _event: {"statusCode": 200}, source=f"{ARN}{places}{source}")
    assert aws.call(places, "dev", "/places/42").status == 500


def test_function_errors_and_malformed_answers_are_502(aws: Any, places: str) -> None:
    bad_gateway = (502, {"message": "Internal server error"})

    def fails(_event: Any) -> Any:
        raise RuntimeError("boom")

    aws.backplane.add("places", "a", fails)
    assert told(aws.call(places, "dev", "/places/42")) == bad_gateway
    for answer in ("text", {"message": "x"}, {"statusCode": "no"}, {"statusCode": 200, "body": {}}, None):
        aws.backplane.add("places", "a", lambda _event, answer=answer: answer)
        assert told(aws.call(places, "dev", "/places/42")) == bad_gateway


def test_a_slow_function_is_504(aws: Any) -> None:
    operation = proxy("places")
    operation["x-amazon-apigateway-integration"]["timeoutInMillis"] = 50
    api = make(aws, {"/": {"get": operation}})
    aws.backplane.add("places", None, lambda _event: {"statusCode": 200})
    aws.backplane.delay = 0.2
    assert told(aws.call(api, "dev", "/")) == (504, {"message": "Endpoint request timed out"})


def test_binary_bodies_travel_as_base64(aws: Any) -> None:
    api = make(aws, {"/": {"post": proxy("places")}}, **{"x-amazon-apigateway-binary-media-types": ["image/*"]})
    picture = bytes(range(256))
    encoded = base64.b64encode(picture).decode()
    aws.backplane.add("places", None, lambda event: {"statusCode": 200, "isBase64Encoded": True, "body": event["body"]})
    headers = {"content-type": "image/png", "accept": "image/png"}
    answer = aws.call(api, "dev", "/", method="POST", headers=headers, body=picture)
    assert aws.backplane.events[-1]["isBase64Encoded"] is True
    assert answer.body == picture
    text = aws.call(api, "dev", "/", method="POST", headers={**headers, "accept": "text/plain"}, body=picture)
    assert text.body == encoded.encode()


@pytest.mark.parametrize(("handling", "status"), [(None, 500), ("CONVERT_TO_TEXT", 200)])
def test_a_template_takes_no_binary_body(aws: Any, handling: str | None, status: int) -> None:
    operation = mock("{}")
    operation["x-amazon-apigateway-integration"] |= {"contentHandling": handling} if handling else {}
    api = make(aws, {"/": {"options": operation}}, **{"x-amazon-apigateway-binary-media-types": ["*/*"]})
    assert aws.call(api, "dev", "/", method="OPTIONS").status == status


def test_multi_value_headers_reach_the_caller(aws: Any, places: str) -> None:
    answer = {"statusCode": 200, "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"], "X-List": ["1", "2"]}}
    aws.backplane.add("places", "a", lambda _event: answer)
    headers = aws.call(places, "dev", "/places/42").headers
    cookies = [value for name, value in headers.items() if name.lower() == "set-cookie"]
    assert cookies == ["a=1", "b=2"]
    assert headers["X-List"] == "1, 2"


@pytest.mark.parametrize(
    "headers",
    [{"multiValueHeaders": {"X-List": "value"}}, {"headers": {"two words": "x"}}, {"multiValueHeaders": {"": ["x"]}}],
)
def test_headers_which_are_none_are_a_bad_gateway(aws: Any, places: str, headers: dict[str, Any]) -> None:
    aws.backplane.add("places", "a", lambda _event: {"statusCode": 200, **headers})
    assert aws.call(places, "dev", "/places/42").status == 502


def test_the_canary_gets_its_share_its_variables_and_its_log(aws: Any, places: str) -> None:
    aws.backplane.add("places", "b", lambda _event: {"statusCode": 201})
    aws.client().create_deployment(
        restApiId=places,
        stageName="dev",
        canarySettings={"percentTraffic": 10, "stageVariableOverrides": {"alias": "b"}},
    )
    aws.draws += [0.05, 0.0999, 0.1, 0.99]
    statuses = [aws.call(places, "dev", "/places/42").status for _ in range(4)]
    assert statuses == [201, 201, 200, 200]
    assert aws.gateway.execution_log("us-east-1", places, "dev/Canary")
    assert aws.backplane.events[0]["stageVariables"] == {"alias": "b"}


def test_mock_answers_with_variables_and_context(aws: Any) -> None:
    parts = {
        "alias": "$stageVariables.alias",
        "none": "$stageVariables.no",
        "stage": "$context.stage",
        "q": "$input.params('q')",
    }
    template = json.dumps(parts)
    api = make(aws, {"/": {"get": mock(template)}})
    expected = {"alias": "a", "none": "", "stage": "dev", "q": "7"}
    assert told(aws.call(api, "dev", "/", query={"q": ["7"]})) == (200, expected)


def test_request_validators_are_enforced(aws: Any) -> None:
    schema = {"type": "object", "required": ["name"], "properties": {"tag": {"$ref": "#/components/schemas/Tag"}}}
    operation = proxy(
        "places",
        parameters=[{"name": "q", "in": "query", "required": True, "schema": {"type": "string"}}],
        requestBody={"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Place"}}}},
    )
    operation["x-amazon-apigateway-request-validator"] = "all"
    api = make(
        aws,
        {"/": {"post": operation}},
        components={"schemas": {"Place": schema, "Tag": {"type": "string"}}},
        **{
            "x-amazon-apigateway-request-validators": {
                "all": {"validateRequestBody": True, "validateRequestParameters": True}
            }
        },
    )
    aws.backplane.add("places", None, lambda _event: {"statusCode": 200, "body": "{}"})
    query = {"q": ["1"]}
    missing = aws.call(api, "dev", "/", method="POST", body=b'{"name": "x"}')
    assert told(missing) == (400, {"message": "Missing required request parameters: [q]"})
    for body in (b"{}", b"not json", b'{"name": "x", "tag": 1}'):
        answer = aws.call(api, "dev", "/", method="POST", query=query, body=body)
        assert told(answer) == (400, {"message": "Invalid request body"})
    assert aws.call(api, "dev", "/", method="POST", query=query, body=b'{"name": "x", "tag": "y"}').status == 200


def test_api_keys_are_required_where_the_definition_says_so(aws: Any) -> None:
    scheme = {"type": "apiKey", "name": "x-api-key", "in": "header"}
    api = make(aws, {"/": {"get": mock("{}", security=[{"key": []}])}}, components={"securitySchemes": {"key": scheme}})
    client = aws.client()
    key = client.create_api_key(name="k", enabled=True)
    headers = {"x-api-key": key["value"]}
    assert told(aws.call(api, "dev", "/", headers=headers)) == (403, {"message": "Forbidden"})
    plan = client.create_usage_plan(name="p", apiStages=[{"apiId": api, "stage": "dev"}])
    client.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    assert aws.call(api, "dev", "/", headers=headers).status == 200
    assert aws.call(api, "dev", "/").status == 403


def authorized(aws: Any, kind: str, **members: Any) -> str:
    authorizer = {"type": kind, "authorizerUri": uri("auth"), **members}
    scheme = {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": authorizer,
    }
    return make(
        aws, {"/": {"get": proxy("places", security=[{"auth": []}])}}, components={"securitySchemes": {"auth": scheme}}
    )


def verdict(effect: str) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": "*"}
    return {"principalId": "me", "policyDocument": {"Statement": [statement]}, "context": {"n": 1, "b": True}}


@pytest.mark.parametrize("kind", ["token", "request"])
def test_lambda_authorizers_decide(aws: Any, kind: str) -> None:
    api = authorized(aws, kind, identitySource="method.request.header.Authorization")
    aws.backplane.add("places", None, lambda _event: {"statusCode": 200})
    headers = {"authorization": "let me in"}
    assert told(aws.call(api, "dev", "/")) == (401, {"message": "Unauthorized"})
    assert told(aws.call(api, "dev", "/", headers=headers)) == (500, {"message": None})
    aws.backplane.add("auth", None, lambda _event: verdict("Allow"), source=f"{ARN}{api}/authorizers/*")
    assert aws.call(api, "dev", "/", headers=headers).status == 200
    context = aws.backplane.events[-1]["requestContext"]["authorizer"]
    assert context == {"n": "1", "b": "true", "principalId": "me"}
    aws.backplane.add("auth", None, lambda _event: verdict("Deny"))
    denied = told(aws.call(api, "dev", "/", headers={"authorization": "another"}))
    assert denied == (403, {"Message": "User is not authorized to access this resource with an explicit deny"})


def test_an_authorizers_answer_is_remembered_for_its_time_to_live(aws: Any) -> None:
    api = authorized(aws, "token")
    asked: list[Any] = []

    def answers(event: Any) -> Any:
        asked.append(event)
        return verdict("Allow")

    aws.backplane.add("auth", None, answers)
    aws.backplane.add("places", None, lambda _event: {"statusCode": 200})
    for token in ("one", "one", "two"):
        assert aws.call(api, "dev", "/", headers={"authorization": token}).status == 200
    assert [event["authorizationToken"] for event in asked] == ["one", "two"]
    aws.client().flush_stage_authorizers_cache(restApiId=api, stageName="dev")
    aws.call(api, "dev", "/", headers={"authorization": "one"})
    assert len(asked) == 3


def test_an_authorizer_without_time_to_live_is_always_asked(aws: Any) -> None:
    api = authorized(aws, "token", authorizerResultTtlInSeconds=0)
    aws.backplane.add("places", None, lambda _event: {"statusCode": 200})
    headers = {"authorization": "x"}
    aws.backplane.add("auth", None, lambda _event: verdict("Allow"))
    assert aws.call(api, "dev", "/", headers=headers).status == 200
    aws.backplane.add("auth", None, lambda _event: verdict("Deny"))
    assert aws.call(api, "dev", "/", headers=headers).status == 403


def test_an_authorizer_that_says_unauthorized_gives_401(aws: Any) -> None:
    api = authorized(aws, "token")

    def refuses(_event: Any) -> Any:
        raise RuntimeError("Unauthorized")

    aws.backplane.add("auth", None, refuses)
    assert aws.call(api, "dev", "/", headers={"authorization": "x"}).status == 401


def test_cognito_is_refused_and_not_open(aws: Any) -> None:
    pool = "arn:aws:cognito-idp:us-east-1:111111111111:userpool/us-east-1_x"
    api = authorized(aws, "cognito_user_pools", providerARNs=[pool])
    assert aws.call(api, "dev", "/", headers={"authorization": "x"}).status == 501


def test_iam_methods_need_a_signature(aws: Any) -> None:
    scheme = {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "awsSigv4",
    }
    api = make(
        aws, {"/": {"get": mock("{}", security=[{"sigv4": []}])}}, components={"securitySchemes": {"sigv4": scheme}}
    )
    assert told(aws.call(api, "dev", "/")) == (403, {"message": "Missing Authentication Token"})
    assert aws.call(api, "dev", "/", headers={"authorization": "AWS4-HMAC-SHA256 Credential=x"}).status == 200


def test_resource_policies_with_addresses_are_enforced(aws: Any) -> None:
    everyone = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    banned = {**everyone, "Effect": "Deny", "Condition": {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}}}
    api = make(aws, {"/": {"get": mock("{}")}}, **{"x-amazon-apigateway-policy": {"Statement": [everyone, banned]}})
    assert aws.call(api, "dev", "/").status == 200
    status, body = told(aws.call(api, "dev", "/", source_ip="10.1.2.3"))
    assert (status, "explicit deny" in body["Message"]) == (403, True)


def test_resource_policies_with_other_conditions_are_refused(aws: Any) -> None:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": "execute-api:/*",
        "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}},
    }
    api = make(aws, {"/": {"get": mock("{}")}}, **{"x-amazon-apigateway-policy": {"Statement": [statement]}})
    assert aws.call(api, "dev", "/").status == 501


def test_gateway_responses_can_be_customised(aws: Any) -> None:
    custom = {
        "MISSING_AUTHENTICATION_TOKEN": {
            "statusCode": 404,
            "responseParameters": {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
            "responseTemplates": {"application/json": '{"error": $context.error.messageString}'},
        }
    }
    api = make(aws, {"/": {"get": mock("{}")}}, **{"x-amazon-apigateway-gateway-responses": custom})
    answer = aws.call(api, "dev", "/nothing")
    assert told(answer) == (404, {"error": "Missing Authentication Token"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_each_request_is_reported(aws: Any, places: str) -> None:
    seen: list[Any] = []
    aws.gateway._on_served = seen.append
    aws.call(places, "dev", "/places/42")
    aws.call(places, "dev", "/nothing")
    facts = [(each.api_name, each.stage, each.canary, each.method, each.resource, each.status) for each in seen]
    assert facts == [("t", "dev", False, "GET", "/places/{id}", 200), ("t", "dev", False, "GET", None, 403)]
    assert seen[0].integration_seconds is not None
    assert seen[1].integration_seconds is None
