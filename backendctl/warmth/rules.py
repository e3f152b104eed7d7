"""Reading the rules that call a function, and whether they may."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from backendctl.resources.events import rule_reads, schedule_reads
from backendctl.resources.events.warmer_layout import rule_prefix
from backendctl.resources.lambda_.permission import shared_policy
from backendctl.warmth.subject import Rule

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import RuleTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.resources.events.warmer_layout import WarmTarget

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_MINUTES = {"minute": 1, "hour": 60, "day": 1440}
_PRINCIPAL = "events.amazonaws.com"


def wanted_rules(
    aws: Aws, region: str, wanted: Mapping[str, Sequence[WarmTarget]], *, physical: str, alias: str | None
) -> tuple[Rule, ...]:
    """The rules that the spec wants, those that are not there too if they should call what users hit.

    Args:
        wanted: name → targets. physical: the function's name in AWS. alias: what users hit, whose policy is looked at.
    """
    live = {rule["Name"]: rule for rule in rule_reads.rules(aws, region)}
    named = {target.qualifier for targets in wanted.values() for target in targets}
    return tuple(
        _rule(aws, region, live[name], physical=physical, alias=alias)
        if name in live
        else Rule(name=name, is_there=False)
        for name, targets in wanted.items()
        if name in live or alias not in named or alias in {target.qualifier for target in targets}
    )


def wanted_schedules(aws: Aws, region: str, group: str, *, physical: str) -> Rule:
    """The schedules of one group as one rule, for metrics do not tell them apart."""
    if group not in schedule_reads.groups(aws, region):
        return Rule(name=group, is_there=False, is_schedule=True)
    found = list(schedule_reads.schedules(aws, region, group).values())
    base = _arn(aws, region, physical, None)
    targets: list[dict[str, Any]] = [one.get("Target", {}) for one in found]
    arns = [str(target.get("Arn", "")) for target in targets]
    zones = sorted({one.get("ScheduleExpressionTimezone", "UTC") for one in found})
    return Rule(
        name=group,
        is_enabled=any(one.get("State") == "ENABLED" for one in found),
        schedule=", ".join([*dict.fromkeys(one.get("ScheduleExpression", "") for one in found), *zones]),
        targets=Counter(_qualifier(arn, base) for arn in arns if arn == base or arn.startswith(f"{base}:")),
        all_targets=len(found),
        hold_ms=max((_hold(target.get("Input", "")) for target in targets), default=0.0),
        is_schedule=True,
    )


def found_rules(aws: Aws, region: str, *, physical: str, qualifiers: Iterable[str | None]) -> tuple[Rule, ...]:
    """The scheduled rules of anybody that call one of these qualifiers; the first is the one whose policy counts."""
    client, chosen = aws.events(region), list(qualifiers)
    names: dict[str, None] = {}
    for qualifier in [*chosen, "$LATEST"]:
        arn = _arn(aws, region, physical, qualifier)
        for page in client.get_paginator("list_rule_names_by_target").paginate(TargetArn=arn):
            names.update(dict.fromkeys(page["RuleNames"]))
    described: list[Any] = [client.describe_rule(Name=name) for name in names]
    return tuple(
        _rule(aws, region, rule, physical=physical, alias=chosen[0])
        for rule in described
        if rule.get("ScheduleExpression")
    )


def interval(aws: Aws, expression: str) -> float | None:
    """Seconds between two firings of a rate; None for a cron expression."""
    found = _RATE.fullmatch(expression)
    return int(found[1]) * _MINUTES[found[2]] * aws.minute if found else None


def _rule(aws: Aws, region: str, live: RuleTypeDef, *, physical: str, alias: str | None) -> Rule:
    name = live.get("Name", "")
    found = rule_reads.targets(aws, region, name)
    base = _arn(aws, region, physical, None)
    ours = [target for target in found if target["Arn"] == base or target["Arn"].startswith(f"{base}:")]
    calls = Counter(_qualifier(target["Arn"], base) for target in ours)
    return Rule(
        name=name,
        is_enabled=live.get("State") == "ENABLED",
        schedule=live.get("ScheduleExpression", ""),
        interval=interval(aws, live.get("ScheduleExpression", "")),
        targets=calls,
        all_targets=len(found),
        is_permitted=alias not in calls or permits(shared_policy(aws, region, physical, alias), live.get("Arn", "")),
        hold_ms=max((_hold(target.get("Input", "")) for target in ours), default=0.0),
        changed=rule_reads.changed(aws, region, live) if name.startswith(rule_prefix(aws.backend)) else 0.0,
    )


def permits(statements: Mapping[str, Mapping[str, Any]], rule_arn: str) -> bool:
    """Whether a function's policy lets EventBridge call it for that rule; a statement that denies wins.

    Args:
        statements: id → statement.
    """
    effects = {one.get("Effect") for one in statements.values() if _applies(one, rule_arn)}
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: Mapping[str, Any], rule_arn: str) -> bool:
    return (
        _is_service(statement.get("Principal"))
        and any(fnmatchcase("lambda:invokefunction", action.lower()) for action in _listed(statement.get("Action")))
        and all(
            _holds(operator, key, _listed(values), rule_arn)
            for operator, condition in (statement.get("Condition") or {}).items()
            for key, values in condition.items()
        )
    )


def _is_service(principal: object) -> bool:
    if isinstance(principal, dict):
        return _PRINCIPAL in _listed(principal.get("Service")) or "*" in _listed(principal.get("AWS"))
    return principal == "*"


def _holds(operator: str, key: str, values: Sequence[str], rule_arn: str) -> bool:
    """Whether a condition is true of a call by the rule, which gives its ARN and its account and nothing else."""
    name = operator.lower().removesuffix("ifexists")
    negated = "not" in name
    given = {"aws:sourcearn": rule_arn, "aws:sourceaccount": rule_arn.split(":")[4]}.get(key.lower())
    if given is None:
        return negated or name != operator.lower()  # AWS: a key that is absent fails, but for Not… and …IfExists
    if "ignorecase" in name:
        given, values = given.lower(), [value.lower() for value in values]
    is_exact = name.startswith("string") and "like" not in name
    return any(value == given if is_exact else fnmatchcase(given, value) for value in values) != negated


def _listed(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [] if value is None else [str(value)]


def _arn(aws: Aws, region: str, physical: str, qualifier: str | None) -> str:
    tail = f":{qualifier}" if qualifier else ""
    return f"arn:{aws.partition}:lambda:{region}:{aws.account}:function:{physical}{tail}"


def _qualifier(arn: str, base: str) -> str | None:
    qualifier = arn.removeprefix(base).removeprefix(":")
    return None if qualifier in {"", "$LATEST"} else qualifier


def _hold(text: str) -> float:
    """`holdMs` of a ping's input; 0 where it has none."""
    try:
        given = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return 0.0
    value = given.get("holdMs", 0) if isinstance(given, dict) else 0
    try:
        return float(value) if isinstance(value, int | float) else 0.0
    except OverflowError:  # an integer of hundreds of digits
        return 0.0
