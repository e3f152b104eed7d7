"""What a rollout tells while it works; only the CLI draws it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from backendctl.errors import Exit, unreachable_data

if TYPE_CHECKING:
    from backendctl.engine.plan import Plan
    from backendctl.errors import BackendctlError
    from backendctl.release.judging import Judged


class Ending(StrEnum):
    """How a promotion ends."""

    NOTHING = "nothing"
    SHIFTED = "shifted"
    PROMOTED = "promoted"
    ABORTED = "aborted"
    REFUSED = "refused"
    HELD = "held"
    BAKING = "baking"
    STEPPED_DOWN = "stepped-down"
    ENDED_UNJUDGED = "aborted-inconclusive"
    PARTIAL = "partial"
    NOT_DONE = "not-done"


_EXITS = {
    Ending.ABORTED: Exit.FAILED_VERDICT,
    Ending.REFUSED: Exit.FAILED_VERDICT,
    Ending.HELD: Exit.INCONCLUSIVE,
    Ending.BAKING: Exit.INCONCLUSIVE,
    Ending.STEPPED_DOWN: Exit.INCONCLUSIVE,
    Ending.ENDED_UNJUDGED: Exit.INCONCLUSIVE,
    Ending.PARTIAL: Exit.PARTIAL,
    Ending.NOT_DONE: Exit.ERROR,
}

_UNFINISHED = {Exit.PARTIAL: Ending.PARTIAL, Exit.ERROR: Ending.NOT_DONE}


def exit_of(ending: Ending) -> Exit:
    """The exit code of an ending."""
    return _EXITS.get(ending, Exit.OK)


def unfinished(done: Answer) -> Ending | None:
    """How a run ends whose plan was not carried out as a whole; None when it was, or when nothing was to be done."""
    return None if done is None else _UNFINISHED.get(done)


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """The canaries have been judged. when: the step and what is left of it, e.g. "10 %, 30 s to go"."""

    judged: Sequence[Judged]
    when: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Stepped:
    """The next step is planned; whoever drives the rollout carries it out and sends an `Answer`.

    Attributes:
        before: runs the hook that may stop it; to be called once the user has agreed, before anything is changed.
            It raises BackendctlError when the hook fails.
    """

    plan: Plan
    before: Callable[[], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """Nothing happens for so many seconds."""

    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """The last event.

    Attributes:
        target_percent: of the requests that still go to a canary which is not known to be good; None without one.
        verdicts: of the last look, as JSON-able data.
        traces: command lines to read the logs of an aborted canary with.
        unreachable: the regions that did not answer, with what they said.
    """

    backend: str
    ending: Ending
    target_percent: float | None = None
    verdicts: Sequence[Mapping[str, Any]] = ()
    traces: Sequence[str] = ()
    unreachable: Mapping[str, BackendctlError] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        """How it ended, as JSON; `percent` is `target_percent`."""
        return {
            "backend": self.backend,
            "outcome": str(self.ending),
            "percent": self.target_percent,
            "verdicts": list(self.verdicts),
            "unreachable": unreachable_data(self.unreachable),
        }


Event = Looked | Stepped | Waiting | Ended

Answer = Exit | None
"""To `Stepped`: OK when all was done, PARTIAL when some of it was, ERROR when nothing was, such as where somebody else
was first; None when there was nothing to do or to be done.

To every other event None, so that a plain `for` changes nothing.
"""
