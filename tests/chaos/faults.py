"""Faults on the way: each command meets one, is said again without it, and ends as if undisturbed."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from tests.chaos.ground import Ground, shown
from tests.chaos.kills import Undisturbed, is_known, undisturbed_run
from tests.chaos.state import differences
from tests.chaos.verbs import COMMANDS, VERBS, reach, ready
from tests.functional.proxy import CUT, After, Answer, Before, Call, Cut
from tests.functional.sandboxed import WEST

_QUERY = frozenset({"iam", "sts", "cloudwatch"})
_XML = frozenset({"route53", "s3"})


def refusal(call: Call, status: int, code: str, message: str = "") -> Answer:
    """An error as that service words it."""
    if call.service in _QUERY | _XML:
        body = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        return Answer(status=status, body=f"{body}<RequestId>1</RequestId></ErrorResponse>")
    body = f'{{"__type": "{code}", "message": "{message}"}}'
    return Answer(status=status, body=body, headers={"x-amzn-ErrorType": code, "Content-Type": "application/json"})


@dataclass(kw_only=True)
class Sometimes:
    """Every so many calls, from a seeded place on."""

    dice: random.Random
    share: float
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> bool:
        """Whether this one is hit."""
        with self._lock:
            return self.dice.random() < self.share


Meddling = tuple[Before | None, After | None]


def _refusing(share: float, status: int, code: str) -> Callable[[random.Random], Meddling]:
    def made(dice: random.Random) -> Meddling:
        hit = Sometimes(dice=dice, share=share)
        return (lambda call: refusal(call, status, code, "slow down") if call.service and hit.now() else None), None

    return made


def _lost(dice: random.Random) -> Meddling:
    hit = Sometimes(dice=dice, share=0.15)

    def cut(call: Call) -> Cut | None:
        return CUT if call.mutating and hit.now() else None

    return None, cut


def _malformed(dice: random.Random) -> Meddling:
    hit = Sometimes(dice=dice, share=0.03)
    bodies = ["<html>sign in to the hotel</html>", "", '{"items": [', "[]", '{"unknown": 1}', "null", '"text"']

    def answer(call: Call) -> Answer | None:
        headers = {"Content-Type": "application/json"}
        return Answer(status=200, body=dice.choice(bodies), headers=headers) if call.service and hit.now() else None

    return answer, None


def _from_a_moment(
    dice: random.Random, answer: Callable[[Call], Answer | Cut | None], *, counts: Callable[[Call], bool]
) -> Meddling:
    """From some call on, for good. counts: which calls there are to choose from."""
    number, seen, lock = dice.randrange(2, 12), [0], threading.Lock()

    def before(call: Call) -> Answer | Cut | None:
        with lock:
            seen[0] += counts(call)
            return answer(call) if seen[0] >= number else None

    return before, None


def _mutating(call: Call) -> bool:
    return call.mutating


def _any(call: Call) -> bool:
    return bool(call.service)


def _down(dice: random.Random, *, counts: Callable[[Call], bool] = _mutating) -> Meddling:
    return _from_a_moment(
        dice,
        lambda call: (
            refusal(call, 503, "ServiceUnavailable")
            if call.region == WEST and call.service not in {"route53", "iam", "sts"}
            else None
        ),
        counts=counts,
    )


def _expired(dice: random.Random, *, counts: Callable[[Call], bool] = _mutating) -> Meddling:
    return _from_a_moment(
        dice, lambda call: refusal(call, 403, "ExpiredTokenException", "The security token is expired"), counts=counts
    )


FAULTS: Mapping[str, Callable[[random.Random], Meddling]] = {
    "throttled": _refusing(0.1, 400, "ThrottlingException"),
    "internal": _refusing(0.05, 500, "InternalFailure"),
    "lost": _lost,
    "malformed": _malformed,
    "region-down": _down,
    "expired": _expired,
}
"""Name → what it does to calls."""
_LOOKING: Mapping[str, Callable[[random.Random], Meddling]] = {
    **FAULTS,
    "region-down": partial(_down, counts=_any),
    "expired": partial(_expired, counts=_any),
}
"""The same for a command that changes nothing, which would never meet those that wait for a change."""
_SAID = frozenset({0, 1, 5})
_SEEN = frozenset({0, 1, 2, 3, 4, 5})


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What became of one command under one fault. again: whether it was said again, without it."""

    verb: str
    code: int
    faults: tuple[str, ...] = ()
    again: bool = True

    def __str__(self) -> str:
        well = ", then as undisturbed" if self.again else ""
        return f"{self.verb}: exit {self.code}{shown(self.faults) if self.faults else well}"


def meet(ground: Ground, name: str, wanted: Undisturbed, *, fault: str, seed: str) -> Fault:
    """One command under one fault, and the same command again."""
    verb = VERBS[name]
    reach(ground, verb.base)
    verb.edit(ground)
    before, after = FAULTS[fault](random.Random(seed))  # noqa: S311  # no secret
    run = ground.run(*verb.line, before=before, after=after)
    found = [] if run.code in _SAID else [f"exit {run.code}: {run.err[-800:]}"]
    if run.traceback:
        found.append(f"a traceback: {run.err[-1500:]}")
    if run.code == 0:
        found += [f"it said 0, and: {line}" for line in _differences(ground, wanted)]
    elif "Error: " not in run.err:
        found.append(f"no error was told: {run.err[-500:]}")
    again = ground.run(*verb.line)
    if again.code != 0:
        found.append(f"the same command again: exit {again.code}: {again.err[-800:]}")
    found += _differences(ground, wanted)
    return Fault(verb=f"{name} {fault}", code=run.code, faults=tuple(found))


def look(ground: Ground, name: str, *, fault: str, seed: str) -> Fault:
    """A command that changes nothing of what is compared, under one fault: it says what it could not see."""
    ready(ground, name)
    before, after = _LOOKING[fault](random.Random(seed))  # noqa: S311  # no secret
    run = ground.run(*COMMANDS[name], before=before, after=after)
    found = [] if run.code in _SEEN else [f"exit {run.code}: {run.err[-800:]}"]
    if run.traceback and "/var/task/" not in run.err:  # a handler's own, which a command shows, is none of ours
        found.append(f"a traceback: {run.err[-1500:]}")
    return Fault(verb=f"{name} {fault}", code=run.code, faults=tuple(found), again=False)


def _differences(ground: Ground, wanted: Undisturbed) -> list[str]:
    return [line for line in differences(wanted.state, ground.state()) if not is_known(line)]


def faults(ground: Ground, names: Sequence[str], kinds: Sequence[str], seed: int) -> Iterator[Fault]:
    """Every verb under every fault."""
    for name in (one for one in names if one not in VERBS):
        for kind in kinds:
            yield look(ground, name, fault=kind, seed=f"{seed}/{name}/{kind}")
    for name in (one for one in names if one in VERBS):
        wanted = undisturbed_run(ground, VERBS[name])
        for kind in kinds:
            yield meet(ground, name, wanted, fault=kind, seed=f"{seed}/{name}/{kind}")
