"""What `status` says of canaries that are on: their share, and their verdict in a word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backendctl.engine.resource import address_of
from backendctl.errors import BackendctlError
from backendctl.release.looking import look
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.lambda_.alias import Alias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from backendctl.backend import Backend
    from backendctl.engine.plan import Plan
    from backendctl.release.status import CanaryStatus, RegionStatus

_UNKNOWN = "cannot tell"
Notes = tuple[tuple[str, str], ...]
Canaries = tuple[dict[str, Any], ...]


def standing(plan: Plan, backend: Backend, *, look: Callable[[Backend], CanaryStatus] = look) -> tuple[Notes, Canaries]:
    """The plan's notes, those of stages and aliases with a canary with its verdict so far; and the canaries for JSON.

    Nothing is asked where no canary is on. A canary that cannot be judged has "cannot tell", in JSON null.
    """
    on = _on(plan)
    if not on:
        return plan.notes, ()
    try:
        found = {(one.region, one.stage): one for one in look(backend).regions}
    except BackendctlError:
        found = {}
    notes = dict(plan.notes)
    notes |= {place: _note(notes.get(place, ""), found.get(key)) for place, key in on.items()}
    canaries = tuple(_document(place, found.get(key)) for place, key in sorted(on.items()))
    return tuple(sorted(notes.items())), canaries


def _on(plan: Plan) -> Mapping[str, tuple[str, str]]:
    """Address → region and name of what shares its requests with a canary."""
    lives: Iterable[object] = (*plan.unchanged, *(change.live for change in plan.changes))
    return {
        address_of(one): (one.region, one.name)
        for one in lives
        if (isinstance(one, Stage) and one.canary) or (isinstance(one, Alias) and one.shared)
    }


def _document(place: str, one: RegionStatus | None) -> dict[str, Any]:
    verdict = None if one is None else one.verdict
    return {
        "address": place,
        "percent": None if one is None else one.target_percent,
        "verdict": None if verdict is None else str(verdict.outcome),
        "reasons": [] if verdict is None else list(verdict.reasons),
    }


def _note(note: str, one: RegionStatus | None) -> str:
    if not note:  # an alias has none of its own
        share = f", {one.target_percent:g} %" if one is not None and one.target_percent is not None else ""
        note = f"running a canary{share}"
    verdict = _UNKNOWN if one is None or one.verdict is None else str(one.verdict.outcome)
    return f"{note}; verdict: {verdict}"
