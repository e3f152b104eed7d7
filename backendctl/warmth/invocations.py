"""Invocations of a function as its log tells them, and who called: users, a warmer, or somebody else.

Who called does not stand in the log. A user's request has its Lambda request id in the stage's access log
(`$context.integration.requestId`); where no access log tells, EventBridge's count of a rule's calls, minute by
minute, says how many of an alias's invocations were pings, and a rule of a fixed rate fires at the same moment of each
interval (D14), which says which ones. Of the rest, no more are users' requests than API Gateway counted in that
minute: a deploy, `warm` and people call functions straight. What came since CloudWatch last
counted, and is no ping, is told as somebody else's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from backendctl.logs.reading import stream_of
from backendctl.warmth.report_line import parse

_NEAR = 5.0
"""Seconds by which a ping may be off the moment at which its rule usually fires, where nothing else tells."""
_EDGE = 2.0
"""Seconds by which an invocation may begin after the end of the period in which CloudWatch counted its ping."""
_MOST = 0.8
"""Share of the periods with a ping that have to share a second, which then is the one at which the rule fires."""
_ENOUGH = 3


class Caller(StrEnum):
    """Who called."""

    USER = "user"
    PING = "ping"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True, slots=True)
class LogEvent:
    """One line of a function's log group. at: seconds since the epoch."""

    at: float
    stream: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Invocation:
    """One invocation.

    Attributes:
        at: when the handler began, ended: when it returned, both in seconds since the epoch; loading came before `at`.
        stream: the log stream, which is the execution environment.
        duration_ms: of the handler, without loading. billed_ms: with it (B60).
        init_ms: of loading, or of restoring a snapshot; None when the environment was warm (B59).
        is_error: raised, timed out or ended the environment, as far as that is known.
    """

    at: float
    ended: float
    stream: str
    version: str
    request_id: str
    duration_ms: float
    billed_ms: float
    memory_mb: int
    init_ms: float | None = None
    is_error: bool = False
    caller: Caller = Caller.OTHER

    @property
    def came(self) -> float:
        """When the call came, before loading; seconds since the epoch."""
        return self.at - (self.init_ms or 0.0) / 1000

    @property
    def total_ms(self) -> float:
        """What the caller waited for the function: loading and handler."""
        return self.duration_ms + (self.init_ms or 0.0)

    @property
    def is_cold(self) -> bool:
        """Whether the environment was made for this call."""
        return self.init_ms is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Firings:
    """Pings that EventBridge counted for one alias.

    Attributes:
        counts: beginning of the period, in seconds since the epoch → calls.
        period: seconds.
        until: the end of the last period that CloudWatch had figures for.
        interval: seconds between two firings of the rule; None for a cron expression.
        requests: beginning of the period → requests that API Gateway counted of the stages that lead here; None
            where users do not come through an API.
        errors: beginning of the period → failed invocations of the alias; a report tells only of those which the
            environment did not survive.
    """

    counts: Mapping[int, float]
    period: int
    until: float
    interval: float | None = None
    requests: Mapping[int, float] | None = None
    errors: Mapping[int, float] = field(default_factory=dict)


def read(events: Iterable[LogEvent], *, physical: str) -> list[Invocation]:
    """Every invocation whose report is among these events, in order of time.

    Args:
        physical: the function's name; in a log group shared by several functions the stream names it (K15).
    """
    found: list[Invocation] = []
    for event in events:
        report = parse(event.message)
        if report is None:
            continue
        name = stream_of(event.stream)
        if name is not None and name.function not in {"", physical}:
            continue
        init = report.init_ms if report.init_ms is not None else report.restore_ms
        found.append(
            Invocation(
                at=event.at - report.duration_ms / 1000,
                ended=event.at,
                stream=event.stream,
                version=name.version if name else "",
                request_id=report.request_id,
                duration_ms=report.duration_ms,
                billed_ms=report.billed_ms,
                memory_mb=report.memory_mb,
                init_ms=init,
                is_error=report.status not in {None, "success"},
            )
        )
    found.sort(key=lambda one: one.at)
    return found


def with_callers(
    found: Sequence[Invocation], firings: Firings, *, users: frozenset[str] | None = None
) -> list[Invocation]:
    """The same invocations, each with its caller.

    Args:
        found: in order of time. users: request ids that access logs name; None when no access log tells.
    """
    others = [n for n, one in enumerate(found) if users is None or one.request_id not in users]
    pings = _pings([found[n] for n in others], firings)
    attempts = Counter(one.request_id for one in found)
    named = {others[n] for n in pings}
    # An asynchronous call that failed comes again, with the same id.
    retried = {found[n].request_id for n in named if attempts[found[n].request_id] > 1}
    told = named | {n for n, one in enumerate(found) if one.request_id in retried}
    straight = _straight(found, told, firings) if users is None else set(others)

    def caller(number: int, one: Invocation) -> Caller:
        if users is not None and one.request_id in users:
            return Caller.USER
        if number in told:
            return Caller.PING
        return Caller.OTHER if number in straight else Caller.USER

    return [replace(one, caller=caller(number, one)) for number, one in enumerate(found)]


