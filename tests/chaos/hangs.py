"""A region that hangs: it takes the connection and never answers. Every command ends within the bound that is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.chaos.ground import Ground, shown
from tests.chaos.verbs import COMMANDS, ready
from tests.functional.killing import ended
from tests.functional.proxy import CUT, Call, Cut
from tests.functional.sandboxed import EAST, WEST

TIMEOUT = 4
"""Seconds of `--timeout`."""
LONGEST = 300
"""Seconds after which a command is taken for hanging: some 10 of them are calls that hang, the rest is the load."""
ONCE = frozenset({"route53", "iam", "sts"})
"""Services that AWS has once: they answer."""
OF_THAT_REGION = frozenset({"export-api", "tune", "sdk"})
"""Commands that can do nothing without the region that hangs."""
_SLOW_AT_FIRST = (("application-autoscaling", "describe_scalable_targets", {"ServiceNamespace": "dynamodb"}),)
"""What a sandbox answers slower than a short bound allows, the first time that it is asked."""


@dataclass(frozen=True, kw_only=True)
class Hang:
    """What one command did while a region hung. seconds: how long it took."""

    verb: str
    code: int
    seconds: float
    faults: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.verb}: exit {self.code} after {self.seconds:.0f} s{shown(self.faults)}"


def hangs(ground: Ground, names: Sequence[str] = tuple(COMMANDS)) -> Iterator[Hang]:
    """Every command, each from the state that it wants."""
    for name in names:
        ready(ground, name)
        for service, operation, arguments in _SLOW_AT_FIRST:
            getattr(ground.client(service, EAST), operation)(**arguments)
        yield _hang(ground, name)


def _hang(ground: Ground, name: str) -> Hang:
    over = threading.Event()

    def silent(call: Call) -> Cut | None:
        if call.region != WEST or call.service in ONCE or not call.service:
            return None
        over.wait()
        return CUT

    began = time.monotonic()
    line = COMMANDS[name]
    with ground.meddling(before=silent):
        try:
            run = ended(ground.start(*line, "--timeout", str(TIMEOUT)), longest=LONGEST)
        finally:
            over.set()
    seconds = time.monotonic() - began
    right = {1} if name in OF_THAT_REGION else {3, 4, 5}
    found = [] if run.code in right else [f"exit {run.code}: {(run.err or run.out)[-600:]}"]
    if run.traceback:
        found.append(f"a traceback: {run.err[-1500:]}")
    if WEST not in run.err + run.out:
        found.append(f"the region is not named: {run.err[-600:]}")
    if "--timeout" not in run.err + run.out:
        found.append(f"what bounds the wait is not told: {run.err[-600:]}")
    return Hang(verb=name, code=run.code, seconds=seconds, faults=tuple(found))
