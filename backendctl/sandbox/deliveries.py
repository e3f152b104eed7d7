"""EventBridge's calls of functions: through the policy of the qualifier they name, and through its weights (D13)."""

from __future__ import annotations

import asyncio
import fnmatch
import json
import logging
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from backendctl.sandbox import ministack_names
from backendctl.sandbox.http import ACCEPTED
from backendctl.sandbox.world import ACCOUNT

if TYPE_CHECKING:
    from backendctl.sandbox.behind import Behind
    from backendctl.sandbox.telemetry import Telemetry

logger = logging.getLogger(__name__)

PRINCIPAL = "events.amazonaws.com"
_FUNCTION = re.compile(r"arn:aws[a-z-]*:lambda:([a-z0-9-]+):\d{12}:function:([^:]+)(?::([^:]+))?")


@dataclass(kw_only=True, slots=True)
class Deliveries:
    """Takes a rule's call of a function out of the emulated EventBridge's hands.

    Left alone it runs the function in a thread, without asking for permission.
    """

    behind: Behind
    telemetry: Telemetry
    loop: asyncio.AbstractEventLoop
    _firing: threading.local = field(default_factory=threading.local)

    def install(self, eventbridge: Any) -> None:
        """Put this in the place of the module's own way to call functions."""
        invoke_target = ministack_names.read(eventbridge, "_invoke_target")

        def remembering(target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None) -> None:
            self._firing.rule = rule
            self._triggered(rule, event)
            invoke_target(target, event, rule, view)

        def dispatch(arn: str, payload: str) -> None:
            deliver = self.deliver(self._firing.rule, arn, payload)
            asyncio.run_coroutine_threadsafe(deliver, self.loop)

        ministack_names.replace(eventbridge, "_invoke_target", remembering)
        ministack_names.replace(eventbridge, "_dispatch_to_lambda", dispatch)

    def _triggered(self, rule: dict[str, Any], event: Any) -> None:
        """Count a rule that fires, once for all its targets."""
        firing = rule.get("Arn", ""), event.get("EventId")
        if ":rule/" in firing[0] and firing != getattr(self._firing, "last", None):
            self._firing.last = firing
            self.telemetry.triggered(region=firing[0].split(":")[3], rule=rule.get("Name", ""))

    async def deliver(self, rule: dict[str, Any], target: str, payload: str) -> None:
        """Call a function for a rule; without permission only the metric FailedInvocations tells."""
        found = _FUNCTION.fullmatch(target)
        if found is None:
            return
        region, function, qualifier = found[1], found[2], found[3]
        source = rule.get("Arn", "")
        # A schedule of EventBridge Scheduler calls with its role; no resource policy is asked (D18).
        allowed = ":rule/" not in source or permits(
            await self.behind.function_policy(region, function, qualifier), source
        )
        if allowed:
            try:
                event = json.loads(payload)
            except ValueError:
                event = {"body": payload}
            answer = await self.behind.inner.ask(
                service="lambda",
                region=region,
                path=f"/2015-03-31/functions/{quote(function)}/invocations",
                query={} if qualifier is None else {"Qualifier": [qualifier]},
                headers={"x-amz-invocation-type": "Event", "content-type": "application/json"},
                body=json.dumps(event).encode(),
            )
            allowed = answer.status == ACCEPTED
        if not allowed:
            logger.warning("%s may not call %s, or it is not there", source, target)
        self._count(region, rule, failed=not allowed)

    def _count(self, region: str, rule: dict[str, Any], *, failed: bool) -> None:
        """Rules have metrics by name; schedules by group only."""
        if ":rule/" in rule.get("Arn", ""):
            self.telemetry.fired(region=region, rule=rule.get("Name", ""), failed=failed)
            return
        values = [("InvocationAttemptCount", 1.0, "Count"), ("TargetErrorCount", float(failed), "Count")]
        group = {"ScheduleGroup": rule.get("GroupName", "default")}
        self.telemetry.measured(region, "AWS/Scheduler", values, [group])


def permits(policy: dict[str, Any] | None, source: str) -> bool:
    """Whether a function's policy lets EventBridge call it for the rule with the ARN `source`."""
    for statement in (policy or {}).get("Statement", []):
        principal = statement.get("Principal")
        named = principal == "*" or (isinstance(principal, dict) and principal.get("Service") == PRINCIPAL)
        if named and statement.get("Effect") == "Allow" and _fits(statement.get("Condition", {}), source):
            return True
    return False


def _fits(condition: dict[str, dict[str, str]], source: str) -> bool:
    known = {"aws:sourcearn": source, "aws:sourceaccount": ACCOUNT}
    return all(
        fnmatch.fnmatchcase(known.get(key.lower(), ""), wanted)
        for operator in condition.values()
        for key, wanted in operator.items()
    )
