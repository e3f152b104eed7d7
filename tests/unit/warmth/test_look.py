"""From what AWS tells to the rows: which way logs are read, what they cost, and what cannot be told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from backendctl.aws.connection import Aws
from backendctl.warmth.cold import Cause
from backendctl.warmth.cost.prices import load_prices
from backendctl.warmth.counting import Measured, Window
from backendctl.warmth.evidence import Counted, Outcome
from backendctl.warmth.invocations import Firings
from backendctl.warmth.logs import LogReader
from backendctl.warmth.look import Prepared, Reading, Request, WarmRow, look
from backendctl.warmth.subject import Subject
from tests.unit.warmth.logs_service import REGION, Line, Logs
from tests.unit.warmth.made import NOW, by_hand, subject

GROUP = "/aws/lambda/corkhounds-places"
ACCESS = "/aws/apigateway/corkhounds"


def request_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def report(number: int, *, ms: float = 20.0, init: float | None = None) -> str:
    loading = "" if init is None else f"\tInit Duration: {init:.2f} ms"
    return (
        f"REPORT RequestId: {request_id(number)}\tDuration: {ms:.2f} ms\tBilled Duration: {ms:.0f} ms\t"
        f"Memory Size: 256 MB\tMax Memory Used: 60 MB{loading}\t\n"
    )


def put(logs: Logs, *calls: tuple[float, float | None], group: str = GROUP) -> None:
    """Calls by seconds before NOW, with their loading; numbered from 0."""
    logs.groups.add(group)
    for at, init in calls:
        logs.lines.append(Line(group=group, at=NOW + at, message=report(len(logs.lines), init=init)))


def put_access(logs: Logs, *numbers: int) -> None:
    logs.groups.add(ACCESS)
    for number in numbers:
        logs.lines.append(Line(group=ACCESS, at=NOW - 50, message=f'{{"lambda":"{request_id(number)}"}}'))


def row_of(aws: Aws, row: Subject, *, queried: Sequence[str] = (), count: int = 1, **given: Any) -> WarmRow:
    """The row that is made of that subject."""
    counts = {int(NOW) - 600: 1.0}
    firings = Firings(counts=counts, period=60, until=NOW - 240, interval=300.0)
    measured = Measured(counted=Counted(is_known=True, fired=1, silent=100.0), firings=firings, volume=count)
    groups = () if queried or not row.reports or given.get("metrics_only") else (row.log_group,)
    prepared = Prepared(
        subjects={REGION: [row]},
        measured={REGION: [measured]},
        readings={REGION: Reading(region=REGION, paged=groups, queried=tuple(queried), count=count)},
        unreachable={},
    )
    request = Request(window=Window(since=NOW - 3600, until=NOW), **given)
    (found,) = look(aws, prepared, request, LogReader(), backend="corkhounds").rows
    return found


def test_an_access_log_makes_the_figures_exact() -> None:
    logs = Logs()
    put(logs, (-590, None), (-300, 500.0), (-200, None))
    put_access(logs, 1)
    found = row_of(logs.aws(), subject(access_groups=(ACCESS,))).figures
    assert found is not None
    assert (found.users, found.pings, found.others, found.cold_users, found.is_estimated) == (1, 1, 1, 1, False)


def test_an_access_log_that_is_gone_tells_nothing() -> None:
    logs = Logs()
    put(logs, (-590, None), (-300, None))
    found = row_of(logs.aws(), subject(access_groups=(ACCESS,), api=None)).figures
    assert found is not None
    assert (found.users, found.is_estimated) == (1, True)


@pytest.mark.parametrize(
    ("row", "given", "reason"),
    [
        (subject(reports=False), {}, "the log has no reports: its system log level is WARN"),
        (subject(), {"metrics_only": True}, "cold starts are in the log only, and --metrics-only does not read it"),
        (subject(log_group="/none"), {}, "there is no log group /none"),
    ],
)
def test_a_log_that_was_not_read_is_no_data(row: Subject, given: dict[str, Any], reason: str) -> None:
    found = row_of(Logs().aws(), row, **given)
    assert (found.figures, found.verdict.outcome, found.verdict.reason) == (None, Outcome.NO_DATA, reason)


def test_invocations_of_other_versions_are_not_this_row_s() -> None:
    logs = Logs()
    put(logs, (-300, None))
    logs.lines.append(Line(group=GROUP, at=NOW - 200, message=report(9), stream="2026/11/28/[6]old"))
    found = row_of(logs.aws(), by_hand(log_group=GROUP)).figures
    assert found is not None
    assert found.invocations == 1


def test_in_bins_a_cold_start_in_a_ping_s_minute_is_a_user_s_and_its_cause_unknown() -> None:
    logs = Logs()
    put(logs, (-590, 500.0), (-20, 500.0))
    logs.bins = [{"group": f"1:{GROUP}", "at": "2027-01-15 07:30:00.000", "n": "998", "p50": "12", "p95": "70"}]
    found = row_of(logs.aws(), subject(api=None), queried=[GROUP], count=300_000).figures
    assert found is not None
    assert (found.cold_users, found.absorbed, found.invocations, found.is_estimated) == (2, 0, 1000, True)
    assert found.causes == {Cause.UNKNOWN: 2}


def test_pings_are_priced_for_a_month_of_43_800_minutes() -> None:
    logs = Logs()
    put(logs, (-590, None))
    found = row_of(logs.aws(), subject(access_groups=None, api=None))
    assert found.pings_month == 730
    assert found.pings_month_usd == pytest.approx(730 * (0.2e-6 + 0.020 * 0.25 * 0.0000166667))


def test_reading_tells_its_cost_when_it_is_more_than_a_cent() -> None:
    prices = load_prices()
    assert Reading(region=REGION).told(prices) == ""
    assert Reading(region=REGION, queried=(GROUP,), count=60_000, gigabytes=1.0).told(prices) == ""
    told = Reading(region=REGION, queried=(GROUP,), count=6_000_000, gigabytes=100.0).told(prices)
    assert "6,000,000 invocations" in told
    assert "100.0 GB of log, about $0.50" in told
    unknown = Reading(region=REGION, queried=(GROUP,), count=60_000, gigabytes=None).told(prices)
    assert "an unknown amount of log" in unknown
