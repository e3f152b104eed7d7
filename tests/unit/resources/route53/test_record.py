"""Latency records: one per region under one name, changed in one batch, others' never touched unasked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from graphlib import TopologicalSorter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from backendctl.aws.connection import Aws
from backendctl.aws.errors import ClientError
from backendctl.aws.progress import reporting_to
from backendctl.engine.action import Action
from backendctl.engine.graph import edges
from backendctl.engine.plan import Change
from backendctl.errors import BackendctlError
from backendctl.resources.apigateway.rest_api import RestApi
from backendctl.resources.route53 import dns
from backendctl.resources.route53.dns_refusals import refused_records, with_dns
from backendctl.resources.route53.health_check import HealthCheck, own_checks
from backendctl.resources.route53.record import Record
from backendctl.resources.route53.record_changes import PRIMARY, SECONDARY
from backendctl.spec import domains, model
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
)
from tests.unit.resources.api_helpers import (
    context as world,
)

REGIONS = (EAST, WEST)
FRONT = domains.DomainSpec(
    name=DOMAIN, zone="corkhounds.example", health_check=domains.HealthCheck(path="/v1/healthz"), ipv6=True
)
KEY = model.Key(hash=model.Attribute(name="id", type="S"))
TABLE = model.TableSpec(name="places", physical="corkhounds-places", key=KEY, regions=REGIONS)
GIVEN = world(spec(regions=REGIONS, domain=FRONT, tables=(TABLE,)))
BOTH = tuple(Record.desired(GIVEN))
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


def test_a_record_of_somebody_elses_beside_ours_can_be_adopted_too(aws: Aws) -> None:
    deploy(aws, replace(WANTED, types=("A",)))
    put(aws, {**SIMPLE, "Type": "AAAA", "ResourceRecords": [{"Value": "2001:db8::1"}]})
    (change,) = plan(aws, [WANTED], Record).changes
    assert change.foreign
    carry_out(aws, change)
    assert {(record["Type"], record["SetIdentifier"]) for record in live(aws)} == {
        ("A", "corkhounds-us-east-1"),
        ("AAAA", "corkhounds-us-east-1"),
    }


def test_a_cname_in_the_way_is_foreign_and_replaced_in_one_batch_when_adopted(aws: Aws) -> None:
    put(aws, {**SIMPLE, "Type": "CNAME", "ResourceRecords": [{"Value": "else.example."}]})
    (change,) = plan(aws, [WANTED], Record).changes
    assert change.foreign
    assert refusals(aws) == ()
    carry_out(aws, change)
    assert {record["Type"] for record in live(aws)} == {"A", "AAAA"}


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


def test_a_missing_zone_has_no_records_and_says_so_before_any_call(aws: Aws) -> None:
    wanted = replace(WANTED, zone="other.example")
    found = plan(aws, [wanted], Record)
    assert [change.action for change in found.changes] == [Action.CREATE]
    (told,) = refused_records(found.changes, aws)
    assert told.startswith(f"{DOMAIN}: there is no public hosted zone other.example in this account")
    with pytest.raises(BackendctlError, match=r"no public hosted zone other\.example in this account$") as caught:
        wanted.create(aws)
    assert caught.value.hint.startswith("make it and point the registrar at its name servers")


def test_of_two_zones_of_one_name_the_id_says_which(aws: Aws) -> None:
    first = zone(aws).rpartition("/")[2]
    second = aws.route53().create_hosted_zone(Name="corkhounds.example", CallerReference="again")["HostedZone"]["Id"]
    aws.forget()
    (told,) = refused_records(plan(aws, [WANTED], Record).changes, aws)
    assert "there are 2 public hosted zones corkhounds.example" in told
    assert all(one in told for one in (first, second.rpartition("/")[2]))
    by_id = replace(WANTED, zone=first)
    assert refused_records(plan(aws, [by_id], Record).changes, aws) == ()
    deploy(aws, by_id)
    assert len(live(aws)) == 2


def test_a_private_zone_is_none(aws: Aws) -> None:
    aws.route53().create_hosted_zone(
        Name="inside.example",
        CallerReference="p",
        VPC={"VPCRegion": "us-east-1", "VPCId": "vpc-1"},
        HostedZoneConfig={"PrivateZone": True},
    )
    aws.forget()
    assert dns.zones_named(aws, "inside.example") == []


def refusals(aws: Aws, wanted: Record = WANTED) -> tuple[str, ...]:
    aws.forget()
    return refused_records(plan(aws, [wanted], Record).changes, aws)


def test_a_weighted_record_is_told_before_any_call(aws: Aws) -> None:
    put(aws, {**SIMPLE, "SetIdentifier": "w", "Weight": 1})
    (told,) = refusals(aws)
    assert told == (
        f"{DOMAIN} has records that latency records cannot stand beside: weighted A → 192.0.2.1; remove them from the "
        "zone first"
    )


def test_a_simple_record_is_no_refusal_for_it_can_be_adopted(aws: Aws) -> None:
    put(aws, SIMPLE)
    assert refusals(aws) == ()


def test_a_zone_that_delegates_the_name_is_told(aws: Aws) -> None:
    put(aws, {"Name": DOMAIN, "Type": "NS", "TTL": 60, "ResourceRecords": [{"Value": "ns.elsewhere.example."}]})
    (told,) = refusals(aws)
    assert told == (
        f"corkhounds.example delegates {DOMAIN} to ns.elsewhere.example., so that a record {DOMAIN} in it is never "
        f"asked: name the zone {DOMAIN}"
    )


def test_a_name_outside_the_zone_of_an_id_is_told(aws: Aws) -> None:
    (told,) = refusals(aws, replace(WANTED, name="api.else.example", zone=zone(aws).rpartition("/")[2]))
    assert told.startswith("api.else.example is not inside the zone corkhounds.example")


def test_a_region_without_latency_records_is_told(aws: Aws) -> None:
    given = replace(WANTED, region="mars-north-1")
    (told,) = refused_records([Change(action=Action.CREATE, desired=given, live=None)], aws)
    assert told.startswith("Route 53 has no latency records for mars-north-1")


def routed(routing: str) -> list[Record]:
    front = replace(FRONT, routing=routing, health_check=FRONT.health_check if routing != "simple" else None)
    return list(Record.desired(world(spec(regions=REGIONS, domain=front))))


def test_failover_has_a_primary_and_a_secondary(aws: Aws) -> None:
    deploy(aws, *routed("failover"))
    assert sorted((r["Failover"], r["SetIdentifier"], r["Type"]) for r in live(aws)) == [
        ("PRIMARY", "corkhounds-us-east-1", "A"),
        ("PRIMARY", "corkhounds-us-east-1", "AAAA"),
        ("SECONDARY", "corkhounds-us-west-2", "A"),
        ("SECONDARY", "corkhounds-us-west-2", "AAAA"),
    ]
    assert all(record["HealthCheckId"] for record in live(aws))


def test_a_simple_record_is_the_primarys_alone_and_ours(aws: Aws) -> None:
    deploy(aws, *routed("simple"))
    assert sorted((r["Type"], r.get("SetIdentifier")) for r in live(aws)) == [("A", None), ("AAAA", None)]
    aws.forget()
    assert [one.routing for one in Record.owned(aws, EAST)] == ["simple"]
    assert list(Record.owned(aws, WEST)) == []
    (found,) = Record.owned(aws, EAST)
    found.delete(aws)
    assert live(aws) == []


@pytest.mark.parametrize("before", ["latency", "failover", "simple"])
@pytest.mark.parametrize("after", ["latency", "failover", "simple"])
def test_a_routing_turns_into_another_without_being_adopted(aws: Aws, before: str, after: str) -> None:
    deploy(aws, *routed(before))
    aws.forget()
    changes = plan(aws, routed(after), Record, regions=REGIONS).changes
    assert not any(change.foreign for change in changes)
    for change in changes:
        carry_out(aws, change)
    aws.forget()
    assert plan(aws, routed(after), Record, regions=REGIONS).changes == ()
    assert {dns.routing_of(record) for record in live(aws)} == {after}


def test_a_new_primary_takes_over_in_one_batch_with_the_old_one(aws: Aws) -> None:
    deploy(aws, *routed("failover"))
    aws.forget()
    east, west = routed("failover")
    turned = [replace(east, routing=SECONDARY), replace(west, routing=PRIMARY)]
    for change in plan(aws, turned, Record, regions=REGIONS).changes:
        carry_out(aws, change)
    assert {r["Region"] if "Region" in r else (r["SetIdentifier"], r["Failover"]) for r in live(aws)} == {
        ("corkhounds-us-east-1", "SECONDARY"),
        ("corkhounds-us-west-2", "PRIMARY"),
    }


def routed_from(*regions: str) -> tuple[model.Spec, list[Record]]:
    """The spec with a simple record, the primary first, and the records that it wants."""
    given = spec(regions=regions, domain=replace(FRONT, routing="simple", health_check=None))
    return given, list(Record.desired(world(given)))


@pytest.mark.parametrize("done", [False, True])
def test_with_a_simple_record_a_new_primary_takes_over_and_the_name_answers_at_every_moment(
    aws: Aws, *, done: bool
) -> None:
    deploy(aws, *routed("simple"))
    _, wanted = routed_from(WEST, EAST)
    found = plan(aws, wanted, Record, regions=(WEST, EAST)).changes
    order = list(TopologicalSorter(edges(found, ("record",))).static_order())
    assert order == [f"us-west-2/record/{DOMAIN}", f"us-east-1/record/{DOMAIN}"]
    by_address = {change.address: change for change in found}
    carry_out(aws, by_address[order[0]])
    target = aws.apigateway(WEST).get_domain_name(domainName=DOMAIN)["regionalDomainName"]
    assert {dns.points_at(record) for record in live(aws)} == {target}
    if done:  # killed after the first, a second plan no longer knows the record that is gone
        assert plan(aws, wanted, Record, regions=(WEST, EAST)).changes == ()
    told: list[str] = []
    with reporting_to(told.append):
        carry_out(aws, by_address[order[1]])
    assert {(dns.points_at(record), record["Type"]) for record in live(aws)} == {(target, "A"), (target, "AAAA")}
    assert "waiting 60 s until resolvers have forgotten" in told[-1]


def test_a_plan_for_some_regions_that_would_leave_a_name_without_any_record_is_refused(aws: Aws) -> None:
    deploy(aws, *routed("simple"))
    given, wanted = routed_from(WEST, EAST)
    alone = plan(aws, [], Record)
    assert [(change.action, change.region) for change in alone.changes] == [(Action.DELETE, EAST)]
    (told,) = with_dns(alone, given.narrowed((EAST,)), aws).refusals
    assert told.startswith(f"{DOMAIN} would have no record left: this plan takes away that of us-east-1")
    assert with_dns(plan(aws, wanted, Record, regions=(WEST, EAST)), given, aws).refusals == ()
    assert with_dns(alone, replace(given, domain=None), aws).refusals == ()
    elsewhere = replace(given, domain=replace(FRONT, zone=None))
    (told,) = with_dns(alone, elsewhere, aws).refusals
    assert "for the spec names no zone for it any more" in told
    deploy(aws, *routed("latency"))
    assert with_dns(plan(aws, [], Record), given.narrowed((EAST,)), aws).refusals == ()


def test_all_regions_are_one_batch(aws: Aws) -> None:
    put(aws, SIMPLE)
    changes = plan(aws, list(Record.desired(GIVEN)), Record, regions=REGIONS).changes
    calls = Calls(aws.route53(), "route-53")
    together = threading.Barrier(len(changes))

    def wait_for_all(_: float) -> None:
        together.wait()

    aws.sleep = wait_for_all  # the window ends when all are in it
    with ThreadPoolExecutor(len(changes)) as pool:
        list(pool.map(lambda change: carry_out(aws, change), changes))
    (sent,) = calls.of("ChangeResourceRecordSets")
    assert [c["Action"] for c in sent["ChangeBatch"]["Changes"]] == ["DELETE", *["CREATE"] * 4]
    assert len(live(aws)) == 4


def test_names_are_read_as_people_write_them() -> None:
    assert dns.plain_name(r"\052.CorkHounds.example.") == "*.corkhounds.example"


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
        assert (found.name, found.zone) == (DOMAIN, zone(aws).rpartition("/")[2])
        found.delete(aws)
    assert live(aws) == []


def _denied(aws: Aws, zone_id: str) -> None:
    """From now on the records of that zone may not be listed."""

    def refuse(*, params: dict[str, Any], **_: Any) -> tuple[Any, Any] | None:
        if zone_id.rpartition("/")[2] not in params["url_path"]:
            return None
        error = {"Error": {"Code": "AccessDenied", "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
        return SimpleNamespace(status_code=403, headers={}), error

    hook: Any = refuse
    aws.route53().meta.events.register("before-call.route-53.ListResourceRecordSets", hook)
    aws.forget()


def test_a_zone_of_others_that_may_not_be_read_holds_nothing_of_ours(aws: Aws) -> None:
    deploy(aws, *Record.desired(GIVEN))
    _denied(aws, aws.route53().create_hosted_zone(Name="other.example", CallerReference="o")["HostedZone"]["Id"])
    assert [found.name for found in Record.owned(aws, EAST)] == [DOMAIN]


def test_a_parent_of_the_zone_of_our_domain_need_not_be_readable(aws: Aws) -> None:
    deploy(aws, *Record.desired(GIVEN))
    _denied(aws, aws.route53().create_hosted_zone(Name="example", CallerReference="p")["HostedZone"]["Id"])
    assert [found.name for found in Record.owned(aws, EAST)] == [DOMAIN]


def test_a_zone_of_our_domain_that_may_not_be_read_is_no_empty_one(aws: Aws) -> None:
    deploy(aws, *Record.desired(GIVEN))
    _denied(aws, zone(aws))
    with pytest.raises(ClientError, match="AccessDenied"):
        list(Record.owned(aws, EAST))


def test_a_strangers_record_of_the_same_identifier_is_not_ours(aws: Aws) -> None:
    aws.route53().create_hosted_zone(Name="other.example", CallerReference="o")
    record = {**SIMPLE, "Name": "www.corkhounds.example.", "SetIdentifier": "corkhounds-us-east-1", "Region": EAST}
    put(aws, record)
    aws.forget()
    assert list(Record.owned(aws, EAST)) == []


def test_records_in_a_zone_that_the_spec_names_no_more_go_once_the_new_one_has_them(aws: Aws) -> None:
    deploy(aws, *BOTH)
    before = zone(aws)
    aws.route53().create_hosted_zone(Name=DOMAIN, CallerReference="new")
    moved = [replace(record, zone=DOMAIN) for record in BOTH]
    aws.spec_zones = {DOMAIN: DOMAIN}
    given = replace(GIVEN.spec, domain=replace(FRONT, zone=DOMAIN))

    def planned() -> Any:
        aws.forget()
        return with_dns(plan(aws, moved, Record, regions=REGIONS), given, aws)

    first = planned()
    assert [change.action for change in first.changes] == [Action.CREATE, Action.CREATE]
    assert any(f"in the hosted zone {before.rpartition('/')[2]}" in line and "stay" in line for line in first.remarks)
    assert first.refusals == ()
    for change in first.changes:
        carry_out(aws, change)
    assert len(addresses(aws, before)) == 4
    second = planned()
    assert {change.action for change in second.changes} == {Action.DELETE}
    assert len(second.changes) == len(REGIONS)
    for change in second.changes:
        carry_out(aws, change)
    assert addresses(aws, before) == []
    assert planned().changes == ()
    assert planned().remarks == ()


def test_without_the_domain_ours_go_from_every_zone(aws: Aws) -> None:
    deploy(aws, *BOTH)
    aws.route53().create_hosted_zone(Name=DOMAIN, CallerReference="new")
    deploy(aws, *(replace(record, zone=DOMAIN) for record in BOTH))
    aws.forget()
    gone = plan(aws, [], Record, regions=REGIONS).changes
    assert len({change.address for change in gone}) == 2 * len(REGIONS)
    for change in gone:
        carry_out(aws, change)
    zones = aws.route53().list_hosted_zones()["HostedZones"]
    assert [addresses(aws, one["Id"]) for one in zones] == [[], []]


def addresses(aws: Aws, zone_id: str) -> list[Any]:
    found = aws.route53().list_resource_record_sets(HostedZoneId=zone_id)["ResourceRecordSets"]
    return [record for record in found if record["Type"] in dns.ADDRESSES]
