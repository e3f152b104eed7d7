"""A region that hangs: it takes the connection and never answers. Every command ends within the bound that is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from backendctl.cli.catalogue import entries
from tests.chaos.ground import Ground, shown
from tests.chaos.verbs import VERBS, reach, undisturbed
from tests.functional.killing import ended
from tests.functional.proxy import CUT, Call, Cut
from tests.functional.sandboxed import EAST, WEST

TIMEOUT = 4
"""Seconds of `--timeout`."""
CALLS = 8
"""So many of those, one after the other, a command may take for calls that hang; a machine under load, as many more."""
_ONCE = frozenset({"route53", "iam", "sts"})
"""Services that AWS has once: they answer."""
_OFFLINE = frozenset({"validate", "render", "iam-policy", "sandbox"})
_OF_THAT_REGION = frozenset({"export-api", "tune", "sdk"})
"""Commands that can do nothing without the region that hangs."""
_SLOW_AT_FIRST = (("application-autoscaling", "describe_scalable_targets", {"ServiceNamespace": "dynamodb"}),)
"""What a sandbox answers slower than a short bound allows, the first time that it is asked."""

LINES: Mapping[str, tuple[str, ...]] = {
    **{name: VERBS[name].line for name in VERBS if name in entries()},
    "deploy": VERBS["update"].line,
    "plan": ("plan",),
    "status": ("status",),
    "history": ("history",),
    "diff": ("diff", "v1", "v1"),
    "canary-status": ("canary-status",),
    "export-api": (
        "export-api",
        "--force",
        "--api",
        "chaos",
        "--from",
        f"{WEST}/prodv1",
    ),  # FILE is the spec, which stays
    "grant": ("grant", "-y"),
    "sdk": ("sdk", "--type", "javascript"),
    "warm-status": ("warm-status",),
    "warm": ("warm",),
    "sync-warmers": ("sync-warmers", "-y"),
    "tune": ("tune", "one", "-y", "--memory", "128,256", "-r", WEST),
    "cost": ("cost", "--from-metrics", "1d"),
    "logs": ("logs", "--since", "5m"),
    "invoke": ("invoke", "one", "--api-event", "GET /one", "--all-regions"),
    "doctor": ("doctor",),
    "traces": ("traces",),
    "test": ("test",),
}
"""Command → what is typed."""


@dataclass(frozen=True, kw_only=True)
class Hang:
    """What one command did while a region hung. seconds: how long it took."""

    verb: str
    code: int
    seconds: float
    faults: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.verb}: exit {self.code} after {self.seconds:.0f} s{shown(self.faults)}"


def asking_aws() -> frozenset[str]:
    """Every command that calls AWS."""
    return frozenset(entries()) - _OFFLINE


def hangs(ground: Ground, names: Sequence[str] = tuple(LINES)) -> Iterator[Hang]:
    """Every command, each from the state that it wants."""
    for name in names:
        verb = VERBS.get("update" if name == "deploy" else name)
        reach(ground, verb.base if verb else "one")
        if verb is not None:
            verb.edit(ground)
        if name == "test":
            undisturbed(ground.run("test", "--from-definition"))
        for service, operation, arguments in _SLOW_AT_FIRST:
            getattr(ground.client(service, EAST), operation)(**arguments)
        yield _hang(ground, name)


def _hang(ground: Ground, name: str) -> Hang:
    over = threading.Event()

    def silent(call: Call) -> Cut | None:
        if call.region != WEST or call.service in _ONCE or not call.service:
            return None
        over.wait()
        return CUT

    began = time.monotonic()
    line = LINES[name]
    with ground.meddling(before=silent):
        try:
            run = ended(ground.start(*line, "--timeout", str(TIMEOUT)), longest=20 * TIMEOUT * CALLS)
        finally:
            over.set()
    seconds = time.monotonic() - began
    found = (
        []
        if run.code in ({1} if name in _OF_THAT_REGION else {3, 4, 5})
        else [f"exit {run.code}: {(run.err or run.out)[-600:]}"]
    )
    if run.traceback:
        found.append(f"a traceback: {run.err[-1500:]}")
    if seconds > CALLS * TIMEOUT:
        found.append(f"it took {seconds:.0f} s: {run.err[-600:]}")
    if WEST not in run.err + run.out:
        found.append(f"the region is not named: {run.err[-600:]}")
    if "--timeout" not in run.err + run.out:
        found.append(f"what bounds the wait is not told: {run.err[-600:]}")
    return Hang(verb=name, code=run.code, seconds=seconds, faults=tuple(found))
