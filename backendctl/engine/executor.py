"""Walk the plan's graph on one crew of threads: everything that can run at once does, in every region.

What AWS has to spread to all of its hosts is not waited for in the change itself: the changes that need it start when
it has had the time, and hold no thread until then.
"""

from __future__ import annotations

import heapq
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from backendctl.aws.crew import Crew
from backendctl.aws.errors import attempt
from backendctl.aws.progress import reporting_to
from backendctl.aws.wait import settling_later
from backendctl.engine.action import Action
from backendctl.engine.events import Done, Event, Failed, Noted, Skipped, Started
from backendctl.engine.graph import edges, heights
from backendctl.engine.plan import Change, Plan
from backendctl.engine.traits import traits_of

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
    aws.begin()
    graph = edges(plan.changes, order)
    height = heights(plan.changes, graph)
    walk = _Walk(plan, graph, height, clock)
    regions = len({change.region for change in plan.changes})
    with Crew(workers, name="apply", most=_THREADS * regions) as crew:

        def submit(change: Change) -> None:
            crew.submit(partial(_run, change, aws, walk, clock, stop), weight=height[change.address])

        if not stop.is_set():
            yield from walk.advance(submit)
        while (starting := not stop.is_set() and bool(walk.resting)) or walk.running:
            if (event := walk.next_event(starting=starting)) is not None:
                yield event
                walk.settle(event)
            if not stop.is_set():
                yield from walk.advance(submit)
    if not stop.is_set():
        stop.wait(walk.unsettled())
    yield from walk.abandon()


_THREADS = 64
"""Of each region: what waits for a rate of one region is to keep no other from going on."""
_LOOK = 0.2
"""Seconds between two looks at `stop` while everything rests."""


class _Walk:
    """The state of one walk; touched by the generator's thread only, except `events` and `settling`.

    Attributes:
        resting: what is ready but for what it needs to be known to all of AWS: (when it may start, minus its height,
            how many of its region came before it, address). Regions take turns, for each has rates of its own.
        settling: address → when its effect is known to all of AWS; by the clock.
    """

    def __init__(
        self, plan: Plan, graph: dict[str, set[str]], height: dict[str, float], clock: Callable[[], float]
    ) -> None:
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.running: set[str] = set()
        self.resting: list[tuple[float, float, int, str]] = []
        self._turns: Counter[str] = Counter()
        self.settling: dict[str, float] = {}
        self._clock = clock
        self._changes = {change.address: change for change in plan.changes}
        self._graph = graph
        self._height = height
        self._failed: dict[str, str] = {}
        self._waiting = dict.fromkeys(self._changes)
        self._sorter = TopologicalSorter(graph)
        self._sorter.prepare()

    def advance(self, submit: Callable[[Change], None]) -> Iterator[Event]:
        """Start everything that is ready; tell what must be skipped because of what it needs."""
        while ready := self._sorter.get_ready():
            for node in ready:
                because = next((self._failed[n] for n in sorted(self._graph[node]) if n in self._failed), None)
                if because is None:
                    self._turns[self._changes[node].region] += 1
                    turn = self._turns[self._changes[node].region]
                    heapq.heappush(self.resting, (self._may_start(node), -self._height[node], turn, node))
                else:
                    self._waiting.pop(node, None)
                    self._failed[node] = because
                    self._sorter.done(node)
                    yield Skipped(change=self._changes[node], because=because)
        while self.resting and self._rests() <= 0:
            *_, node = heapq.heappop(self.resting)
            self._waiting.pop(node, None)
            self.running.add(node)
            submit(self._changes[node])

    def next_event(self, *, starting: bool) -> Event | None:
        """What happens next; None when it is time to advance.

        Args:
            starting: whether something rests and is to be started yet; else something is running.
        """
        if not starting:
            return self.events.get()
        try:
            return self.events.get(timeout=min(_LOOK, max(0.0, self._rests())))
        except queue.Empty:
            return None

    def settle(self, event: Event) -> None:
        """Take in a finished change."""
        node = event.change.address
        if isinstance(event, Done | Failed | Skipped):
            self.running.discard(node)
        if isinstance(event, Done | Failed):
            self._sorter.done(node)
        if isinstance(event, Failed):
            self._failed[node] = node

    def unsettled(self) -> float:
        """Seconds until everything is known to all of AWS."""
        return max(0.0, max(self.settling.values()) - self._clock()) if self.settling else 0.0

    def abandon(self) -> Iterator[Event]:
        """What never started."""
        for node in self._waiting:
            yield Skipped(change=self._changes[node], because=_INTERRUPTED)

    def _rests(self) -> float:
        """Seconds until the first of those that rest may start."""
        start = self.resting[0][0]
        return start - self._clock() if start else 0.0

    def _may_start(self, node: str) -> float:
        """When what it needs is known to all of AWS; at once for what does not need that, but then hands it on."""
        until = max((self.settling.get(need, 0.0) for need in self._graph[node]), default=0.0)
        if traits_of(self._changes[node].resource).needs_settled:
            return until
        if until:
            self.settling[node] = until
        return 0.0


def _run(
    change: Change,
    aws: Aws,
    walk: _Walk,
    clock: Callable[[], float],
    stop: threading.Event,
) -> None:
    events = walk.events
    if stop.is_set():  # it was ready, but no thread was free before the stop
        events.put(Skipped(change=change, because=_INTERRUPTED))
        return

    def settling(seconds: float) -> None:
        walk.settling[change.address] = max(clock() + seconds, walk.settling.get(change.address, 0.0))

    started = clock()
    events.put(Started(change=change))
    with (
        settling_later(settling),
        reporting_to(
            lambda message: events.put(Noted(change=change, message=message)),
            remarks=lambda message: events.put(Noted(change=change, message=message, lasting=True)),
        ),
    ):
        error = attempt(lambda: _carry_out(change, aws), doing=f"{change.action} {change.address}")
    if error is not None:  # a worker must always answer; bugs are told with their traceback
        events.put(Failed(change=change, error=error))
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
