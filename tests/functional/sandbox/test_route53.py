from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.sandboxed import EAST, WEST, eventually

if TYPE_CHECKING:
    from tests.functional.sandboxed import Sandbox

SIMPLE = {"Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}


class Zone:
    """A hosted zone of its own for one test."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.client = sandbox.client("route53")
        self.name = f"{uuid.uuid4().hex[:8]}.example"
        created = self.client.create_hosted_zone(Name=self.name, CallerReference=self.name)
        self.id: str = created["HostedZone"]["Id"]

    def simple(self, name: str = "api", **more: Any) -> dict[str, Any]:
        return {"Name": f"{name}.{self.name}", **SIMPLE, **more}

    def latency(self, region: str, **more: Any) -> dict[str, Any]:
        target = {
            "HostedZoneId": "Z1UJRXOUMOOFQ8",
            "DNSName": f"d-abc.execute-api.{region}.amazonaws.com",
            "EvaluateTargetHealth": True,
        }
        return {
            "Name": f"api.{self.name}",
            "Type": "A",
            "SetIdentifier": region,
            "Region": region,
            "AliasTarget": target,
            **more,
        }

    def change(self, *changes: tuple[str, dict[str, Any]]) -> str:
        batch = [{"Action": action, "ResourceRecordSet": record} for action, record in changes]
        made: list[str] = []

        def taken() -> bool:
            try:
                answer = self.client.change_resource_record_sets(HostedZoneId=self.id, ChangeBatch={"Changes": batch})
            except self.client.exceptions.PriorRequestNotComplete:
                return False  # the change before this one is still under way
            made.append(answer["ChangeInfo"]["Id"])
            return True

        eventually(taken)
        return made[0]

    def refused(self, *changes: tuple[str, dict[str, Any]]) -> str:
        with pytest.raises(ClientError) as caught:
            self.change(*changes)
        error = caught.value.response["Error"]
        return f"{error['Code']}: {error['Message']}"

    def records(self, kind: str = "A") -> list[str]:
        listed = self.client.list_resource_record_sets(HostedZoneId=self.id)["ResourceRecordSets"]
        return [one.get("SetIdentifier", "simple") for one in listed if one["Type"] == kind]


@pytest.fixture
def zone(sandbox: Sandbox) -> Zone:
    return Zone(sandbox)


def test_latency_records_do_not_stand_beside_a_simple_one(zone: Zone) -> None:
    zone.change(("CREATE", zone.simple()))
    refused = zone.refused(("UPSERT", zone.latency(EAST)))
    assert "cannot be created as a non-weighted set exists with the same name and type" in refused
    zone.change(("DELETE", zone.simple()), ("CREATE", zone.latency(EAST)), ("CREATE", zone.latency(WEST)))
    assert zone.records() == [EAST, WEST]
    assert "exists with the same name and type" in zone.refused(("UPSERT", zone.simple()))


def test_policies_do_not_mix(zone: Zone) -> None:
    zone.change(("CREATE", zone.latency(EAST)))
    weighted = zone.simple(SetIdentifier="w", Weight=1)
    assert "cannot be created" in zone.refused(("CREATE", weighted))


def test_a_region_has_one_latency_record(zone: Zone) -> None:
    zone.change(("CREATE", zone.latency(EAST)))
    assert "cannot be created" in zone.refused(("CREATE", zone.latency(EAST, SetIdentifier="other")))


def test_a_routed_record_needs_an_identifier_and_a_real_region(zone: Zone) -> None:
    nameless = {key: value for key, value in zone.latency(EAST).items() if key != "SetIdentifier"}
    assert "Missing field 'SetIdentifier'" in zone.refused(("CREATE", nameless))
    assert "'mars-1'" in zone.refused(("CREATE", zone.latency("mars-1")))


def test_an_alias_has_no_ttl(zone: Zone) -> None:
    assert "Expected exactly one of [AliasTarget" in zone.refused(("CREATE", zone.latency(EAST, TTL=60)))


def test_delete_matches_every_field(zone: Zone) -> None:
    zone.change(("CREATE", zone.simple()))
    assert "values provided do not match" in zone.refused(("DELETE", zone.simple(TTL=61)))
    assert "but it was not found" in zone.refused(("DELETE", zone.simple("other")))
    zone.change(("DELETE", zone.simple()))
    assert zone.records() == []


def test_create_refuses_what_exists(zone: Zone) -> None:
    zone.change(("CREATE", zone.simple()))
    refused = zone.refused(("CREATE", zone.simple()))
    assert f"[name='api.{zone.name}.', type='A'] but it already exists" in refused


def test_a_batch_is_all_or_nothing_and_tells_every_fault(zone: Zone) -> None:
    refused = zone.refused(
        ("CREATE", zone.simple("good")),
        ("DELETE", zone.simple("missing")),
        ("DELETE", zone.simple("gone")),
    )
    assert refused.count("was not found") == 2
    assert zone.records() == []


def test_a_cname_stands_alone_and_never_at_the_apex(zone: Zone) -> None:
    cname = {"Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "elsewhere.example"}]}
    zone.change(("CREATE", zone.simple()))
    assert "is not permitted as it conflicts" in zone.refused(("CREATE", {"Name": f"api.{zone.name}", **cname}))
    assert "not permitted at apex" in zone.refused(("CREATE", {"Name": zone.name, **cname}))


def test_a_record_lies_in_its_zone(zone: Zone) -> None:
    foreign = {"Name": "api.elsewhere.example", **SIMPLE}
    assert "is not permitted in zone" in zone.refused(("CREATE", foreign))


def test_a_star_is_listed_as_its_code_and_taken_either_way(zone: Zone) -> None:
    zone.change(("CREATE", zone.simple("*")))
    listed = zone.client.list_resource_record_sets(HostedZoneId=zone.id, StartRecordName=f"*.{zone.name}")
    assert listed["ResourceRecordSets"][0]["Name"] == f"\\052.{zone.name}."
    escaped = zone.client.list_resource_record_sets(HostedZoneId=zone.id, StartRecordName=f"\\052.{zone.name}")
    assert escaped["ResourceRecordSets"] == listed["ResourceRecordSets"]
    zone.change(("DELETE", listed["ResourceRecordSets"][0]))
    assert zone.records() == []


def test_names_are_the_same_in_any_case_and_without_the_last_dot(zone: Zone) -> None:
    zone.change(("CREATE", zone.simple()))
    zone.change(("DELETE", zone.simple(Name=f"API.{zone.name}")))
    assert zone.records() == []


def test_a_change_is_pending_then_in_sync(zone: Zone) -> None:
    change = zone.change(("CREATE", zone.simple()))
    assert zone.client.get_change(Id=change)["ChangeInfo"]["Status"] == "PENDING"
    eventually(lambda: zone.client.get_change(Id=change)["ChangeInfo"]["Status"] == "INSYNC")


def _check(client: Any, reference: str, **more: Any) -> dict[str, Any]:
    config = {"Type": "HTTPS", "FullyQualifiedDomainName": "api.example", "ResourcePath": "/healthz", **more}
    made: dict[str, Any] = client.create_health_check(CallerReference=reference, HealthCheckConfig=config)[
        "HealthCheck"
    ]
    return made


def test_a_health_check_shows_its_defaults(sandbox: Sandbox) -> None:
    config = _check(sandbox.client("route53"), "defaults")["HealthCheckConfig"]
    defaults = {
        "Port": 443,
        "RequestInterval": 30,
        "FailureThreshold": 3,
        "MeasureLatency": False,
        "Inverted": False,
        "Disabled": False,
        "EnableSNI": True,
    }
    assert {key: config.get(key) for key in defaults} == defaults


def test_a_caller_reference_is_good_for_one_health_check(sandbox: Sandbox) -> None:
    client = sandbox.client("route53")
    first = _check(client, "once")["Id"]
    assert _check(client, "once")["Id"] == first
    with pytest.raises(client.exceptions.HealthCheckAlreadyExists):
        _check(client, "once", ResourcePath="/other")
    client.delete_health_check(HealthCheckId=first)
    with pytest.raises(client.exceptions.HealthCheckAlreadyExists):
        _check(client, "once")


def test_a_record_names_a_health_check_which_exists(zone: Zone) -> None:
    nowhere = "00000000-0000-0000-0000-000000000000"
    assert "NoSuchHealthCheck" in zone.refused(("CREATE", zone.latency(EAST, HealthCheckId=nowhere)))


def test_tags_of_many_health_checks_come_at_once(sandbox: Sandbox) -> None:
    client = sandbox.client("route53")
    checks = [_check(client, f"tagged-{number}")["Id"] for number in range(2)]
    for check in checks:
        client.change_tags_for_resource(
            ResourceType="healthcheck", ResourceId=check, AddTags=[{"Key": "of", "Value": check}]
        )
    sets = client.list_tags_for_resources(ResourceType="healthcheck", ResourceIds=checks)["ResourceTagSets"]
    assert [one["Tags"] for one in sets] == [[{"Key": "of", "Value": check}] for check in checks]
