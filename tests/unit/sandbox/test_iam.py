from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from backendctl.sandbox.faults import Call
from backendctl.sandbox.http import Request
from backendctl.sandbox.iam.asked import Asked, asked
from backendctl.sandbox.iam.guard import Guard
from backendctl.sandbox.iam.policy import Policy
from backendctl.sandbox.iam.resources import Place

PLACE = Place(region="eu-west-1", account="123456789012")
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:shop-orders"


def request(
    method: str = "POST",
    path: str = "/",
    *,
    body: Any = None,
    query: dict[str, list[str]] | None = None,
    agent: str = "",
) -> Request:
    return Request(
        method=method,
        path=path,
        raw_path=path,
        query=query or {},
        headers={"user-agent": agent},
        body=json.dumps(body or {}).encode(),
        region="us-east-1",
        account="123456789012",
    )


def allow(action: str, resource: str, **more: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource, **more}]}


@pytest.mark.parametrize(
    ("service", "operation", "sent", "needed"),
    [
        ("lambda", "ListFunctions", request("GET", "/2015-03-31/functions"), ("lambda:ListFunctions", "*")),
        (
            "lambda",
            "Invoke",
            request(path="/2015-03-31/functions/shop-orders/invocations", query={"Qualifier": ["live"]}),
            ("lambda:InvokeFunction", f"{FUNCTION}:live"),
        ),
        (
            "lambda",
            "GetAlias",
            request("GET", "/2015-03-31/functions/shop-orders/aliases/live"),
            ("lambda:GetAlias", FUNCTION),
        ),
        (
            "apigateway",
            "UpdateStage",
            request("PATCH", "/restapis/abc/stages/v1"),
            ("apigateway:PATCH", "arn:aws:apigateway:eu-west-1::/restapis/abc/stages/v1"),
        ),
        (
            "dynamodb",
            "Query",
            request(body={"TableName": "places", "IndexName": "by-owner"}),
            ("dynamodb:Query", "arn:aws:dynamodb:eu-west-1:123456789012:table/places/index/by-owner"),
        ),
        (
            "ssm",
            "GetParametersByPath",
            request(body={"Path": "/backendctl/shop/"}),
            ("ssm:GetParametersByPath", "arn:aws:ssm:eu-west-1:123456789012:parameter/backendctl/shop"),
        ),
        (
            "route53",
            "GetChange",
            request("GET", "/2013-04-01/change/C1"),
            ("route53:GetChange", "arn:aws:route53:::change/C1"),
        ),
        ("monitoring", "GetMetricData", request(), ("cloudwatch:GetMetricData", "*")),
    ],
)
def test_a_request_is_told_in_the_words_of_iam(
    service: str, operation: str, sent: Request, needed: tuple[str, str]
) -> None:
    assert [(one.action, one.resource) for one in asked(service, operation, sent, PLACE)] == [needed]


def test_who_one_is_may_be_asked_by_everybody() -> None:
    assert asked("sts", "GetCallerIdentity", request(), PLACE) == []


def test_a_new_function_needs_the_right_to_pass_its_role_and_to_tag() -> None:
    role = "arn:aws:iam::123456789012:role/shop-lambda"
    body = {"FunctionName": "shop-orders", "Role": role, "Tags": {"a": "b"}, "Code": {"ZipFile": ""}}
    found = asked("lambda", "CreateFunction", request(path="/2015-03-31/functions", body=body), PLACE)
    assert [(one.action, one.resource) for one in found] == [
        ("lambda:CreateFunction", FUNCTION),
        ("iam:PassRole", role),
        ("lambda:TagResource", FUNCTION),
    ]
    assert found[1].context["iam:passedtoservice"] == "lambda.amazonaws.com"


def test_a_new_replica_needs_rights_in_its_own_region() -> None:
    body = {"TableName": "places", "ReplicaUpdates": [{"Create": {"RegionName": "us-west-2"}}]}
    first, *others = asked("dynamodb", "UpdateTable", request(body=body), PLACE)
    assert first.context["aws:requestedregion"] == "eu-west-1"
    assert {one.resource for one in others} == {"arn:aws:dynamodb:us-west-2:123456789012:table/places"}
    assert {one.context["aws:requestedregion"] for one in others} == {"us-west-2"}
    assert {"dynamodb:CreateTableReplica", "dynamodb:Scan"} <= {one.action for one in others}


