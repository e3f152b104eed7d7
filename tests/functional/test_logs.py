"""Following a log that several writers fill: every line comes once."""

from __future__ import annotations

import threading
import time
import uuid
from typing import Any

from backendctl.aws.connection import Access, Aws
from backendctl.logs.following import Asked, Follower
from backendctl.logs.sources import Kind, Source
from tests.functional.sandboxed import EAST, WEST, Sandbox

SECONDS = 5
WRITERS = 3


def connection(sandbox: Sandbox) -> Aws:
    access = Access(endpoint_url=sandbox.url, keys=("AKIDANYTHING", "secret"), time_scale=0.0)
    return Aws(access, backend="counted", sleep=time.sleep)


def writer(client: Any, group: str, stream: str, stop: threading.Event, written: list[str]) -> None:
    """Write batches, some of whose events are older than what was written before, as late ones are."""
    client.create_log_stream(logGroupName=group, logStreamName=stream)
    number = 0
    while not stop.is_set():
        now = int(time.time() * 1000)
        batch = [(now - back, f"{stream}-{number + n}") for n, back in enumerate((3000, 40, 40, 0, 0))]
        number += len(batch)
        events = [{"timestamp": at, "message": text} for at, text in batch]
        client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
        written += [text for _, text in batch]


def test_a_follow_under_load_loses_and_repeats_no_line(sandbox: Sandbox) -> None:
    sources, written, stop, threads = [], list[str](), threading.Event(), []
    for region in (EAST, WEST):
        client, group = sandbox.client("logs", region), f"/counted/{uuid.uuid4().hex[:6]}"
        client.create_log_group(logGroupName=group)
        sources.append(Source(region=region, group=group, kind=Kind.ACCESS, name="counted"))
        for number in range(WRITERS):
            given = (client, group, f"{region}-{number}", stop, written)
            threads.append(threading.Thread(target=writer, args=given))
    following = Follower(connection(sandbox), sources, Asked(since=int(time.time() * 1000) - 60_000), workers=2)
    for thread in threads:
        thread.start()
    told: list[str] = []
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        batch = following.fresh()
        assert not batch.failed
        told += [line.message for line in batch.lines]
    stop.set()
    for thread in threads:
        thread.join()
    for _ in range(11):  # one of them goes far back
        told += [line.message for line in following.fresh().lines]
    assert written
    assert sorted(told) == sorted(written)
