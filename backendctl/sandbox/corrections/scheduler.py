"""EventBridge Scheduler: when a schedule is made or changed its expression is judged, and its role (D21)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from backendctl.sandbox.corrections.refusals import Refusal, invalid
from backendctl.sandbox.corrections.schedule import is_scheduler_expression

if TYPE_CHECKING:
    from backendctl.sandbox.corrections.iam import Roles
    from backendctl.sandbox.http import Request, Response
    from backendctl.sandbox.inner import Inner

_SCHEDULE = re.compile(r"/schedules/[^/]+/?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Scheduler:
    """Scheduler in front of the emulated one."""

    inner: Inner
    roles: Roles

    async def handle(self, request: Request) -> Response:
        """Answer a request."""
        if request.method in {"POST", "PUT"} and _SCHEDULE.fullmatch(request.path):
            asked = request.json()
            expression = asked.get("ScheduleExpression", "")
            if not is_scheduler_expression(expression):
                return invalid(f"Invalid Schedule Expression {expression}.").rest_json()
            zone = asked.get("ScheduleExpressionTimezone", "UTC")
            if zone not in available_timezones():
                return invalid(f"Invalid Schedule Expression Timezone {zone}.").rest_json()
            role = asked.get("Target", {}).get("RoleArn", "")
            if not await self.roles.trusts(role, "scheduler.amazonaws.com"):
                return Refusal(
                    code="ValidationException",
                    message="The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
                ).rest_json()
        return await self.inner.forward(request)
