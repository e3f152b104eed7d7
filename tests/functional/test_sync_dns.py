"""`sync-dns` in two regions: another name beside the old one, other routings, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from backendctl.sandbox import process
from tests.functional.project import Project
from tests.functional.sandboxed import EAST, WEST, eventually

New = Callable[..., Project]


@pytest.fixture
def project(new_project: New) -> Project:
    made = new_project()
    made.deploy()
    return made


def _zone(project: Project) -> str:
    found = project.client("route53", EAST).list_hosted_zones_by_name(DNSName=f"{project.name}.example")
    identifier: str = found["HostedZones"][0]["Id"]
    return identifier


def _records(project: Project, name: str) -> list[Any]:
    listed = project.client("route53", EAST).list_resource_record_sets(HostedZoneId=_zone(project))
    return [record for record in listed["ResourceRecordSets"] if record["Name"] == f"{name}."]


def _sync(project: Project, *arguments: str, expect: int = 0) -> Any:
    return project.run("sync-dns", "-y", "-o", "json", *arguments, expect=expect)


def test_a_name_is_rotated_without_an_outage(project: Project) -> None:
    old, new = project.domain, f"new.{project.name}.example"
    project.spec["domains"] = [{"name": new, "zone": f"{project.name}.example"}]
    project.save()
    assert project.run("sync-dns", "--check", expect=2).code == 2
    summary = _sync(project).json["summary"]
    assert (summary["create"], summary["update"], summary["delete"]) == (8, 0, 0)
    for region in (EAST, WEST):
        assert project.get("/v1/one", region, host=new)[0] == project.get("/v1/one", region, host=old)[0] == 200
    front = project.spec["domain"]
    project.spec["domain"], project.spec["domains"] = {**front, "name": new}, []
    project.save()
    refused = _sync(project, expect=1)
    assert f"us-east-1/domain/{old} holds data or traffic" in refused.err
    assert project.get("/v1/one", EAST, host=old)[0] == 200
    _sync(project, "--allow-delete", f"domain/{old}")
    _sync(project, "--allow-delete", f"domain/{old}")  # as after a kill when the domain had gone
    assert _records(project, old) == []
    assert len(_records(project, new)) == 4
    assert all(record["HealthCheckId"] for record in _records(project, new))
    assert project.run("sync-dns", "--check").code == 0
    project.assert_nothing_to_do()


@pytest.mark.full
def test_routings_turn_into_each_other_and_into_the_same_again(project: Project) -> None:
    def turned(routing: str) -> list[str]:
        front = project.spec["domain"]
        front["routing"] = routing
        if routing == "simple":
            front.pop("health-check", None)
        project.save()
        _sync(project)
        assert project.run("sync-dns", "--check").code == 0
        kinds = ("Failover", "Region", "SetIdentifier")
        records = [one for one in _records(project, project.domain) if one["Type"] == "A"]
        return [next((str(one[kind]) for kind in kinds if kind in one), "simple") for one in records]

    assert turned("failover") == ["PRIMARY", "SECONDARY"]
    assert turned("simple") == ["simple"]
    assert turned("latency") == [EAST, WEST]


def test_a_zone_that_is_there_twice_or_not_at_all_is_a_sentence_and_nothing_is_touched(project: Project) -> None:
    client, zone = project.client("route53", EAST), f"{project.name}.example"
    first = _zone(project).rpartition("/")[2]
    second = client.create_hosted_zone(Name=zone, CallerReference="again")["HostedZone"]["Id"]
    before = json.dumps(client.list_resource_record_sets(HostedZoneId=first)["ResourceRecordSets"])
    project.spec["domain"]["ipv6"] = False
    project.save()
    refused = _sync(project, expect=1)
    assert f"there are 2 public hosted zones {zone}" in refused.err
    assert json.dumps(client.list_resource_record_sets(HostedZoneId=first)["ResourceRecordSets"]) == before
    project.spec["domain"]["zone"] = first
    project.save()
    _sync(project)
    assert {one["Type"] for one in _records(project, project.domain)} == {"A"}
    client.delete_hosted_zone(Id=second)
    project.spec["domain"]["zone"] = "Z00000000000000000000"
    project.save()
    refused = _sync(project, "--dry-run", expect=1)
    assert "there is no public hosted zone with the id Z00000000000000000000" in refused.err


@pytest.mark.full
def test_what_somebody_put_in_the_way_is_told_and_what_may_be_adopted_is(project: Project) -> None:
    name = f"new.{project.name}.example"
    project.spec["domains"] = [{"name": name, "zone": f"{project.name}.example"}]
    project.save()
    client = project.client("route53", EAST)
    weighted = {
        "Name": name,
        "Type": "A",
        "SetIdentifier": "w",
        "Weight": 1,
        "TTL": 60,
        "ResourceRecords": [{"Value": "192.0.2.1"}],
    }

    def put(action: str, record: dict[str, Any]) -> None:
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
        client.change_resource_record_sets(HostedZoneId=_zone(project), ChangeBatch=batch)

    put("CREATE", weighted)
    refused = _sync(project, "--adopt", expect=1)
    assert f"{name} has records that latency records cannot stand beside: weighted A → 192.0.2.1" in refused.err
    put("DELETE", weighted)
    simple = {key: value for key, value in weighted.items() if key not in {"SetIdentifier", "Weight"}}
    eventually(lambda: not _records(project, name))
    put("CREATE", simple)
    assert "exists and is not ours" in _sync(project, expect=1).err
    _sync(project, "--adopt")
    assert len(_records(project, name)) == 4


@pytest.mark.full
def test_a_certificate_half_way_is_finished_by_the_same_command(project: Project) -> None:
    name = f"new.{project.name}.example"
    project.spec["domains"] = [{"name": name, "zone": f"{project.name}.example"}]
    project.save()
    requested = project.client("acm", EAST).request_certificate(DomainName=name, ValidationMethod="DNS")
    fault = process.add_fault(
        project.port,
        process.default_data(project.port),
        {"effect": "error", "service": "acm", "operation": "RequestCertificate", "region": EAST},
    )
    try:
        _sync(project)
    finally:
        process.clear_faults(project.port, process.default_data(project.port), name=fault["id"])
    domain = project.client("apigateway", EAST).get_domain_name(domainName=name)
    assert domain["regionalCertificateArn"] == requested["CertificateArn"]
