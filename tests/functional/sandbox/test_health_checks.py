from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from backendctl.sandbox import process
from tests.functional.refusals import Served, certificate, definition, refused, served, unique
from tests.functional.sandboxed import EAST, WEST, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.functional.sandboxed import Sandbox

ENDPOINTS = "/ok", "/other"


@pytest.fixture(scope="module")
def api(sandbox: Sandbox) -> Served:
    made = served(sandbox, body=definition(*ENDPOINTS))
    sandbox.arrived()  # a host that does not have the stage yet answers 403
    return made


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Any]:
    """Route 53; the health checks that a test makes go with it, for they are asked as long as they are there."""
    made = sandbox.client("route53")
    before = {check["Id"] for check in made.list_health_checks()["HealthChecks"]}
    yield made
    for check in made.list_health_checks()["HealthChecks"]:
        if check["Id"] not in before:
            made.delete_health_check(HealthCheckId=check["Id"])


def _check(client: Any, api: Served, path: str = "/live/ok", **more: Any) -> str:
    config = {
        "Type": "HTTPS",
        "FullyQualifiedDomainName": f"{api.id}.execute-api.{api.region}.amazonaws.com",
        "ResourcePath": path,
        "RequestInterval": 10,
        "FailureThreshold": 1,
        **more,
    }
    made: str = client.create_health_check(CallerReference=unique("check"), HealthCheckConfig=config)["HealthCheck"][
        "Id"
    ]
    return made


def _statuses(client: Any, check: str) -> set[str]:
    seen = client.get_health_check_status(HealthCheckId=check)["HealthCheckObservations"]
    return {one["StatusReport"]["Status"] for one in seen}


def _values(client: Any, namespace: str, metric: str, **dimensions: str) -> set[float]:
    """The sums of a metric, minute by minute."""
    now = datetime.now(UTC)
    found = client.get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return {point["Sum"] for point in found}


def test_an_endpoint_of_the_sandbox_is_asked_and_told_of_by_all_checkers(client: Any, api: Served) -> None:
    check = _check(client, api)
    eventually(lambda: _statuses(client, check) == {"Success: HTTP Status Code 200, OK"})
    seen = client.get_health_check_status(HealthCheckId=check)["HealthCheckObservations"]
    assert {EAST, "sa-east-1"} <= {one["Region"] for one in seen}
    assert client.get_health_check_last_failure_reason(HealthCheckId=check)["HealthCheckObservations"] == []


def test_a_path_that_the_api_does_not_have_fails(client: Any, api: Served) -> None:
    check = _check(client, api, "/live/missing")
    eventually(lambda: _statuses(client, check) == {"Failure: HTTP Status Code 403, Forbidden"})
    told = client.get_health_check_last_failure_reason(HealthCheckId=check)["HealthCheckObservations"]
    assert {one["StatusReport"]["Status"] for one in told} == {"Failure: HTTP Status Code 403, Forbidden"}


def test_a_method_that_is_throttled_to_nothing_fails_its_check(client: Any, api: Served) -> None:
    check = _check(client, api, "/live/other")
    eventually(lambda: _statuses(client, check) == {"Success: HTTP Status Code 200, OK"})
    for setting in ("rateLimit", "burstLimit"):
        api.patch(("replace", f"/~1other/GET/throttling/{setting}", "0"))
    eventually(lambda: _statuses(client, check) == {"Failure: HTTP Status Code 429, Too Many Requests"})


def test_a_region_that_is_down_fails_its_checks(sandbox: Sandbox, client: Any, api: Served) -> None:
    check = _check(client, api)
    eventually(lambda: _statuses(client, check) == {"Success: HTTP Status Code 200, OK"})
    down = {"effect": "reset", "region": api.region, "operation": "GET /live/ok", "traffic": True}
    fault = process.add_fault(sandbox.port, sandbox.data, down)
    eventually(lambda: _statuses(client, check) == {"Failure: HTTP Status Code 503, Service Unavailable"})
    process.clear_faults(sandbox.port, sandbox.data, name=fault["id"])
    eventually(lambda: _statuses(client, check) == {"Success: HTTP Status Code 200, OK"})


