"""Two operators at once: two commands, the second begun while the first stands still at a call of its own.

What has to hold afterwards, whoever won: all regions serve alike, an exit code of 0 is true of what AWS serves, and
whoever lost was told. Under load no request failed, and none met code of one release behind the definition of another.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backendctl.sandbox.process import default_data
from tests.chaos.ground import BOTH, Ground, Moment, shown
from tests.chaos.verbs import reach
from tests.functional.killing import Run, ended
from tests.functional.marked import Users, asked
from tests.functional.proxy import Call, Proxy, proxying

ACTS: Mapping[str, tuple[str, ...]] = {
    "deploy": ("deploy", "-y"),
    "start": ("start-canary", "-y", "--percent", "30"),
    "shift": ("promote-canary", "-y", "--to", "60", "--ignore-verdict"),
    "promote": ("promote-canary", "-y", "--full", "--ignore-verdict"),
    "abort": ("abort-canary", "-y"),
    "rollback": ("rollback", "-y"),
    "publish": ("publish", "-y"),
    "prune": ("prune", "-y", "--keep", "1"),
}
_ON_CANARY = frozenset({"shift", "promote", "abort"})
PAIRS: tuple[tuple[str, str], ...] = tuple(itertools.combinations_with_replacement(ACTS, 2))

_TOLD = frozenset({0, 1, 4, 5, 64})
_PAUSE = 3.0
"""Seconds for which the first command stands still at most."""


@dataclass(frozen=True, kw_only=True)
class Race:
    """What became of one race. verb: "race a b" for the figures."""

    pair: tuple[str, str]
    paused: int
    codes: tuple[int, int]
    faults: tuple[str, ...] = ()

    @property
    def verb(self) -> str:
        """Under which name it is counted."""
        return f"race {self.pair[0]} {self.pair[1]}"

    def __str__(self) -> str:
        said = shown(self.faults) if self.faults else " held"
        return f"{self.verb}, the first paused at its change {self.paused}, exits {self.codes}:{said}"


def race(ground: Ground, pair: tuple[str, str], *, paused: int, delay: float, load: bool = False) -> Race:
    """Both on the same backend, from a canary where one of them needs it.

    Args:
        paused: at which of its changing calls the first stands still until the second is done, or for some seconds.
        delay: seconds after which the second begins when the first never gets there.
    """
    reach(ground, "canary" if _ON_CANARY & set(pair) else "two")
    ground.write(3)
    users = Users(url=ground.sandbox.url, host=ground.project.domain)
    with users.asking() if load else contextlib.nullcontext():
        runs = _both(ground, pair, paused=paused, delay=delay)
    found = [*_told_truly(pair, runs), *_alike(ground)]
    if load:
        found += [f"a user met {complaint}" for complaint in users.complaints[:3]]
    return Race(pair=pair, paused=paused, codes=(runs[0].code, runs[1].code), faults=tuple(found))


def races(ground: Ground, *, sample: int, seed: int, load: bool) -> Iterator[Race]:
    """So many, drawn by a seed from all pairs, offsets and calls."""
    dice = random.Random(seed)  # noqa: S311  # no secret
    for _ in range(sample):
        pair = dice.choice(PAIRS)
        yield race(ground, pair, paused=dice.randrange(1, 14), delay=dice.uniform(0.5, 4), load=load)


def _both(ground: Ground, pair: tuple[str, str], *, paused: int, delay: float) -> tuple[Run, Run]:
    reached, finished = threading.Event(), threading.Event()
    moment = Moment(number=paused)

    def stand_still(call: Call) -> None:
        if moment.passes(call):
            reached.set()
            finished.wait(_PAUSE)

    with second_door(ground) as port, ground.meddling(before=stand_still):
        first = ground.start(*ACTS[pair[0]])
        deadline = time.monotonic() + delay + 20
        while not reached.wait(0.1) and first.poll() is None and time.monotonic() < deadline:
            pass
        second = ground.start(*ACTS[pair[1]], port=port)
        runs: list[Run] = []
        other = threading.Thread(target=lambda: runs.append(ended(second)))
        other.start()
        one = ended(first)
        other.join()
        finished.set()
    return one, runs[0]


@contextlib.contextmanager
def second_door(ground: Ground) -> Iterator[int]:
    """The port of a way to the same sandbox that nobody meddles with; the second operator's."""
    with proxying(Proxy(upstream=ground.sandbox.url)) as proxy:
        data: Path = default_data(proxy.port)
        data.symlink_to(ground.sandbox.data)
        try:
            yield proxy.port
        finally:
            data.unlink()


def _told_truly(pair: tuple[str, str], runs: Sequence[Run]) -> Iterator[str]:
    for name, run in zip(pair, runs, strict=True):
        if run.traceback:
            yield f"{name} ended in a traceback: {run.err[-600:]}"
        if run.code not in _TOLD:
            yield f"{name}: exit {run.code}: {run.err[-400:]}"
        if run.code not in {0, 4} and "Error: " not in run.err and "Interrupted" not in run.err:
            yield f"{name}: exit {run.code}, and no error was told: {run.err[-400:]}"
    if not any(run.code == 0 for run in runs):
        yield f"nobody won: {runs[0].err[-300:]} / {runs[1].err[-300:]}"


def _alike(ground: Ground) -> Iterator[str]:
    """All regions serve the same: code, definition, share of the canary, version behind every alias."""
    serving = {region: _serving(ground, region) for region in BOTH}
    for key in sorted(set().union(*(found.keys() for found in serving.values()))):
        values = {region: found.get(key) for region, found in serving.items()}
        if len({str(value) for value in values.values()}) > 1:
            yield f"regions differ in {key}: {values}"
    ground.sandbox.arrived()
    for region in BOTH:
        code, definition = asked(ground.project, region)
        if not code or (code != definition and not serving[region]["canary"]):
            yield f"{region} answers code {code or 'nothing'} behind definition {definition}"


def _serving(ground: Ground, region: str) -> dict[str, Any]:
    gateway = ground.client("apigateway", region)
    api = ground.project.apis(region)[0]["id"]
    stage = gateway.get_stage(restApiId=api, stageName="prodv1")
    canary = stage.get("canarySettings") or {}
    versions = {a["Name"]: a["FunctionVersion"] for a in _aliases(ground, region)}
    lead = (stage.get("variables") or {}).get("oneAlias", "")
    beside = (canary.get("stageVariableOverrides") or {}).get("oneAlias", "")
    return {
        "canary": canary.get("percentTraffic"),
        "live version": versions.get(lead),
        "canary's version": versions.get(beside),
        "plain alias": versions.get("version1"),
    }


def _aliases(ground: Ground, region: str) -> list[Any]:
    found: list[Any] = ground.client("lambda", region).list_aliases(FunctionName="chaos-one")["Aliases"]
    return found
