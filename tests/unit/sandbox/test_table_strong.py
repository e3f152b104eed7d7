"""What the sandbox refuses of a group of multi-Region strong consistency."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.sandbox.corrections import table_strong

EAST, WEST, OHIO = "us-east-1", "us-west-2", "us-east-2"
TABLE = {"TableName": "places", "Replicas": [{"RegionName": WEST}]}
REPLICA, WITNESS = {"Delete": {"RegionName": WEST}}, {"Delete": {"RegionName": OHIO}}


@pytest.fixture(autouse=True)
def witnessed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group of two tables and a witness."""
    monkeypatch.setattr(table_strong, "record", lambda *_: {table_strong._STRONG: OHIO})


@pytest.mark.parametrize(
    "change",
    [
        {"MultiRegionConsistency": "STRONG"},
        {"MultiRegionConsistency": "EVENTUAL", "ReplicaUpdates": [REPLICA]},
        {"ReplicaUpdates": [REPLICA]},
        {"GlobalTableWitnessUpdates": [WITNESS]},
    ],
)
def test_it_stays_as_it_is(change: dict[str, Any]) -> None:
    assert table_strong.refusal(EAST, change, TABLE) is not None


def test_its_replica_and_its_witness_go_at_once() -> None:
    change = {"ReplicaUpdates": [REPLICA], "GlobalTableWitnessUpdates": [WITNESS]}
    assert table_strong.refusal(EAST, change, TABLE) is None
