"""Which rules or schedules keep a function warm, and whom each of them calls.

A rule takes five targets (D5), so a function whose aliases want more has several rules.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass

from backendctl.resources.deploy_context import DeployContext
from backendctl.resources.lambda_.alias_names import reached
from backendctl.spec.model import FunctionSpec, Warm

PER_RULE = 5
_LONGEST = 60
"""Characters of the name of a rule (D4: 64) or of a schedule group, and room for a number behind it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WarmTarget:
    """One call per interval. qualifier: the alias, None for the function itself. id: the same on every run (D8)."""

    id: str
    qualifier: str | None


def rule_prefix(backend: str) -> str:
    """How the names of all rules of a backend begin."""
    return f"{backend}-warm-"


def layout(context: DeployContext, region: str, function: FunctionSpec) -> dict[str, tuple[WarmTarget, ...]]:
    """Rule → its targets: every qualifier that users hit (D24), as many times as instances are to be held (D23).

    None where EventBridge Scheduler pings.
    """
    warm = function.warm
    if warm is None or warm.is_scheduled:
        return {}
    targets = [
        WarmTarget(id=f"{qualifier or 'unqualified'}-{number}"[-64:], qualifier=qualifier)
        for qualifier in reached(context, region, function)
        for number in range(1, warm.instances + 1)
    ]
    chunks = [tuple(targets[start : start + PER_RULE]) for start in range(0, len(targets), PER_RULE)]
    name = warmer_name(context.backend, function.name)
    return {name if number == 1 else f"{name}-{number}": chunk for number, chunk in enumerate(chunks, start=1)}


def schedules(context: DeployContext, region: str, function: FunctionSpec) -> dict[str, tuple[str, str | None]]:
    """Name of a schedule in its group → its expression and the qualifier it calls; empty where rules ping.

    A schedule has one target, so there is one for every qualifier and expression.
    """
    warm = function.warm
    if warm is None or not warm.is_scheduled:
        return {}
    return {
        f"{qualifier or 'unqualified'}-{number}"[-64:]: (expression, qualifier)
        for qualifier in reached(context, region, function)
        for number, expression in enumerate(warm.expressions, start=1)
    }


def calls(context: DeployContext, region: str, function: FunctionSpec) -> dict[str, int]:
    """Schedule expression → calls whenever it fires, by rules and schedules alike; empty where nothing pings."""
    if function.warm is None:
        return {}
    found = Counter(expression for expression, _ in schedules(context, region, function).values())
    rules = sum(len(targets) for targets in layout(context, region, function).values())
    return dict(found) if function.warm.is_scheduled else {schedule(function.warm): rules}


def data_before_calls(context: DeployContext, region: str, function: FunctionSpec) -> frozenset[str]:
    """Addresses of the data that has to be there before a function is pinged, where its aliases do not wait for it."""
    aliases = context.staged(region, function)
    return frozenset().union(*(context.data_before_calls(region, function.physical, alias) for alias in aliases))


def warmer_name(backend: str, function: str) -> str:
    """The name of a function's first rule, or of its schedule group; at most 60 characters."""
    name = re.sub(r"[^.\-_A-Za-z0-9]", "-", f"{rule_prefix(backend)}{function}")
    if len(name) > _LONGEST:
        name = f"{name[: _LONGEST - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return name


def schedule(warm: Warm) -> str:
    """The expression of a rule; one minute is singular, or AWS refuses it (D3)."""
    if warm.expressions:
        return warm.expressions[0]
    return "rate(1 minute)" if warm.every == 1 else f"rate({warm.every} minutes)"


def state(warm: Warm) -> str | None:
    """The state of a rule or schedule; None leaves it as it is."""
    return None if warm.enabled is None else "ENABLED" if warm.enabled else "DISABLED"
