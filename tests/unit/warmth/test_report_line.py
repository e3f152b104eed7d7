"""REPORT lines and platform.report events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backendctl.sandbox.environment import Outcome
from backendctl.sandbox.lambda_logs import report as sandbox_report
from backendctl.warmth.report_line import Report, last_of, parse

ID = "8f507cfc-xmpl-4697-b07a-ac58fc914c95".replace("xmpl", "1a2b")
WARM = (
    f"REPORT RequestId: {ID}\tDuration: 3.40 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 41 MB\t\n"
)
COLD = WARM.replace("Billed Duration: 4 ms", "Billed Duration: 148 ms").rstrip() + "\tInit Duration: 143.51 ms\t\n"


def event(record: dict[str, Any], kind: str = "platform.report") -> str:
    return json.dumps({"time": "2026-11-28T10:00:00.000Z", "type": kind, "record": record})


def record(**metrics: Any) -> dict[str, Any]:
    known = {"durationMs": 3.4, "billedDurationMs": 4, "memorySizeMB": 128, "maxMemoryUsedMB": 41}
    return {"requestId": ID, "metrics": {**known, **metrics}, "status": "success"}


def test_a_warm_invocation_has_no_init() -> None:
    told = Report(request_id=ID, duration_ms=3.4, billed_ms=4, memory_mb=128, max_memory_mb=41)
    assert parse(WARM) == told
    assert parse(event(record())) == told
    assert not told.is_cold


def test_a_cold_start_has_its_init_in_both_formats() -> None:
    text, as_json = parse(COLD), parse(event(record(billedDurationMs=148, initDurationMs=143.51)))
    assert text is not None
    assert (text.init_ms, text.billed_ms, text.is_cold) == (143.51, 148, True)
    assert text == as_json


def test_a_restored_snapshot_is_a_cold_start_with_a_bill_of_its_own() -> None:
    line = WARM.rstrip() + "\tRestore Duration: 512.25 ms\tBilled Restore Duration: 26 ms\t\n"
    text, as_json = parse(line), parse(event(record(restoreDurationMs=512.25, billedRestoreDurationMs=26)))
    assert text is not None
    assert (text.init_ms, text.restore_ms, text.billed_restore_ms, text.is_cold) == (None, 512.25, 26, True)
    assert text == as_json


def test_a_timeout_and_an_exit_are_told() -> None:
    late = parse(WARM.rstrip() + "\tStatus: timeout\n")
    ended = parse(WARM.rstrip() + "\tStatus: error\tError Type: Runtime.ExitError\t\n")
    assert late is not None and ended is not None  # noqa: PT018 - for the types alone
    assert (late.status, late.error_type) == ("timeout", None)
    assert (ended.status, ended.error_type) == ("error", "Runtime.ExitError")
    assert parse(event({**record(), "status": "error", "errorType": "Runtime.ExitError"})) == ended


def test_a_trace_behind_the_report_does_not_confuse_it() -> None:
    traced = COLD + "XRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\tSegmentId: 6cb34b43\tSampled: true\t\n"
    assert parse(traced) == parse(COLD)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "hello",
        f"START RequestId: {ID} Version: 7\n",
        f"END RequestId: {ID}\n",
        f"the user wrote: {WARM}",
        f"REPORT RequestId: {ID}\tDuration: 3.40 ms\t\n",
        WARM.replace(ID, "none"),
        "INIT_REPORT Init Duration: 12.00 ms\tPhase: init\tStatus: error\n",
        "{not json",
        "[1]",
        '{"type": "platform.report"}',
        '{"type": "platform.report", "record": null}',
        '{"message": "REPORT"}',
        event(record(), kind="platform.runtimeDone"),
        event({"requestId": ID, "metrics": {"durationMs": None}}),
    ],
)
def test_anything_else_is_no_report(message: str) -> None:
    assert parse(message) is None


def test_the_sandboxs_line_is_read() -> None:
    outcome = Outcome(seconds=0.1234, init_seconds=0.2, peak=30, status="timeout")
    told = parse(sandbox_report({"MemorySize": 512, "Version": "7"}, ID, outcome))
    assert told is not None
    assert (told.duration_ms, told.billed_ms, told.memory_mb, told.max_memory_mb) == (123.4, 324, 512, 30)
    assert (told.init_ms, told.status) == (200.0, "timeout")


def test_the_tail_of_a_log_is_searched_from_its_end() -> None:
    other = WARM.replace("8f507cfc", "00000000").replace("3.40", "9.90")
    tail = f"half a line of pri\nnted text\n{WARM}START RequestId: x\n{other}"
    found, ours = last_of(tail), last_of(tail, request_id=ID)
    assert found is not None and ours is not None  # noqa: PT018 - for the types alone
    assert (found.duration_ms, ours.duration_ms) == (9.9, 3.4)
    assert last_of("nothing here") is None
    assert last_of(WARM, request_id="another") is None
