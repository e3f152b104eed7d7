"""How long the same number of calls takes plain threads, in the same rounds: the least that a run could last.

    python -m tests.bench.plain [--regions 3] [--functions 10] [--delay 0.08] [--workers 48]

Each phase is run twice, in rounds and with the delay, and so are commands that only look. Then 96 threads of
boto3 make as many calls in each round as the run in rounds did, each the same distance away, and begin a round when the
one before has ended. The ratio says how much longer the command took than they.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
from botocore.config import Config

from tests.bench import reference
from tests.bench.calls import Run, looks, phases, sandbox, say

THREADS = 96
_TIMES = 5
"""Each look: the fastest counts, for a virtual processor is half as fast in one second as in the next."""


def seconds(port: int, sizes: Sequence[int], delay: float) -> float:
    """Seconds that rounds of so many calls take."""
    client = boto3.client(
        "sts",
        region_name="us-east-1",
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="x",
        aws_secret_access_key="y",
        config=Config(max_pool_connections=THREADS),
    )

    def call(_: int) -> None:
        time.sleep(delay)
        client.get_caller_identity()

    client.get_caller_identity()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(time.sleep, [0.01] * THREADS))  # the threads are there
        began = time.monotonic()
        for size in sizes:
            list(pool.map(call, range(size)))
        return time.monotonic() - began


def _runs(asked: argparse.Namespace, delay: float | str, workers: int, *, times: int) -> list[tuple[str, Run]]:
    with tempfile.TemporaryDirectory() as name, sandbox(Path(name)) as port:
        spec = reference.make(Path(name), regions=asked.regions, functions=asked.functions)
        found = list(phases(Path(name), port, spec, delay=delay, workers=workers))
        return found + list(looks(Path(name), port, spec, delay=delay, workers=workers, times=times))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regions", type=int, default=3)
    parser.add_argument("--functions", type=int, default=10)
    parser.add_argument("--delay", type=float, default=0.08, help="seconds")
    parser.add_argument("--workers", type=int, default=48)
    asked = parser.parse_args()
    say(f"{asked.regions} regions x {asked.functions} functions, {asked.delay * 1000:.0f} ms, {asked.workers} workers")
    say(f"{'':16} {'rounds':>6} {'calls':>6} {'plain s':>8} {'span s':>7} {'ratio':>6}")
    exact = _runs(asked, "rounds", THREADS, times=1)
    real = _runs(asked, asked.delay, asked.workers, times=_TIMES)
    with tempfile.TemporaryDirectory() as name, sandbox(Path(name)) as port:
        for (phase, counted), (_, timed) in zip(exact, real, strict=True):
            sizes = [sum(made.values()) for made in counted.rounds.values()]
            plain = seconds(port, sizes, asked.delay)
            say(f"{phase:16} {len(sizes):6} {sum(sizes):6} {plain:8.2f} {timed.span:7.2f} {timed.span / plain:6.2f}")


if __name__ == "__main__":
    main()
