"""Latency records: one per region under one name, changed in one batch, others' never touched unasked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from backendctl.aws.connection import Aws
from backendctl.engine.plan import Action
from backendctl.errors import BackendctlError
from backendctl.resources import dns
from backendctl.resources.health_check import HealthCheck, own_checks
from backendctl.resources.latency import batch
from backendctl.resources.record import Record
from backendctl.resources.rest_api import RestApi
from backendctl.spec import model
from tests.unit.resources.api_helpers import (
    DOMAIN,
    EAST,
    WEST,
    Backplane,
    Calls,
    carry_out,
    deploy,
    mocked,
    only,
    plan,
    spec,
    world,
)

REGIONS = (EAST, WEST)
FRONT = model.Domain(
    name=DOMAIN, zone="corkhounds.example", health_check=model.HealthCheck(path="/v1/healthz"), ipv6=True
)
KEY = model.Key(hash=model.Attribute(name="id", type="S"))
TABLE = model.Table(name="places", physical="corkhounds-places", key=KEY, regions=REGIONS)
GIVEN = world(spec(regions=REGIONS, domain=FRONT, tables=(TABLE,)))
WANTED = only(Record, GIVEN)
SIMPLE: Any = {"Name": f"{DOMAIN}.", "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "192.0.2.1"}]}


@pytest.fixture
def aws() -> Iterator[Aws]:
    backplane = Backplane()
    with mocked(backplane) as connection:
        connection.route53().create_hosted_zone(Name="corkhounds.example", CallerReference="z")
        for region in REGIONS:
            arn = f"arn:aws:acm:{region}:123456789012:certificate/1"
            backplane.certificates[arn] = {"Status": "ISSUED", "DomainName": DOMAIN}
            connection.apigateway(region).create_domain_name(
                domainName=DOMAIN,
                regionalCertificateArn=arn,
                endpointConfiguration={"types": ["REGIONAL"]},
                tags={"backendctl:backend": "corkhounds"},
            )
        deploy(connection, *RestApi.desired(GIVEN), *HealthCheck.desired(GIVEN))
        yield connection


def zone(aws: Aws) -> str:
    return aws.route53().list_hosted_zones()["HostedZones"][0]["Id"]


def live(aws: Aws) -> list[Any]:
    found = aws.route53().list_resource_record_sets(HostedZoneId=zone(aws))["ResourceRecordSets"]
    return [record for record in found if dns.plain_name(record["Name"]) == DOMAIN]


def put(aws: Aws, record: Any) -> None:
    change: Any = {"Action": "CREATE", "ResourceRecordSet": record}
    aws.route53().change_resource_record_sets(HostedZoneId=zone(aws), ChangeBatch={"Changes": [change]})


def test_both_types_lead_to_the_regional_domain_guarded_by_the_check(aws: Aws) -> None:
    deploy(aws, WANTED)
    domain = aws.apigateway(EAST).get_domain_name(domainName=DOMAIN)
    check = own_checks(aws, EAST)[0]["Id"]
    assert {record["Type"] for record in live(aws)} == {"A", "AAAA"}
    for record in live(aws):
        assert (record["SetIdentifier"], record["Region"]) == ("corkhounds-us-east-1", EAST)
        assert dns.plain_name(record["AliasTarget"]["DNSName"]) == domain["regionalDomainName"]
        assert record["AliasTarget"]["HostedZoneId"] == domain["regionalHostedZoneId"]
        assert record["AliasTarget"]["EvaluateTargetHealth"]
        assert record["HealthCheckId"] == check
        assert "TTL" not in record


def test_both_types_are_one_batch_and_regions_share_the_reads(aws: Aws) -> None:
    calls = Calls(aws.route53(), "route-53")
    aws.forget()
    WANTED.create(aws)
    (change,) = calls.of("ChangeResourceRecordSets")
    assert [c["Action"] for c in change["ChangeBatch"]["Changes"]] == ["CREATE", "CREATE"]
    calls.names.clear()
    plan(aws, list(Record.desired(GIVEN)), Record, regions=REGIONS)
    assert sorted(calls.names) == ["ListHealthChecks", "ListHostedZones", "ListResourceRecordSets"]


def test_regions_stand_side_by_side(aws: Aws) -> None:
    deploy(aws, *Record.desired(GIVEN))
    assert sorted((r["Region"], r["Type"]) for r in live(aws)) == [
        (EAST, "A"),
        (EAST, "AAAA"),
        (WEST, "A"),
        (WEST, "AAAA"),
    ]


def test_what_differs_is_told_and_brought_back(aws: Aws) -> None:
    deploy(aws, WANTED)
    (record, _) = live(aws)
    record["AliasTarget"]["DNSName"] = "elsewhere.example."
    del record["HealthCheckId"]
    change: Any = {"Action": "UPSERT", "ResourceRecordSet": record}
    aws.route53().change_resource_record_sets(HostedZoneId=zone(aws), ChangeBatch={"Changes": [change]})
    (found,) = plan(aws, [WANTED], Record).changes
    assert [(f.field, f.before) for f in found.fields] == [
        ("target", f"{DOMAIN} in us-east-1 / elsewhere.example"),
        ("health", "none / own"),
    ]
    deploy(aws, WANTED)


def test_ipv6_can_be_taken_back(aws: Aws) -> None:
    deploy(aws, WANTED)
    deploy(aws, replace(WANTED, types=("A",)))
    assert [record["Type"] for record in live(aws)] == ["A"]


def test_a_simple_record_is_foreign_and_replaced_in_one_batch_when_adopted(aws: Aws) -> None:
    put(aws, SIMPLE)
    (change,) = plan(aws, [WANTED], Record).changes
    assert change.foreign
    assert {f.field: f.before for f in change.fields}["routing"] == "simple"
    calls = Calls(aws.route53(), "route-53")
    carry_out(aws, change)
    (sent,) = calls.of("ChangeResourceRecordSets")
    assert [c["Action"] for c in sent["ChangeBatch"]["Changes"]] == ["DELETE", "CREATE", "CREATE"]
    assert plan(aws, [WANTED], Record).changes == ()


def test_the_second_region_adopts_what_the_first_has_converted(aws: Aws) -> None:
    put(aws, SIMPLE)
    changes = plan(aws, list(Record.desired(GIVEN)), Record, regions=REGIONS).changes
    for change in changes:
        carry_out(aws, change)
    assert len(live(aws)) == 4


def test_create_does_not_replace_what_appeared_since_the_plan(aws: Aws) -> None:
    put(aws, SIMPLE)
    aws.forget()
    with pytest.raises(BackendctlError, match=r"simple A → 192\.0\.2\.1"):
        WANTED.create(aws)


def test_deletion_is_verbatim_and_again_is_done(aws: Aws) -> None:
    deploy(aws, *Record.desired(GIVEN))
    (change,) = plan(aws, [WANTED], Record, regions=REGIONS).changes
    assert (change.action, change.region) == (Action.DELETE, WEST)
    carry_out(aws, change)
    carry_out(aws, change)
    assert {record["Region"] for record in live(aws)} == {EAST}


def test_a_missing_zone_is_a_sentence(aws: Aws) -> None:
    with pytest.raises(BackendctlError, match=r"no public hosted zone 'other\.example'"):
        Record.read(aws, replace(WANTED, zone="other.example"))


def test_the_longest_public_zone_is_taken(aws: Aws) -> None:
    aws.route53().create_hosted_zone(Name=f"{DOMAIN}.", CallerReference="y")
    aws.route53().create_hosted_zone(Name="pi.corkhounds.example.", CallerReference="x")
    aws.route53().create_hosted_zone(
        Name=f"v1.{DOMAIN}.",
        CallerReference="p",
        VPC={"VPCRegion": "us-east-1", "VPCId": "vpc-1"},
        HostedZoneConfig={"PrivateZone": True},
    )
    aws.forget()
    assert dns.zone_of(aws, f"v1.{DOMAIN}") == DOMAIN
    assert dns.zone_of(aws, "www.corkhounds.example") == "corkhounds.example"
    assert dns.zone_of(aws, "else.example") is None


def test_names_are_read_as_people_write_them() -> None:
    assert dns.plain_name(r"\052.CorkHounds.example.") == "*.corkhounds.example"


def latency(region: str, identifier: str, kind: str = "A") -> Any:
    return {"Name": f"{DOMAIN}.", "Type": kind, "Region": region, "SetIdentifier": identifier, "TTL": 1}


def changes(found: list[Any], *, adopt: bool, types: tuple[str, ...] = ("A",)) -> list[tuple[str, str]]:
    wanted = [latency(EAST, "corkhounds-us-east-1", kind) for kind in types]
    made = batch(wanted, found, name=DOMAIN, region=EAST, types=types, backend="corkhounds", adopt=adopt)
    return [(c["Action"], c["ResourceRecordSet"].get("SetIdentifier", c["ResourceRecordSet"]["Type"])) for c in made]


def test_other_regions_and_other_types_are_not_in_the_way() -> None:
    text: Any = {"Name": DOMAIN, "Type": "TXT", "TTL": 1}
    found = [latency(WEST, "corkhounds-us-west-2"), latency("eu-west-1", "somebody"), text]
    assert changes(found, adopt=False) == [("CREATE", "corkhounds-us-east-1")]


def test_a_latency_record_of_our_region_under_another_name_is_replaced_only_when_adopted() -> None:
    found = [latency(EAST, "somebody")]
    with pytest.raises(BackendctlError, match="cannot stand beside"):
        changes(found, adopt=False)
    assert changes(found, adopt=True) == [("DELETE", "somebody"), ("CREATE", "corkhounds-us-east-1")]


def test_a_cname_goes_when_adopted() -> None:
    assert changes([{**SIMPLE, "Type": "CNAME"}], adopt=True)[0] == ("DELETE", "CNAME")


def test_a_weighted_set_is_never_replaced() -> None:
    weighted = {**SIMPLE, "SetIdentifier": "w", "Weight": 1}
    with pytest.raises(BackendctlError, match="weighted A"):
        changes([weighted], adopt=True)


def test_ours_is_upserted() -> None:
    assert changes([latency(EAST, "corkhounds-us-east-1")], adopt=False) == [("UPSERT", "corkhounds-us-east-1")]


def test_dns_comes_after_everything_a_request_needs() -> None:
    east, west = Record.desired(GIVEN)
    assert east.needs() == {
        f"us-east-1/domain/{DOMAIN}",
        f"us-east-1/mapping/{DOMAIN}/v1",
        "us-east-1/health-check/corkhounds",
        "us-east-1/table/places",
    }
    assert "us-west-2/replica/places" in west.needs()


def test_without_a_zone_dns_is_left_alone() -> None:
    given = model.Spec(
        backend="corkhounds",
        file=Path("c.yaml"),
        regions=(EAST,),
        functions={EAST: ()},
        domain=replace(FRONT, zone=None),
    )
    assert list(Record.desired(replace(GIVEN, spec=given))) == []


def test_the_records_of_a_domain_that_somebody_deleted_are_found_and_go(aws: Aws) -> None:
    deploy(aws, *Record.desired(GIVEN))
    for region in REGIONS:
        aws.apigateway(region).delete_domain_name(domainName=DOMAIN)
    aws.forget()
    for region in REGIONS:
        (found,) = Record.owned(aws, region)
        assert (found.name, found.zone) == (DOMAIN, "corkhounds.example")
        found.delete(aws)
    assert live(aws) == []


def test_a_zone_that_may_not_be_read_holds_nothing_of_ours(aws: Aws) -> None:
    deploy(aws, *Record.desired(GIVEN))
    other = aws.route53().create_hosted_zone(Name="other.example", CallerReference="o")["HostedZone"]["Id"]

    def refuse(*, params: dict[str, Any], **_: Any) -> tuple[Any, Any] | None:
        if other.rpartition("/")[2] not in params["url_path"]:
            return None
        error = {"Error": {"Code": "AccessDenied", "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
        return SimpleNamespace(status_code=403, headers={}), error

    hook: Any = refuse
    aws.route53().meta.events.register("before-call.route-53.ListResourceRecordSets", hook)
    aws.forget()
    assert [found.name for found in Record.owned(aws, EAST)] == [DOMAIN]


def test_a_strangers_record_of_the_same_identifier_is_not_ours(aws: Aws) -> None:
    aws.route53().create_hosted_zone(Name="other.example", CallerReference="o")
    record = {**SIMPLE, "Name": "www.corkhounds.example.", "SetIdentifier": "corkhounds-us-east-1", "Region": EAST}
    put(aws, record)
    aws.forget()
    assert list(Record.owned(aws, EAST)) == []
