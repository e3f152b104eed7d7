"""What the spec leaves open follows the primary region, also where that is not looked at, and never by guessing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from backendctl.aws.connection import Access, Aws
from backendctl.spec import model
from backendctl.tables.parity import Parity, State, parity_of

EAST, WEST = "us-east-1", "us-west-2"
NAME = "shop-orders"
ORDERS = model.TableSpec(
    name="orders", physical=NAME, key=model.Key(hash=model.Attribute(name="id", type="S")), regions=(EAST, WEST)
)
OPEN = {"encryption", "table class", "resource policy"}


def parity(
    *looked_at: str, silent: tuple[str, ...] = (), west: dict[str, Any] | None = None, without: str = ""
) -> Parity:
    """Of a table that is the same in both regions, but for what the west has of its own; `without` has none."""
    aws = Aws(Access(keys=("testing", "testing")), backend="shop")
    marks = {"backendctl:backend": "shop", "backendctl:name": "orders", "backendctl:primary": EAST}
    for region, other in ((EAST, WEST), (WEST, EAST)):
        described = {
            "TableName": NAME,
            "TableStatus": "ACTIVE",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
            "Replicas": [{"RegionName": other, "ReplicaStatus": "ACTIVE"}],
            **((west or {}) if region == WEST else {}),
        }
        told = {"description": described, "ttl": "", "recovery": False, "tags": marks, "policy": {}}
        if region == without:
            told = {"description": None}
        for what, value in told.items():
            aws.remember(("table", region, NAME, what), value)
        aws.remember(("scaling-targets", region), {})
        aws.remember(("scaling-policies", region), [])
    spec = SimpleNamespace(backend="shop", regions=looked_at, tables=(ORDERS,))
    return parity_of(cast("Any", SimpleNamespace(spec=spec, aws=aws)), silent=silent)


def states(found: Parity, region: str) -> dict[str, State]:
    """By aspect, without those that are as they should be."""
    (table,) = found.tables
    cells = {row.aspect: row.cells[region].state for row in table.rows}
    return {aspect: state for aspect, state in cells.items() if state is not State.OK}


def test_one_region_alone_is_compared_with_a_primary_that_is_not_looked_at() -> None:
    found = parity(WEST)
    assert found.in_sync
    assert [table.regions for table in found.tables] == [(WEST,)]
    infrequent = {"TableClassSummary": {"TableClass": "STANDARD_INFREQUENT_ACCESS"}}
    assert states(parity(WEST, west=infrequent), WEST) == {"table class": State.DIFFERS}


def test_while_the_primary_is_silent_what_follows_it_is_unknown_and_no_difference() -> None:
    found = parity(EAST, WEST, silent=(EAST,))
    assert states(found, WEST) == dict.fromkeys(OPEN, State.UNKNOWN)
    assert list(found.differences()) == []
    assert found.unreachable == (EAST,)
    assert not found.in_sync


def test_a_silent_primary_is_named_where_only_another_region_is_looked_at() -> None:
    found = parity(WEST, silent=(EAST,))
    assert found.unreachable == (EAST,)
    assert not found.in_sync


def test_a_region_that_answered_is_never_called_unreachable() -> None:
    found = parity(EAST, WEST, without=EAST)
    assert states(found, WEST) == dict.fromkeys(OPEN, State.UNKNOWN)
    assert set(states(found, EAST).values()) == {State.ABSENT}
    assert found.unreachable == ()
    assert list(found.differences()) == [f"orders: there is no table in {EAST}"]
    assert set(states(parity(EAST, WEST, silent=(EAST,)), EAST).values()) == {State.UNREACHABLE}


def test_a_primary_without_a_table_is_named_where_only_another_region_is_looked_at() -> None:
    found = parity(WEST, without=EAST)
    assert not found.in_sync
    (told,) = found.differences()
    assert told.startswith("orders: ")
    assert told.endswith(f": not compared, as there is no table in the primary region, {EAST}")
    assert all(aspect in told for aspect in OPEN)
