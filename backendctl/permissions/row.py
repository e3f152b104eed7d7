"""One right: an action, on what, and which commands need it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Right:
    """A row of the table.

    Attributes:
        action: as IAM names it, `lambda:UpdateAlias`. on: a key of `arns.RESOURCES`.
        service: to which a role is passed, or for which a service-linked role is made.
        reason: why AWS asks for it, where no call of ours has its name; empty for calls that are made.
    """

    action: str
    on: str
    commands: frozenset[str]
    service: str | None = None
    reason: str = ""
