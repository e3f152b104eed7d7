"""Danger is refused before the first call, and told by a plan in the same sentences."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from backendctl.engine.action import Action
from backendctl.engine.diff import FieldChange
from backendctl.engine.plan import Change, Plan
from backendctl.engine.traits import traits_of
from backendctl.errors import RefusedError

EVERYTHING = "*"
"""In place of an address of --adopt: all that is not ours."""

ALLOW_BREAKING = "make a new stage for the new version, or add --allow-breaking"
"""What to do about a change that breaks callers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowed:
    """What the user allows.

    Attributes:
        delete: addresses (region/kind/name), or kind/name for every region, of stateful resources that may go.
        adopt: addresses of existing resources without our mark that may be taken over; EVERYTHING among them for all.
        breaking: whether callers of the API may break.
    """

    delete: tuple[str, ...] = ()
    adopt: tuple[str, ...] = ()
    breaking: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a plan is refused; nothing when it is not.

    Attributes:
        reasons: one sentence each. hint: what to do about them.
    """

    reasons: tuple[str, ...] = ()
    hint: str = ""

    def __bool__(self) -> bool:
        return bool(self.reasons)


def refusal_of(plan: Plan, allowed: Allowed) -> Refusal:
    """Every reason why this plan is not carried out with what is allowed."""
    unnamed = [change for change in plan.changes if _unnamed_delete(change, allowed.delete)]
    foreign = [change for change in plan.changes if change.foreign and not _adopted(change, allowed.adopt)]
    frozen = [(change, f) for change in plan.changes for f in change.fields if _frozen(change, f)]
    broken = [] if allowed.breaking else [breaks(line) for line in plan.breaking]
    reasons = [*plan.refusals, *broken]
    reasons += [f"{c.address} holds data or traffic and would be deleted" for c in unnamed]
    reasons += [
        f"{c.address} exists and is not ours" + (f" (it belongs to {c.live.owner})" if c.live and c.live.owner else "")
        for c in foreign
    ]
    reasons += [f"{c.address}: AWS cannot change {f.field} ({_told(f)})" for c, f in frozen]
    hints = _hints(unnamed, foreign, frozen=bool(frozen), broken=bool(broken))
    return Refusal(reasons=tuple(reasons), hint="; ".join(hints))


def refuse_danger(plan: Plan, allowed: Allowed | None = None, *, plan_digest: str | None = None) -> None:
    """Raise unless everything in the plan may be done.

    Args:
        allowed: None allows nothing.
        plan_digest: of the plan that was reviewed.

    Raises:
        RefusedError: with every reason at once.
    """
    if plan_digest is not None and plan_digest != plan.digest:
        raise RefusedError(
            [f"the plan is {plan.digest}, the reviewed one was {plan_digest}: AWS or the spec changed since then"],
            hint="review it again: the same command with --dry-run",
        )
    refusal = refusal_of(plan, allowed or Allowed())
    if refusal:
        raise RefusedError(list(refusal.reasons), hint=refusal.hint)


def named(change: Change, addresses: Collection[str]) -> bool:
    """Whether one of the addresses (region/kind/name, or kind/name for every region) is this change's."""
    return change.address in addresses or f"{change.kind}/{change.name}" in addresses


def breaks(line: str) -> str:
    """The sentence about one change that breaks callers, the same in a plan and in a refusal."""
    return f"breaks callers: {line}"


def _told(change: FieldChange) -> str:
    return f"{change.told[0] or change.before} → {change.told[1] or change.after}"


def _unnamed_delete(change: Change, allowed: Collection[str]) -> bool:
    if not change.removes or change.live is None or not change.live.stateful:
        return False
    return not named(change, allowed)


def _adopted(change: Change, allowed: Collection[str]) -> bool:
    return EVERYTHING in allowed or named(change, allowed)


def _frozen(change: Change, field: FieldChange) -> bool:
    return field.immutable and change.action is Action.UPDATE


def _hints(unnamed: list[Change], foreign: list[Change], *, frozen: bool, broken: bool) -> Iterator[str]:
    if broken:
        yield ALLOW_BREAKING
    if unnamed:
        yield "add " + " ".join(f"--allow-delete {change.address}" for change in unnamed)
    if foreign:
        single = " ".join(f"--adopt {change.address}" for change in foreign)
        others = " or ".join(dict.fromkeys(traits_of(change.resource).instead for change in foreign))
        yield f"add {single} (or --adopt alone, for all) to take over what exists, or {others}"
    if frozen:
        yield "give it a new name in the spec, move the data or traffic, then remove the old one"
