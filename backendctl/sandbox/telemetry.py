"""The metrics and logs AWS writes by itself: AWS/ApiGateway (A62), AWS/Lambda per alias and version, log events."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter, defaultdict, deque
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from backendctl.sandbox import stage_logs
from backendctl.sandbox.logs import store
from backendctl.sandbox.xray import Traces, stage_segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from backendctl.sandbox.apigateway.served import Served
    from backendctl.sandbox.apigateway.service import ApiGateway
    from backendctl.sandbox.inner import Inner

logger = logging.getLogger(__name__)

FLUSH_EVERY = 1.0
"""Seconds between two writings of what was gathered, at most; AWS needs minutes."""

GATHERING = 0.3
"""Seconds in which requests to APIs are gathered before their metrics and logs are written."""

LOG_LIMIT = 5.0
"""Seconds a call waits for its lines to be in the log."""

_BATCH = 500

T = TypeVar("T")

Value = tuple[str, float, str]
"""Name of a metric, its value and its unit."""

Line = tuple[int, str]
"""Milliseconds since the epoch, and a text for a log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """What a caller of a function named beside its name.

    Attributes:
        qualifier: a version or an alias.
        weighted: the alias has weights, so that the version was drawn.
    """

    qualifier: str
    weighted: bool


_caller: ContextVar[Caller | None] = ContextVar("caller", default=None)


uncounted: ContextVar[bool] = ContextVar("uncounted", default=False)
"""The call at hand is a health checker's: it is in no metric and in no log of an API.

On AWS they count as anybody's calls do. At a quick time scale they would come tens of times as often for the time
that metrics are about, and drown those of tests and demonstrations.
"""


def caller() -> Caller | None:
    """Of the call at hand, also in the thread that runs it."""
    return _caller.get()