def with_errors(found: Sequence[Invocation], firings: Firings, *, version: str | None) -> list[Invocation]:
    """The same invocations, with the errors that metrics count and reports do not tell.

    Known for sure are only pings that failed: an asynchronous call that failed comes again with its request id, and
    where nobody but the warmer called, or everything failed, a period's errors are its pings'.

    Args:
        found: with callers, in order of time. version: behind the alias whose errors were counted.
    """
    attempts = Counter(one.request_id for one in found)
    last = {one.request_id: number for number, one in enumerate(found)}
    failed = {n for n, one in enumerate(found) if attempts[one.request_id] > 1 and last[one.request_id] != n}
    by_period: dict[int, list[int]] = defaultdict(list)
    for number, one in enumerate(found):
        if version is None or one.version == version:
            by_period[int(one.came // firings.period) * firings.period].append(number)
    for period, count in firings.errors.items():
        here = by_period.get(period, [])
        pings = [n for n in here if found[n].caller is Caller.PING]
        if len(pings) == len(here) or round(count) >= len(here):
            rest = round(count) - sum(found[n].is_error or n in failed for n in pings)
            failed.update([n for n in pings if not found[n].is_error and n not in failed][: max(0, rest)])
    return [replace(one, is_error=True) if number in failed else one for number, one in enumerate(found)]


def _pings(found: Sequence[Invocation], firings: Firings) -> set[int]:
    """Numbers of the invocations that are pings."""
    by_period = _by_period(found, firings.period)
    chosen: set[int] = set()
    crowded: list[tuple[list[int], int]] = []
    for period, count in sorted(firings.counts.items()):
        wanted = round(count)
        here = [n for n in by_period.get(period, ()) if n not in chosen]  # those of before that came late are taken
        if len(here) > wanted:
            crowded.append((here, wanted))
            continue
        end = period + firings.period
        late = [n for n in by_period.get(end, ()) if found[n].came < end + _EDGE]
        chosen.update([*here, *late][:wanted])
    moment = _moment([found[n].came for n in chosen], firings.interval)
    if moment is None and firings.interval is not None:
        moment = _voted([[found[n].came for n in here] for here, _ in crowded], firings.interval)
    for here, wanted in crowded:
        rest = [n for n in here if n not in chosen]
        rest.sort(key=lambda n: (_off(found[n].came, moment, firings.interval), found[n].duration_ms))
        chosen.update(rest[:wanted])
    return chosen | _unknown_yet(found, firings, moment)


def _unknown_yet(found: Sequence[Invocation], firings: Firings, moment: float | None) -> set[int]:
    """Pings that CloudWatch has not counted yet: of each firing as many as usual, the nearest to its moment."""
    if moment is None or firings.interval is None:
        return set()
    usual = sorted(count for count in firings.counts.values() if count)
    each = max(1, round(usual[len(usual) // 2] * min(1.0, firings.interval / firings.period))) if usual else 1
    near = min(_NEAR, firings.interval / 4)
    by_firing: dict[int, list[int]] = defaultdict(list)
    for number, one in enumerate(found):
        if one.came >= firings.until and _off(one.came, moment, firings.interval) <= near:
            by_firing[round((one.came - moment) / firings.interval)].append(number)
    chosen: set[int] = set()
    for numbers in by_firing.values():
        numbers.sort(key=lambda n: _off(found[n].came, moment, firings.interval))
        chosen.update(numbers[:each])
    return chosen


def _by_period(found: Sequence[Invocation], period: int) -> dict[int, list[int]]:
    """Beginning of the period → numbers of the invocations that came in it."""
    numbers: dict[int, list[int]] = defaultdict(list)
    for number, one in enumerate(found):
        numbers[int(one.came // period) * period].append(number)
    return numbers


def _straight(found: Sequence[Invocation], pings: set[int], firings: Firings) -> set[int]:
    """Numbers of the invocations that are not known to be users': more than API Gateway counted, or not counted yet."""
    may_be_pings = bool(firings.counts) and firings.interval is None
    if firings.requests is None and not may_be_pings:
        return set()
    rest = [n for n in range(len(found)) if n not in pings]
    straight = {n for n in rest if found[n].came >= firings.until}
    if firings.requests is not None:
        straight.update(_beyond(found, [n for n in rest if n not in straight], firings))
    return straight


def _beyond(found: Sequence[Invocation], numbers: Iterable[int], firings: Firings) -> list[int]:
    """Of these invocations, those for which no request is left that API Gateway counted.

    A request causes one invocation at most, and is counted while it runs or when it is over; near the edge of a period
    perhaps in the neighbour, if nothing else claims it. Whoever calls straight does so to warm: of several calls for
    one request a cold one is rather not the user's.
    """
    left = {period: round(count) for period, count in (firings.requests or {}).items()}
    length = firings.period
    rest = sorted(numbers, key=lambda n: (found[n].is_cold, found[n].ended))
    for edge in (0.0, _EDGE):
        without: list[int] = []
        for number in rest:
            one = found[number]
            first, last = (int(at // length) * length for at in (one.came - edge, one.ended + edge))
            period = next((at for at in range(first, last + 1, length) if left.get(at, 0) > 0), None)
            if period is None:
                without.append(number)
            else:
                left[period] -= 1
        rest = without
    return rest


def _moment(times: Sequence[float], interval: float | None) -> float | None:
    """At which second of its interval a rule fires; None when nobody can tell."""
    if not times or interval is None:
        return None
    first = times[0] % interval
    shifts = sorted(_signed(at - first, interval) for at in times)
    return (first + shifts[len(shifts) // 2]) % interval


def _voted(periods: Sequence[Sequence[float]], interval: float) -> float | None:
    """The same where users called in every period that has a ping: the second that almost all of them share.

    None when there is no such second, or several, because users call so often.
    """
    votes = Counter(second for times in periods for second in {int(at % interval) for at in times})
    shared = [second for second, count in votes.items() if count >= _MOST * len(periods)]
    return shared[0] + 0.5 if len(periods) >= _ENOUGH and len(shared) == 1 else None


def _off(at: float, moment: float | None, interval: float | None) -> float:
    """Seconds between a time and the moment at which the rule fires."""
    return 0.0 if moment is None or interval is None else abs(_signed(at - moment, interval))


def _signed(difference: float, interval: float) -> float:
    return (difference + interval / 2) % interval - interval / 2
