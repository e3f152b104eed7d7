"""Which rules keep a function warm, and whom each of them calls.

A rule takes five targets (D5), so a function whose aliases want more has several rules.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from backendctl.resources.alias_names import reached
from backendctl.resources.world import World
from backendctl.spec.model import Function

PER_RULE = 5
_LONGEST = 60
"""Characters of a rule's name (D4: 64) and room for a number behind it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WarmTarget:
    """One call per interval. qualifier: the alias, None for the function itself. id: the same on every run (D8)."""

    id: str
    qualifier: str | None


def rule_prefix(backend: str) -> str:
    """How the names of all rules of a backend begin."""
    return f"{backend}-warm-"


def layout(world: World, region: str, function: Function) -> dict[str, tuple[WarmTarget, ...]]:
    """Rule → its targets: every qualifier that users hit (D24), as many times as instances are to be held (D23)."""
    if function.warm is None:
        return {}
    targets = [
        WarmTarget(id=f"{qualifier or 'unqualified'}-{number}"[-64:], qualifier=qualifier)
        for qualifier in reached(world, region, function)
        for number in range(1, function.warm.instances + 1)
    ]
    chunks = [tuple(targets[start : start + PER_RULE]) for start in range(0, len(targets), PER_RULE)]
    return {_rule_name(world.backend, function.name, number): chunk for number, chunk in enumerate(chunks, start=1)}


def _rule_name(backend: str, function: str, number: int) -> str:
    name = re.sub(r"[^.\-_A-Za-z0-9]", "-", f"{rule_prefix(backend)}{function}")
    if len(name) > _LONGEST:
        name = f"{name[: _LONGEST - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return name if number == 1 else f"{name}-{number}"


def schedule(minutes: int) -> str:
    """The rate expression; one minute is singular, or AWS refuses it (D3)."""
    return "rate(1 minute)" if minutes == 1 else f"rate({minutes} minutes)"
