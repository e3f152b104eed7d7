from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from backendctl.sandbox.insights import commands, records, run
from backendctl.sandbox.insights.tokens import MalformedError, Period, UnknownError
from backendctl.sandbox.insights.tree import Moment, text
from backendctl.sandbox.logs.store import Event

IDS = [f"{number:08d}-0000-4000-8000-000000000000" for number in range(5)]
BASE = 1_700_000_100_000
MINUTE = 60_000


def _report(number: int, duration: float, init: float | None = None) -> str:
    more = "" if init is None else f"Init Duration: {init} ms\t"
    return (
        f"REPORT RequestId: {IDS[number]}\tDuration: {duration} ms\tBilled Duration: {int(duration) + 1} ms\t"
        f"Memory Size: 128 MB\tMax Memory Used: 40 MB\t{more}\n"
    )


def _rows(*messages: str, group: str = "/aws/lambda/f") -> list[dict[str, Any]]:
    """Rows of events a minute apart, the latest first."""
    events = [
        Event(
            timestamp=BASE + number * MINUTE,
            ingested=BASE,
            message=message,
            id=f"p{number}",
            stream="s" if number % 2 else "t",
            cursor=(number, 0, "s", 0),
        )
        for number, message in enumerate(messages)
    ]
    return [records.row(event, group) for event in reversed(events)]


LAMBDA = (
    f"START RequestId: {IDS[0]} Version: 7\n",
    f"[INFO]\t2023-11-14T22:15:00.000Z\t{IDS[0]}\tping from warmer",
    _report(0, 100.5, 250.0),
    _report(1, 2.5),
    _report(2, 3.5),
    _report(3, 1000.0, 300.0),
)


def _query(query: str, *messages: str, limit: int = 10_000, group: str = "/aws/lambda/f") -> list[dict[str, str]]:
    result = run.run(commands.read(query), _rows(*(messages or LAMBDA), group=group), limit=limit)
    return [{name: value for name, value in row if name != "@ptr"} for row in result.rows]


def test_what_a_query_does_not_name_is_moment_and_message_the_latest_first() -> None:
    rows = _query("filter @message like /ping/")
    assert rows == [{"@timestamp": "2023-11-14 22:16:00.000", "@message": LAMBDA[1]}]
    assert len(_query("fields @message")) == len(LAMBDA)
    assert _query("fields @message")[0]["@message"] == LAMBDA[-1]


def test_the_fields_of_reports_are_found() -> None:
    found = "@duration, @billedDuration, @initDuration, @maxMemoryUsed, @memorySize"
    cold = _query(f"filter @initDuration = 250 | fields @type, @requestId, {found}, @log, @logStream")
    assert cold == [
        {
            "@type": "REPORT",
            "@requestId": IDS[0],
            "@duration": "100.5",
            "@billedDuration": "101",
            "@initDuration": "250",
            "@maxMemoryUsed": "4E7",
            "@memorySize": "1.28E8",
            "@log": "123456789012:/aws/lambda/f",
            "@logStream": "t",
        }
    ]
    assert [row["@requestId"] for row in _query("filter @message like 'ping' | fields @requestId")] == [IDS[0]]


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("@type = 'REPORT'", 4),
        ("@type != 'REPORT'", 1),
        ("@duration > 3 and @duration <= 100.5", 2),
        ("@duration < 3 or @duration > 500", 2),
        ("not @type = 'REPORT'", 2),
        ("ispresent(@initDuration)", 2),
        ("not ispresent(@initDuration) and @type = 'REPORT'", 2),
        ("@type in ['START', 'END']", 1),
        ("@type not in ['START', 'END']", 5),
        ("@message like /(?i)PING/", 1),
        ("@message not like 'REPORT'", 2),
        ("@message =~ /^START/", 1),
        ("strcontains(@message, 'warmer')", 1),
        ("strcontains(@message, 'warmer') = 1", 1),
        ("@billedDuration - @duration > 0.9", 1),
        ("@duration * 2 + 1 = 6", 1),
        ("(@duration + 1) * 2 = 7", 1),
        ("coalesce(@initDuration, 0) > 260", 1),
        ("@missing > 1", 0),
        ("@missing != 1", 0),
    ],
)
def test_a_filter_keeps_only_what_fulfils_it(condition: str, count: int) -> None:
    assert len(_query(f"filter {condition} | fields @message")) == count


