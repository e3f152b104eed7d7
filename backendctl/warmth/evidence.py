"""What a verdict is made of, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from backendctl.warmth.figures import Figures
from backendctl.warmth.subject import Subject


class Outcome(StrEnum):
    """The word of the verdict."""

    WARM = "warm"
    COLD = "cold"
    NOT_FIRING = "not firing"
    WRONG_TARGET = "wrong target"
    NO_PERMISSION = "no permission"
    PING_FAILS = "ping fails"
    THROTTLED = "throttled"
    IGNORED = "handler ignores the warmer"
    TOO_FEW = "too few instances"
    TOO_SELDOM = "interval too long"
    PROVISIONED = "provisioned"
    NOT_READY = "not ready"
    RESTORED = "restored"
    NO_DATA = "no data"


GOOD = frozenset({Outcome.WARM, Outcome.PROVISIONED, Outcome.RESTORED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The word, why, and the next command; `next_step` is empty when there is nothing to do."""

    outcome: Outcome
    reason: str
    next_step: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """What CloudWatch's metrics say of one row.

    Attributes:
        is_known: whether there was any figure at all, of the rule or the alias.
        fired: calls of the rules to what users hit. failed: calls that did not reach it.
        due: how many there should have been; None for a cron expression.
        last: when a rule fired last, seconds since the epoch; None when it did not.
        silent: seconds since the last firing, or since the beginning of the window.
        invocations, errors: of the alias. throttles: of the function, for reserved concurrency is the function's (B51).
        spilled: calls that provisioned concurrency had no environment for.
        busy: the most provisioned environments that were in use at once; None where nothing tells.
    """

    is_known: bool = False
    fired: int = 0
    failed: int = 0
    due: int | None = None
    last: float | None = None
    silent: float = 0.0
    throttles: int = 0
    spilled: int = 0
    busy: int | None = None
    invocations: int = 0
    errors: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """All that a verdict is made of.

    Attributes:
        figures: from the log; None when it was not read. unread: why.
        idle: seconds after which an unused environment is taken to be gone.
        until: end of what was read, seconds since the epoch.
        allowed: the share of cold users' requests that is still called warm.
    """

    subject: Subject
    counted: Counted
    figures: Figures | None
    unread: str = ""
    idle: float = 420.0
    allowed: float = 0.01
    until: float = 0.0


def fails(outcome: Outcome, reason: str, next_step: str) -> Verdict:
    """A verdict that asks for something to be done."""
    return Verdict(outcome=outcome, reason=reason, next_step=next_step)


def told_time(seconds: float) -> str:
    """`45 s`, `5 min`, `7 h`, `3 d`."""
    for length, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.3g} s"
