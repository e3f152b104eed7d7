"""Rows 24 and 25 of what emulators let through: EventBridge and Route 53. The sandbox refuses it as AWS does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.refusals import refused, unique
from tests.functional.sandboxed import ACCOUNT, EAST, WEST, eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.functional.sandboxed import Sandbox

ALIAS = f"arn:aws:lambda:{EAST}:{ACCOUNT}:function:places:live"
Change = tuple[str, dict[str, Any]]


def rule(sandbox: Sandbox, **more: Any) -> str:
    """A rule that runs every five minutes."""
    name = unique("rule")
    sandbox.client("events").put_rule(Name=name, ScheduleExpression="rate(5 minutes)", **more)
    return name


def targets(*names: str) -> list[dict[str, str]]:
    """Targets of these ids."""
    return [{"Id": name, "Arn": ALIAS} for name in names]


def test_row_24_a_rule_that_is_put_again_is_switched_on_again(sandbox: Sandbox) -> None:
    name, client = rule(sandbox, State="DISABLED", Description="warms"), sandbox.client("events")
    client.put_rule(Name=name, ScheduleExpression="rate(1 hour)")
    now = client.describe_rule(Name=name)
    assert (now["State"], now.get("Description") or "") == ("ENABLED", "")


def test_row_24_a_rule_has_five_targets(sandbox: Sandbox) -> None:
    name, client = rule(sandbox), sandbox.client("events")
    client.put_targets(Rule=name, Targets=targets(*"abcde"))
    full = "LimitExceededException 400: The requested resource exceeds the maximum number allowed."
    assert refused(client.put_targets, Rule=name, Targets=targets("f")) == full


def test_row_24_what_failed_is_in_an_answer_of_200(sandbox: Sandbox) -> None:
    name, client = rule(sandbox), sandbox.client("events")
    client.put_targets(Rule=name, Targets=targets("a"))
    answer = client.remove_targets(Rule=name, Ids=["a", "nosuch"])
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert {"FailedEntryCount", "FailedEntries"} <= answer.keys()
    assert answer["FailedEntryCount"] == len(answer["FailedEntries"])


def test_row_24_a_rule_is_deleted_when_it_is_empty(sandbox: Sandbox) -> None:
    name, client = rule(sandbox), sandbox.client("events")
    client.put_targets(Rule=name, Targets=targets("a"))
    told = refused(client.delete_rule, Name=name)
    assert told == "ValidationException 400: Rule can't be deleted since it has targets."
    client.remove_targets(Rule=name, Ids=["a"])
    client.delete_rule(Name=name)


class Zone:
    """A hosted zone of its own."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.client = sandbox.client("route53")
        self.name = f"{unique('zone')}.example"
        made = self.client.create_hosted_zone(Name=self.name, CallerReference=self.name)
        self.id: str = made["HostedZone"]["Id"]

    def simple(self, **more: Any) -> dict[str, Any]:
        values = [{"Value": "192.0.2.1"}]
        return {"Name": f"api.{self.name}", "Type": "A", "TTL": 60, "ResourceRecords": values, **more}

    def latency(self, region: str, identifier: str | None = None) -> dict[str, Any]:
        host = f"d-abc.execute-api.{region}.amazonaws.com"
        target = {"HostedZoneId": "Z1UJRXOUMOOFQ8", "DNSName": host, "EvaluateTargetHealth": True}
        routed = {"SetIdentifier": identifier or region, "Region": region}
        return {"Name": f"api.{self.name}", "Type": "A", "AliasTarget": target, **routed}

    def change(self, *changes: Change) -> Any:
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": record} for action, record in changes]}
        return self.client.change_resource_record_sets(HostedZoneId=self.id, ChangeBatch=batch)["ChangeInfo"]

    def refused(self, *changes: Change) -> str:
        return refused(lambda: self.change(*changes))

    def records(self) -> list[str]:
        listed = self.client.list_resource_record_sets(HostedZoneId=self.id)["ResourceRecordSets"]
        return [one.get("SetIdentifier", "simple") for one in listed if one["Type"] == "A"]


@pytest.fixture
def zone(sandbox: Sandbox) -> Zone:
    return Zone(sandbox)


def test_row_25_simple_and_latency_records_exclude_each_other(zone: Zone) -> None:
    zone.change(("CREATE", zone.simple()))
    told = zone.refused(("UPSERT", zone.latency(EAST)))
    assert told.startswith("InvalidChangeBatch 400: ")
    assert "cannot be created as a non-weighted set exists with the same name and type" in told
    zone.change(("DELETE", zone.simple()), ("UPSERT", zone.latency(EAST)), ("UPSERT", zone.latency(WEST)))
    assert zone.records() == [EAST, WEST]
    assert zone.refused(("UPSERT", zone.simple())).startswith("InvalidChangeBatch 400: ")


def test_row_25_another_identifier_is_another_record_and_a_region_has_one(zone: Zone) -> None:
    zone.change(("CREATE", zone.latency(EAST)))
    assert zone.refused(("UPSERT", zone.latency(EAST, "renamed"))).startswith("InvalidChangeBatch 400: ")
    zone.change(("DELETE", zone.latency(EAST)), ("CREATE", zone.latency(EAST, "renamed")))
    assert zone.records() == ["renamed"]


def _other_target(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "AliasTarget": {**record["AliasTarget"], "EvaluateTargetHealth": False}}


@pytest.mark.parametrize(
    "differently",
    [
        _other_target,
        lambda record: {**record, "AliasTarget": {**record["AliasTarget"], "DNSName": "elsewhere.example"}},
        lambda record: {**record, "Region": WEST},
    ],
)
def test_row_25_a_delete_matches_every_field(
    zone: Zone, differently: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    zone.change(("CREATE", zone.latency(EAST)))
    told = zone.refused(("DELETE", differently(zone.latency(EAST))))
    assert told.startswith("InvalidChangeBatch 400: ")
    assert "Tried to delete resource record set" in told
    assert "but the values provided do not match the current values" in told
    assert "but it was not found" in zone.refused(("DELETE", zone.latency(WEST)))


def test_row_25_a_change_is_pending_first(zone: Zone) -> None:
    made = zone.change(("CREATE", zone.simple()))
    assert made["Status"] == "PENDING"
    eventually(lambda: zone.client.get_change(Id=made["Id"])["ChangeInfo"]["Status"] == "INSYNC")


def test_row_25_more_than_five_requests_a_second_are_throttled_with_400(metered_sandbox: Sandbox) -> None:
    client = metered_sandbox.client("route53")

    def hurry() -> None:
        for _ in range(20):
            client.list_hosted_zones()

    assert refused(hurry) == "Throttling 400: Rate exceeded"
