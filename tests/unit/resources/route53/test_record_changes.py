"""The changes of one region's records, from what the name has."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.errors import BackendctlError
from backendctl.resources.route53.record_changes import Wanted, is_marked
from tests.unit.resources.api_helpers import DOMAIN, EAST, WEST

SIMPLE: Any = {"Name": f"{DOMAIN}.", "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "192.0.2.1"}]}


def latency(region: str, identifier: str, kind: str = "A") -> Any:
    return {"Name": f"{DOMAIN}.", "Type": kind, "Region": region, "SetIdentifier": identifier, "TTL": 1}


def changes(found: list[Any], *, adopt: bool, types: tuple[str, ...] = ("A",)) -> list[tuple[str, str]]:
    wanted = [latency(EAST, "corkhounds-us-east-1", kind) for kind in types]
    given = Wanted(
        name=DOMAIN,
        region=EAST,
        backend="corkhounds",
        routing="latency",
        types=types,
        ours=lambda record: is_marked(record, "corkhounds"),
        records=tuple(wanted),
        adopt=adopt,
    )
    made = given.changes(found)
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


def test_a_mark_is_of_a_backend_and_a_region_that_there_is() -> None:
    assert is_marked(latency(WEST, "corkhounds-us-west-2"), "corkhounds")
    assert not is_marked(latency(WEST, "corkhounds-blue"), "corkhounds")
    assert not is_marked(latency(WEST, "corkhounds-eu-us-west-2"), "corkhounds")
    assert not is_marked(SIMPLE, "corkhounds")


def test_ours_of_another_policy_are_deleted_and_made_anew_whatever_their_region() -> None:
    failover = [
        {**latency(EAST, "corkhounds-us-east-1"), "Failover": "PRIMARY"},
        {**latency(WEST, "corkhounds-us-west-2"), "Failover": "SECONDARY"},
    ]
    for record in failover:
        del record["Region"]
    assert changes(failover, adopt=False) == [
        ("DELETE", "corkhounds-us-west-2"),
        ("DELETE", "corkhounds-us-east-1"),
        ("CREATE", "corkhounds-us-east-1"),
    ]
