from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.sandboxed import ACCOUNT, EAST, WEST, eventually

if TYPE_CHECKING:
    from tests.functional.sandboxed import Sandbox

CODE = """
import os
def handler(event, context):
    return {"statusCode": 200, "body": '{"region": "%s"}' % os.environ["AWS_REGION"]}
"""


def _api(sandbox: Sandbox, region: str, function: str) -> str:
    """A REST API with GET /hello on stage `live`, calling a function it may call."""
    arn = sandbox.function(function, CODE, region=region)
    gateway, functions = sandbox.client("apigateway", region), sandbox.client("lambda", region)
    uri = f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations"
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": uri}
    definition = {
        "swagger": "2.0",
        "info": {"title": function, "version": "1"},
        "paths": {
            "/hello": {
                "get": {
                    "responses": {"200": {"description": "ok"}},
                    "x-amazon-apigateway-integration": integration,
                }
            }
        },
    }
    api: str = gateway.import_rest_api(
        body=json.dumps(definition).encode(), parameters={"endpointConfigurationTypes": "REGIONAL"}
    )["id"]
    gateway.create_deployment(restApiId=api, stageName="live")
    functions.add_permission(
        FunctionName=function,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{region}:{ACCOUNT}:{api}/*/*/*",
    )
    sandbox.arrived()
    return api


def _domain(sandbox: Sandbox, region: str, name: str, api: str) -> dict[str, Any]:
    acm, gateway = sandbox.client("acm", region), sandbox.client("apigateway", region)
    certificate = acm.request_certificate(DomainName=name, ValidationMethod="EMAIL")["CertificateArn"]
    domain: dict[str, Any] = gateway.create_domain_name(
        domainName=name,
        regionalCertificateArn=certificate,
        endpointConfiguration={"types": ["REGIONAL"]},
    )
    gateway.create_base_path_mapping(domainName=name, restApiId=api, stage="live")
    eventually(lambda: bool(gateway.get_domain_name(domainName=name)["domainNameStatus"] == "AVAILABLE"))
    sandbox.arrived()
    return domain


def test_health_says_ready_and_which_version(sandbox: Sandbox) -> None:
    status, document = sandbox.get("/_sandbox/health")
    assert status == 200
    assert document["ready"] is True
    assert document["version"]
    assert "apigateway" in document["services"]


@pytest.mark.parametrize("key", ["AKIDANYTHING", "test", "111111111111"])
def test_any_credentials_see_the_one_account(sandbox: Sandbox, key: str) -> None:
    assert sandbox.client("sts", key=key).get_caller_identity()["Account"] == ACCOUNT


@pytest.mark.parametrize(
    "host",
    [
        "{api}.execute-api.us-east-1.localhost",
        "{api}.execute-api.us-east-1.localhost:4566",
        "{api}.execute-api.us-east-1.amazonaws.com",
    ],
)
def test_an_api_answers_by_its_host(sandbox: Sandbox, host: str) -> None:
    api = _api(sandbox, EAST, f"host-{uuid.uuid4().hex[:8]}")
    assert sandbox.get("/live/hello", headers={"Host": host.format(api=api)}) == (200, {"region": EAST})


def test_an_api_answers_by_path(sandbox: Sandbox) -> None:
    api = _api(sandbox, WEST, "by-path")
    assert sandbox.get(f"/_aws/execute-api/{api}/live/hello") == (200, {"region": WEST})


def test_an_unknown_api_is_forbidden(sandbox: Sandbox) -> None:
    assert sandbox.get("/_aws/execute-api/nosuchapi0/live/hello")[0] == 403


def test_a_domain_follows_header_then_latency_record_then_first_region(sandbox: Sandbox) -> None:
    name = "api.routed.example"
    domains = {region: _domain(sandbox, region, name, _api(sandbox, region, "routed")) for region in (EAST, WEST)}
    assert sandbox.get("/hello", headers={"Host": name}) == (200, {"region": EAST})
    there = {"Host": name, "X-Sandbox-Region": WEST}
    assert sandbox.get("/hello", headers=there) == (200, {"region": WEST})

    route53 = sandbox.client("route53")
    zone = route53.create_hosted_zone(Name="routed.example", CallerReference="routed")["HostedZone"]["Id"]
    record = {
        "Name": name,
        "Type": "A",
        "SetIdentifier": WEST,
        "Region": WEST,
        "AliasTarget": {
            "HostedZoneId": domains[WEST]["regionalHostedZoneId"],
            "DNSName": domains[WEST]["regionalDomainName"],
            "EvaluateTargetHealth": True,
        },
    }
    change = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=change)
    assert sandbox.get("/hello", headers={"Host": name}) == (200, {"region": WEST})


def test_a_regional_domain_name_reaches_its_region(sandbox: Sandbox) -> None:
    domain = _domain(sandbox, WEST, "api.regional.example", _api(sandbox, WEST, "regional"))
    assert sandbox.get("/hello", headers={"Host": domain["regionalDomainName"]}) == (200, {"region": WEST})


def test_api_gateway_metrics_appear(sandbox: Sandbox) -> None:
    api = _api(sandbox, EAST, "metered-api")
    sandbox.get(f"/_aws/execute-api/{api}/live/hello")
    wanted = [{"Name": "ApiName", "Value": "metered-api"}, {"Name": "Stage", "Value": "live"}]
    metrics = sandbox.client("cloudwatch")
    eventually(
        lambda: bool(metrics.list_metrics(Namespace="AWS/ApiGateway", MetricName="Count", Dimensions=wanted)["Metrics"])
    )
