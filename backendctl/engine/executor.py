"""Walk the plan's graph on one thread pool: everything that can run at once does, in every region."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from backendctl.aws.errors import explain
from backendctl.aws.progress import reporting_to
from backendctl.engine.events import Done, Event, Failed, Noted, Skipped, Started
from backendctl.engine.graph import edges
from backendctl.engine.plan import Action, Change, Plan

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

_INTERRUPTED = "interrupted"


def apply(
    plan: Plan,
    *,
    aws: Aws,
    order: Sequence[str],
    workers: int,
    stop: threading.Event,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Event]:
    """Do the plan, and tell as it goes.

    One failure stops only what needs it. Once `stop` is set nothing more is started: what is under way finishes and
    the rest is reported as skipped.

    Args:
        order: kinds in creation order. workers: changes at once, over all regions.
    """
    aws.forget()
    walk = _Walk(plan, edges(plan.changes, order))
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="apply") as pool:

        def submit(change: Change) -> None:
            pool.submit(_run, change, aws, walk.events, clock, stop)

        if not stop.is_set():
            yield from walk.advance(submit)
        while walk.running:
            event = walk.events.get()
            yield event
            walk.settle(event)
            if not stop.is_set():
                yield from walk.advance(submit)
    yield from walk.abandon()


class _Walk:
    """The state of one walk; touched by the generator's thread only, except the queue."""

    def __init__(self, plan: Plan, graph: dict[str, set[str]]) -> None:
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.running: set[str] = set()
        self._changes = {change.address: change for change in plan.changes}
        self._graph = graph
        self._failed: dict[str, str] = {}
        self._waiting = dict.fromkeys(self._changes)
        self._sorter = TopologicalSorter(graph)
        self._sorter.prepare()

    def advance(self, submit: Callable[[Change], None]) -> Iterator[Event]:
        """Start everything that is ready; tell what must be skipped because of what it needs."""
        while ready := self._sorter.get_ready():
            for node in ready:
                self._waiting.pop(node, None)
                because = next((self._failed[n] for n in sorted(self._graph[node]) if n in self._failed), None)
                if because is None:
                    self.running.add(node)
                    submit(self._changes[node])
                else:
                    self._failed[node] = because
                    self._sorter.done(node)
                    yield Skipped(change=self._changes[node], because=because)

    def settle(self, event: Event) -> None:
        """Take in a finished change."""
        node = event.change.address
        if isinstance(event, Done | Failed | Skipped):
            self.running.discard(node)
        if isinstance(event, Done | Failed):
            self._sorter.done(node)
        if isinstance(event, Failed):
            self._failed[node] = node

    def abandon(self) -> Iterator[Event]:
        """What never started."""
        for node in self._waiting:
            yield Skipped(change=self._changes[node], because=_INTERRUPTED)


def _run(
    change: Change,
    aws: Aws,
    events: queue.SimpleQueue[Event],
    clock: Callable[[], float],
    stop: threading.Event,
) -> None:
    if stop.is_set():  # it was ready, but no thread was free before the stop
        events.put(Skipped(change=change, because=_INTERRUPTED))
        return
    started = clock()
    events.put(Started(change=change))
    try:
        with reporting_to(
            lambda message: events.put(Noted(change=change, message=message)),
            remarks=lambda message: events.put(Noted(change=change, message=message, lasting=True)),
        ):
            _carry_out(change, aws)
    except Exception as error:  # noqa: BLE001  # a worker must always answer; bugs are told with their traceback
        events.put(Failed(change=change, error=explain(error, doing=f"{change.action} {change.address}")))
    else:
        events.put(Done(change=change, seconds=clock() - started))


def _carry_out(change: Change, aws: Aws) -> None:
    if change.operation is not None:
        change.operation.run(aws)
        return
    match change.action:
        case Action.CREATE if change.desired is not None:
            change.desired.create(aws)
        case Action.UPDATE if change.desired is not None and change.live is not None:
            change.desired.update(aws, change.live)
        case Action.DELETE if change.live is not None:
            change.live.delete(aws)
        case _:
            msg = f"{change.address}: a {change.action} without its sides"
            raise AssertionError(msg)
