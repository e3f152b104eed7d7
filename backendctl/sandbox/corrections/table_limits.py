"""How often a table's billing may be switched, and its capacity go down: C46, C48."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections.answers import Refusal
from backendctl.sandbox.corrections.table_rules import units

if TYPE_CHECKING:
    from backendctl.sandbox.timing import Pace

DAY, HOUR = 86_400.0, 3_600.0
SWITCHES, DECREASES = 4, 4

TABLE = ""
"""In place of an index: the table itself."""

Place = tuple[str, str]
Holder = tuple[str, str, str]
"""Region, name of the table, and an index or `TABLE`."""


@dataclass(kw_only=True, slots=True)
class TableLimits:
    """Counts what has been accepted, until the day is over."""

    pace: Pace
    _switched: dict[Place, list[float]] = field(default_factory=lambda: defaultdict(list))
    _lowered: dict[Holder, list[float]] = field(default_factory=lambda: defaultdict(list))
    _hour: dict[Holder, float] = field(default_factory=dict)
    _last: dict[Holder, float] = field(default_factory=dict)

    def forget(self, place: Place) -> None:
        """A new table begins anew."""
        self._switched.pop(place, None)
        for counted in (self._lowered, self._hour, self._last):
            for holder in [holder for holder in counted if holder[:2] == place]:
                del counted[holder]

    def refusal(self, place: Place, change: dict[str, Any], table: dict[str, Any]) -> Refusal | None:
        """Why a change has to wait."""
        if _to_on_demand(change, table) and len(self._left(self._switched[place])) >= SWITCHES:
            return Refusal(
                code="LimitExceededException",
                message="Subscriber limit exceeded: Update to PayPerRequest mode are limited to 4 times in 24 hours.",
            )
        for name in _lower(change, table):
            holder = (*place, name)
            lasting, today = self._hour.get(holder), self._decreases(holder)
            if today < DECREASES or lasting is None or self.pace.is_past(lasting):
                continue
            return Refusal(
                code="LimitExceededException",
                message="Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC "
                "day. After the first 4 decreases, each subsequent decrease in the same UTC day can be performed at "
                f"most once every 3600 seconds. Number of decreases today: {today}.",
            )
        return None

    def accepted(self, place: Place, change: dict[str, Any], table: dict[str, Any]) -> None:
        """Count a change."""
        if _to_on_demand(change, table):
            self._switched[place].append(self.pace.due(DAY))
        for name in _lower(change, table):
            holder = (*place, name)
            self._lowered[holder].append(self.pace.due(DAY))
            self._hour[holder] = self.pace.due(HOUR)
            self._last[holder] = time.time()

    def told(self, place: Place) -> dict[str, dict[str, float]]:
        """By index, or `TABLE`, what DescribeTable tells of decreases: how many today, and when the last was."""
        return {
            holder[2]: {"NumberOfDecreasesToday": self._decreases(holder), "LastDecreaseDateTime": last}
            for holder, last in self._last.items()
            if holder[:2] == place
        }

    def _decreases(self, holder: Holder) -> int:
        return len(self._left(self._lowered[holder]))

    def _left(self, ends: list[float]) -> list[float]:
        ends[:] = [end for end in ends if not self.pace.is_past(end)]
        return ends


def _to_on_demand(change: dict[str, Any], table: dict[str, Any]) -> bool:
    now = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    return change.get("BillingMode") == "PAY_PER_REQUEST" and now == "PROVISIONED"


def _lower(change: dict[str, Any], table: dict[str, Any]) -> list[str]:
    """The table and the indexes whose capacity a change takes down; a switch of billing never counts."""
    if "BillingMode" in change:
        return []
    asked = {TABLE: change} if "ProvisionedThroughput" in change else {}
    updates = [update.get("Update", {}) for update in change.get("GlobalSecondaryIndexUpdates", [])]
    asked |= {one["IndexName"]: one for one in updates if "ProvisionedThroughput" in one}
    there = {TABLE: table, **{index["IndexName"]: index for index in table.get("GlobalSecondaryIndexes", [])}}
    return [
        name
        for name, wanted in asked.items()
        if any(after < before for after, before in zip(units(wanted), units(there.get(name, {})), strict=True))
    ]
