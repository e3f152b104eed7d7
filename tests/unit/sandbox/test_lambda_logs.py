from __future__ import annotations

import json
from typing import Any

import pytest

from backendctl.sandbox import lambda_logs
from backendctl.sandbox.environment import Outcome

CONFIG = {"FunctionName": "f", "Version": "7", "Runtime": "python3.13", "MemorySize": 256}


def _outcome(**more: Any) -> Outcome:
    return Outcome(**{"result": "{}", "seconds": 0.0021, "init_seconds": 0.15, "peak": 31, **more})


def _events(level: str | None = None, **more: Any) -> list[dict[str, Any]]:
    logging = {"LogFormat": "JSON", **({"SystemLogLevel": level} if level else {})}
    written = lambda_logs.lines({**CONFIG, "LoggingConfig": logging}, "id", _outcome(**more), began=1_700_000_000_123)
    return [json.loads(text) for _, text in written]


def test_a_report_in_text_has_its_init_on_cold_starts_only() -> None:
    cold, warm = (lambda_logs.report(CONFIG, "id", _outcome(init_seconds=init)) for init in (0.15, None))
    assert cold == (
        "REPORT RequestId: id\tDuration: 2.10 ms\tBilled Duration: 153 ms\tMemory Size: 256 MB\t"
        "Max Memory Used: 31 MB\tInit Duration: 150.00 ms\t\n"
    )
    assert "Init Duration" not in warm
    assert "Billed Duration: 3 ms" in warm


def test_a_restore_takes_the_place_of_the_init_and_is_billed_apart() -> None:
    restored = {**CONFIG, "SnapStart": {"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}}
    report = lambda_logs.report(restored, "id", _outcome())
    assert "\tBilled Duration: 3 ms\t" in report
    assert report.endswith("\tRestore Duration: 150.00 ms\tBilled Restore Duration: 150 ms\t\n")
    assert "Init Duration" not in report


def test_a_report_in_json_has_the_same_figures() -> None:
    report = _events()[-1]
    assert report["type"] == "platform.report"
    assert report["record"] == {
        "requestId": "id",
        "metrics": {
            "durationMs": 2.1,
            "billedDurationMs": 153,
            "memorySizeMB": 256,
            "maxMemoryUsedMB": 31,
            "initDurationMs": 150.0,
        },
        "status": "success",
    }
    assert "initDurationMs" not in _events(init_seconds=None)[-1]["record"]["metrics"]


def test_json_lines_begin_with_their_moment_in_milliseconds() -> None:
    assert _events()[0]["time"] == "2023-11-14T22:13:20.123Z"


@pytest.mark.parametrize(
    ("level", "kinds"),
    [
        (
            "DEBUG",
            ["initStart", "initRuntimeDone", "initReport", "start", "runtimeDone", "report"],
        ),
        ("INFO", ["initStart", "start", "report"]),
        (None, ["initStart", "start", "report"]),
        ("WARN", []),
    ],
)
def test_the_system_log_level_decides_which_platform_events_are_written(level: str | None, kinds: list[str]) -> None:
    assert [event["type"].removeprefix("platform.") for event in _events(level)] == kinds


def test_a_failed_call_is_reported_also_at_the_level_of_warnings() -> None:
    error = {"errorType": "ValueError", "errorMessage": "boom", "requestId": "id", "stackTrace": []}
    told, *platform = _events("WARN", error=error, result=None)
    assert (told["log_level"], told["errorType"], told["errorMessage"]) == ("ERROR", "ValueError", "boom")
    assert [event["type"] for event in platform] == ["platform.runtimeDone", "platform.report"]
    assert platform[-1]["record"]["status"] == "error"
    assert _events("WARN", status="timeout", error=error)[-1]["record"]["status"] == "timeout"


def test_text_and_json_name_the_log_group_the_function_names() -> None:
    assert lambda_logs.group_of(CONFIG) == "/aws/lambda/f"
    assert lambda_logs.group_of({**CONFIG, "LoggingConfig": {"LogGroup": "own"}}) == "own"
