"""Health checks: found by reference, asked at the region's own endpoint, replaced without a gap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from backendctl.aws.connection import Aws
from backendctl.aws.partitions import dns_suffix
from backendctl.engine.action import Action
from backendctl.errors import BackendctlError
from backendctl.resources.apigateway.api_reads import find_api
from backendctl.resources.apigateway.rest_api import RestApi
from backendctl.resources.route53.dns_refusals import with_dns
from backendctl.resources.route53.health_check import QUOTA, HealthCheck, prefix_of, probe_of
from backendctl.spec import domains, model
from tests.unit.resources.api_helpers import (
    DOMAIN,
    EAST,
    STAGE,
    WEST,
    Calls,
    carry_out,
    context,
    deploy,
    document,
    mocked,
    only,
    plan,
    spec,
)

CHECK = domains.HealthCheck(path="/v1/healthz")
FRONT = domains.DomainSpec(name=DOMAIN, zone="corkhounds.example", health_check=CHECK)
GIVEN = context(spec(regions=(EAST, WEST), domain=FRONT))
WANTED = only(HealthCheck, GIVEN)


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mocked() as connection:
        deploy(connection, *RestApi.desired(GIVEN))
        yield connection


def live(aws: Aws) -> list[Any]:
    return list(aws.route53().list_health_checks()["HealthChecks"])


def test_a_check_asks_the_api_itself_and_carries_its_mark_in_the_reference(aws: Aws) -> None:
    deploy(aws, WANTED)
    (check,) = live(aws)
    config = check["HealthCheckConfig"]
    assert config["FullyQualifiedDomainName"] == f"{find_api(aws, EAST, 'corkhounds')}.execute-api.{EAST}.amazonaws.com"
    assert (config["ResourcePath"], config["Type"], config["Port"]) == ("/prodv1/healthz", "HTTPS", 443)
    assert (config["RequestInterval"], config["FailureThreshold"]) == (30, 3)
    assert check["CallerReference"].startswith("backendctl/corkhounds/us-east-1/")


def test_each_region_has_its_own_and_sees_only_that(aws: Aws) -> None:
    deploy(aws, WANTED, only(HealthCheck, GIVEN, WEST))
    assert len(live(aws)) == 2
    aws.forget()
    assert [check.region for check in HealthCheck.owned(aws, WEST)] == [WEST]


def test_what_can_be_changed_is_changed_in_place(aws: Aws) -> None:
    deploy(aws, WANTED)
    (before,) = live(aws)
    deploy(aws, replace(WANTED, failures=5, probe="corkhounds/prodv1/other"))
    (after,) = live(aws)
    assert after["Id"] == before["Id"]
    assert (after["HealthCheckConfig"]["FailureThreshold"], after["HealthCheckConfig"]["ResourcePath"]) == (
        5,
        "/prodv1/other",
    )


def record(aws: Aws, check: str) -> str:
    zone = aws.route53().create_hosted_zone(Name="corkhounds.example", CallerReference="z")["HostedZone"]["Id"]
    change: Any = {
        "Action": "CREATE",
        "ResourceRecordSet": {
            "Name": DOMAIN,
            "Type": "A",
            "SetIdentifier": "corkhounds-us-east-1",
            "Region": EAST,
            "TTL": 60,
            "ResourceRecords": [{"Value": "192.0.2.1"}],
            "HealthCheckId": check,
        },
    }
    aws.route53().change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})
    return zone


def test_another_interval_is_another_check_and_the_record_moves_before_the_old_one_goes(aws: Aws) -> None:
    deploy(aws, WANTED)
    (old,) = live(aws)
    zone = record(aws, old["Id"])
    calls = Calls(aws.route53(), "route-53")
    deploy(aws, replace(WANTED, interval=10))
    (new,) = live(aws)
    assert new["Id"] != old["Id"]
    records = aws.route53().list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert [r["HealthCheckId"] for r in records if r["Type"] == "A"] == [new["Id"]]
    writes = [name for name in calls.names if not name.startswith(("Get", "List"))]
    assert writes == ["CreateHealthCheck", "ChangeResourceRecordSets", "DeleteHealthCheck"]


def test_a_replacement_killed_half_way_is_finished(aws: Aws) -> None:
    deploy(aws, WANTED)
    wanted = replace(WANTED, interval=10)
    aws.forget()
    wanted._make(aws, wanted._endpoint(aws))
    (change,) = plan(aws, [wanted], HealthCheck).changes
    assert [(f.field, f.before) for f in change.fields] == [("spares", 1)]
    carry_out(aws, change)
    (check,) = live(aws)
    assert check["HealthCheckConfig"]["RequestInterval"] == 10


def test_create_when_it_exists_by_now_makes_no_second(aws: Aws) -> None:
    aws.forget()
    WANTED.create(aws)
    WANTED.create(aws)
    assert len(live(aws)) == 1


def test_a_check_that_is_not_wanted_any_more_is_deleted_and_deleting_again_is_done(aws: Aws) -> None:
    deploy(aws, WANTED)
    (change,) = plan(aws, [], HealthCheck).changes
    assert (change.action, change.address) == (Action.DELETE, "us-east-1/health-check/corkhounds")
    carry_out(aws, change)
    carry_out(aws, change)
    assert live(aws) == []


def test_another_domain_keeps_the_check(aws: Aws) -> None:
    deploy(aws, WANTED)
    assert plan(aws, [replace(WANTED, guards=(("new.example", "new.example"),))], HealthCheck).changes == ()


def test_checks_of_others_are_not_ours(aws: Aws) -> None:
    config: Any = {"Type": "HTTPS", "FullyQualifiedDomainName": "x.example", "Port": 443}
    aws.route53().create_health_check(CallerReference="backendctl/corkhounds2/us-east-1/0", HealthCheckConfig=config)
    aws.route53().create_health_check(CallerReference="by hand", HealthCheckConfig=config)
    aws.forget()
    assert list(HealthCheck.owned(aws, EAST)) == []


def test_a_plan_asks_once_for_all_regions(aws: Aws) -> None:
    calls = Calls(aws.route53(), "route-53")
    plan(aws, list(HealthCheck.desired(GIVEN)), HealthCheck, regions=(EAST, WEST))
    assert calls.names == ["ListHealthChecks"]


def test_an_api_whose_own_endpoint_is_off_cannot_be_asked(aws: Aws) -> None:
    setting = {"x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": True}}
    off = {**document("/places"), "servers": [{"url": "/", **setting}]}
    deploy(aws, only(RestApi, context(spec(), definition=off)))
    with pytest.raises(BackendctlError, match="its own endpoint disabled"):
        WANTED.create(aws)


@pytest.mark.parametrize(
    ("path", "probe"),
    [
        ("/v1/healthz", "n/prodv1/healthz"),
        ("/v2/a/b", "n/two/a/b"),
        ("/healthz", "n/web/healthz"),
        ("/v1", "n/prodv1/"),
    ],
)
def test_the_stage_is_the_one_whose_path_begins_the_probe(path: str, probe: str) -> None:
    stages = (STAGE, replace(STAGE, name="two", path="v2"), replace(STAGE, name="web", path=""))
    api = replace(_api(), name="n", stages=stages)
    assert probe_of(api, path) == probe


def _api() -> model.Api:
    api = context().spec.api
    assert api is not None
    return api


def test_a_path_that_no_stage_serves_is_told() -> None:
    with pytest.raises(BackendctlError, match="no stage serves the health check's path /v9/x"):
        probe_of(_api(), "/v9/x")


def test_a_reference_has_at_most_64_characters() -> None:
    prefix = prefix_of("b" * 31, "ap-southeast-5")
    assert len(prefix) + 8 <= 64
    assert prefix != prefix_of("b" * 30, "ap-southeast-5")


def test_it_needs_the_stage_it_asks() -> None:
    assert WANTED.needs() == {"us-east-1/stage/prodv1"}


def test_partitions_have_their_own_suffix() -> None:
    assert (dns_suffix("aws"), dns_suffix("aws-cn")) == ("amazonaws.com", "amazonaws.com.cn")


def test_a_plan_says_that_the_account_has_no_room_for_its_health_checks(aws: Aws) -> None:
    planned = plan(aws, list(HealthCheck.desired(GIVEN)), HealthCheck, regions=(EAST, WEST))
    for count, told in ((QUOTA - 2, 0), (QUOTA - 1, 1)):
        aws.remember(("health-checks",), [{}] * count)
        remarks = with_dns(planned, GIVEN.spec, aws).remarks
        assert [f"has {count} health checks and this plan makes 2" in line for line in remarks] == [True] * told
