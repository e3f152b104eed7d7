"""Wrong input of every kind, in one process: each ends well or with a sentence, in time, and never with a traceback.

    python -m tests.chaos.fuzz --count 10000 --seed 1

prints figures, and every kind of crash once; it exits 1 when there is one.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from backendctl.errors import BackendctlError
from tests.chaos.fuzz_mutate import as_json, as_yaml, mutated
from tests.chaos.fuzz_targets import IN_JSON, TARGETS, Ground

LIMIT = 5.0
"""Seconds that one input may take."""
_SHOWN = 3000


class TookTooLong(BaseException):
    """No handler of the code under test may take it for one of its own errors."""


@dataclass(kw_only=True)
class Figures:
    """What became of the inputs.

    Attributes:
        slowest: seconds of processor time of one input.
        crashes: where it broke → the first input of that kind, with its trace.
    """

    ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    slowest: float = 0.0
    crashes: dict[str, str] = field(default_factory=dict)
    crashed: int = 0

    def told(self) -> str:
        """For a person."""
        lines = [f"{target:<12} {end:<8} {count:>7,}" for (target, end), count in sorted(self.ends.items())]
        total = sum(self.ends.values())
        lines.append(f"{total:,} inputs, {self.crashed} crashes of {len(self.crashes)} kinds, ")
        lines[-1] += f"slowest {self.slowest:.2f} s of processor time (limit {LIMIT:g} s)"
        return "\n".join([*lines, *(f"\n{kind}\n{sample}" for kind, sample in self.crashes.items())])


def fuzz(
    *, count: int, seed: int, folder: Path, targets: tuple[str, ...] = tuple(TARGETS), figures: Figures | None = None
) -> Figures:
    """Try so many inputs, the same for the same seed.

    Args:
        folder: an empty one, for the files.
        figures: filled as it goes, for whoever stops it half way.
    """
    figures = figures or Figures()
    ground = Ground.laid_out(folder)
    for number in range(count):
        rng = random.Random(f"{seed}/{number}")  # noqa: S311  # a test that can be repeated
        name = targets[number % len(targets)]
        target = TARGETS[name]
        _, document = rng.choice(ground.samples[name])
        written = as_json if name in IN_JSON else as_yaml
        body = written(rng, mutated(rng, document))
        _try(figures, name, body, lambda body=body, target=target: target(ground, body))  # type: ignore[misc]
    return figures


def _try(figures: Figures, name: str, body: bytes, attempt: Callable[[], object]) -> None:
    began = time.process_time()
    try:
        _limited(attempt)
        end = "well"
    except BackendctlError:
        end = "refused"
    except (Exception, TookTooLong) as error:  # noqa: BLE001  # that is what is looked for
        end = "crashed"
        figures.crashed += 1
        where = [one for one in traceback.extract_tb(error.__traceback__) if "/backendctl/" in one.filename]
        place = f"{where[-1].filename.rpartition('/backendctl/')[2]}:{where[-1].lineno}" if where else "elsewhere"
        trace = "".join(traceback.format_exception(error)[-4:])
        sample = body[:_SHOWN].decode(errors="replace")
        figures.crashes.setdefault(f"{name}: {type(error).__name__} at {place}", f"{trace}\n{sample}")
    figures.ends[name, end] += 1
    figures.slowest = max(figures.slowest, time.process_time() - began)


def _limited(attempt: Callable[[], object]) -> None:
    def late(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise TookTooLong

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT)  # processor time: a loaded machine makes nothing fail
    try:
        attempt()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", choices=sorted(TARGETS), action="append")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        targets = tuple(asked.target or TARGETS)
        figures = Figures()
        with contextlib.suppress(KeyboardInterrupt):  # what was tried until then counts
            fuzz(count=asked.count, seed=asked.seed, folder=Path(folder), targets=targets, figures=figures)
    sys.stdout.write(figures.told() + "\n")
    return 1 if figures.crashes else 0


if __name__ == "__main__":
    sys.exit(main())
