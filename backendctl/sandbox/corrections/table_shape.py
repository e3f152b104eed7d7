"""A table's description as AWS shows it: how warm it is, and since when it is paid for per request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Table = dict[str, Any]

_INDEXES = "GlobalSecondaryIndexes"

_ON_DEMAND = {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000}
"""What a new table on demand takes at once."""


def made(table: Table) -> Table:
    """In the answer to CreateTable and to changes nothing is warm yet."""
    shown = {name: value for name, value in _billed(table).items() if name != "WarmThroughput"}
    return {**_counted(shown), **_indexes(table, [{} for _ in table.get(_INDEXES, [])])}


def deleted(table: Table) -> Table:
    """In the answer to DeleteTable: no keys, no attributes, no date."""
    told = {name: value for name, value in _billed(table).items() if name not in _NOT_OF_DELETED}
    return _counted(told)


_NOT_OF_DELETED = frozenset(
    {"KeySchema", "AttributeDefinitions", "CreationDateTime", "WarmThroughput", _INDEXES, "LocalSecondaryIndexes"}
)


def _billed(table: Table) -> Table:
    """A table that was never on-demand does not tell its mode."""
    billing = table.get("BillingModeSummary") or {}
    if billing.get("BillingMode") != "PROVISIONED" or "LastUpdateToPayPerRequestDateTime" in billing:
        return table
    return {name: value for name, value in table.items() if name != "BillingModeSummary"}


def described(table: Table, lowered: Mapping[str, dict[str, float]]) -> Table:
    """In the answer to DescribeTable.

    Args:
        lowered: what is told of decreases of capacity, by index and "" for the table.
    """
    billing = table.get("BillingModeSummary") or {}
    warm = [
        {"WarmThroughput": _warm(index, billing), **_lowered(_counted(index), lowered.get(index["IndexName"]))}
        for index in table.get(_INDEXES, [])
    ]
    shown = {**_counted(_billed(table)), "WarmThroughput": _warm(table, billing), **_indexes(table, warm)}
    shown |= _lowered(shown, lowered.get(""))
    if billing.get("BillingMode") == "PAY_PER_REQUEST":
        shown["BillingModeSummary"] = {"LastUpdateToPayPerRequestDateTime": table["CreationDateTime"], **billing}
    return shown


def _lowered(counted: dict[str, Any], told: dict[str, float] | None) -> dict[str, Any]:
    return {"ProvisionedThroughput": {**counted["ProvisionedThroughput"], **told}} if told else {}


def _indexes(table: Table, more: list[dict[str, Any]]) -> Table:
    if _INDEXES not in table:
        return {}
    return {_INDEXES: [{**_counted(index), **extra} for index, extra in zip(table[_INDEXES], more, strict=True)]}


def _counted(table_or_index: dict[str, Any]) -> dict[str, Any]:
    capacity = {"NumberOfDecreasesToday": 0, **table_or_index.get("ProvisionedThroughput", {})}
    return {**table_or_index, "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0, **capacity}}


def _warm(table_or_index: dict[str, Any], billing: dict[str, Any]) -> dict[str, Any]:
    set_by_hand = table_or_index.get("WarmThroughput") or {}
    if set_by_hand.get("ReadUnitsPerSecond"):
        return dict(set_by_hand)
    if billing.get("BillingMode") == "PAY_PER_REQUEST":
        return {**_ON_DEMAND, "Status": "ACTIVE"}
    capacity = table_or_index.get("ProvisionedThroughput") or {}
    return {
        "ReadUnitsPerSecond": capacity.get("ReadCapacityUnits", 0),
        "WriteUnitsPerSecond": capacity.get("WriteCapacityUnits", 0),
        "Status": "ACTIVE",
    }