def test_statistics_over_groups() -> None:
    query = """filter @type = "REPORT"
    | stats count(*) as calls, count(@initDuration) as cold, avg(@duration), pct(@duration, 50) as p50,
        max(@duration) as slowest, min(@duration), sum(@billedDuration) / count(*) as billed by bin(2m)
    | sort calls desc"""
    assert _query(query) == [
        {
            "bin(2m)": "2023-11-14 22:18:00.000",
            "calls": "2",
            "cold": "0",
            "avg(@duration)": "3",
            "p50": "2.5",
            "slowest": "3.5",
            "min(@duration)": "2.5",
            "billed": "3.5",
        },
        {
            "bin(2m)": "2023-11-14 22:20:00.000",
            "calls": "1",
            "cold": "1",
            "avg(@duration)": "1000",
            "p50": "1000",
            "slowest": "1000",
            "min(@duration)": "1000",
            "billed": "1001",
        },
        {
            "bin(2m)": "2023-11-14 22:16:00.000",
            "calls": "1",
            "cold": "1",
            "avg(@duration)": "100.5",
            "p50": "100.5",
            "slowest": "100.5",
            "min(@duration)": "100.5",
            "billed": "101",
        },
    ]


def test_without_rows_everything_is_counted_as_none_and_no_group_is_invented() -> None:
    assert _query("filter @type = 'X' | stats count(*) as n, max(@duration) as most") == [{"n": "0"}]
    assert _query("filter @type = 'X' | stats count(*) by @logStream") == []


def test_distinct_values_and_the_first_and_last_by_time() -> None:
    query = "filter @type = 'REPORT' | stats count_distinct(@logStream) as n, earliest(@duration), latest(@duration)"
    assert _query(query) == [{"n": "2", "earliest(@duration)": "100.5", "latest(@duration)": "1000"}]
    moments = _query("stats min(@timestamp) as first, tomillis(latest(@timestamp)) as last")
    assert moments == [{"first": str(BASE), "last": str(BASE + 5 * MINUTE)}]


def test_statistics_of_statistics() -> None:
    query = "filter @type = 'REPORT' | stats count(*) as n by @logStream | stats max(n) as most, sum(n) as every"
    assert _query(query) == [{"most": "2", "every": "4"}]


def test_parse_takes_fields_out_of_texts() -> None:
    glob = "parse @message 'Duration: * ms\tBilled Duration: * ms' as d, b | filter ispresent(d) | display d, b"
    assert _query(glob)[0] == {"d": "1000.0", "b": "1001"}
    regex = r"parse @message /Version: (?<version>\d+)/ | filter version = 7 | display version"
    assert _query(regex) == [{"version": "7"}]
    numbered = r"parse @message /(\w+) from (\w+)/ as what, who | filter ispresent(who) | fields what, who"
    assert _query(numbered) == [{"what": "ping", "who": "warmer"}]


def test_sort_limit_and_dedup() -> None:
    asked = "filter @type = 'REPORT' | fields @duration | sort @duration asc | limit 2"
    assert _query(asked) == [{"@duration": "2.5"}, {"@duration": "3.5"}]
    assert len(_query("fields @duration", limit=3)) == 3
    assert _query("sort @initDuration desc | fields @initDuration | limit 3") == [
        {"@initDuration": "300"},
        {"@initDuration": "250"},
        {},
    ]
    assert _query("filter @type = 'REPORT' | fields @logStream | dedup @logStream") == [
        {"@logStream": "s"},
        {"@logStream": "t"},
    ]