class Meter(Protocol):
    """Told how a function is called, before it is."""

    def through(self, *, qualifier: str, weighted: bool) -> AbstractContextManager[None]:
        """For calls within: what their caller named, whatever version runs in the end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Point:
    region: str
    namespace: str
    metric: str
    unit: str
    second: int
    dimensions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Lines:
    region: str
    group: str
    stream: str
    lines: Sequence[Line]


@dataclass(kw_only=True, slots=True)
class Telemetry:
    """Gathers during requests, from any thread, and writes in the background.

    Attributes:
        counts_canaries: whether a stage's canary has metrics of its own (A76). traces: where segments go.
    """

    inner: Inner
    gateway: ApiGateway | None = None
    counts_canaries: bool = True
    traces: Traces = field(default_factory=Traces)
    _points: deque[tuple[_Point, float]] = field(default_factory=deque)
    _lines: deque[_Lines] = field(default_factory=deque)
    _served: deque[Served] = field(default_factory=deque)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: asyncio.AbstractEventLoop | None = None
    _task: asyncio.Task[None] | None = None
    _ended: bool = False

    def served(self, served: Served) -> None:
        """One request through an API is over."""
        if uncounted.get():
            return
        if served.trace is not None:
            self.traces.add(served.region, [stage_segment(served, trace=served.trace, ended=time.time())])
        self._served.append(served)
        self._wake.set()

    def fired(self, *, region: str, rule: str, failed: bool) -> None:
        """A rule has called its target, or could not (D13)."""
        values = [("Invocations", 1.0, "Count"), ("FailedInvocations", float(failed), "Count")]
        self.measured(region, "AWS/Events", values, [{"RuleName": rule}])

    def triggered(self, *, region: str, rule: str) -> None:
        """A rule fires, at however many targets."""
        self.measured(region, "AWS/Events", [("TriggeredRules", 1.0, "Count")], [{"RuleName": rule}])

    def measured(
        self,
        region: str,
        namespace: str,
        values: Iterable[Value],
        dimensions: Iterable[Mapping[str, str]],
        *,
        at: float | None = None,
    ) -> None:
        """Values of metrics, now or `at` a time in seconds since the epoch; each goes under each set of dimensions."""
        if uncounted.get():
            return
        second = int(time.time() if at is None else at)
        kinds = [tuple(sorted(kind.items())) for kind in dimensions]
        for metric, value, unit in values:
            for kind in kinds:
                point = _Point(
                    region=region, namespace=namespace, metric=metric, unit=unit, second=second, dimensions=kind
                )
                self._points.append((point, value))

    def logged(self, *, region: str, group: str, stream: str, lines: Sequence[Line]) -> None:
        """Write lines to a log, from another thread than the loop's; its group and stream are made when needed."""
        if self._loop is None or self._ended or store.append(region, group, stream, lines):
            return
        written = self._put(_Lines(region=region, group=group, stream=stream, lines=lines))
        try:
            asyncio.run_coroutine_threadsafe(written, self._loop).result(LOG_LIMIT)
        except (RuntimeError, TimeoutError):  # the loop ends, or has too much to do: the call itself went well
            logger.warning("lines for %s were lost", group)

    @contextlib.contextmanager
    def through(self, *, qualifier: str, weighted: bool) -> Iterator[None]:
        """For calls within: what their caller named, whatever version runs in the end."""
        token = _caller.set(Caller(qualifier=qualifier, weighted=weighted))
        try:
            yield
        finally:
            _caller.reset(token)

    def start(self) -> None:
        """Begin to write in the background."""
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._keep_writing())

    async def stop(self) -> None:
        """Write the rest and end."""
        self._ended = True
        self._wake.set()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        await self._write()

    async def _keep_writing(self) -> None:
        while not self._ended:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), FLUSH_EVERY)
            self._wake.clear()
            await asyncio.sleep(0 if self._ended else GATHERING)
            try:
                await self._write()
            except Exception:  # metrics are lost, requests go on
                logger.exception("metrics or logs could not be written")

    async def _write(self) -> None:
        if self.gateway is not None:
            await self._write_served(self.gateway, _taken(self._served))
        counted: defaultdict[_Point, Counter[float]] = defaultdict(Counter)
        for point, value in _taken(self._points):
            counted[point][value] += 1
        by_place: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for point, values in counted.items():
            by_place[point.region, point.namespace].append(_datum(point, values))
        for (region, namespace), data in by_place.items():
            for begin in range(0, len(data), _BATCH):
                await self.inner.ask_json(
                    service="monitoring",
                    region=region,
                    target="GraniteServiceVersion20100801.PutMetricData",
                    document={"Namespace": namespace, "MetricData": data[begin : begin + _BATCH]},
                )
        for lines in _taken(self._lines):
            await self._put(lines)

    async def _write_served(self, gateway: ApiGateway, served: list[Served]) -> None:
        by_stage: defaultdict[tuple[str, str, str, bool], list[Served]] = defaultdict(list)
        for one in served:
            by_stage[one.region, one.api_id, one.stage, one.canary].append(one)
        for (region, api_id, stage, canary), group in by_stage.items():
            settings = await stage_logs.settings(gateway, region, api_id, stage)
            for one in group:
                kinds = stage_logs.dimensions(one, settings, counts_canaries=self.counts_canaries)
                self.measured(region, "AWS/ApiGateway", stage_logs.values(one), kinds, at=one.at)
            written = stage_logs.access_lines(group)
            if lines := stage_logs.lines(gateway, group, settings):
                written[f"API-Gateway-Execution-Logs_{api_id}/{stage_logs.name(stage, canary=canary)}"] = lines
            today = time.strftime("%Y-%m-%d", time.gmtime())
            self._lines += [
                _Lines(region=region, group=place, stream=today, lines=lines) for place, lines in written.items()
            ]

    async def _put(self, lines: _Lines) -> None:
        if store.append(lines.region, lines.group, lines.stream, lines.lines):
            return
        group = {"logGroupName": lines.group}
        stream = {**group, "logStreamName": lines.stream}
        events = [{"timestamp": moment, "message": text} for moment, text in lines.lines]
        put = "PutLogEvents", {**stream, "logEvents": events}
        for operation, document in (put, ("CreateLogGroup", group), ("CreateLogStream", stream), put):
            done = await self.inner.ask_json(
                service="logs", region=lines.region, target=f"Logs_20140328.{operation}", document=document
            )
            if operation == "PutLogEvents" and done is not None:
                return


def _datum(point: _Point, values: Counter[float]) -> dict[str, Any]:
    return {
        "MetricName": point.metric,
        "Unit": point.unit,
        "Timestamp": point.second,
        "Dimensions": [{"Name": name, "Value": value} for name, value in point.dimensions],
        "Values": list(values),
        "Counts": [float(count) for count in values.values()],
    }


def _taken(gathered: deque[T]) -> list[T]:
    """What is in a deque by now; other threads may add to it meanwhile."""
    return [gathered.popleft() for _ in range(len(gathered))]
