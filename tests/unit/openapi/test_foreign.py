"""An ARN of another account or region is meant: kept as it is, compared as it is, and told."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.openapi.arns import Home, neutral_role, neutral_text, neutral_uri
from backendctl.openapi.localise import localise, localised_digest, neutral_file, neutralise
from backendctl.openapi.neutral import foreign_arns
from tests.unit.openapi.samples import AUTHORIZER, INTEGRATION, lambda_uri, openapi, operation

OWN, OTHER = "111122223333", "999999999999"
HOME = Home(accounts=frozenset({OWN}), regions=frozenset({"us-east-1", "eu-west-1"}))
NEUTRAL = (
    "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
    "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:places/invocations"
)


def there(document: dict[str, Any], region: str = "eu-west-1") -> dict[str, Any]:
    neutral = neutral_file(document, home=HOME, bindings={})
    return localise(neutral, region=region, account=OWN, partition="aws", name="places")


def integrated(**members: Any) -> dict[str, Any]:
    return openapi({"/places": {"get": operation(integration=members)}})


def integration(document: dict[str, Any]) -> Any:
    return document["paths"]["/places"]["get"][INTEGRATION]


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_its_own_function_becomes_each_regions_own(region: str) -> None:
    assert neutral_uri(lambda_uri(region=region, account=OWN), HOME) == NEUTRAL
    assert integration(there(integrated()))["uri"] == lambda_uri(region="eu-west-1", account=OWN)


@pytest.mark.parametrize("place", [{"account": OTHER}, {"region": "ap-south-1"}])
def test_a_function_of_another_account_or_region_stays_where_it_is(place: dict[str, str]) -> None:
    uri = lambda_uri(**{"account": OWN, **place})
    assert neutral_uri(uri, HOME) == uri
    document = integrated(uri=uri)
    assert integration(there(document))["uri"] == uri
    assert integration(there(document, "us-east-1"))["uri"] == uri


@pytest.mark.parametrize(
    "text",
    [
        f"arn:aws:apigateway:us-east-1:sqs:path/{OTHER}/jobs",
        "arn:aws:apigateway:ap-south-1:dynamodb:action/PutItem",
        f"arn:aws:sns:us-east-1:{OTHER}:topic",
        f"arn:aws:iam::{OTHER}:role/caller",
        "arn:aws:lambda:${stageVariables.Region}:${stageVariables.Account}:function:x",
    ],
)
def test_what_is_abroad_or_filled_in_by_a_stage_stays(text: str) -> None:
    assert neutral_text(text, HOME) == text
    assert neutral_role(text, HOME) == text
    assert neutral_uri(text, HOME) == text


def test_a_service_is_called_where_what_it_is_sent_to_lies() -> None:
    uri = "arn:aws:apigateway:us-east-1:sns:action/Publish"
    parameters = {"integration.request.querystring.TopicArn": f"'arn:aws:sns:us-east-1:{OTHER}:topic'"}
    found = integration(there(integrated(type="aws", uri=uri, requestParameters=parameters)))
    assert (found["uri"], found["requestParameters"]) == (uri, parameters)
    own = {"integration.request.querystring.TopicArn": f"'arn:aws:sns:us-east-1:{OWN}:topic'"}
    moved = integration(there(integrated(type="aws", uri=uri, requestParameters=own)))
    assert "eu-west-1" in moved["uri"]
    assert f"sns:eu-west-1:{OWN}" in str(moved["requestParameters"])


def test_an_authorizer_that_was_pointed_elsewhere_by_hand_is_a_difference() -> None:
    def guarded(account: str) -> dict[str, Any]:
        inner = {"type": "token", "authorizerUri": lambda_uri("auth", account=account)}
        scheme = {"type": "apiKey", "name": "Authorization", "in": "header", AUTHORIZER: inner}
        return openapi(components={"securitySchemes": {"auth": scheme}})

    here = Home(accounts=frozenset({OWN}), regions=frozenset({"us-east-1"}))
    assert neutralise(guarded(OWN), home=here) != neutralise(guarded(OTHER), home=here)
    assert neutralise(guarded(OTHER), home=here) != neutralise(guarded("8" * 12), home=here)
    (found,) = [one for _, one in foreign_arns(guarded(OTHER), here)]
    assert (found.service, found.account, found.region) == ("lambda", OTHER, "")
    assert found.arn == f"arn:aws:lambda:us-east-1:{OTHER}:function:auth"


def test_the_id_of_any_region_is_found_in_a_file_also_beside_a_placeholder() -> None:
    pool = "arn:aws:cognito-idp:${AWS::Region}:${AWS::AccountId}:userpool/${AWS::Region}_AbC"
    scheme = {"type": "apiKey", AUTHORIZER: {"type": "cognito_user_pools", "providerARNs": [pool]}}
    document = openapi(components={"securitySchemes": {"p": scheme}})
    bindings = {"us-east-1": {"pool": "us-east-1_AbC"}, "eu-west-1": {"pool": "eu-west-1_XyZ"}}
    neutral = neutral_file(document, home=HOME, bindings=bindings)
    assert "${binding:pool}" in str(neutral)
    for region, ids in bindings.items():
        body = localise(neutral, region=region, account=OWN, partition="aws", name="a", bindings=ids)
        inner = body["components"]["securitySchemes"]["p"][AUTHORIZER]
        assert inner["providerARNs"] == [f"arn:aws:cognito-idp:{region}:{OWN}:userpool/{ids['pool']}"]


def test_a_changed_binding_changes_what_a_region_gets_and_nothing_else_does() -> None:
    document = integrated(type="http_proxy", uri="https://${binding:host}/", httpMethod="GET")
    where = {"region": "us-east-1", "account": OWN, "partition": "aws"}

    def name(**bindings: str) -> str:
        return localised_digest(document, "0123456789ab", bindings=bindings, **where)

    assert name(host="a.example") == name(host="a.example", unused="x")
    assert name(host="a.example") != name(host="b.example")
