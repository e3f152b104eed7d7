"""EventBridge Scheduler: when a schedule is made or changed its expression is judged, and its role (D21)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from backendctl.sandbox.corrections.answers import Refusal, invalid
from backendctl.sandbox.corrections.schedule import is_scheduler_expression
from backendctl.sandbox.corrections.service import CorrectedService, Doc, Handled, operations

if TYPE_CHECKING:
    from backendctl.sandbox.corrections.iam import Roles
    from backendctl.sandbox.http import Request


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
