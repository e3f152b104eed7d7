"""Danger is refused before the first call."""

from __future__ import annotations

from collections.abc import Collection

from backendctl.engine.diff import FieldChange
from backendctl.engine.plan import Action, Change, Plan
from backendctl.errors import RefusedError


def refuse_danger(
    plan: Plan,
    *,
    allow_delete: Collection[str] = (),
    adopt: bool = False,
    allow_breaking: bool = False,
    expect: str | None = None,
) -> None:
    """Raise unless everything in the plan may be done.

    Args:
        allow_delete: addresses (region/kind/name), or kind/name for every region, of stateful resources that may go.
        adopt: whether existing resources without our mark may be taken over.
        allow_breaking: whether callers may break.
        expect: digest of the plan that was reviewed.

    Raises:
        RefusedError: with every reason at once.
    """
    if expect is not None and expect != plan.digest:
        raise RefusedError(
            [f"the plan is {plan.digest}, the reviewed one was {expect}: the world or the spec has moved"],
            hint="review it again: the same command with --dry-run",
        )
    unnamed = [change for change in plan.changes if _unnamed_delete(change, allow_delete)]
    foreign = [change for change in plan.changes if change.foreign and not adopt]
    frozen = [(change, f) for change in plan.changes for f in change.fields if _frozen(change, f.immutable)]
    broken = [] if allow_breaking else [breaks(line) for line in plan.breaking]
    reasons = [*plan.refusals, *broken]
    reasons += [f"{c.address} holds data or traffic and would be deleted" for c in unnamed]
    reasons += [
        f"{c.address} exists and is not ours" + (f" (it belongs to {c.live.owner})" if c.live and c.live.owner else "")
        for c in foreign
    ]
    reasons += [f"{c.address}: AWS cannot change {f.field} ({_told(f)})" for c, f in frozen]
    if reasons:
        raise RefusedError(reasons, hint=_hint(unnamed, foreign, frozen=bool(frozen), broken=bool(broken)))


def _told(change: FieldChange) -> str:
    return f"{change.told[0] or change.before} → {change.told[1] or change.after}"


ALLOW_BREAKING = "make a new stage for the new version, or add --allow-breaking"
"""What to do about a change that breaks callers."""


def breaks(line: str) -> str:
    """The sentence about one change that breaks callers, the same in a plan and in a refusal."""
    return f"breaks callers: {line}"


def _unnamed_delete(change: Change, allowed: Collection[str]) -> bool:
    if not change.removes or change.live is None or not change.live.stateful:
        return False
    return change.address not in allowed and f"{change.kind}/{change.name}" not in allowed


def _frozen(change: Change, immutable: bool) -> bool:  # noqa: FBT001  # a field's own flag, passed through
    return immutable and change.action is Action.UPDATE


def _hint(unnamed: list[Change], foreign: list[Change], *, frozen: bool, broken: bool) -> str:
    hints = [ALLOW_BREAKING] if broken else []
    if unnamed:
        hints.append("add " + " ".join(f"--allow-delete {change.address}" for change in unnamed))
    if foreign:
        hints.append("add --adopt to take over what exists, or give it another name in the spec")
    if frozen:
        hints.append("give it a new name in the spec, move the data or traffic, then remove the old one")
    return "; ".join(hints)
