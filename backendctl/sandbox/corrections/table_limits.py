"""How often a table's billing may be switched, and its capacity go down: C46, C48."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections.refusals import Refusal
from backendctl.sandbox.corrections.table_rules import units

if TYPE_CHECKING:
    from backendctl.sandbox.timing import Pace

DAY, HOUR = 86_400.0, 3_600.0
SWITCHES, DECREASES = 4, 4

Place = tuple[str, str]


@dataclass(kw_only=True, slots=True)
class TableLimits:
    """Counts what has been accepted, until the day is over."""

    pace: Pace
    _switched: dict[Place, list[float]] = field(default_factory=lambda: defaultdict(list))
    _lowered: dict[Place, list[float]] = field(default_factory=lambda: defaultdict(list))
    _hour: dict[Place, float] = field(default_factory=dict)

    def forget(self, place: Place) -> None:
        """A new table begins anew."""
        for counted in (self._switched, self._lowered, self._hour):
            counted.pop(place, None)

    def refusal(self, place: Place, change: dict[str, Any], table: dict[str, Any]) -> Refusal | None:
        """Why a change has to wait."""
        if _to_on_demand(change, table) and len(self._counted(self._switched, place)) >= SWITCHES:
            return Refusal(
                code="LimitExceededException",
                message="Subscriber limit exceeded: Update to PayPerRequest mode are limited to 4 times in 24 hours.",
            )
        lasting = self._hour.get(place)
        free = lasting is None or self.pace.is_past(lasting)
        if _lower(change, table) and self.decreases(place) >= DECREASES and not free:
            return Refusal(
                code="LimitExceededException",
                message="Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC "
                "day. After the first 4 decreases, each subsequent decrease in the same UTC day can be performed at "
                f"most once every 3600 seconds. Number of decreases today: {self.decreases(place)}.",
            )
        return None

    def accepted(self, place: Place, change: dict[str, Any], table: dict[str, Any]) -> None:
        """Count a change."""
        if _to_on_demand(change, table):
            self._switched[place].append(self.pace.due(DAY))
        if _lower(change, table):
            self._lowered[place].append(self.pace.due(DAY))
            self._hour[place] = self.pace.due(HOUR)

    def decreases(self, place: Place) -> int:
        """How often the table's capacity went down today."""
        return len(self._counted(self._lowered, place))

    def _counted(self, counts: dict[Place, list[float]], place: Place) -> list[float]:
        left = [end for end in counts.get(place, []) if not self.pace.is_past(end)]
        if place in counts:
            counts[place] = left
        return left


def _to_on_demand(change: dict[str, Any], table: dict[str, Any]) -> bool:
    now = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    return change.get("BillingMode") == "PAY_PER_REQUEST" and now == "PROVISIONED"


def _lower(change: dict[str, Any], table: dict[str, Any]) -> bool:
    if "BillingMode" in change or "ProvisionedThroughput" not in change:
        return False
    return any(after < before for after, before in zip(units(change), units(table), strict=True))
