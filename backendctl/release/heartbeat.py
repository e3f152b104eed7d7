"""Signs of life of a release that takes long, so that its announcement does not expire under it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from backendctl.aws.errors import BotoCoreError, ClientError
from backendctl.resources.ssm.release_claim import EXPIRES, Announce, beat

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.engine.plan import Plan

_EVERY = EXPIRES / 3


@contextlib.contextmanager
def beating(
    plan: Plan, aws: Aws, *, waits: Callable[[threading.Event, float], bool] = threading.Event.wait
) -> Iterator[None]:
    """Within this block every announcement of the plan gets a sign of life every five minutes.

    Args:
        waits: seconds to wait for an event; whether it has come.
    """
    announced = [change.operation for change in plan.changes if isinstance(change.operation, Announce)]
    if not announced:
        yield
        return
    enough = threading.Event()

    def run() -> None:
        while not waits(enough, _EVERY):
            for one in announced:
                for region, entry in one.entries.items():
                    with contextlib.suppress(ClientError, BotoCoreError):  # the release itself will tell
                        beat(aws, region, entry)

    thread = threading.Thread(target=run, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        enough.set()