def test_a_replica_leaves_its_group_with_a_right_of_its_own_region() -> None:
    leave = {"RegionName": PLACE.region, "DisassociationMode": "WAIT_FOR_REPLICATION"}
    body = {"TableName": "places", "ReplicaUpdates": [{"Disassociate": leave}]}
    found = asked("dynamodb", "UpdateTable", request(body=body), PLACE)
    arn = f"arn:aws:dynamodb:{PLACE.region}:123456789012:table/places"
    assert [(one.action, one.resource) for one in found] == [
        ("dynamodb:UpdateTable", arn),
        ("dynamodb:DisassociateTableReplica", arn),
    ]


@pytest.mark.parametrize(
    ("document", "allowed"),
    [
        (allow("lambda:UpdateAlias", FUNCTION), True),
        (allow("LAMBDA:Update*", "arn:aws:lambda:*:123456789012:function:shop-*"), True),
        (allow("lambda:UpdateAlias", "arn:aws:lambda:*:123456789012:function:other-*"), False),
        (allow("lambda:GetAlias", "*"), False),
        (allow("*", "*", Condition={"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}}), True),
        (allow("*", "*", Condition={"StringEquals": {"aws:RequestedRegion": "us-east-1"}}), False),
    ],
)
def test_a_policy_allows_what_it_names(document: dict[str, Any], *, allowed: bool) -> None:
    one = Asked(action="lambda:UpdateAlias", resource=FUNCTION, context={"aws:requestedregion": "eu-west-1"})
    assert (Policy.of(document).refusal(one) is None) is allowed


def test_a_deny_wins() -> None:
    document = allow("*", "*")
    document["Statement"].append({"Effect": "Deny", "Action": "lambda:*", "Resource": "*"})
    told = Policy.of(document).refusal(Asked(action="lambda:UpdateAlias", resource=FUNCTION))
    assert told == "with an explicit deny in an identity-based policy"


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"Statement": [{"Effect": "Allow", "NotAction": "a:*", "Resource": "*"}]},
        {"Statement": [{"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {"Bool": {"x": "true"}}}]},
    ],
)
def test_what_nobody_can_judge_is_no_policy(document: Any) -> None:
    with pytest.raises(ValueError, match=r"polic|judge|statement"):
        Policy.of(document)


def call(operation: str = "UpdateAlias", *, traffic: bool = False) -> Call:
    return Call(service="lambda", operation=operation, region="eu-west-1", traffic=traffic)


def test_a_refusal_reads_as_aws_s_own_and_follows_the_file(tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(allow("lambda:GetAlias", "*")))
    guard = Guard(policy=file)
    sent = request("PUT", "/2015-03-31/functions/shop-orders/aliases/live", agent="Boto3 md/backendctl#deploy")
    refused = guard.refusal(call(), sent)
    assert refused is not None
    assert refused.status == 403
    assert json.loads(refused.body)["message"] == (
        f"User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: lambda:UpdateAlias on resource: "
        f"{FUNCTION} because no identity-based policy allows the lambda:UpdateAlias action"
    )
    assert guard.refusal(call(traffic=True), sent) is None
    furnishing = request("PUT", "/2015-03-31/functions/x/aliases/live", agent="md/backendctl#sandbox-setup")
    assert guard.refusal(call(), furnishing) is None
    file.write_text(json.dumps(allow("lambda:*", "*")) + " ")
    assert guard.refusal(call(), sent) is None


def test_each_need_of_a_command_is_noted_once(tmp_path: Path) -> None:
    guard = Guard(calls=tmp_path / "calls")
    sent = request("PUT", "/2015-03-31/functions/shop-orders/aliases/live", agent="Boto3 md/backendctl#deploy")
    for _ in range(3):
        assert guard.refusal(call(), sent) is None
    lines = (tmp_path / "calls").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [["deploy", "lambda:UpdateAlias", FUNCTION]]
