"""Plays canaries in a sandbox of its own and prints how each ended: `python -m tests.bench.canaries [GOOD]`.

CANARIES chooses among bad, nodim, blind and good, ONLY among the kinds, HOLD says how long a step lasts.

The eight bad ones with the access log; the same without CloudWatch's canary dimension, with the access log and without;
then that many good ones (15 by default).
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backendctl.sandbox.process import default_data, stop
from tests.functional.canaries import BAD, Kind, Played, good, play, prepare
from tests.functional.project import Project, environment, make_project
from tests.functional.sandboxed import EAST, WEST, free_port

HOLD = os.environ.get("HOLD", "120 minutes")
"""At the sandbox's pace; a busy machine takes longer to bring requests."""
ONLY = set(filter(None, os.environ.get("ONLY", "").split(",")))
"""Names of kinds; empty means all."""


@contextmanager
def _project(*, logged: bool, dimension: bool) -> Iterator[Project]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        variables = {
            "XDG_DATA_HOME": str(place / "data"),
            "XDG_STATE_HOME": str(place / "state"),
            "BACKENDCTL_SANDBOX_CANARY_METRICS": "on" if dimension else "off",
        }
        with environment(**variables):
            project = make_project(place / "project", name="shop", port=free_port(), regions=[EAST, WEST])
            try:
                prepare(project, logged=logged, bake_time=HOLD)
                yield project
            finally:
                stop(project.port, default_data(project.port))


def _told(played: Played) -> None:
    sys.stdout.write(f"{played}\n")
    sys.stdout.flush()


def _bad(title: str, *, logged: bool, dimension: bool) -> list[tuple[Kind, Played]]:
    sys.stdout.write(f"\n{title}\n")
    found: list[tuple[Kind, Played]] = []
    with _project(logged=logged, dimension=dimension) as project:
        for seed, kind in enumerate(kind for kind in BAD if not ONLY or kind.name in ONLY):
            found.append((kind, play(project, kind, seed=seed)))
            _told(found[-1][1])
    return found


def main() -> None:
    """Print the figures."""
    wanted = set(os.environ.get("CANARIES", "bad,nodim,blind,good").split(","))
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    if "bad" in wanted:
        seen = _bad("Bad, access log and canary dimension", logged=True, dimension=True)
        stopped = sum(p.outcome == "aborted" and p.requests <= kind.within for kind, p in seen)
        sys.stdout.write(f"stopped in time: {stopped} of {len(seen)}\n")
    if "nodim" in wanted:
        seen = _bad("Bad, access log, no canary dimension", logged=True, dimension=False)
        sys.stdout.write(f"promoted: {sum(p.outcome == 'promoted' for _, p in seen)} of {len(seen)}\n")
    if "blind" in wanted:
        seen = _bad("Bad, neither access log nor canary dimension", logged=False, dimension=False)
        sys.stdout.write(f"promoted: {sum(p.outcome == 'promoted' for _, p in seen)} of {len(seen)}\n")
    if "good" in wanted:
        sys.stdout.write("\nGood, access log\n")
        with _project(logged=True, dimension=False) as project:
            ends: list[Played] = []
            for number in range(count):
                ends.append(play(project, good(number), seed=100 + number))
                _told(ends[-1])
        told = {outcome: sum(end.outcome == outcome for end in ends) for outcome in {end.outcome for end in ends}}
        sys.stdout.write(f"good: {told}\n")


if __name__ == "__main__":
    main()
