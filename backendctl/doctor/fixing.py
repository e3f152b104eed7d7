"""What `--fix` does: only what no request can notice, and what takes nothing away."""

from __future__ import annotations

from dataclasses import replace

from backendctl.engine.plan import Action, Change, Plan

_ADDS = frozenset({"log-group", "permission"})
"""Kinds whose creation only adds; a shorter retention deletes lines, and a statement that goes takes a right."""
_PINGS = frozenset({"warmer", "schedule"})
"""Kinds whose correction only changes who is called when."""


def is_safe(change: Change) -> bool:
    """Whether `--fix` may make a change of a plan: nothing is taken away by it."""
    if change.action is Action.CREATE:
        return change.kind in _ADDS | _PINGS
    if change.action is not Action.UPDATE:
        return False
    adds = change.kind == "permission" and all(one.before is None for one in change.fields)
    return adds or change.kind in _PINGS


def safe_part(plan: Plan) -> Plan:
    """The plan with nothing else, and without what it says of the rest."""
    return replace(plan.restricted(is_safe), refusals=(), breaking=(), remarks=())
