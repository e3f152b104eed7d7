"""What each test costs in processor time, with every process it starts; `python -m tests.bench.suite_cost FOLDER`.

    mkdir /tmp/cost && SUITE_COST=/tmp/cost pytest -q -n 2 --dist worksteal -p tests.bench.suite_cost
    python -m tests.bench.suite_cost /tmp/cost

Wall time says little on a busy machine, so processor time is what is counted: of the process that runs the tests, of
its children, and of the sandboxes below its temporary folder with their handlers. A fixture is paid by the test that
asks for it first. Linux only: it reads /proc.

A busy machine makes processor time longer too, by half and more. So a fixed piece of work is measured all along, and
two runs can be compared by what it took in each.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import statistics
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_TICKS = os.sysconf("SC_CLK_TCK")
_EVERY = 0.25
"""Seconds between two looks at other processes: what one does in its last quarter of a second is not seen."""

_AGAIN = 2.0
"""Seconds after which a process that was not ours is looked at again: numbers come again."""

_LOOKS = 20
"""Looks between two times the fixed piece of work is done."""


class Meter:
    """Processor seconds of this process and of those it started, also of those that left it."""

    def __init__(self, mark: str) -> None:
        self._mark = mark.encode()
        self._foreign: set[tuple[int, str]] = set()
        self._mine: dict[int, str] = {}
        self._passed: dict[int, float] = {}
        self._seen: dict[tuple[int, str], float] = {}
        self._lock = threading.Lock()
        for process in Path("/proc").glob("[0-9]*"):  # also of another run, whose workers have the same names
            with contextlib.suppress(OSError, IndexError):
                told = Path(f"{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
                self._foreign.add((int(process.name), told[19]))

    def look(self) -> float:
        """Processor seconds of the other processes so far."""
        with self._lock:
            if not _children() and not any(Path(f"/proc/{pid}").exists() for pid in self._mine):
                return sum(self._seen.values())  # reading /proc for each unit test would cost more than the test
            now = time.monotonic()
            for name in os.listdir("/proc"):  # noqa: PTH208 - names are all it takes
                if name.isdecimal() and (pid := int(name)) != os.getpid() and now > self._passed.get(pid, 0):
                    self._look_at(pid)
            return sum(self._seen.values())

    def _look_at(self, pid: int) -> None:
        try:
            told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            key = (pid, told[19])  # with its start time, because numbers come again
            if key in self._foreign:
                self._passed[pid] = time.monotonic() + _AGAIN
                return
            if key not in self._seen:
                line = Path(f"/proc/{pid}/cmdline").read_bytes()
                if self._mark not in line and not self._is_mine(int(told[1])):
                    self._foreign.add(key)
                    return
                self._mine[pid] = told[19]
            self._seen[key] = sum(int(ticks) for ticks in told[11:13]) / _TICKS
        except (OSError, IndexError, ValueError):
            return  # it has ended meanwhile

    def _is_mine(self, pid: int) -> bool:
        """Whether a process is this one or one of those: numbers come again, the moment of the start does not."""
        if pid == os.getpid() or pid not in self._mine:
            return pid == os.getpid()
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return told[19] == self._mine[pid]


def _children() -> bool:
    """Whether this process has any."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


class Plugin:
    """Writes one line for each phase of each test."""

    def __init__(self, folder: Path, worker: str) -> None:
        self._meter = Meter(f"popen-{worker}" if worker != "main" else "pytest-of-")
        self._file = (folder / f"{worker}.jsonl").open("w", encoding="utf-8")
        threading.Thread(target=self._keep_looking, daemon=True).start()

    def _keep_looking(self) -> None:
        for number in itertools.count():
            self._meter.look()
            if number % _LOOKS == 0:
                self._file.write(json.dumps({"reference": _reference()}) + "\n")
            time.sleep(_EVERY)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        """The fixtures."""
        yield from self._measured(item, "setup")

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """The test."""
        yield from self._measured(item, "call")

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Iterator[None]:
        """The end of its fixtures."""
        yield from self._measured(item, "teardown")

    def _measured(self, item: pytest.Item, phase: str) -> Iterator[None]:
        own, others, wall = time.process_time(), self._meter.look(), time.monotonic()
        yield
        line = {
            "test": item.nodeid,
            "phase": phase,
            "own": time.process_time() - own,
            "others": self._meter.look() - others,
            "wall": time.monotonic() - wall,
            "memory": _resident(),
        }
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


def _reference() -> float:
    """Processor seconds of a fixed piece of work: about 0.005 on a machine that does nothing else."""
    began = time.thread_time()
    sum(number * number for number in range(100_000))
    return time.thread_time() - began


def _resident() -> float:
    """MB that this process holds."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def pytest_configure(config: pytest.Config) -> None:
    """Measure where tests run: in the workers, or here when there are none."""
    folder = os.environ.get("SUITE_COST")
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if folder and (worker or not config.getoption("numprocesses", None)):
        config.pluginmanager.register(Plugin(Path(folder), worker or "main"))


def report(folder: Path) -> None:
    """Print the totals, and the dearest tests and files."""
    told = [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.open(encoding="utf-8")]
    lines = [line for line in told if "test" in line]
    references = [line["reference"] for line in told if "reference" in line]
    total = sum(_cost(line) for line in lines)
    _say(
        f"{total:.0f} s of processor time in {len({line['test'] for line in lines})} tests; "
        f"the largest process of tests: {max(line['memory'] for line in lines):.0f} MB"
    )
    _say(" ".join(f"{key} {sum(line[key] for line in lines):.0f}" for key in ("own", "others", "wall")))
    if references:
        _say(f"a fixed piece of work took {statistics.median(references) * 1000:.1f} ms of it")
    _ranking("file", lines, lambda line: line["test"].partition("::")[0], total, 30)
    _ranking("test", lines, lambda line: line["test"], total, 60)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _cost(line: dict[str, Any]) -> float:
    return float(line["own"] + line["others"])


def _ranking(what: str, lines: list[dict[str, Any]], key: Any, total: float, most: int) -> None:
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for line in lines:
        sums[key(line)][line["phase"]] += _cost(line)
        sums[key(line)]["all"] += _cost(line)
        sums[key(line)]["wall"] += line["wall"]
    ranked = sorted(sums.items(), key=lambda item: -item[1]["all"])
    _say(f"\n{'cpu s':>7} {'setup':>6} {'call':>6} {'down':>6} {'wall s':>7}  so far  {what}")
    so_far = 0.0
    for name, of in ranked[:most]:
        so_far += of["all"]
        figures = f"{of['all']:7.1f} {of['setup']:6.1f} {of['call']:6.1f} {of['teardown']:6.1f} {of['wall']:7.1f}"
        _say(f"{figures}  {so_far / total:5.0%}   {name}")


if __name__ == "__main__":
    report(Path(sys.argv[1]))
