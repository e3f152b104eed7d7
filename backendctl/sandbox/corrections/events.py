"""EventBridge: what PutRule, PutTargets and DeleteRule refuse, and what PutRule forgets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections.answers import Refusal, carrying, first, invalid
from backendctl.sandbox.corrections.constraints import Judge
from backendctl.sandbox.corrections.scheduler import is_schedule
from backendctl.sandbox.corrections.service import CorrectedService, Doc, Handled, operations

if TYPE_CHECKING:
    from backendctl.sandbox.http import Request

TARGETS_PER_RULE = 5  # D5
TARGETS_PER_CALL = 10  # D5
RULES_PER_BUS = 300  # D6
_INPUTS = ("Input", "InputPath", "InputTransformer")


@dataclass(kw_only=True, slots=True)
class Events(CorrectedService):
    """EventBridge in front of the emulated one."""

    async def _put_targets(self, request: Request, asked: Doc) -> Handled:
        return _targets(asked) or await self._too_many(request, asked)

    async def _delete_rule(self, request: Request, asked: Doc) -> Handled:
        has_targets = await self._target_ids(request.region, asked["Name"], _bus(asked))
        return invalid("Rule can't be deleted since it has targets.") if has_targets else None  # D10

    async def _put_rule(self, request: Request, asked: Doc) -> Handled:
        refusal = _rule(asked)
        if refusal is not None:
            return refusal
        existing = await self.ask(request.region, "DescribeRule", {"Name": asked["Name"], "EventBusName": _bus(asked)})
        # The whole rule is replaced (D1): what is left out does not stay as it was.
        whole = {"State": "ENABLED", "Description": "", "RoleArn": "", **asked}
        if existing is not None:
            whole.pop("Tags", None)  # ignored on an existing rule (D1)
        elif await self._is_full(request.region, _bus(asked)):
            return _limit()
        return await self.inner.forward(carrying(request, whole))

    async def _is_full(self, region: str, bus: str) -> bool:
        rules = await self.ask(region, "ListRules", {"EventBusName": bus, "Limit": 100})
        count = len((rules or {}).get("Rules", []))
        while rules and rules.get("NextToken"):
            rules = await self.ask(
                region, "ListRules", {"EventBusName": bus, "Limit": 100, "NextToken": rules["NextToken"]}
            )
            count += len((rules or {}).get("Rules", []))
        return count >= RULES_PER_BUS

    async def _too_many(self, request: Request, asked: dict[str, Any]) -> Refusal | None:
        known = await self._target_ids(request.region, asked.get("Rule", ""), _bus(asked))
        asked_for = {target.get("Id") for target in asked.get("Targets", [])}
        return _limit() if len(known | asked_for) > TARGETS_PER_RULE else None  # the same id overwrites (D8)

    async def _unknown_rule(self, request: Request, asked: dict[str, Any]) -> Refusal | None:
        name, bus = asked.get("Rule", ""), _bus(asked)
        if await self.ask(request.region, "DescribeRule", {"Name": name, "EventBusName": bus}) is not None:
            return None
        return Refusal(code="ResourceNotFoundException", message=f"Rule {name} does not exist on EventBus {bus}.")

    async def _target_ids(self, region: str, rule: str, bus: str) -> set[str]:
        answer = await self.ask(region, "ListTargetsByRule", {"Rule": rule, "EventBusName": bus})
        return {target["Id"] for target in (answer or {}).get("Targets", [])}

    service = "events"
    target = "AWSEvents"
    judge = Judge(service="events", limits={"TargetList": {"max": TARGETS_PER_CALL}})  # D4, D9: names, lengths
    handlers = operations(
        PutRule=_put_rule,
        PutTargets=_put_targets,
        RemoveTargets=_unknown_rule,  # D11
        DeleteRule=_delete_rule,
    )


def _bus(asked: dict[str, Any]) -> str:
    bus: str = asked.get("EventBusName") or "default"
    return bus.rpartition("/")[2]


def _limit() -> Refusal:
    return Refusal(code="LimitExceededException", message="The requested resource exceeds the maximum number allowed.")


def _rule(asked: dict[str, Any]) -> Refusal | None:
    schedule = asked.get("ScheduleExpression")
    if not schedule and not asked.get("EventPattern"):
        return invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if schedule and _bus(asked) != "default":
        return invalid("ScheduleExpression is supported only on the default event bus.")  # D2
    if schedule and not is_schedule(schedule):
        return invalid("Parameter ScheduleExpression is not valid.")  # D3
    return None


def _targets(asked: dict[str, Any]) -> Refusal | None:
    return first([_target(target) for target in asked.get("Targets", [])])


def _target(target: dict[str, Any]) -> Refusal | None:
    name, given = target.get("Id", ""), [key for key in _INPUTS if target.get(key) is not None]
    if len(given) > 1:
        return invalid(f"Only one of Input, InputPath, or InputTransformer must be provided for target {name}.")  # D9
    text = target.get("Input")
    if text is None:
        return None
    try:
        json.loads(text)
    except ValueError:
        return invalid(f"JSON syntax error in input for target {name}")
    return None