def test_members_of_json_have_dotted_names() -> None:
    document = {"type": "platform.report", "record": {"metrics": {"durationMs": 12.5}, "tags": ["a", "b"], "ok": True}}
    fields = "fields type, record.metrics.durationMs as ms, record.tags.1, record.ok, `record.metrics.none`"
    query = f"filter record.metrics.durationMs > 10 | {fields}"
    told = [{"type": "platform.report", "ms": "12.5", "record.tags.1": "b", "record.ok": "1"}]
    assert _query(query, json.dumps(document)) == told
    assert _query(query, json.dumps(document), group="own") == told
    assert _query("filter a = 1 | fields a", 'text {"a": 1} more') == [{"a": "1"}]
    assert _query("filter a = 1 | fields a", 'text {"a": 1} more', group="own") == []


def test_numbers_and_moments_are_written_as_logs_insights_does() -> None:
    assert [text(value) for value in (3, 3.0, 2.5, 1.28e8, 12345678.5, 0.0005, Moment(BASE), True)] == [
        "3",
        "3",
        "2.5",
        "1.28E8",
        "1.23456785E7",
        "5E-4",
        "2023-11-14 22:15:00.000",
        "1",
    ]


@pytest.mark.parametrize(
    ("period", "seconds"), [("500ms", 0.5), ("30s", 30), ("5m", 300), ("2h", 7200), ("1d", 86_400), ("1w", 604_800)]
)
def test_lengths_of_time(period: str, seconds: float) -> None:
    assert Period(period).milliseconds == seconds * 1000


@pytest.mark.parametrize(
    "query",
    [
        "",
        "nonsense",
        "fields",
        "fields @message |",
        "fields @message extra",
        "filter",
        "filter @duration >",
        "filter (@duration > 1",
        "filter @message like",
        "filter @message like /[/",
        "filter count(*) > 1",
        "filter nosuch(@message)",
        "filter strlen()",
        "filter @type in 'a'",
        "stats",
        "stats @duration",
        "stats avg(@duration) + @duration",
        "stats count(*) by",
        "stats count(*) by count(*)",
        "stats pct(@duration)",
        "stats count(*) by bin(x)",
        "stats count(*) by bin(5)",
        "fields strlen(5m)",
        "sort",
        "limit",
        "limit 0",
        "limit 10001",
        "limit 1.5",
        "parse @message 'a * b'",
        "parse @message 'a * b' as x, y",
        "parse @message /(a)/",
        "dedup @logStream | fields @message",
        "fields @message ; limit 1",
        "select * from x",
    ],
)
def test_nonsense_is_malformed_and_says_where(query: str) -> None:
    with pytest.raises(MalformedError) as caught:
        commands.read(query)
    assert 0 <= caught.value.start <= caught.value.end <= len(query)


@pytest.mark.parametrize("query", ["fields @message | pattern @message", "fields jsonParse(@message)", "diff"])
def test_what_the_sandbox_does_not_know_is_refused_by_name(query: str) -> None:
    with pytest.raises(UnknownError, match=r"^the (command|function) (pattern|jsonParse|diff)$"):
        commands.read(query)


def test_events_matched_are_those_after_the_filters() -> None:
    rows = _rows(*LAMBDA)
    for rest, count in itertools.product(("", "| stats count(*)", "| limit 1", "| sort @duration"), (4,)):
        assert run.run(commands.read(f"filter @type = 'REPORT' {rest}"), rows, limit=2).matched == count


def test_events_themselves_can_be_asked_for_again_and_counts_cannot() -> None:
    plain = run.run(commands.read("fields @message"), _rows(*LAMBDA), limit=1)
    counted = run.run(commands.read("stats count(*)"), _rows(*LAMBDA), limit=1)
    assert [name for name, _ in plain.rows[0]] == ["@message", "@ptr"]
    assert [name for name, _ in counted.rows[0]] == ["count(*)"]
