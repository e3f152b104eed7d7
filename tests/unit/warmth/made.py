"""Invocations, rows and evidence for tests, one keyword each."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

from backendctl.warmth.evidence import Counted, Evidence
from backendctl.warmth.figures import Figures
from backendctl.warmth.invocations import Caller, Invocation
from backendctl.warmth.subject import Rule, Subject

NOW = 1_800_000_000.0
"""A full hour."""
_IDS = itertools.count(1)

USER, PING, OTHER = Caller.USER, Caller.PING, Caller.OTHER


def call(at: float, *, ms: float = 20.0, init: float | None = None, stream: str = "a", **rest: Any) -> Invocation:
    """An invocation whose handler began at `NOW + at`; loading of `init` milliseconds came before."""
    given: dict[str, Any] = {
        "at": NOW + at,
        "ended": NOW + at + ms / 1000,
        "stream": stream,
        "version": "7",
        "request_id": f"00000000-0000-4000-8000-{next(_IDS):012d}",
        "duration_ms": ms,
        "billed_ms": ms + (init or 0.0),
        "memory_mb": 256,
        "init_ms": init,
        "caller": USER,
    }
    return Invocation(**(given | rest))


def rule(**given: Any) -> Rule:
    """A rule as it should be: it calls version1-a every five minutes."""
    usual: dict[str, Any] = {
        "name": "corkhounds-warm-places",
        "is_enabled": True,
        "schedule": "rate(5 minutes)",
        "interval": 300.0,
        "targets": {"version1-a": 1, "version1-b": 1},
        "all_targets": 2,
    }
    return Rule(**(usual | given))


def subject(**given: Any) -> Subject:
    """A row of a spec with a warmer, as it should be."""
    usual: dict[str, Any] = {
        "region": "us-east-1",
        "function": "places",
        "physical": "corkhounds-places",
        "alias": "version1-a",
        "stages": ("prodv1",),
        "api": "corkhounds",
        "aliases": {"version1-a": "7", "version1-b": "6", "live": "7"},
        "version": "7",
        "versions": frozenset({"7"}),
        "memory_mb": 256,
        "log_group": "/aws/lambda/corkhounds-places",
        "is_in_spec": True,
        "wants_warmth": True,
        "rules": (rule(),),
    }
    return Subject(**(usual | given))


def by_hand(**given: Any) -> Subject:
    """A row of `--function`."""
    usual: dict[str, Any] = {
        "function": "handmade",
        "physical": "handmade",
        "alias": "live",
        "stages": (),
        "api": None,
        "log_group": "/aws/lambda/handmade",
        "is_in_spec": False,
        "wants_warmth": False,
        "rules": (),
    }
    return subject(**(usual | given))


def evidence(
    figures: Figures | None = None, *, row: Subject | None = None, counted: Counted | None = None, **rest: Any
) -> Evidence:
    """What a verdict is made of; every part as it should be unless given."""
    usual = Counted(is_known=True, fired=288, due=288, last=NOW - 200, silent=200.0, invocations=1288)
    return Evidence(subject=row or subject(), counted=counted or usual, figures=figures, **rest)


def counted(**given: Any) -> Counted:
    """Metrics of a rule that fires."""
    return replace(evidence().counted, **given)
