"""`python -m tests.bench.follow_logs --minutes 10`: lines that a follow loses or repeats, counted.

Writers put numbered lines into the logs of two functions in two regions: in bursts, on several streams at once, some
with clocks that are seconds behind. `backendctl logs -f -o json` reads meanwhile; in the end every number has to have
come exactly once.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from backendctl.sandbox.process import default_data, start, stop
from tests.functional.project import Project, make_project
from tests.functional.sandboxed import free_port

_REGIONS = ("us-east-1", "us-west-2")
_NUMBER = re.compile(r"number (\d+) of the bench")
_BEHIND = 3.0
"""Seconds by which a writer's clock is behind, at most."""
_SETTLING = 30.0


def main() -> None:
    """Write, follow, count; exit 1 when a line was lost or repeated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--per-second", type=int, default=50, help="lines, over all regions")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_DATA_HOME"] = os.environ["XDG_STATE_HOME"] = folder
        port = free_port()
        start(port, default_data(port))
        try:
            code = _measured(_project(Path(folder), port), minutes=given.minutes, per_second=given.per_second)
        finally:
            stop(port, default_data(port))
    sys.exit(code)


def _project(folder: Path, port: int) -> Project:
    place = folder / "project"
    place.mkdir()
    project = make_project(place, name="bench", port=port, regions=list(_REGIONS))
    for region in _REGIONS:
        for function in ("one", "two"):
            project.client("logs", region).create_log_group(logGroupName=f"/aws/lambda/bench-{function}")
    return project


def _measured(project: Project, *, minutes: float, per_second: int) -> int:
    seen: Counter[int] = Counter()
    line = [sys.executable, "-m", "backendctl", "logs", str(project.folder / "spec.yaml"), "-f", "-o", "json", "-v"]
    line += ["--since", "1m", "--sandbox", "--port", str(project.port)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as follow:
        reader = threading.Thread(target=_read, args=(follow, seen), daemon=True)
        reader.start()
        written = _write(project, seconds=minutes * 60, per_second=per_second)
        _until_settled(seen, written)
        follow.terminate()
    lost = [number for number in range(written) if number not in seen]
    repeated = {number: count for number, count in seen.items() if count > 1}
    print(f"{written:,} lines in {minutes:g} min: {len(lost)} lost, {len(repeated)} repeated")  # noqa: T201 - the result
    return 1 if lost or repeated else 0


def _read(follow: subprocess.Popen[str], seen: Counter[int]) -> None:
    for text in follow.stdout or ():
        seen.update(int(number) for number in _NUMBER.findall(text))


def _write(project: Project, *, seconds: float, per_second: int) -> int:
    """Bursts, each into a log and stream of its own choice; how many lines there were."""
    dice = random.Random(1)  # noqa: S311 - no secret
    clients = {region: project.client("logs", region) for region in _REGIONS}
    made: set[tuple[str, str, str]] = set()
    count, began = 0, time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        if count >= passed * per_second:
            time.sleep(0.02)
            continue
        region, function = dice.choice(_REGIONS), dice.choice(("one", "two"))
        place = (region, f"/aws/lambda/bench-{function}", f"2026/01/01/[{dice.randrange(3)}]stream")
        size = dice.choice((1, 1, 3, 40, 120))
        _put(clients[region], place, range(count, count + size), behind=dice.uniform(0, _BEHIND), made=made)
        count += size
    return count


def _put(client: Any, place: tuple[str, str, str], numbers: range, *, behind: float, made: set[Any]) -> None:
    _, group, stream = place
    if place not in made:
        with contextlib.suppress(client.exceptions.ResourceAlreadyExistsException):
            client.create_log_stream(logGroupName=group, logStreamName=stream)
        made.add(place)
    now = int((time.time() - behind) * 1000)
    events = [{"timestamp": now, "message": f"number {number} of the bench"} for number in numbers]
    client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def _until_settled(seen: Counter[int], written: int) -> None:
    """Wait until all have come, or nothing has come for a while."""
    before, since = -1, time.monotonic()
    while len(seen) < written and time.monotonic() - since < _SETTLING:
        if len(seen) != before:
            before, since = len(seen), time.monotonic()
        time.sleep(0.2)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
