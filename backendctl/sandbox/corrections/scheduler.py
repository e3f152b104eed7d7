"""EventBridge Scheduler: what is judged when a schedule is made (D21); the grammar of schedules, of rules too (D3)."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from backendctl.sandbox.corrections.answers import Refusal, invalid
from backendctl.sandbox.corrections.service import CorrectedService, Doc, Handled, operations

if TYPE_CHECKING:
    from backendctl.sandbox.corrections.iam import Roles
    from backendctl.sandbox.http import Request

_RATE = re.compile(r"rate\((\d+) (minute|minutes|hour|hours|day|days)\)")
_CRON = re.compile(r"cron\(([^()]+)\)")
_MONTHS = {
    "JAN": 1, "FEB": 2, "MAR": 3, "APR": 4, "MAY": 5, "JUN": 6,
    "JUL": 7, "AUG": 8, "SEP": 9, "OCT": 10, "NOV": 11, "DEC": 12,
}  # fmt: skip
_DAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_NO_NAMES: dict[str, int] = {}
_FIELDS: tuple[tuple[int, int, dict[str, int], str], ...] = (
    (0, 59, _NO_NAMES, ""),
    (0, 23, _NO_NAMES, ""),
    (1, 31, _NO_NAMES, r"\?|L|LW|L-\d{1,2}|\d{1,2}W"),
    (1, 12, _MONTHS, ""),
    (1, 7, _DAYS, r"\?|L|[A-Z0-9]{1,3}L|[A-Z0-9]{1,3}#[1-5]"),
    (1970, 2199, _NO_NAMES, ""),
)
_DAY_OF_MONTH, _DAY_OF_WEEK = 2, 4


def is_schedule(text: str) -> bool:
    """Whether PutRule takes an expression: rate(N unit), with the unit's number right, or a six-field cron."""
    rate = _RATE.fullmatch(text)
    if rate is not None:
        count, unit = int(rate[1]), rate[2]
        return count > 0 and (count == 1) is not unit.endswith("s")
    cron = _CRON.fullmatch(text)
    return cron is not None and _is_cron(cron[1].split())


def is_scheduler_expression(text: str) -> bool:
    """Whether CreateSchedule takes an expression: as PutRule, with any unit's number, or at(one moment)."""
    rate = _RATE.fullmatch(text)
    if rate is not None:
        return int(rate[1]) > 0
    return is_schedule(text) or _is_moment(text)


def _is_moment(text: str) -> bool:
    with contextlib.suppress(ValueError):
        datetime.strptime(text, "at(%Y-%m-%dT%H:%M:%S)")  # noqa: DTZ007 - the zone is told beside it
        return True
    return False


def _is_cron(fields: list[str]) -> bool:
    if len(fields) != len(_FIELDS):
        return False
    # one of the two days, and only one, is left open
    if (fields[_DAY_OF_MONTH] == "?") is (fields[_DAY_OF_WEEK] == "?"):
        return False
    return all(_fits(field.upper(), rule) for field, rule in zip(fields, _FIELDS, strict=True))


def _fits(field: str, rule: tuple[int, int, dict[str, int], str]) -> bool:
    low, high, names, special = rule
    return all(_part(part, low, high, names, special) for part in field.split(","))


def _part(part: str, low: int, high: int, names: dict[str, int], special: str) -> bool:
    if special and re.fullmatch(special, part):
        return True
    base, slash, step = part.partition("/")
    if slash and not (step.isdigit() and int(step) > 0):
        return False
    if base == "*":
        return True
    ends = [names.get(end, int(end) if end.isdigit() else -1) for end in base.split("-", 1)]
    return all(low <= end <= high for end in ends)


@dataclass(kw_only=True, slots=True)
class Scheduler(CorrectedService):
    """Scheduler in front of the emulated one."""

    roles: Roles

    async def _write(self, _request: Request, asked: Doc) -> Handled:
        expression = asked.get("ScheduleExpression", "")
        if not is_scheduler_expression(expression):
            return invalid(f"Invalid Schedule Expression {expression}.")
        zone = asked.get("ScheduleExpressionTimezone", "UTC")
        if zone not in available_timezones():
            return invalid(f"Invalid Schedule Expression Timezone {zone}.")
        role = asked.get("Target", {}).get("RoleArn", "")
        if await self.roles.trusts(role, "scheduler.amazonaws.com"):
            return None
        return invalid("The execution role you provide must allow AWS EventBridge Scheduler to assume the role.")

    service = "scheduler"
    dialect = Refusal.rest_json
    handlers = operations(CreateSchedule=_write, UpdateSchedule=_write)
