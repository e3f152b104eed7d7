"""What `--fix` does: only what no request can notice, and what takes nothing away."""

from __future__ import annotations

from dataclasses import replace

from backendctl.engine.action import Action
from backendctl.engine.plan import Change, Plan
from backendctl.engine.traits import Fix, traits_of


def is_safe(change: Change) -> bool:
    """Whether `--fix` may make a change of a plan: nothing is taken away by it."""
    if change.action is Action.DELETE:
        return False
    match traits_of(change.resource).fix:
        case Fix.NEVER:
            return False
        case Fix.CREATED:
            return change.action is Action.CREATE
        case Fix.ADDED:
            return change.action is Action.CREATE or all(one.before is None for one in change.fields)
        case Fix.ALWAYS:
            return True


def safe_part(plan: Plan) -> Plan:
    """The plan with nothing else, and without what it says of the rest."""
    return replace(plan.restricted(is_safe), refusals=(), breaking=(), remarks=())
