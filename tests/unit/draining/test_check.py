"""What `check-regions` says of what it could not read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from backendctl.draining import check
from backendctl.engine.plan import Plan
from backendctl.errors import AwsError


def test_warmers_that_cannot_be_read_are_unknown_and_never_well() -> None:
    denied = AwsError("events:ListRules is not allowed", code="AccessDenied", doing="read it", hint="ask for it")
    nothing = Plan(backend="b", regions=("us-east-1", "us-west-2"), changes=(), unchanged=())
    unread = Plan(backend="b", regions=("us-east-1",), changes=(), unchanged=(), unreachable={"us-west-2": denied})
    case: Any = SimpleNamespace(needed={"keys": nothing, "warmers": unread})
    (found,) = check._needed("warmers", case, "us-east-1", ["us-west-2"])
    assert (found.outcome, found.said, found.command) == (check.Outcome.UNKNOWN, denied.message, "ask for it")
    assert list(check._needed("keys", case, "us-east-1", ["us-west-2"])) == []
    assert list(check._needed("warmers", case, "us-west-2", ["us-east-1"])) == []
