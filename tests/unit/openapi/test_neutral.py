"""The neutral form: what is compared, whatever region, account or export a definition comes from."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

import pytest

from backendctl.openapi.localise import to_bytes
from tests.unit.openapi.everywhere import digest, localise, neutral

LAMBDA = (
    "arn:{p}:apigateway:{r}:lambda:path/2015-03-31/functions/"
    "arn:{p}:lambda:{r}:{a}:function:places:${{stageVariables.x}}/invocations"
)
PLACEHOLDERS = {"p": "${AWS::Partition}", "r": "${AWS::Region}", "a": "${AWS::AccountId}"}
HERE = {"p": "aws", "r": "eu-west-1", "a": "111122223333"}
THERE = {"p": "aws-cn", "r": "cn-north-1", "a": "444455556666"}


def document(uri: str, **integration: Any) -> dict[str, Any]:
    return {
        "openapi": "3.0.1",
        "info": {"title": "places", "version": "1"},
        "paths": {
            "/places": {"get": {"x-amazon-apigateway-integration": {"type": "aws_proxy", "uri": uri, **integration}}}
        },
    }


def uri_of(found: dict[str, Any]) -> Any:
    return found["paths"]["/places"]["get"]["x-amazon-apigateway-integration"]["uri"]


@pytest.mark.parametrize("values", [PLACEHOLDERS, HERE, THERE], ids=["placeholders", "here", "there"])
def test_a_lambda_uri_has_one_neutral_form(values: dict[str, str]) -> None:
    assert uri_of(neutral(document(LAMBDA.format(**values)))) == LAMBDA.format(**PLACEHOLDERS)


def test_a_streaming_uri_is_neutral_too() -> None:
    uri = LAMBDA.replace("2015-03-31", "2021-11-15").replace("/invocations", "/response-streaming-invocations")
    assert uri_of(neutral(document(uri.format(**HERE)))) == uri.format(**PLACEHOLDERS)


def test_service_uris_name_no_region_and_queues_no_account() -> None:
    assert uri_of(neutral(document("arn:aws:apigateway:us-east-1:dynamodb:action/PutItem"))) == (
        "arn:${AWS::Partition}:apigateway:${AWS::Region}:dynamodb:action/PutItem"
    )
    assert uri_of(neutral(document("arn:aws:apigateway:us-east-1:sqs:path/111122223333/jobs"))) == (
        "arn:${AWS::Partition}:apigateway:${AWS::Region}:sqs:path/${AWS::AccountId}/jobs"
    )


def test_an_http_uri_stays() -> None:
    uri = "https://abc.execute-api.us-east-1.amazonaws.com/prod/x"
    assert uri_of(neutral(document(uri))) == uri


@pytest.mark.parametrize(
    ("credentials", "expected"),
    [
        ("arn:aws:iam::111122223333:role/caller", "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/caller"),
        ("arn:aws:iam::*:user/*", "arn:${AWS::Partition}:iam::*:user/*"),
        ("arn:aws:iam::${stageVariables.acc}:role/x", "arn:${AWS::Partition}:iam::${stageVariables.acc}:role/x"),
    ],
)
def test_credentials_lose_their_account_and_keep_stars_and_variables(credentials: str, expected: str) -> None:
    found = neutral(document("arn:aws:apigateway:us-east-1:sns:action/Publish", credentials=credentials))
    assert found["paths"]["/places"]["get"]["x-amazon-apigateway-integration"]["credentials"] == expected


def test_authorizers_are_rewritten_wherever_they_stand() -> None:
    scheme = {
        "x-amazon-apigateway-authorizer": {
            "authorizerUri": LAMBDA.format(**HERE),
            "authorizerCredentials": "arn:aws:iam::111122223333:role/auth",
        }
    }
    neutral_scheme = {
        "x-amazon-apigateway-authorizer": {
            "authorizerUri": LAMBDA.format(**PLACEHOLDERS),
            "authorizerCredentials": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/auth",
        }
    }
    oas = {**document("x"), "components": {"securitySchemes": {"auth": scheme}}}
    swagger = {**document("x"), "securityDefinitions": {"auth": scheme}}
    assert neutral(oas)["components"]["securitySchemes"]["auth"] == neutral_scheme
    assert neutral(swagger)["securityDefinitions"]["auth"] == neutral_scheme


def test_the_policy_loses_api_id_region_and_account_but_not_whom_it_trusts() -> None:
    found = neutral(
        {
            **document("x"),
            "x-amazon-apigateway-policy": {
                "Statement": [
                    {
                        "Principal": {"AWS": "arn:aws:iam::999900001111:root"},
                        "Resource": [
                            "arn:aws:execute-api:us-east-1:111122223333:abc123/prod/GET/*",
                            "arn:aws:execute-api:us-east-1:111122223333:*/*/GET/*",
                            "execute-api:/*",
                        ],
                    },
                ]
            },
        }
    )
    (statement,) = found["x-amazon-apigateway-policy"]["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::999900001111:root"}
    assert statement["Resource"] == [
        "execute-api:/prod/GET/*",
        "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:*/*/GET/*",
        "execute-api:/*",
    ]


def test_where_it_was_served_is_left_out() -> None:
    served = {"host": "a.example", "basePath": "/prod", "schemes": ["https"], "servers": [{"url": "https://a.example"}]}
    assert neutral({**document("x"), **served}) == document("x")


def test_endpoint_settings_inside_a_server_survive_it() -> None:
    setting = {"x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": True}}
    found = neutral(
        {**document("x"), "servers": [{"url": "https://a.example"}, {"url": "https://b.example", **setting}]}
    )
    assert found["servers"] == [{"url": "/", **setting}]


def test_root_security_is_written_out_and_an_operation_keeps_its_own() -> None:
    given = document("x")
    given["security"] = [{"key": []}]
    given["paths"]["/open"] = {"get": {"security": []}}
    given["paths"]["/any"] = {"x-amazon-apigateway-any-method": {}, "parameters": [{"name": "x"}]}
    found = neutral(given)
    assert "security" not in found
    assert found["paths"]["/places"]["get"]["security"] == [{"key": []}]
    assert found["paths"]["/open"]["get"]["security"] == []
    assert found["paths"]["/any"]["x-amazon-apigateway-any-method"]["security"] == [{"key": []}]


def test_the_document_given_is_left_as_it_is() -> None:
    given = {**document(LAMBDA.format(**HERE)), "security": [{"key": []}]}
    before = copy.deepcopy(given)
    neutral(given)
    assert given == before


def test_the_digest_is_the_same_for_every_region_account_title_and_order_of_keys() -> None:
    one = document(LAMBDA.format(**HERE))
    other = document(LAMBDA.format(**THERE))
    other["info"]["title"] = "else"
    other = dict(reversed(other.items()))
    assert digest(one) == digest(other)
    assert len(digest(one)) == 12


def test_the_digest_tells_another_function() -> None:
    one = LAMBDA.format(**HERE)
    assert digest(document(one)) != digest(document(one.replace("function:places", "function:search")))


def test_a_localised_document_has_the_digest_of_its_source() -> None:
    given = document(LAMBDA.format(**PLACEHOLDERS))
    assert digest(localise(given, region="eu-west-1", account="111122223333", partition="aws", name="n")) == digest(
        given
    )


def test_localise_fills_region_account_partition_and_name() -> None:
    given = document(LAMBDA.format(**THERE))
    given["info"]["description"] = "in ${AWS::Region}, ${stageVariables.kept}"
    found = localise(given, region="eu-west-1", account="111122223333", partition="aws", name="corkhounds")
    assert uri_of(found) == LAMBDA.format(**HERE)
    assert found["info"] == {
        "title": "corkhounds",
        "version": "1",
        "description": "in eu-west-1, ${stageVariables.kept}",
    }


def test_what_yaml_reads_otherwise_than_json_is_sent_as_json() -> None:
    given = {"info": {"version": dt.date(2026, 11, 23)}, "paths": {"/a": {"get": {"responses": {200: {}, "400": {}}}}}}
    found = localise(given, region="eu-west-1", account="1", partition="aws", name="n")
    assert found["info"]["version"] == "2026-11-23"
    assert to_bytes(found).startswith(b'{"info":{"version":"2026-11-23","title":"n"}')
    assert set(found["paths"]["/a"]["get"]["responses"]) == {"200", "400"}
    assert digest(given) == digest(found)
