"""DynamoDB: global tables of version 2019.11.21, one change per UpdateTable, and the time each takes."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections import table_own, table_shape, table_strong
from backendctl.sandbox.corrections import table_rules as rules
from backendctl.sandbox.corrections.answers import Refusal, first, retold
from backendctl.sandbox.corrections.service import CorrectedService, Handled
from backendctl.sandbox.corrections.table_items import WRITES, Lags, TableAccess, measured, tables_of
from backendctl.sandbox.corrections.table_limits import TableLimits
from backendctl.sandbox.corrections.table_replicas import ReplicaRules, members, replica_source
from backendctl.sandbox.corrections.table_settings import TableSettings
from backendctl.sandbox.corrections.table_times import (
    CHANGE,
    COOLDOWN,
    PROTECTION,
    PROTECTION_ALONE,
    TO_ON_DEMAND,
    TO_PROVISIONED,
    TableTimes,
)
from backendctl.sandbox.http import OK, Response

if TYPE_CHECKING:
    from backendctl.sandbox.corrections.scaling import Scaling
    from backendctl.sandbox.http import Request
    from backendctl.sandbox.timing import Pace

_GROUP_WIDE = frozenset(  # C28
    {
        "GlobalSecondaryIndexUpdates",
        "BillingMode",
        "ProvisionedThroughput",
        "OnDemandThroughput",
        "SSESpecification",
        "TableClass",  # C32
        "WarmThroughput",
    }
)
_OLD = frozenset({"CreateGlobalTable", "UpdateGlobalTable", "DescribeGlobalTable"})
Operation = Callable[["Request", dict[str, Any]], Awaitable["Response | Refusal"]]


@dataclass(kw_only=True, slots=True)
class DynamoDB(CorrectedService):
    """DynamoDB in front of the emulated one."""

    service = "dynamodb"
    target = "DynamoDB_20120810"
    dialect = partial(Refusal.json_rpc, namespace="com.amazonaws.dynamodb.v20120810")
    scaling: Scaling
    pace: Pace
    times: TableTimes = field(init=False)
    _operations: dict[str, Operation] = field(init=False)
    _access: TableAccess = field(init=False)
    _limits: TableLimits = field(init=False)
    _replicas: ReplicaRules = field(init=False)
    _lags: Lags = field(init=False)

    def __post_init__(self) -> None:
        self.times = TableTimes(pace=self.pace)
        self._access = TableAccess(times=self.times)
        self._limits = TableLimits(pace=self.pace)
        self._lags = Lags(inner=self.inner)
        self._replicas = ReplicaRules(times=self.times, moto=self.scaling.moto, table=self._table)
        settings = TableSettings(inner=self.inner, times=self.times)
        self._operations = {
            "CreateTable": self._create,
            "DeleteTable": self._delete,
            "DescribeTable": self._describe,
            "ListTables": self._list,
            "UpdateTable": self._update,
            **settings.handlers(),
        }

    async def answer(self, operation: str, request: Request, asked: dict[str, Any]) -> Handled:
        """What an operation on tables, or one on items, answers."""
        if operation in _OLD:
            return rules.old_global_table(operation, asked)  # C1
        if operation in self._operations:
            return await self._operations[operation](request, asked)
        return self._access.refusal(request.region, asked) or await self._items(request, operation, asked)

    async def _items(self, request: Request, operation: str, asked: dict[str, Any]) -> Response:
        """Reads and writes of items; of writes to a group CloudWatch hears how long they took to be everywhere."""
        began = time.monotonic()
        answer = await self.inner.forward(request)
        if operation in WRITES and answer.status == OK:
            passed = (time.monotonic() - began) * 1000
            for name in tables_of(asked):
                await self._lags.written(request.region, name.rpartition(":table/")[2], passed)
        return answer

    async def _create(self, request: Request, asked: dict[str, Any]) -> Response | Refusal:
        place = request.region, _name(asked)
        if self.times.ghost(place):
            return Refusal(  # C59
                code="ResourceInUseException", message=f"Table already exists: {place[1]}"
            )
        answer = await self.inner.forward(request)
        if answer.status == OK:
            self.times.created(place)
            self._limits.forget(place)
            table_own.warm(*place, asked)
        return self._shown(place, answer, "TableDescription")

    async def _delete(self, request: Request, asked: dict[str, Any]) -> Response | Refusal:
        place = request.region, _name(asked)
        ghost = self.times.ghost(place)
        if ghost is not None:
            return _json({"TableDescription": ghost})  # deleting it again changes nothing
        table = await self._table(*place)
        if table is None or self.times.is_hidden(place):
            return rules.no_table(place[1])
        refusal = table_strong.deletion(*place) or self._busy(place)
        if refusal is None and self.times.indexing(place):  # C43
            refusal = Refusal(
                code="ResourceInUseException",
                message="Attempt to change a resource which is still in use: Cannot delete table while indexes are "
                "being created, updated, or deleted.",
            )
        if refusal is None and table.get("Replicas") and self.times.sources.lasts(place):
            refusal = replica_source()
        if refusal is not None:
            return refusal
        answer = await self.inner.forward(request)
        if answer.status != OK:
            return answer
        self.times.deleted(place, table, group=members(table))
        document = json.loads(answer.body)
        return retold(answer, {"TableDescription": table_shape.deleted(document["TableDescription"])})

    async def _describe(self, request: Request, asked: dict[str, Any]) -> Response | Refusal:
        place = request.region, _name(asked)
        ghost = self.times.ghost(place)
        if ghost is not None:
            return _json({"Table": ghost})
        if self.times.is_hidden(place):
            return rules.no_table(place[1])
        for index, percent in self.times.filled(place).items():
            dimensions = {"TableName": place[1], "GlobalSecondaryIndexName": index}
            name = "OnlineIndexPercentageProgress"
            await measured(self.inner, place[0], name, dimensions, value=percent, unit="Percent")
        return self._shown(place, await self.inner.forward(request), "Table")

    async def _list(self, request: Request, asked: dict[str, Any]) -> Response | Refusal:
        answer = await self.inner.forward(request)
        if answer.status != OK:
            return answer
        document = json.loads(answer.body)
        names = {name for name in document["TableNames"] if not self.times.is_hidden((request.region, name))}
        start, end = asked.get("ExclusiveStartTableName", ""), document.get("LastEvaluatedTableName")
        names |= {name for name in self.times.ghosts(request.region) if start < name and (end is None or name <= end)}
        return _json({**document, "TableNames": sorted(names)})

    async def _update(self, request: Request, change: dict[str, Any]) -> Response | Refusal:
        place = request.region, _name(change)
        if self.times.ghost(place):
            return rules.still_in_use("deleted", place[1])
        table = await self._table(*place)
        if table is None or self.times.is_hidden(place):
            return rules.no_table(place[1])
        refusal = first(
            [
                rules.bundle(change, strong=table_strong.asked_for(change) or table_strong.is_strong(*place)),
                table_strong.refusal(place[0], change, table),
                rules.indexes(change),
                self._busy(place),
                self._unready(place, change),
                rules.stream(change, table),
                rules.billing(change, table),
                rules.throughput(change, table),
                self._limits.refusal(place, change, table),
            ]
        )
        for update in change.get("ReplicaUpdates", []):
            refusal = refusal or await self._replicas.refusal(request.region, table, update)
        if refusal is not None:
            return refusal
        going = await self._going(change, table)
        answer = await self._changed(request, change, table)
        if answer.status != OK:
            return answer
        if _GROUP_WIDE & change.keys():
            await self._spread(change, table)
        self._limits.accepted(place, change, table)
        await self._keep_own(place, change, table)
        self._began(place, change, table, going)
        return self._shown(place, answer, "TableDescription")

    async def _changed(self, request: Request, change: dict[str, Any], table: dict[str, Any]) -> Response:
        """The answer to what the service behind knows; it has no way out of a group."""
        leaving = [update for update in change.get("ReplicaUpdates", []) if "Disassociate" in update]
        if not leaving and "DisassociationProtectionEnabled" not in change:
            return await self.inner.forward(request)
        if leaving:
            table_own.part(request.region, table["TableName"], members(table))
        else:
            protected = bool(change["DisassociationProtectionEnabled"])
            table_own.protect(request.region, table["TableName"], on=protected)
        return _json({"TableDescription": await self._table(request.region, table["TableName"]) or table})

    async def _keep_own(self, place: tuple[str, str], change: dict[str, Any], table: dict[str, Any]) -> None:
        """What the service behind does not keep, or keeps alike everywhere."""
        region, name = place
        table_own.warm(region, name, change)
        if "BillingMode" in change:
            for member in (region, *members(table)):
                table_own.billed_since(member, name, table)
        if table_strong.asked_for(change):
            joining = [update["Create"]["RegionName"] for update in change["ReplicaUpdates"]]
            table_strong.keep([region, *joining], change)
        for update in change.get("ReplicaUpdates", []):
            (action, details), *_ = update.items()
            if action == "Delete":
                table_strong.forget(region, name)
            if action in {"Create", "Update"}:
                table_own.override(details["RegionName"], name, details, new=action == "Create")
            if action == "Create":
                await self.scaling.mirror(name, source=region, target=details["RegionName"])

    def _busy(self, place: tuple[str, str]) -> Refusal | None:
        if self.times.creating.lasts(place):
            return rules.still_in_use("created", place[1])
        if self.times.is_joining(place) or self.times.is_group_busy(place):
            return rules.changing()  # C6, C20
        return rules.still_in_use("updated", place[1]) if self.times.updating.lasts(place) else None

    def _unready(self, place: tuple[str, str], change: dict[str, Any]) -> Refusal | None:
        work = {kind for update in change.get("GlobalSecondaryIndexUpdates", []) for kind in update}
        if work & {"Create", "Delete"} and self.times.indexing(place):
            return rules.one_index()  # C41
        if "DeletionProtectionEnabled" in change and self.times.cooldown.lasts(place):
            return Refusal(  # C52
                code="ThrottlingException",
                message="Deletion protection was changed moments ago. Please retry later.",
            )
        return None

    async def _going(self, change: dict[str, Any], table: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """The replicas a change removes, as they are before it."""
        regions = [update["Delete"]["RegionName"] for update in change.get("ReplicaUpdates", []) if "Delete" in update]
        return {region: await self._table(region, table["TableName"]) or table for region in regions}

    def _began(
        self,
        place: tuple[str, str],
        change: dict[str, Any],
        table: dict[str, Any],
        going: dict[str, dict[str, Any]],
    ) -> None:
        """Start the clock of an accepted change."""
        region, name = place
        group = members(table)
        everywhere = [place, *((member, name) for member in group)]
        for update in change.get("ReplicaUpdates", []):
            (action, details), *_ = update.items()
            other = details["RegionName"], name
            if action == "Create":
                self.times.joined(region, other, group=group, is_empty=not table.get("ItemCount"))
            elif action == "Delete":
                self.times.left(region, other, going[other[0]], group=group)
            elif action == "Disassociate":
                self.times.parted(place, group=group)
            else:
                self.times.updating.begin(other, *CHANGE)
        for update in change.get("GlobalSecondaryIndexUpdates", []):
            if "Create" in update:
                self.times.index_created(everywhere, update["Create"]["IndexName"])
            elif "Delete" in update:
                self.times.index_deleted(everywhere, rules.index_of(table, update["Delete"]["IndexName"]))
        for member, seconds in self._durations(place, change, everywhere):
            self.times.updating.begin(member, *seconds)

    def _durations(
        self, place: tuple[str, str], change: dict[str, Any], everywhere: list[tuple[str, str]]
    ) -> list[tuple[tuple[str, str], tuple[float, float]]]:
        """Which tables are UPDATING for how long; replicas and indexes have clocks of their own."""
        if "DeletionProtectionEnabled" in change:  # of one region (C29)
            seconds = PROTECTION if len(everywhere) > 1 else PROTECTION_ALONE
            if len(everywhere) > 1:
                self.times.cooldown.begin(place, PROTECTION[1] + COOLDOWN)
            return [(place, seconds)]
        if "BillingMode" in change:
            seconds = TO_PROVISIONED if change["BillingMode"] == "PROVISIONED" else TO_ON_DEMAND
            return [(member, seconds) for member in everywhere]
        plain = {"ProvisionedThroughput", "OnDemandThroughput", "SSESpecification", "TableClass", "WarmThroughput"}
        if plain & change.keys():
            return [(member, CHANGE) for member in everywhere]
        return [(place, CHANGE)] if {"StreamSpecification", "DisassociationProtectionEnabled"} & change.keys() else []

    async def _spread(self, change: dict[str, Any], table: dict[str, Any]) -> None:
        """Make the same change in every other region of the group (C28)."""
        shared = {
            key: value for key, value in change.items() if key in {"TableName", "AttributeDefinitions", *_GROUP_WIDE}
        }
        if "KMSMasterKeyId" in shared.get("SSESpecification", {}):
            del shared["SSESpecification"]  # a key is of one region (C55)
        name = table["TableName"]
        for member in members(table):
            left_out = {"TableClass"} if table_own.has_own_class(member, name) else set()
            asked = {key: value for key, value in shared.items() if key not in left_out}
            await self.ask(member, "UpdateTable", {**asked, "TableName": name})
            table_own.reapply(member, name)

    async def _table(self, region: str, name: str) -> dict[str, Any] | None:
        answer = await self.ask(region, "DescribeTable", {"TableName": name})
        return None if answer is None else answer["Table"]

    def _shown(self, place: tuple[str, str], answer: Response, member: str) -> Response:
        if answer.status != OK:
            return answer
        document = json.loads(answer.body)
        seen = self.times.seen(place, document[member])
        if "Replicas" in seen:
            seen["Replicas"] = [table_own.described(entry, place[1]) for entry in seen["Replicas"]]
            seen |= table_strong.shown(*place)
        lowered = self._limits.told(place)
        document[member] = table_shape.described(seen, lowered) if member == "Table" else table_shape.made(seen)
        return retold(answer, document)


def _json(document: dict[str, Any]) -> Response:
    return Response.of_json(document, headers={"Content-Type": "application/x-amz-json-1.0"})


def _name(asked: dict[str, Any]) -> str:
    name: str = asked.get("TableName", "")
    return name.rpartition(":table/")[2]
