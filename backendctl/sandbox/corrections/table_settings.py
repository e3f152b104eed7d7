"""What is set on a table by calls of its own, and when: expiry (C49), recovery (C50) and tags (C51)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections import table_rules as rules
from backendctl.sandbox.corrections import table_strong
from backendctl.sandbox.corrections.answers import Refusal, first, invalid, retold
from backendctl.sandbox.corrections.table_times import TAG_LAG, TAG_LOCK, TTL_WINDOW
from backendctl.sandbox.http import OK
from backendctl.sandbox.timing import Propagation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from backendctl.sandbox.corrections.table_times import TableTimes
    from backendctl.sandbox.http import Request, Response
    from backendctl.sandbox.inner import Inner

DAYS = 35
"""For how long a table can be had again, unless it is said."""

_TARGET = "DynamoDB_20120810"
Place = tuple[str, str]


@dataclass(kw_only=True, slots=True)
class TableSettings:
    """Expiry, recovery and tags in front of the emulated ones."""

    inner: Inner
    times: TableTimes
    _days: dict[Place, int] = field(default_factory=dict)
    _tags: Propagation[Place, dict[str, Any] | None] = field(init=False)

    def __post_init__(self) -> None:
        self._tags = Propagation(pace=self.times.pace, low=TAG_LAG[0], high=TAG_LAG[1])

    def handlers(self) -> dict[str, Callable[[Request, dict[str, Any]], Awaitable[Response | Refusal]]]:
        """Who answers which operation."""
        return {
            "UpdateTimeToLive": self._set_ttl,
            "DescribeTimeToLive": self._describe_ttl,
            "UpdateContinuousBackups": self._set_backups,
            "DescribeContinuousBackups": self._describe_backups,
            "TagResource": self._tag,
            "UntagResource": self._tag,
            "ListTagsOfResource": self._list_tags,
        }

    async def _set_ttl(self, request: Request, asked: dict[str, Any]) -> Response | Refusal:
        place = _place(request, asked)
        if self.times.is_hidden(place):
            return rules.no_table(place[1])
        table = await self._ask(place, "DescribeTable", {"TableName": place[1]})
        if self.times.creating.lasts(place):
            return rules.still_in_use("created", place[1])
        joining = self.times.is_joining(place) or self.times.is_group_busy(place)
        if joining and table and table["Table"].get("ItemCount"):
            return rules.changing()  # C20
        refusal = table_strong.expiry(*place) or await self._same_ttl(place, asked.get("TimeToLiveSpecification", {}))
        if refusal is None and self.times.ttl.lasts(place):
            refusal = invalid("Time to live has been modified multiple times within a fixed interval")  # C49
        if refusal is not None:
            return refusal
        answer = await self.inner.forward(request)
        if answer.status == OK:
            await self._spread_ttl(place, asked, table)
        return answer

    async def _spread_ttl(self, place: Place, asked: dict[str, Any], table: dict[str, Any] | None) -> None:
        """Expiry is of the whole group (C28)."""
        self.times.ttl.begin(place, TTL_WINDOW)
        for member in (table or {}).get("Table", {}).get("Replicas", []):
            other = member["RegionName"], place[1]
            self.times.ttl.begin(other, TTL_WINDOW)
            await self._ask(other, "UpdateTimeToLive", {**asked, "TableName": place[1]})

    async def _describe_ttl(self, request: Request, asked: dict[str, Any]) -> Response | Refusal:
        place = _place(request, asked)
        if self.times.is_hidden(place):
            return rules.no_table(place[1])
        answer = await self.inner.forward(request)
        if answer.status != OK or not self.times.ttl.lasts(place):
            return answer
        document = json.loads(answer.body)
        described = document["TimeToLiveDescription"]
        described["TimeToLiveStatus"] = {"ENABLED": "ENABLING", "DISABLED": "DISABLING"}[described["TimeToLiveStatus"]]
        return retold(answer, document)

    async def _same_ttl(self, place: Place, wanted: dict[str, Any]) -> Refusal | None:
        """Saying again what holds already is refused (C49)."""
        answer = await self._ask(place, "DescribeTimeToLive", {"TableName": place[1]})
        now = (answer or {}).get("TimeToLiveDescription", {})
        enabled = now.get("TimeToLiveStatus") == "ENABLED"
        if answer is None or wanted.get("Enabled") is not enabled:
            return None
        if enabled and now.get("AttributeName") != wanted.get("AttributeName"):
            return invalid(
                f"TimeToLive is active on a different AttributeName: current AttributeName is "
                f"{now.get('AttributeName')}"
            )
        return invalid(f"TimeToLive is already {'enabled' if enabled else 'disabled'}")

    async def _set_backups(self, request: Request, asked: dict[str, Any]) -> Response | Refusal:
        place = _place(request, asked)
        refusal = self._no_backups(place)
        if refusal is None and self.times.backups.lasts(place):  # C50
            refusal = Refusal(
                code="ContinuousBackupsUnavailableException",
                message=f"Backups are being enabled for the table: {place[1]}. Please retry later",
            )
        if refusal is not None:
            return refusal
        answer = await self.inner.forward(request)
        if answer.status == OK:
            self._days[place] = asked.get("PointInTimeRecoverySpecification", {}).get("RecoveryPeriodInDays", DAYS)
            described = await self._ask(place, "DescribeContinuousBackups", {"TableName": place[1]})
            answer = retold(answer, described)
        return self._recoverable(place, answer)

    async def _describe_backups(self, request: Request, asked: dict[str, Any]) -> Response | Refusal:
        place = _place(request, asked)
        return self._no_backups(place) or self._recoverable(place, await self.inner.forward(request))

    def _recoverable(self, place: Place, answer: Response) -> Response:
        """The answer with how far back a table can be had again."""
        if answer.status != OK:
            return answer
        document = json.loads(answer.body)
        recovery = document["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        if recovery["PointInTimeRecoveryStatus"] == "ENABLED":
            recovery["RecoveryPeriodInDays"] = self._days.get(place, DAYS)
        return retold(answer, document)

    def _no_backups(self, place: Place) -> Refusal | None:
        if not self.times.creating.lasts(place) and not self.times.is_hidden(place):
            return None
        return Refusal(code="TableNotFoundException", message=f"Table not found: {place[1]}")  # C50

    async def _tag(self, request: Request, asked: dict[str, Any]) -> Response | Refusal:
        place = _place(request, asked)
        refusal = first([self._untaggable(place, asked), self._locked(place)])
        if refusal is not None:
            return refusal
        which = {"ResourceArn": asked["ResourceArn"]}
        before = await self._ask(place, "ListTagsOfResource", which)
        answer = await self.inner.forward(request)
        if answer.status == OK:
            self.times.tags.begin(place, TAG_LOCK)
            after = await self._ask(place, "ListTagsOfResource", which)
            self._tags.change(place, before=before, after=after)
        return answer

    async def _list_tags(self, request: Request, asked: dict[str, Any]) -> Response | Refusal:
        place = _place(request, asked)
        refusal = self._untaggable(place, asked)
        if refusal is not None:
            return refusal
        answer = await self.inner.forward(request)
        return answer if answer.status != OK else retold(answer, self._tags.seen(place, json.loads(answer.body)))

    def _untaggable(self, place: Place, asked: dict[str, Any]) -> Refusal | None:
        if not self.times.creating.lasts(place) and not self.times.is_hidden(place):
            return None
        return Refusal(
            code="ResourceNotFoundException",
            message=f"Requested resource not found: ResourcArn: {asked.get('ResourceArn', '')} not found",
        )

    def _locked(self, place: Place) -> Refusal | None:
        if not self.times.tags.lasts(place):
            return None
        return Refusal(
            code="LimitExceededException",
            message=f"Subscriber limit exceeded: Table tags are being updated: {place[1]}",
        )

    async def _ask(self, place: Place, operation: str, document: dict[str, Any]) -> dict[str, Any] | None:
        return await self.inner.ask_json(
            service="dynamodb", region=place[0], target=f"{_TARGET}.{operation}", document=document
        )


def _place(request: Request, asked: dict[str, Any]) -> Place:
    name: str = asked.get("TableName") or asked.get("ResourceArn", "")
    return request.region, name.rpartition(":table/")[2]
