"""From log events to lines: versions, requests, and what is folded."""

from __future__ import annotations

import json
from typing import Any

from backendctl.logs.lines import LineReader
from backendctl.logs.reading import Event
from backendctl.logs.sources import Kind, Source

ONE, TWO = "11111111-2222-4333-8444-555555555555", "11111111-2222-4333-8444-666666666666"
REPORT = (
    "REPORT RequestId: {id}\tDuration: 12.34 ms\tBilled Duration: 13 ms\t"
    "Memory Size: 128 MB\tMax Memory Used: 40 MB\t\n"
)
STREAM = "2026/11/28/[7]abc"


def source(kind: Kind = Kind.FUNCTION, **more: Any) -> Source:
    return Source(region="us-east-1", group="/g", kind=kind, name="places", physical="corkhounds-places", **more)


def events(*messages: str, stream: str = STREAM) -> list[Event]:
    return [Event(id=f"{stream}{n}", at=1000 + n, stream=stream, message=text) for n, text in enumerate(messages)]


def call(request: str, *own: str) -> tuple[str, ...]:
    return (
        f"START RequestId: {request} Version: 7\n",
        *own,
        f"END RequestId: {request}\n",
        REPORT.format(id=request),
    )


def test_start_end_and_report_of_a_request_are_one_line() -> None:
    found = LineReader(source=source()).lines(events("INIT_START Runtime Version: x\n", *call(ONE)))
    (line,) = found
    assert line.report is not None
    assert (line.request_id, line.version, line.report.billed_ms) == (ONE, "7", 13)
    assert len(LineReader(source=source(), whole=True).lines(events(*call(ONE)))) == 3


def test_a_handler_s_own_line_is_of_the_request_its_environment_serves() -> None:
    found = LineReader(source=source()).lines(events(*call(ONE, "hello\n"), *call(TWO, "again\n")))
    assert [(line.message.split("\t")[0][:6], line.request_id) for line in found] == [
        ("hello", ONE),
        ("REPORT", ONE),
        ("again", TWO),
        ("REPORT", TWO),
    ]


def test_environments_that_write_at_the_same_time_are_told_apart() -> None:
    a, b = (events(*call(ONE, "a\n"), stream="2026/11/28/[7]a"), events(*call(TWO, "b\n"), stream="2026/11/28/[8]b"))
    mixed = [event for pair in zip(a, b, strict=True) for event in pair]
    found = {line.message: line for line in LineReader(source=source()).lines(mixed)}
    assert (found["a"].request_id, found["a"].version) == (ONE, "7")
    assert (found["b"].request_id, found["b"].version) == (TWO, "8")


def test_a_request_that_began_before_the_first_line_is_known_from_its_end() -> None:
    found = LineReader(source=source()).lines(events(*call(ONE, "late\n")[1:]))
    assert found[0].request_id == ONE


def test_a_request_goes_on_from_one_reading_to_the_next() -> None:
    reader = LineReader(source=source())
    first = events(*call(ONE, "one\n", "two\n"))
    assert [line.request_id for line in reader.lines(first[:2])] == [ONE]
    assert [line.request_id for line in reader.lines(first[2:])] == [ONE, ONE]


def test_lines_of_loggers_name_their_request_themselves() -> None:
    told = [
        f"[INFO]\t2026-11-28T16:00:00.000Z\t{ONE}\thello\n",
        f"2026-11-28T16:00:00.000Z\t{ONE}\tINFO\thello\n",
        f"2026-11-28T16:00:00.000Z {ONE} Task timed out after 3.00 seconds\n",
        json.dumps({"level": "INFO", "message": "hello", "requestId": ONE}),
    ]
    found = LineReader(source=source()).lines(events(*told))
    assert [line.request_id for line in found] == [ONE] * 4
    assert [line.is_trouble for line in found] == [False, False, True, False]


def test_an_id_in_a_handler_s_own_words_is_not_taken_for_its_request() -> None:
    found = LineReader(source=source()).lines(events(*call(ONE, f"order {TWO} is paid\n")))
    assert found[0].request_id == ONE


def test_logs_in_json_are_folded_too() -> None:
    metrics = {"durationMs": 5.0, "billedDurationMs": 6, "memorySizeMB": 128, "maxMemoryUsedMB": 40}
    told = [
        {"type": "platform.start", "record": {"requestId": ONE, "version": "7"}},
        {"level": "INFO", "message": "hello", "requestId": ONE},
        {"type": "platform.runtimeDone", "record": {"requestId": ONE}},
        {"type": "platform.report", "record": {"requestId": ONE, "status": "success", "metrics": metrics}},
    ]
    found = LineReader(source=source()).lines(events(*map(json.dumps, told)))
    assert [(line.request_id, line.report is None) for line in found] == [(ONE, True), (ONE, False)]


def test_a_group_shared_by_functions_and_versions_gives_what_is_wanted() -> None:
    shared = [
        *events("mine\n", stream="2026/11/28/corkhounds-places[7]a"),
        *events("other\n", stream="2026/11/28/corkhounds-search[7]b"),
        *events("older\n", stream="2026/11/28/corkhounds-places[6]c"),
    ]
    assert [line.message for line in LineReader(source=source()).lines(shared)] == ["mine", "older"]
    only = source(versions=frozenset({"7"}))
    assert [line.message for line in LineReader(source=only).lines(shared)] == ["mine"]


def test_lines_of_the_api_have_its_request_ids() -> None:
    access = LineReader(source=source(Kind.ACCESS)).lines(events(json.dumps({"requestId": ONE, "status": "502"})))
    assert [(line.request_id, line.is_trouble, line.version) for line in access] == [(ONE, True, None)]
    assert LineReader(source=source(Kind.ACCESS)).lines(events(f"GET / 200 {TWO}"))[0].request_id == TWO
    execution = LineReader(source=source(Kind.EXECUTION)).lines(events(f"({ONE}) Method completed with status: 200"))
    assert execution[0].request_id == ONE


def test_a_trace_is_taken_from_the_report() -> None:
    trace = "1-6b0b07d7-39373c08e2024d44a0953c62"
    (line,) = LineReader(source=source()).lines(events(REPORT.format(id=ONE) + f"XRAY TraceId: {trace}\tSegmentId: 1"))
    assert line.trace_id == trace


def test_an_end_that_a_handler_writes_about_another_request_ends_nothing() -> None:
    forged = "REPORT RequestId: 00000000-1111-2222-3333-444444444444\tDuration: 1 ms\tBilled Duration: 1 ms\t"
    told = ("END RequestId: 00000000-1111-2222-3333-444444444444", f"{forged}Memory Size: 1 MB\tMax Memory Used: 1 MB")
    found = LineReader(source=source()).lines(events(*call(ONE, *told, "still at work")))
    assert [line.request_id for line in found if line.message == "still at work"] == [ONE]


def test_an_id_that_is_no_text_is_none() -> None:
    found = LineReader(source=source()).lines(events('{"requestId": {"a": 1}}', '{"record": {"requestId": []}}'))
    assert [line.request_id for line in found] == [None, None]
