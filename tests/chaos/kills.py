"""Kill a command at a call, run the same command again, and hold all regions against an undisturbed run."""

from __future__ import annotations

import random
import re
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.ground import Ground, Moment, shown, told
from tests.chaos.state import differences
from tests.chaos.verbs import NOT_YET, VERBS, Verb, reach, undisturbed


@dataclass(frozen=True, kw_only=True)
class Kill:
    """What became of one.

    Attributes:
        faults: empty when all is as if nobody had disturbed it. known: what differs as `NOT_YET` says.
    """

    verb: str
    where: str
    faults: tuple[str, ...] = ()
    known: tuple[str, ...] = ()

    def __str__(self) -> str:
        found = shown(self.faults) if self.faults else " as undisturbed"
        return f"{self.verb} killed at {self.where}:{found}{f' (known: {len(self.known)})' if self.known else ''}"


@dataclass(kw_only=True)
class Undisturbed:
    """The end of a verb that nobody disturbs. calls: how many of its calls may change something."""

    calls: int
    state: dict[str, Any]
    kills: list[Kill] = field(default_factory=list)


def undisturbed_run(ground: Ground, verb: Verb) -> Undisturbed:
    """Run it once to its end."""
    _ready(ground, verb)
    counted = Moment(number=0)

    def count(call: Any) -> None:
        counted.passes(call)

    undisturbed(ground.run(*verb.line, before=count))
    return Undisturbed(calls=counted.seen, state=ground.state())


def kill(ground: Ground, name: str, wanted: Undisturbed, *, number: int, done: bool) -> Kill:
    """Kill it at one call, and run it again."""
    verb = VERBS[name]
    _ready(ground, verb)
    run, call = ground.killed(*verb.line, number=number, done=done)
    where = f"{number} of {wanted.calls}, {told(call)}, {'done' if done else 'not done'}"
    if call is None:  # a run makes some calls fewer or more; the last number may not be reached
        return Kill(verb=name, where=where, faults=() if run.code == 0 else (f"exit {run.code}", run.err[-500:]))
    faults = [] if run.code == -signal.SIGKILL else [f"it was not killed: exit {run.code}"]
    again = ground.run(*verb.line)
    if again.code != 0:
        faults.append(f"the same command again: exit {again.code}: {again.err[-600:]}")
    if again.traceback:
        faults.append(f"the same command again ended in a traceback: {again.err[-600:]}")
    if verb.proof and (proof := ground.run(*verb.proof)).code != 0:
        faults.append(f"{' '.join(verb.proof)}: exit {proof.code}: {proof.out[-600:]}{proof.err[-600:]}")
    found = list(differences(wanted.state, ground.state()))
    known = tuple(line for line in found if is_known(line))
    return Kill(verb=name, where=where, faults=(*faults, *(one for one in found if one not in known)), known=known)


def is_known(line: str) -> bool:
    """Whether a difference is one that `NOT_YET` names."""
    return any(re.match(pattern, line) for pattern in NOT_YET)


def kills(ground: Ground, names: Sequence[str], *, sample: int | None, seed: int, once: bool = False) -> Iterator[Kill]:
    """At every call of these verbs, before and after it.

    Args:
        sample: at so many places of each only, which a seed draws.
        once: before or after each call, as the seed draws: half the time, for what follows one call comes before the
            next.
    """
    for name in names:
        wanted = undisturbed_run(ground, VERBS[name])
        places = [(number, done) for number in range(1, wanted.calls + 1) for done in (False, True)]
        dice = random.Random(f"{seed}/{name}")  # noqa: S311  # no secret
        if once:
            places = [(number, dice.random() < 0.5) for number in range(1, wanted.calls + 1)]
        if sample is not None:
            places = sorted(dice.sample(places, min(sample, len(places))))
        for number, done in places:
            yield kill(ground, name, wanted, number=number, done=done)


def _ready(ground: Ground, verb: Verb) -> None:
    reach(ground, verb.base)
    verb.edit(ground)
