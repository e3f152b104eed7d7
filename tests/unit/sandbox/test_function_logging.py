"""How a function logs, in the sandbox's Lambda: what is refused, and what a request leaves out."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.sandbox.corrections import function_rules, function_shape


@pytest.mark.parametrize(
    ("logging", "refused"),
    [
        ({"LogFormat": "Text", "ApplicationLogLevel": "INFO"}, True),
        ({"SystemLogLevel": "WARN"}, True),
        ({"LogFormat": "JSON", "SystemLogLevel": "WARN"}, False),
        ({"LogFormat": "Text", "LogGroup": "/own"}, False),
        (None, False),
    ],
)
def test_levels_are_of_json_alone(logging: dict[str, str] | None, *, refused: bool) -> None:
    found = function_rules.logging({"LoggingConfig": logging})
    assert (found is not None) is refused


@pytest.mark.parametrize(
    ("logging", "shown"),
    [
        ({}, {"LogFormat": "Text", "LogGroup": "/aws/lambda/f"}),
        (
            {"LogFormat": "JSON", "SystemLogLevel": "WARN", "LogGroup": "/own"},
            {"LogFormat": "JSON", "SystemLogLevel": "WARN", "ApplicationLogLevel": "INFO", "LogGroup": "/own"},
        ),
    ],
)
def test_what_a_request_leaves_out_is_the_default(logging: dict[str, Any], shown: dict[str, Any]) -> None:
    configuration = {"FunctionName": "f", "Runtime": "python3.13", "LoggingConfig": logging}
    assert function_shape.whole(configuration, region="us-east-1")["LoggingConfig"] == shown
