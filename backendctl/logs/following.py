"""Reading log groups again and again: no event is lost, none is told twice.

CloudWatch Logs shows an event some time after its own moment, and events of two environments in any order. Each
reading therefore begins before the moment at which the last one was answered, by the clock of AWS, and what was told
already is known by its event id. A reading that fails halfway tells nothing, and the next one covers its time too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backendctl.aws.regions import each
from backendctl.errors import AwsError, BackendctlError, UsageError
from backendctl.logs.lines import Line, LineReader, in_order
from backendctl.logs.reading import Event, Scope, answered_at, events_of, pages

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.logs.sources import Source

LATE = 150_000
"""Milliseconds by which an event may appear after its own moment and still be told."""
RECENT = 20_000
"""Milliseconds that most readings go back; most events appear within them."""
_DEEP = 10
"""Every so many readings go back by `LATE`."""
_RATE = 2.5
"""Readings a second and region: half of what AWS allows an account."""
_LEAST = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What to read. since, until: milliseconds since the epoch; until None is open. pattern: of CloudWatch Logs."""

    since: int
    until: int | None = None
    pattern: str = ""
    whole: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """What one reading found.

    Attributes:
        lines: new ones, in order of time.
        missing: sources whose log group is not there.
        failed: sources that could not be read, and why.
        count: sources in all.
    """

    lines: list[Line]
    count: int
    missing: tuple[Source, ...]
    failed: Mapping[Source, BackendctlError]


@dataclass(kw_only=True)
class _Tail:
    """How far one log group has been read. reached: AWS's time at the last complete reading."""

    source: Source
    reader: LineReader
    reached: int | None = None
    count: int = 0
    seen: dict[str, int] = field(default_factory=dict)

    def start(self, since: int) -> int:
        if self.reached is None:
            return since
        back = LATE if self.count % _DEEP == 0 else RECENT
        return max(since, self.reached - back)

    def take(self, found: Sequence[Event], *, reached: int) -> list[Event]:
        """The events that were not told yet."""
        fresh = {event.id: event for event in found if event.id not in self.seen}
        self.seen |= {event.id: event.at for event in fresh.values()}
        self.reached = max(reached, self.reached or 0)
        self.count += 1
        self.seen = {key: at for key, at in self.seen.items() if at >= self.reached - LATE}
        return list(fresh.values())


class Follower:
    """Reads sources; every call of `fresh` gives what is new.

    Args:
        workers: readings at once, over all regions.
        now: seconds since the epoch by this machine's clock.
    """

    def __init__(
        self,
        aws: Aws,
        sources: Sequence[Source],
        asked: Asked,
        *,
        workers: int,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._aws = aws
        self._asked = asked
        self._workers = workers
        self._now = now
        readers = {source: LineReader(source=source, whole=asked.whole) for source in sources}
        self._tails = {source: _Tail(source=source, reader=reader) for source, reader in readers.items()}

    @property
    def pause(self) -> float:
        """Seconds between two readings, so that other readers of the account are left half of the rate."""
        regions = [source.region for source in self._tails]
        return max(_LEAST, max((regions.count(region) for region in set(regions)), default=1) / _RATE)

    def fresh(self) -> Batch:
        """Read every source once.

        Raises:
            UsageError: CloudWatch Logs does not understand the pattern.
        """
        done, failed = each(
            list(self._tails),
            lambda source: self._read(self._tails[source]),
            workers=self._workers,
            doing=lambda source: f"read the log {source.group} in {source.region}",
        )
        for error in failed.values():
            self._refuse_pattern(error)
        lines = [line for found in done.values() for line in found or ()]
        missing = tuple(source for source, found in done.items() if found is None)
        return Batch(lines=in_order(lines), count=len(self._tails), missing=missing, failed=failed)

    def forever(self) -> Iterator[Batch]:
        """Batch after batch, with pauses."""
        while True:
            yield self.fresh()
            self._aws.sleep(self.pause)

    def _read(self, tail: _Tail) -> list[Line] | None:
        scope = Scope(
            region=tail.source.region,
            group=tail.source.group,
            since=tail.start(self._asked.since),
            until=self._asked.until,
            pattern=self._asked.pattern,
        )
        answers = pages(self._aws, scope)
        if answers is None:
            return None
        events: list[Event] = []
        reached: int | None = None
        for page in answers:
            reached = answered_at(page, now=self._now) if reached is None else reached
            events += events_of(page)
        return tail.reader.lines(tail.take(events, reached=reached or 0))

    def _refuse_pattern(self, error: BackendctlError) -> None:
        if self._asked.pattern and isinstance(error, AwsError) and error.code == "InvalidParameterException":
            raise UsageError(
                f"CloudWatch Logs does not understand --filter {self._asked.pattern!r}: {error.message}",
                hint="a word: --filter ERROR; a text: --filter '\"out of memory\"'; a member of JSON lines: "
                "--filter '{ $.level = \"ERROR\" }'",
            )
