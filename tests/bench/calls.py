"""Calls, seconds and chains of a first deploy, one with nothing to do, and one of one function.

    python -m tests.bench.calls [--regions 3] [--functions 10] [--delay 0.08] [--workers 16] [--operations] [--rounds]

Against a sandbox of its own at time scale 0. The chain is that of the calls that had to wait for each other: from the
call that ended last back to the one that ended last before it began, and so on. On a machine too busy to begin calls at
once it comes out longer than it is. `--rounds` counts it exactly, with no delay and 96 workers: calls go out in rounds
(`tests/rounds.py`), and `--operations` then shows each of them. Its seconds say nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from backendctl.errors import Exit
from backendctl.sandbox import process
from tests.bench import reference
from tests.functional.sandboxed import free_port

EMPTY = 2
_SLACK = 0.002  # seconds by which a call may seem to begin before the one it waited for has ended


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of the command line, as `traced` noted it. wall, cpu: seconds. mb: of memory, at most."""

    calls: list[dict[str, Any]]
    wall: float
    cpu: float
    mb: float

    @property
    def rounds(self) -> dict[int, Counter[str]]:
        """Round → how many calls of each operation; empty unless calls went out in rounds."""
        found: dict[int, Counter[str]] = {}
        for call in self.calls:
            if call["round"]:
                found.setdefault(call["round"], Counter())[f"{call['service']} {call['operation']}"] += 1
        return dict(sorted(found.items()))

    @property
    def length(self) -> int:
        """Calls of the longest chain."""
        return len(self.rounds) or len(self.chain)

    @property
    def chain(self) -> list[dict[str, Any]]:
        """The calls that had to wait for each other, first to last."""
        left = sorted(self.calls, key=lambda call: float(call["to"]))
        found: list[dict[str, Any]] = []
        while left:
            last = left.pop()
            found.append(last)
            left = [call for call in left if call["to"] <= last["from"] + _SLACK]
        return found[::-1]

    @property
    def span(self) -> float:
        """Seconds from the first call to the end of the last."""
        if not self.calls:
            return 0.0
        return float(max(call["to"] for call in self.calls) - min(call["from"] for call in self.calls))


@contextlib.contextmanager
def sandbox(folder: Path, *, time_scale: float = 0, quotas: bool = False) -> Iterator[int]:
    """A sandbox of its own; its port."""
    port = free_port()
    data = folder / "home" / "backendctl" / f"sandbox-{port}"  # where the command line looks for it
    process.start(port, data, time_scale=time_scale, quotas=quotas)
    try:
        yield port
    finally:
        process.stop(port, data)


def run(
    folder: Path,
    port: int | None,
    *arguments: str,
    delay: float | str = 0,
    workers: int = 16,
    ends: Collection[int] = (0,),
) -> Run:
    """Run the command line `delay` seconds away from the sandbox of `port`; delay: or "rounds".

    Args:
        port: None where the arguments say which AWS is meant.
        ends: exit codes that are as they should be.
    """
    trace = folder / "trace.jsonl"
    environment = {**os.environ, "XDG_STATE_HOME": str(folder / "state"), "XDG_DATA_HOME": str(folder / "home")}
    # A smoke test of hundreds of functions is hundreds of cold starts on one machine; AWS has more.
    reached = [] if port is None else ["--sandbox", "--port", str(port)]
    reached += ["--max-parallel", str(workers), "--timeout", "600"]
    line = [sys.executable, "-m", "tests.bench.traced", str(trace), str(delay), *arguments, *reached]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in ends:
        sys.exit(f"{arguments[0]} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    *calls, whole = [json.loads(text) for text in trace.read_text(encoding="utf-8").splitlines()]
    return Run(calls=calls, **whole)


def phases(
    folder: Path, port: int, spec: Path, *, delay: float | str = 0, workers: int = 16
) -> Iterator[tuple[str, Run]]:
    """The three deploys."""

    def deploy() -> Run:
        return run(folder, port, "deploy", "-y", str(spec), delay=delay, workers=workers)

    yield "first", deploy()
    yield "nothing to do", deploy()
    reference.write_function(folder, "f000", release="2")
    yield "one function", deploy()


def looks(
    folder: Path, port: int, spec: Path, *, delay: float | str = 0, workers: int = 16, times: int = 1
) -> Iterator[tuple[str, Run]]:
    """Commands that only look, at what has been deployed; of each the fastest of so many runs."""
    for line in (("plan",), ("status",), ("warm-status",), ("sync-api", "--check")):
        ends = (Exit.OK, Exit.INCONCLUSIVE)  # nothing has been called yet, so nobody knows whether it is warm
        looking = partial(run, folder, port, *line, str(spec), delay=delay, workers=workers, ends=ends)
        yield " ".join(line), min((looking() for _ in range(times)), key=lambda found: found.span)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regions", type=int, default=3)
    parser.add_argument("--functions", type=int, default=10)
    parser.add_argument("--delay", type=float, default=0.08, help="seconds")
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--operations", action="store_true", help="also count them one by one, and show the chain")
    parser.add_argument("--rounds", action="store_true", help="count the longest chain exactly")
    asked = parser.parse_args()
    delay, workers = ("rounds", 96) if asked.rounds else (asked.delay, asked.workers)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spec = reference.make(folder, regions=asked.regions, functions=asked.functions)
        away = "in rounds" if asked.rounds else f"{asked.delay * 1000:.0f} ms"
        say(f"{asked.regions} regions x {asked.functions} functions, {away}, {workers} workers")
        say(f"{'':14} {'calls':>6} {'wall s':>7} {'chain':>6} {'own cpu s':>10} {'MB':>5} {'errors':>7}")
        with sandbox(folder) as port:
            for phase, found in phases(folder, port, spec, delay=delay, workers=workers):
                _show(phase, found, operations=asked.operations)


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _show(phase: str, found: Run, *, operations: bool) -> None:
    wrong = sum(call["status"] >= 400 for call in found.calls)
    figures = f"{len(found.calls):6} {found.wall:7.2f} {found.length:6} {found.cpu:10.2f} {found.mb:5.0f} {wrong:7}"
    say(f"{phase:14} {figures}")
    if operations:
        for (service, operation), number in Counter((c["service"], c["operation"]) for c in found.calls).most_common():
            say(f"    {number:5} {service} {operation}")
        for number, made in found.rounds.items():
            say(f"    round {number}: " + ", ".join(f"{count} {name}" for name, count in made.most_common()))
        if not found.rounds:
            say("    chain: " + " ".join(f"{call['operation']}@{call['region']}" for call in found.chain))


if __name__ == "__main__":
    main()
