"""`python -m tests.bench.requests --count 50000`: what a sandbox does with many requests to one warm handler.

Prints requests per second, the time that half and 95 of 100 requests took, the processor time of the sandbox for each,
and its memory on the way. The clients are processes of their own.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from backendctl.sandbox.cpu import used
from backendctl.sandbox.process import default_data, status, stop
from tests.functional.project import Project, environment, make_project
from tests.functional.sandboxed import EAST, WEST, free_port

_PARTS = 5
_MEMORY = 1769
"""MB for which AWS gives one whole processor (B54)."""


@contextlib.contextmanager
def _deployed() -> Iterator[Project]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with environment(XDG_DATA_HOME=str(place / "data"), XDG_STATE_HOME=str(place / "state")):
            project = make_project(place / "project", name="bench", port=free_port(), regions=[EAST, WEST])
            project.spec["functions"]["one"]["memory"] = _MEMORY
            project.save()
            try:
                project.deploy()
                yield project
            finally:
                stop(project.port, default_data(project.port))


def _asking(port: int, domain: str, count: int) -> tuple[list[float], int]:
    """The seconds of each request that one client made, and how many failed."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    seconds, failed = [], 0
    for _ in range(count):
        began = time.perf_counter()
        connection.request("GET", "/v1/one", headers={"Host": domain, "X-Sandbox-Region": EAST})
        answer = connection.getresponse()
        answer.read()
        seconds.append(time.perf_counter() - began)
        failed += answer.status != http.HTTPStatus.OK
    return seconds, failed


def _megabytes(pid: int) -> int:
    resident = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return resident * os.sysconf("SC_PAGE_SIZE") // 2**20


def _measure(project: Project, count: int, clients: int) -> None:
    server = status(project.port, default_data(project.port))
    pid = server.pid or 0
    each = count // _PARTS // clients
    with multiprocessing.get_context("spawn").Pool(clients) as pool:
        pool.starmap(_asking, [(project.port, project.domain, 10)] * clients)
        sys.stdout.write(
            f"{'requests':>9} {'per s':>7} {'p50 ms':>7} {'p95 ms':>7} {'CPU ms each':>11} {'MB':>5} failed\n"
        )
        for part in range(1, _PARTS + 1):
            began, before = time.monotonic(), used(pid) or 0.0
            told = pool.starmap(_asking, [(project.port, project.domain, each)] * clients)
            elapsed, spent = time.monotonic() - began, (used(pid) or 0.0) - before
            seconds = sorted(second for some, _ in told for second in some)
            half, most = (1000 * seconds[int(rank * len(seconds))] for rank in (0.5, 0.95))
            sys.stdout.write(
                f"{part * each * clients:>9} {len(seconds) / elapsed:>7.0f} {half:>7.1f} {most:>7.1f} "
                f"{1000 * spent / len(seconds):>11.2f} {_megabytes(pid):>5} {sum(failed for _, failed in told):>6}\n"
            )
            sys.stdout.flush()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50_000, help="requests, over all clients")
    parser.add_argument("--clients", type=int, default=4)
    given = parser.parse_args()
    with _deployed() as project:
        _measure(project, given.count, given.clients)


if __name__ == "__main__":
    main()