def test_a_host_that_is_nowhere_here_is_not_found(client: Any, api: Served) -> None:
    check = _check(client, api, FullyQualifiedDomainName="api.elsewhere.example")
    eventually(lambda: any(one.startswith("Failure: DNS resolution failed") for one in _statuses(client, check)))


def test_users_go_where_a_health_check_does_not_fail(sandbox: Sandbox, client: Any) -> None:
    name = f"api.{unique('zone')}.example"
    zone = client.create_hosted_zone(Name=name.partition(".")[2], CallerReference=name)["HostedZone"]["Id"]
    changes = []
    for region in (EAST, WEST):
        gateway = sandbox.client("apigateway", region)
        domain = gateway.create_domain_name(
            domainName=name,
            regionalCertificateArn=certificate(sandbox, name, region),
            endpointConfiguration={"types": ["REGIONAL"]},
        )
        api = served(sandbox, body=definition("/ok"), region=region)
        gateway.create_base_path_mapping(domainName=name, restApiId=api.id, stage="live")
        path = "/live/ok" if region == WEST else "/live/missing"
        target = {"HostedZoneId": domain["regionalHostedZoneId"], "DNSName": domain["regionalDomainName"]}
        record = {
            "Name": name,
            "Type": "A",
            "SetIdentifier": region,
            "Region": region,
            "AliasTarget": {**target, "EvaluateTargetHealth": True},
            "HealthCheckId": _check(client, api, path),
        }
        changes.append({"Action": "CREATE", "ResourceRecordSet": record})
    client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})

    def landed() -> str | None:
        answer = urllib3.request("GET", f"{sandbox.url}/ok", headers={"Host": name}, retries=False)
        return answer.headers.get("X-Sandbox-Region")

    eventually(lambda: landed() == WEST)


def test_a_calculated_check_needs_children_that_exist_and_its_status_is_a_metric(
    sandbox: Sandbox, client: Any, api: Served
) -> None:
    child = _check(client, api, "/live/missing")

    def made(*children: str) -> Any:
        config = {"Type": "CALCULATED", "HealthThreshold": 1, "ChildHealthChecks": list(children)}
        return client.create_health_check(CallerReference=unique("sum"), HealthCheckConfig=config)["HealthCheck"]

    told = refused(lambda: made("00000000-0000-0000-0000-000000000000"))
    assert told.startswith("InvalidInput 400: ")
    parent = made(child)["Id"]
    assert refused(client.get_health_check_status, HealthCheckId=parent).startswith("InvalidInput 400: ")
    metrics = sandbox.client("cloudwatch")
    eventually(lambda: _values(metrics, "AWS/Route53", "HealthCheckStatus", HealthCheckId=parent) == {0.0})


def test_a_version_is_a_guard_and_limits_hold(client: Any, api: Served) -> None:
    check = _check(client, api)
    client.update_health_check(HealthCheckId=check, HealthCheckVersion=1, FailureThreshold=2)
    told = refused(client.update_health_check, HealthCheckId=check, HealthCheckVersion=1, Inverted=True)
    assert told.startswith("HealthCheckVersionMismatch 409: ")
    elsewhere = [EAST, WEST, "eu-central-1"]
    for wrong in ({"FailureThreshold": 11}, {"Regions": elsewhere}):
        assert refused(client.update_health_check, HealthCheckId=check, **wrong).startswith("InvalidInput 400")


def test_probes_are_in_no_metric_of_the_api(sandbox: Sandbox, client: Any) -> None:
    api = served(sandbox, body=definition("/ok"))
    check = _check(client, api)
    eventually(lambda: _statuses(client, check) == {"Success: HTTP Status Code 200, OK"})
    sandbox.get(f"/_aws/execute-api/{api.id}/live/ok")
    name = api.client.get_rest_api(restApiId=api.id)["name"]
    wanted = [{"Name": "ApiName", "Value": name}]
    metrics = sandbox.client("cloudwatch")
    eventually(lambda: bool(metrics.list_metrics(Namespace="AWS/ApiGateway", Dimensions=wanted)["Metrics"]))
    client.delete_health_check(HealthCheckId=check)
    assert _values(metrics, "AWS/ApiGateway", "Count", ApiName=name) == {1.0}
