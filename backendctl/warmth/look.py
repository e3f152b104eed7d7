"""`warm-status`: metrics first, then the logs, the cheapest way that is exact; then a verdict per row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from backendctl.aws.regions import each, each_region
from backendctl.errors import BackendctlError, Exit
from backendctl.logs.volume import gigabytes
from backendctl.spec.config import AT_ONCE
from backendctl.warmth import insights
from backendctl.warmth.cold import Cause, Circumstances, causes
from backendctl.warmth.cost.prices import PriceList, load_prices
from backendctl.warmth.counting import Measured, Window, measure
from backendctl.warmth.evidence import GOOD, Counted, Evidence, Outcome, Verdict
from backendctl.warmth.figures import Figures, figures, with_bins
from backendctl.warmth.invocations import Caller, Invocation, read, with_callers, with_errors
from backendctl.warmth.logs import REPORTS, LogReader
from backendctl.warmth.schedule import MONTH_MINUTES
from backendctl.warmth.subject import Subject
from backendctl.warmth.timeline import Bin, Event, Point, Timeline
from backendctl.warmth.verdict import judge

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

T = TypeVar("T")

PAGED = 50_000
"""Invocations of a function up to which its log is read page by page."""
KEPT = 200_000
"""Invocations of a region up to which each is kept; beyond, the warm ones come in bins."""
_CENT = 0.01
_ALONE = frozenset({Cause.RELEASE, Cause.SPILLOVER})
"""Causes that can be told without the warm invocations."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What to look at.

    Attributes:
        window: seconds since the epoch.
        idle: seconds after which an unused environment is taken to be gone (B61).
        allowed: share of cold users' requests, 0 to 1, that is still called warm.
        metrics_only: read no logs.
        workers: calls at once, over all regions.
        prices: for what pings and reading cost.
    """

    window: Window
    idle: float = 420.0
    allowed: float = 0.01
    metrics_only: bool = False
    workers: int = AT_ONCE
    prices: PriceList = field(default_factory=load_prices)


@dataclass(frozen=True, kw_only=True, slots=True)
class WarmRow:
    """One function in one region.

    Attributes:
        figures: None where the log was not read. timeline: every invocation, for a chart; the same.
        pings_month: pings a month, at the rate of the window. pings_month_usd: what they cost by the price list.
    """

    subject: Subject
    counted: Counted
    figures: Figures | None
    verdict: Verdict
    timeline: Timeline | None = None
    pings_month: float | None = None
    pings_month_usd: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class WarmStatus:
    """Everything that was found.

    Attributes:
        backend: its name; empty where functions were named by hand.
        unreachable: regions that did not answer, and why.
        drained: regions that users are kept away from, so that their rows are no verdict; and since when, by whom.
    """

    backend: str
    request: Request
    rows: tuple[WarmRow, ...]
    unreachable: Mapping[str, BackendctlError] = field(default_factory=dict)
    drained: Mapping[str, str] = field(default_factory=dict)

    @property
    def exit_code(self) -> Exit:
        """As of every verb that judges: proven bad before a silent region before what cannot be told."""
        outcomes = {row.verdict.outcome for row in self.rows if row.subject.region not in self.drained}
        if outcomes - GOOD - {Outcome.NO_DATA}:
            return Exit.FAILED_VERDICT
        if self.unreachable:
            return Exit.PARTIAL
        return Exit.OK if outcomes and Outcome.NO_DATA not in outcomes else Exit.INCONCLUSIVE


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How the logs of one region are going to be read.

    Attributes:
        paged: groups read by FilterLogEvents. queried: groups read by Logs Insights. count: invocations in those.
        gigabytes: that Insights will scan; None when no metric tells.
    """

    region: str
    paged: tuple[str, ...] = ()
    queried: tuple[str, ...] = ()
    count: int = 0
    gigabytes: float | None = 0.0

    def told(self, prices: PriceList) -> str:
        """What the reading costs, in a sentence; empty when it is not more than a cent."""
        price = prices.find(self.region, "logs-insights-gb")
        usd = None if price is None or self.gigabytes is None else price.first * self.gigabytes
        if not self.queried or (usd is not None and usd <= _CENT):
            return ""
        size = "an unknown amount" if self.gigabytes is None else f"{self.gigabytes:,.1f} GB"
        cost = "" if usd is None else f", about ${usd:.2f}"
        return (
            f"{self.region}: {self.count:,} invocations are too many to page through: "
            f"Logs Insights scans {size} of log{cost}"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """What metrics told, and what reading the logs will take."""

    subjects: Mapping[str, Sequence[Subject]]
    measured: Mapping[str, Sequence[Measured]]
    readings: Mapping[str, Reading]
    unreachable: Mapping[str, BackendctlError]


def prepare(
    aws: Aws,
    regions: Sequence[str],
    names: Sequence[T],
    subjects_of: Callable[[str, T], Sequence[Subject]],
    request: Request,
) -> Prepared:
    """Ask every region for its rows and metrics, and decide how to read its logs.

    Args:
        names: of functions, in whatever form `subjects_of` takes beside the region; all are read at once.
    """
    places = [(region, number) for number in range(len(names)) for region in regions]  # no region waits for another
    found, failed = each(
        places,
        lambda place: subjects_of(place[0], names[place[1]]),
        workers=request.workers,
        doing=lambda place: f"read the warmth of {place[0]}",
    )
    silent = {region: error for (region, _), error in reversed(failed.items())}
    subjects = {
        region: [subject for number in range(len(names)) for subject in found[region, number]]
        for region in regions
        if region not in silent
    }

    def ask(region: str) -> tuple[list[Measured], Reading]:
        measured = measure(aws, region, subjects[region], request.window)
        return measured, _reading(aws, region, subjects[region], measured, request)

    told, unmeasured = each_region(list(subjects), ask, workers=request.workers, doing="read the metrics of")
    return Prepared(
        subjects={region: subjects[region] for region in told},
        measured={region: one[0] for region, one in told.items()},
        readings={region: one[1] for region, one in told.items()},
        unreachable={**silent, **unmeasured},
    )


def look(aws: Aws, prepared: Prepared, request: Request, reader: LogReader, *, backend: str) -> WarmStatus:
    """Read the logs and judge every row.

    Args:
        reader: the same at every look, so that only what is new is read.
    """
    texts, unread = _texts(aws, prepared, request, reader)
    users, _ = _users(aws, prepared, request, reader)
    found_logs = _Logs(texts=texts, unread=unread, users=users)
    rows = [
        _row(subject, measured, found_logs, request)
        for region, subjects in prepared.subjects.items()
        for subject, measured in zip(subjects, prepared.measured[region], strict=True)
    ]
    return WarmStatus(backend=backend, request=request, rows=tuple(rows), unreachable=prepared.unreachable)


def _reading(
    aws: Aws, region: str, subjects: Sequence[Subject], measured: Sequence[Measured], request: Request
) -> Reading:
    volumes: dict[str, int] = {}
    counted: set[str] = set()
    for subject, one in zip(subjects, measured, strict=True):
        if subject.is_there and subject.reports and not request.metrics_only:
            more = 0 if subject.physical in counted else one.volume or 0  # of the function, whatever the alias
            volumes[subject.log_group] = volumes.get(subject.log_group, 0) + more
            counted.add(subject.physical)
    queried = tuple(group for group, volume in volumes.items() if volume > PAGED)
    return Reading(
        region=region,
        paged=tuple(group for group in volumes if group not in queried),
        queried=queried,
        count=sum(volumes[group] for group in queried),
        gigabytes=gigabytes(aws, region, queried, since=request.window.since, until=request.window.until)
        if queried
        else 0.0,
    )


_Key = tuple[str, str]


def _texts(
    aws: Aws, prepared: Prepared, request: Request, reader: LogReader
) -> tuple[dict[_Key, insights.Found], dict[_Key, BackendctlError]]:
    """(region, log group) → its reports, and what could not be read. A group that is not there is in neither."""
    window = request.window

    def paged(key: _Key) -> insights.Found | None:
        found = reader.events(aws, *key, since=window.since, until=window.until, pattern=REPORTS)
        return None if found is None else insights.Found(events=tuple(found))

    def queried(region: str) -> dict[str, insights.Found]:
        reading = prepared.readings[region]
        scope = insights.Scope(region=region, groups=reading.queried, since=window.since, until=window.until)
        return insights.reports(aws, scope, count=reading.count, most=KEPT)

    keys = [(region, group) for region, reading in prepared.readings.items() for group in reading.paged]
    large = [region for region, reading in prepared.readings.items() if reading.queried]
    found, failed = each(keys, paged, workers=request.workers, doing=lambda key: f"read the log {key[1]} in {key[0]}")
    many, failed_regions = each_region(large, queried, workers=request.workers, doing="query the logs of")
    texts = {key: one for key, one in found.items() if one is not None}
    texts |= {(region, group): one for region, groups in many.items() for group, one in groups.items()}
    unread = dict(failed)
    for region, error in failed_regions.items():
        unread |= dict.fromkeys([(region, group) for group in prepared.readings[region].queried], error)
    return texts, unread


def _users(
    aws: Aws, prepared: Prepared, request: Request, reader: LogReader
) -> tuple[dict[_Key, frozenset[str]], dict[_Key, BackendctlError]]:
    """(region, log group of an access log) → the request ids it names; one that cannot be read is missing."""
    window = request.window
    keys = dict.fromkeys(
        (region, group)
        for region, subjects in prepared.subjects.items()
        for subject in subjects
        for group in (() if request.metrics_only else subject.access_groups or ())
    )

    def ask(key: _Key) -> frozenset[str] | None:
        return reader.request_ids(aws, *key, since=window.since, until=window.until)

    found, failed = each(
        list(keys), ask, workers=request.workers, doing=lambda key: f"read the log {key[1]} in {key[0]}"
    )
    return {key: ids for key, ids in found.items() if ids is not None}, failed


@dataclass(frozen=True, kw_only=True, slots=True)
class _Logs:
    """By region and log group. texts: reports. unread: why not. users: request ids of access logs."""

    texts: Mapping[_Key, insights.Found]
    unread: Mapping[_Key, BackendctlError]
    users: Mapping[_Key, frozenset[str]]

    def users_of(self, subject: Subject) -> frozenset[str] | None:
        """The ids of its users' requests; None where no access log tells all of them."""
        keys = [(subject.region, group) for group in subject.access_groups or ()]
        known = subject.access_groups is not None and all(key in self.users for key in keys)
        return frozenset[str]().union(*(self.users[key] for key in keys)) if known else None


def _row(subject: Subject, measured: Measured, found_logs: _Logs, request: Request) -> WarmRow:
    key = (subject.region, subject.log_group)
    text = found_logs.texts.get(key)
    evidence = Evidence(
        subject=subject,
        counted=measured.counted,
        figures=None,
        idle=request.idle,
        allowed=request.allowed,
        until=request.window.until,
    )
    if text is None:
        found = replace(evidence, unread=_why_unread(subject, found_logs.unread.get(key), request))
        return WarmRow(subject=subject, counted=measured.counted, figures=None, verdict=judge(found))
    ids = found_logs.users_of(subject)
    calls = [one for one in read(text.events, physical=subject.physical) if one.version in subject.versions]
    firings = measured.firings
    if text.bins:  # only cold starts are here: that one came in a ping's minute says nothing
        firings = replace(firings, counts={}, requests=None)
    calls = with_errors(with_callers(calls, firings, users=ids), firings, version=subject.version)
    why_cold = causes(calls, _circumstances(subject, request))
    if text.bins:  # nor is it known which environments there were
        why_cold = {n: cause if cause in _ALONE else Cause.UNKNOWN for n, cause in why_cold.items()}
    counts = figures(
        calls,
        why_cold,
        version=subject.version,
        now=request.window.until,
        idle=request.idle,
        is_estimated=ids is None,
        interval=subject.interval,
    )
    counts = with_bins(counts, text.bins, pings=measured.counted.fired, alive_since=request.window.until - request.idle)
    month = MONTH_MINUTES * 60 / request.window.seconds
    return WarmRow(
        subject=subject,
        counted=measured.counted,
        figures=counts,
        verdict=judge(replace(evidence, figures=counts)),
        pings_month=counts.pings * month,
        pings_month_usd=_pings_usd(request.prices, subject, counts.pings * month, counts.ping_gb_seconds * month),
        timeline=_timeline(subject, calls, text.bins, request),
    )


def _pings_usd(prices: PriceList, subject: Subject, pings: float, gb_seconds: float) -> float | None:
    """USD before the free tier; None without a price."""
    requests = prices.find(subject.region, "lambda-requests")
    compute = prices.find(subject.region, "lambda-arm-gb-seconds" if subject.is_arm else "lambda-x86-gb-seconds")
    if requests is None or compute is None:
        return None
    return requests.cost(pings)[0] + compute.cost(gb_seconds)[0]


def _why_unread(subject: Subject, error: BackendctlError | None, request: Request) -> str:
    if request.metrics_only:
        return "cold starts are in the log only, and --metrics-only does not read it"
    if not subject.reports:
        return "the log has no reports: its system log level is WARN"
    return error.message if error is not None else f"there is no log group {subject.log_group}"


def _circumstances(subject: Subject, request: Request) -> Circumstances:
    spilling = frozenset({subject.version}) if subject.provisioned and subject.version else frozenset[str]()
    return Circumstances(
        since=request.window.since, idle=request.idle, published=subject.published, provisioned=spilling
    )


def _timeline(subject: Subject, calls: Sequence[Invocation], bins: Sequence[Bin], request: Request) -> Timeline:
    window = request.window
    points = tuple(
        Point(
            at=one.came,
            duration_ms=one.duration_ms,
            init_ms=one.init_ms,
            is_ping=one.caller is not Caller.USER,
            is_error=one.is_error,
        )
        for one in calls
    )
    return Timeline(
        region=subject.region,
        function=subject.function,
        alias=subject.alias or "$LATEST",
        since=window.since,
        until=window.until,
        points=points,
        bins=tuple(bins),
        events=tuple(_events(subject, calls, window)),
    )


def _events(subject: Subject, calls: Sequence[Invocation], window: Window) -> list[Event]:
    """Each version from when it was published, with its memory where that changed."""
    memory = {one.version: one.memory_mb for one in calls}
    found: list[Event] = []
    before: int | None = None
    for version, at in sorted(subject.published.items(), key=lambda pair: pair[1]):
        now = memory.get(version)
        label = f"version {version}"
        if now is not None and before is not None and now != before:
            label += f", {now} MB"
        before = now if now is not None else before
        if version in subject.versions and window.since <= at <= window.until:
            found.append(Event(at=at, label=label))
    return found
