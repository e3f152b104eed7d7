from __future__ import annotations

import io
import json
from typing import Any

import pytest

from backendctl.api.smoke_test import Answer
from backendctl.aws.progress import reporting_to
from backendctl.errors import BackendctlError
from backendctl.resources.lambda_ import lambda_waits
from backendctl.resources.lambda_.prewarm import prewarm


class Functions:
    """A Lambda whose one function answers every call with the same error."""

    def __init__(self, said: str) -> None:
        self._said = said

    def invoke(self, **_asked: Any) -> dict[str, Any]:
        return {"FunctionError": "Unhandled", "Payload": io.BytesIO(self._said.encode())}


class Region:
    def __init__(self, said: str) -> None:
        self._functions = Functions(said)

    def clock(self) -> float:
        return 0.0

    def lambda_(self, _region: str, **_more: Any) -> Functions:
        return self._functions


def _prewarmed(said: str) -> list[str]:
    notes, remarks = list[str](), list[str]()
    with reporting_to(notes.append, remarks=remarks.append):
        prewarm(Region(said), "us-east-1", "shop", version="1", payload="{}")  # type: ignore[arg-type]
    assert notes == []
    return remarks


def test_a_function_which_a_sandbox_cannot_run_is_remarked_and_no_failure() -> None:
    said = json.dumps({"errorType": "Runtime.NotSupported", "errorMessage": "no java on PATH"})
    assert _prewarmed(said) == ["calls to shop will answer 502 here: no java on PATH"]


@pytest.mark.parametrize(
    "said", ['{"errorType": "KeyError", "errorMessage": "x"}', "no JSON", '["Runtime.NotSupported"]']
)
def test_a_function_that_fails_by_itself_ends_the_release(said: str) -> None:
    with pytest.raises(BackendctlError, match="answers the warmer's input with an error"):
        _prewarmed(said)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ({"ErrorCode": "Runtime.NotSupported", "Message": "no x"}, ["calls to shop will answer 502 here: no x"]),
        ({"ErrorCode": "InternalError", "Message": "AWS's own"}, []),
        (None, []),
    ],
)
def test_only_a_sandboxs_own_word_on_a_runtime_is_remarked(error: dict[str, str] | None, told: list[str]) -> None:
    config: Any = {"FunctionName": "shop", "RuntimeVersionConfig": {"Error": error} if error else {}}
    remarks = list[str]()
    with reporting_to(remarks.append):
        lambda_waits.tell_if_not_run(config)
    assert remarks == told


def test_a_request_to_a_function_which_a_sandbox_cannot_run_proves_nothing() -> None:
    said = 'Lambda execution failed … {"errorType": "Runtime.NotSupported", "errorMessage": "no java on PATH"}'
    assert Answer(status=502, said=said).unasked
    assert not Answer(status=502, said="Lambda execution failed …").unasked
