"""When rules and schedules fire: rates at the pace of a rehearsal, schedules by the clock of their own time zone."""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from backendctl.sandbox import ministack_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

USUAL = 60.0
"""Seconds that a minute takes without a word."""
_LEAST = 0.05
_LOOKS = 60.0
"""Looks at all rules in a minute; EventBridge promises the minute, not the second (D14)."""


def minute_seconds(given: str | None) -> float:
    """What the variable says; the usual minute for anything that is no number above 0."""
    try:
        seconds = float(given or "")
    except ValueError:
        return USUAL
    return seconds if 0 < seconds < float("inf") else USUAL


def quicken(eventbridge: Any, scheduler: Any, minute: float) -> None:
    """Let rates of rules and schedules run at that pace. Cron expressions name times of the clock and stay.

    Args:
        eventbridge, scheduler: the modules of the emulated services, which do not fire yet.
        minute: seconds of the clock.
    """
    parse = ministack_names.read(eventbridge, "_parse_rate_seconds")

    def scaled(expression: str) -> float | None:
        seconds = parse(expression)
        return None if seconds is None else seconds * minute / USUAL

    ministack_names.replace(eventbridge, "_parse_rate_seconds", scaled)
    looks = max(_LEAST, minute / _LOOKS)
    ministack_names.replace(eventbridge, "_SCHEDULER_TICK_INTERVAL", looks)
    ministack_names.replace(scheduler, "_SCHEDULE_TICK_INTERVAL", looks)  # it reads rates with the other's function


logger = logging.getLogger(__name__)

_MOMENT = re.compile(r"at\((.+)\)")
_Key = tuple[str, str, str]
"""Account, region, "group/name"."""


@dataclass(kw_only=True, slots=True)
class Schedules:
    """Takes the place of the emulated Scheduler's sweep over its schedules, which it makes every ten seconds.

    Attributes:
        scheduler, eventbridge: the modules of the emulated services.
        clock: seconds since the epoch.
    """

    scheduler: Any
    eventbridge: Any
    clock: Callable[[], float] = time.time
    _fired: dict[_Key, float] = field(default_factory=dict)

    def install(self) -> None:
        """Put this in the place of the module's own sweep."""
        ministack_names.replace(self.scheduler, "_tick_schedules", self.sweep)

    def sweep(self) -> None:
        """Fire every schedule that is due."""
        found: dict[_Key, dict[str, Any]] = ministack_names.every(self.scheduler, "_schedules")
        self._fired = {key: last for key, last in self._fired.items() if key in found}
        for key, schedule in found.items():
            if schedule.get("State") == "ENABLED" and self._is_due(key, schedule):
                self._fired[key] = self.clock()
                self._fire(key, schedule)

    def _is_due(self, key: _Key, schedule: Mapping[str, Any]) -> bool:
        now, to_epoch = self.clock(), ministack_names.read(self.scheduler, "_to_epoch")
        begins, ends = to_epoch(schedule.get("StartDate")), to_epoch(schedule.get("EndDate"))
        if (begins is not None and now < begins) or (ends is not None and now > ends):
            return False
        expression: str = schedule.get("ScheduleExpression", "")
        zone = ZoneInfo(schedule.get("ScheduleExpressionTimezone") or "UTC")
        if moment := _MOMENT.fullmatch(expression):
            at = datetime.fromisoformat(moment[1]).replace(tzinfo=zone).timestamp()
            return now >= at and key not in self._fired
        every = self._of_rules("_parse_rate_seconds")(expression)
        if every is not None:
            last = self._fired.setdefault(key, float(schedule.get("CreationDate", now)))
            return bool(now - last >= every)
        last = self._fired.setdefault(key, now)
        following = self._following(expression, datetime.fromtimestamp(last, UTC).astimezone(zone))
        return following is not None and following.timestamp() <= now

    def _following(self, expression: str, after: datetime) -> datetime | None:
        fields = self._of_rules("_parse_cron_fields")(expression)
        found: datetime | None = self._of_rules("_cron_next_fire")(fields, after) if fields else None
        return found

    def _of_rules(self, name: str) -> Any:
        """A function that rules and schedules share."""
        return ministack_names.read(self.eventbridge, name)

    def _fire(self, key: _Key, schedule: dict[str, Any]) -> None:
        account, region, name = key
        before = self.scheduler.get_account_id(), self.scheduler.get_region()
        self.scheduler.set_request_account_id(account)
        self.scheduler.set_request_region(region)
        event = {
            "EventId": self.scheduler.new_uuid(),
            "Source": "aws.scheduler",
            "DetailType": "Scheduled Event",
            "Detail": "{}",
            "Time": self.clock(),
            "Resources": [schedule.get("Arn", "")],
            "Account": account,
            "Region": region,
        }
        try:
            self._of_rules("_invoke_target")(schedule.get("Target") or {}, event, schedule)
        except Exception:
            logger.exception("the schedule %s in %s could not call its target", name, region)
        finally:
            self.scheduler.set_request_account_id(before[0])
            self.scheduler.set_request_region(before[1])
        once = _MOMENT.fullmatch(schedule.get("ScheduleExpression", "")) is not None
        if once and schedule.get("ActionAfterCompletion") == "DELETE":
            ministack_names.forget(self.scheduler, "_schedules", key)
