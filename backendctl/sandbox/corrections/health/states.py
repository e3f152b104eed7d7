"""What is known of every health check: its last probes, and whether it counts as healthy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backendctl.sandbox.corrections.health.check import ALARM, CALCULATED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backendctl.sandbox.corrections.health.check import Check


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What a checker saw.

    Attributes:
        status: in Route 53's words, beginning with "Success" or "Failure". moment: epoch seconds.
    """

    healthy: bool
    status: str
    moment: float


@dataclass(kw_only=True, slots=True)
class _Measured:
    """The endpoint of one check.

    Attributes:
        healthy: until measured it is (E18). streak: probes in a row that say otherwise.
    """

    healthy: bool = True
    streak: int = 0
    last: Report | None = None
    failure: Report | None = None


@dataclass(kw_only=True, slots=True)
class States:
    """All checks there are, with what was measured of them."""

    _checks: dict[str, Check] = field(default_factory=dict)
    _measured: dict[str, _Measured] = field(default_factory=dict)

    @property
    def checks(self) -> Iterable[Check]:
        """All checks, as they were last read."""
        return self._checks.values()

    def get(self, identifier: str) -> Check | None:
        """One check; None when there is none of that id."""
        return self._checks.get(identifier)

    def replace(self, checks: Iterable[Check]) -> None:
        """Take over what checks there are; what was measured of those that stay is kept."""
        self._checks = {check.id: check for check in checks}
        self._measured = {key: one for key, one in self._measured.items() if key in self._checks}

    def record(self, check: Check, report: Report) -> None:
        """Note what a probe saw; so many in a row as the threshold says change the status (E17)."""
        measured = self._measured.setdefault(check.id, _Measured())
        measured.last = report
        if not report.healthy:
            measured.failure = report
        measured.streak = 0 if report.healthy == measured.healthy else measured.streak + 1
        if measured.streak >= check.threshold:
            measured.healthy, measured.streak = report.healthy, 0

    def last(self, identifier: str) -> Report | None:
        """The last probe; None before the first one."""
        found = self._measured.get(identifier)
        return found.last if found else None

    def last_failure(self, identifier: str) -> Report | None:
        """The last probe that failed; None when none has."""
        found = self._measured.get(identifier)
        return found.failure if found else None

    def is_healthy(self, identifier: str) -> bool:
        """Whether records with this check are answered (E18); a check that is gone guards nothing (E28)."""
        return self._is_healthy(identifier, frozenset())

    def healthy_children(self, check: Check) -> int:
        """How many checks a calculated one counts as healthy."""
        return sum(self._is_healthy(child, frozenset({check.id})) for child in check.children)

    def _is_healthy(self, identifier: str, above: frozenset[str]) -> bool:
        check = self._checks.get(identifier)
        if check is None or identifier in above:
            return True
        if check.disabled:
            found = True
        elif check.type == CALCULATED:
            children = [self._is_healthy(child, above | {identifier}) for child in check.children]
            found = sum(children) >= check.health_threshold
        elif check.type == ALARM:
            found = check.insufficient != "Unhealthy"  # no alarm has data here
        else:
            measured = self._measured.get(identifier)
            found = measured is None or measured.healthy
        return found != check.inverted
