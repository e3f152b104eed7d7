"""Many reports by Logs Insights: every one, and each once."""

from __future__ import annotations

import pytest

from backendctl.errors import AwsError
from backendctl.warmth import insights
from backendctl.warmth.insights import Scope, reports
from tests.unit.warmth.logs_service import REGION, Logs

T = 1_800_000_000.0
GROUP = "/aws/lambda/corkhounds-places"


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A query answers ten rows, so that tests stay quick."""
    monkeypatch.setattr(insights, "ROWS", 10)


def scope(*groups: str, since: float = T, until: float = T + 3600) -> Scope:
    return Scope(region=REGION, groups=groups or (GROUP,), since=since, until=until)


def numbers(logs: Logs, given: Scope) -> list[str]:
    found = reports(logs.aws(), given, count=1, most=100)
    return [event.message for one in found.values() for event in one.events]


@pytest.mark.parametrize("ends", [0.0, 0.999])
def test_rows_are_split_without_loss_and_repetition_however_aws_reads_the_last_second(ends: float) -> None:
    logs = Logs(rows=10, ends=ends)
    logs.put(GROUP, [T + n * 37.123 for n in range(90)])  # among them fractions of every kind
    found = numbers(logs, scope())
    assert len(found) == len(set(found)) == 90


@pytest.mark.parametrize("ends", [0.0, 0.999])
def test_events_exactly_at_the_cut_and_of_its_second_come_once(ends: float) -> None:
    logs = Logs(rows=10, ends=ends)
    logs.put(GROUP, [T + 1800, T + 1800.001, T + 1800.5, T + 1800.999, T + 1801, T + 1799.999])
    logs.put(GROUP, [T + n for n in range(8)])
    found = numbers(logs, scope())
    assert len(found) == len(set(found)) == 14


def test_what_is_written_before_and_after_the_window_is_left_out() -> None:
    logs = Logs()
    logs.put(GROUP, [T + 0.2, T + 0.6, T + 9.5, T + 9.9])
    assert len(numbers(logs, scope(since=T + 0.5, until=T + 9.7))) == 2


@pytest.mark.parametrize("ends", [0.0, 0.999])
def test_the_last_fraction_of_a_second_is_read(ends: float) -> None:
    logs = Logs(ends=ends)
    logs.put(GROUP, [T + 9.5])
    assert len(numbers(logs, scope(until=T + 9.7))) == 1


def test_a_crowded_second_is_read_group_by_group() -> None:
    logs = Logs(rows=10)
    for name in "ab":
        logs.put(name, [T + 100 + n / 100 for n in range(9)])
    found = reports(logs.aws(), scope("a", "b"), count=1, most=100)
    assert {group: len(one.events) for group, one in found.items()} == {"a": 9, "b": 9}


def test_a_second_with_more_than_a_query_answers_is_refused_and_not_cut() -> None:
    logs = Logs(rows=10)
    logs.put(GROUP, [T + 100 + n / 100 for n in range(11)])
    with pytest.raises(AwsError, match="TooManyRows"):
        numbers(logs, scope())


def test_more_than_fifty_groups_take_several_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insights, "ROWS", 10_000)
    logs, names = Logs(), tuple(f"g{n}" for n in range(120))
    for name in names:
        logs.put(name, [T + 1])
    found = reports(logs.aws(), scope(*names), count=1, most=1000)
    assert {len(one.events) for one in found.values()} == {1}
    assert [len(one["logGroupNames"]) for one in logs.asked["StartQuery"]] == [50, 50, 20]


def test_a_group_without_rows_is_told_empty() -> None:
    logs = Logs()
    logs.put("a", [T + 1])
    found = reports(logs.aws(), scope("a", "b"), count=1, most=100)
    assert found["b"].events == ()


def test_of_too_many_the_cold_are_kept_and_the_warm_come_in_bins() -> None:
    logs = Logs()
    logs.put(GROUP, [T + 1, T + 2])
    logs.put(GROUP, [T + 3], message="REPORT RequestId: {n} Init Duration: 500 ms")
    when, group = "2027-01-15 08:00:00.000", f"123456789012:{GROUP}"
    later = "2027-01-15 08:30:00.000"
    logs.bins = [
        {"group": group, "at": later, "n": "3", "p50": "12.5", "p95": "80"},
        {"group": group, "at": when, "n": "99", "p50": "12", "p95": "70"},
    ]
    found = reports(logs.aws(), scope(), count=101, most=100)[GROUP]
    assert [event.message for event in found.events] == ["REPORT RequestId: 2 Init Duration: 500 ms"]
    assert [(one.at, one.count, one.p50_ms, one.p95_ms) for one in found.bins] == [
        (T, 99, 12.0, 70.0),
        (T + 1800, 3, 12.5, 80.0),
    ]


@pytest.mark.parametrize("status", ["Failed", "Timeout", "Cancelled", "Unknown"])
def test_a_query_that_did_not_complete_is_an_error(status: str) -> None:
    logs = Logs(status=status)
    logs.put(GROUP, [T + 1])
    with pytest.raises(AwsError, match=status):
        numbers(logs, scope())
