"""Ids of one region stand under a name in the neutral form, and under the other region's id there."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.openapi.bindings import Bound, unbound
from tests.unit.openapi.everywhere import canonical, digest, localise, neutralise
from tests.unit.openapi.samples import AUTHORIZER, INTEGRATION, lambda_uri, openapi, operation, swagger

EAST: dict[str, Any] = {"region": "us-east-1", "account": "111122223333", "partition": "aws", "name": "places"}
WEST: dict[str, Any] = {"region": "eu-west-1", "account": "111122223333", "partition": "aws", "name": "places"}
CHINA: dict[str, Any] = {"region": "cn-north-1", "account": "444455556666", "partition": "aws-cn", "name": "places"}
POOL = "arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_AbCd"
ENDPOINT = "x-amazon-apigateway-endpoint-configuration"
HERE = {
    "pool": "us-east-1_AbCd",
    "link": "lnk1aa",
    "lb": "internal-lb.us-east-1.elb.amazonaws.com",
    "vpce": "vpce-0a1b",
}
THERE = {
    "pool": "eu-west-1_XyZ",
    "link": "lnk2bb",
    "lb": "internal-lb.eu-west-1.elb.amazonaws.com",
    "vpce": "vpce-9f9f",
}


def document(pool: str = POOL) -> dict[str, Any]:
    inner = {"type": "cognito_user_pools", "providerARNs": [pool]}
    link = {"type": "http_proxy", "httpMethod": "GET", "connectionType": "VPC_LINK", "connectionId": "lnk1aa"}
    uri = "http://internal-lb.us-east-1.elb.amazonaws.com/x"
    return openapi(
        {"/places": {"get": operation(security=[{"users": []}], integration={**link, "uri": uri})}},
        components={
            "securitySchemes": {"users": {"type": "apiKey", "name": "Authorization", "in": "header", AUTHORIZER: inner}}
        },
        servers=[{"url": "/", ENDPOINT: {"vpcEndpointIds": ["vpce-0a1b"]}}],
        **{
            "x-amazon-apigateway-policy": {
                "Statement": [{"Effect": "Deny", "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-0a1b"}}}]
            }
        },
    )


def test_ids_without_a_name_are_found_by_kind_and_place() -> None:
    place = f"/components/securitySchemes/users/{AUTHORIZER}/providerARNs/0"
    assert unbound(neutralise(document())) == [
        Bound(pointer=f"/paths/~1places/get/{INTEGRATION}/connectionId", kind="vpc-link", value="lnk1aa"),
        Bound(pointer=place, kind="user-pool", value=POOL),
        Bound(
            pointer="/x-amazon-apigateway-policy/Statement/0/Condition/StringNotEquals/aws:SourceVpce",
            kind="vpc-endpoint",
            value="vpce-0a1b",
        ),
        Bound(pointer=f"/servers/0/{ENDPOINT}/vpcEndpointIds/0", kind="vpc-endpoint", value="vpce-0a1b"),
    ]


def test_the_neutral_form_holds_names_and_each_region_its_ids() -> None:
    neutral = neutralise(document(), bindings=HERE)
    assert {each.value for each in unbound(neutral)} == {"pool", "link", "vpce", "lb"}
    assert {each.kind for each in unbound(neutral)} == {"binding"}
    there = localise(neutral, **WEST, bindings=THERE)
    assert unbound(there, bindings=THERE) == []
    assert {each.kind for each in unbound(there)} == {"user-pool", "vpc-link", "vpc-endpoint"}
    assert neutralise(there, bindings=THERE) == neutral
    scheme = there["components"]["securitySchemes"]["users"][AUTHORIZER]
    assert scheme["providerARNs"] == ["arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_XyZ"]
    integration = there["paths"]["/places"]["get"][INTEGRATION]
    assert integration["connectionId"] == "lnk2bb"
    assert integration["uri"] == "http://internal-lb.eu-west-1.elb.amazonaws.com/x"
    assert "us-east-1" not in str(there)


def test_two_regions_with_their_own_ids_have_one_canonical_form() -> None:
    here = localise(neutralise(document(), bindings=HERE), **EAST, bindings=HERE)
    there = localise(neutralise(document(), bindings=HERE), **WEST, bindings=THERE)
    assert canonical(here) != canonical(there)
    assert canonical(neutralise(here, bindings=HERE)) == canonical(neutralise(there, bindings=THERE))
    assert digest(neutralise(here, bindings=HERE)) == digest(neutralise(there, bindings=THERE))


def test_a_pool_of_another_region_keeps_its_region() -> None:
    neutral = neutralise(document(), bindings={"pool": "us-east-1_AbCd"})
    there = localise(neutral, **WEST, bindings={"pool": "us-east-1_AbCd"})
    assert there["components"]["securitySchemes"]["users"][AUTHORIZER]["providerARNs"] == [POOL]
    assert neutralise(there, bindings={"pool": "us-east-1_AbCd"}) == neutral


def test_a_whole_arn_can_be_bound_and_wins_over_the_id_within_it() -> None:
    neutral = neutralise(document(), bindings={"id": "us-east-1_AbCd", "pool": POOL})
    inner = neutral["components"]["securitySchemes"]["users"][AUTHORIZER]
    assert inner["providerARNs"] == ["${binding:pool}"]


def test_a_pool_without_a_name_is_left_as_it_is() -> None:
    there = localise(document(), **CHINA)
    assert there["components"]["securitySchemes"]["users"][AUTHORIZER]["providerARNs"] == [POOL]


def test_a_name_without_an_id_in_this_region_is_found() -> None:
    neutral = neutralise(document(), bindings=HERE)
    there = localise(neutral, **WEST, bindings={"pool": "eu-west-1_XyZ", "link": "l", "vpce": "vpce-1"})
    missing = unbound(neutral, bindings={"pool": "eu-west-1_XyZ", "link": "l", "vpce": "vpce-1"})
    assert [(each.kind, each.value) for each in missing] == [("binding", "lb")]
    assert [each.value for each in unbound(there) if each.kind == "binding"] == ["lb"]


def test_stage_variables_need_no_binding() -> None:
    link = {"type": "http_proxy", "uri": "https://x", "connectionType": "VPC_LINK"}
    made = openapi({"/a": {"get": operation(integration={**link, "connectionId": "${stageVariables.link}"})}})
    assert unbound(neutralise(made)) == []


def test_an_id_is_a_whole_word() -> None:
    made = openapi({"/a": {"get": operation(integration={"type": "http", "uri": "https://x/ab/abc-d/ab_c"})}})
    neutral = neutralise(made, bindings={"n": "ab"})
    assert neutral["paths"]["/a"]["get"][INTEGRATION]["uri"] == "https://x/${binding:n}/abc-d/ab_c"


@pytest.mark.parametrize("make", [openapi, swagger])
def test_arns_in_templates_and_parameters_move_too(make: Any) -> None:
    machine = "arn:aws:states:us-east-1:111122223333:stateMachine:crud"
    integration = {
        "type": "aws",
        "uri": "arn:aws:apigateway:us-east-1:states:action/StartExecution",
        "requestTemplates": {"application/json": f'{{"stateMachineArn": "{machine}"}}'},
        "requestParameters": {"integration.request.header.X-Machine": f"'{machine}'"},
    }
    there = localise(make({"/a": {"post": operation(integration=integration)}}), **CHINA)
    moved = there["paths"]["/a"]["post"][INTEGRATION]
    expected = "arn:aws-cn:states:cn-north-1:444455556666:stateMachine:crud"
    assert expected in moved["requestTemplates"]["application/json"]
    assert moved["requestParameters"]["integration.request.header.X-Machine"] == f"'{expected}'"


def test_a_canonical_form_can_be_sent_and_is_found_again() -> None:
    form = canonical(openapi())
    del form["info"]["version"]
    local = localise(form, **WEST)
    assert local["info"]["version"]
    assert local["paths"]["/places"]["get"][INTEGRATION]["uri"] == lambda_uri(region="eu-west-1")
    assert canonical(local) == form
