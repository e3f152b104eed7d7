"""Why an environment had to be made: the class of each cold start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from backendctl.warmth.invocations import Caller, Invocation

PUBLISHED_LATELY = 600.0
"""Seconds after a version was published in which its first cold start is the release's."""
TURNED_LATELY = 60.0
"""Seconds after the first user's request of a version in which its cold starts are the release's: before it, fewer
environments of that version were needed."""
_AT_ONCE = 0.25
"""Seconds within which calls count as simultaneous: when a call came is reckoned from its report, which may be late."""
_LONGEST = 1800.0
"""Seconds that an invocation may take, loading and handler."""


class Cause(StrEnum):
    """Why there was a cold start."""

    RELEASE = "after a release"
    SCALE_OUT = "scale-out"
    RECYCLED = "recycled"
    IDLE = "idle"
    SPILLOVER = "provisioned spill-over"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Circumstances:
    """What has to be known beside the log.

    Attributes:
        since: beginning of what was read, seconds since the epoch; nobody knows what lived before.
        idle: seconds after which an unused environment is taken to be gone; AWS promises no figure (B61).
        published: version → when it was published, seconds since the epoch.
        provisioned: versions with provisioned concurrency.
    """

    since: float
    idle: float
    published: Mapping[str, float] = field(default_factory=dict)
    provisioned: frozenset[str] = frozenset()


def causes(found: Sequence[Invocation], circumstances: Circumstances) -> dict[int, Cause]:
    """Number of each cold invocation → its cause.

    Args:
        found: every invocation of the function with its caller.
    """
    told: dict[int, Cause] = {}
    of_version: dict[str, list[Invocation]] = {}
    ordered = sorted(enumerate(found), key=lambda pair: pair[1].came)  # loading differs in length
    for _, one in ordered:
        of_version.setdefault(one.version, []).append(one)
    seen = Counter[str]()
    turns = _Turns(circumstances.idle)
    for number, one in ordered:
        if one.caller is Caller.USER:
            turns.take(one)
        if one.is_cold:
            around = _Around(calls=of_version[one.version], place=seen[one.version])
            told[number] = _cause(one, around, turns.at.get(one.version), circumstances)
        seen[one.version] += 1
    return told


@dataclass(frozen=True, kw_only=True, slots=True)
class _Around:
    """The calls of a version in order of time, and the place of one among them."""

    calls: Sequence[Invocation]
    place: int

    def environments(self, idle: float) -> tuple[set[str], set[str]]:
        """Environments that lived when the call came, and those that were busy."""
        one = self.calls[self.place]
        alive: set[str] = set()
        busy: set[str] = set()
        for number in range(self.place - 1, -1, -1):
            past = self.calls[number]
            if past.came < one.came - idle - _LONGEST:
                break
            if past.ended >= one.came - idle:
                alive.add(past.stream)
            if past.came <= one.came < past.ended:
                busy.add(past.stream)
        for number in range(self.place + 1, len(self.calls)):
            if self.calls[number].came > one.came + _AT_ONCE:
                break
            busy.add(self.calls[number].stream)
        return alive, busy


class _Turns:
    """When users were sent to each version, in seconds since the epoch; -inf for the one they always went to."""

    def __init__(self, idle: float) -> None:
        self.at: dict[str, float] = {}
        self._idle = idle
        self._last: dict[str, float] = {}

    def take(self, one: Invocation) -> None:
        """A user's request, the next in order of time."""
        before = self._last.get(one.version)
        others = max((at for version, at in self._last.items() if version != one.version), default=None)
        if before is None:
            self.at[one.version] = float("-inf") if others is None else one.came
        elif others is not None and others > before and one.came - before > self._idle:  # a rollback, not a canary
            self.at[one.version] = one.came
        self._last[one.version] = one.came


def _cause(one: Invocation, around: _Around, turned: float | None, known: Circumstances) -> Cause:
    """turned: when users were sent to this version, seconds since the epoch; -inf when they always were."""
    if one.version in known.provisioned:
        return Cause.SPILLOVER
    if turned is not None and one.caller is Caller.USER and one.came - turned <= TURNED_LATELY:
        return Cause.RELEASE
    alive, busy = around.environments(known.idle)
    if alive:
        return Cause.SCALE_OUT if busy >= alive else Cause.RECYCLED
    return _after_a_pause(one, known, is_first=around.place == 0)


def _after_a_pause(one: Invocation, known: Circumstances, *, is_first: bool) -> Cause:
    """Nothing lived when the call came. is_first: of its version."""
    born = known.published.get(one.version)
    if born is not None and is_first and one.came - born <= PUBLISHED_LATELY:
        return Cause.RELEASE
    if is_first and one.came - known.since < known.idle:
        return Cause.UNKNOWN
    return Cause.IDLE
