"""Settings of a function that go together: log levels and format, reserved and provisioned concurrency, `async`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backendctl.spec import Offline
from backendctl.spec.model import UNRESERVED, Asynchronous

if TYPE_CHECKING:
    from collections.abc import Callable

    from backendctl.spec import Draft

FUNCTION = """\
backend: shop
regions: [us-east-1]
functions:
  items:
    code: x.zip
    runtime: java21
    handler: a.B
    aliases: [live]
    """
ARN = "the ARN of an SQS queue, an SNS topic, a function or an event bus"
BUCKET = "the ARN of an SQS queue, an SNS topic, a function, an event bus or an S3 bucket"


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("log-level: debug\n", ["9:16: 'log-level' has no effect without 'log-format: json', and Lambda refuses it"]),
        (
            "log-format: text\n    system-log-level: debug\n",
            ["10:23: 'system-log-level' has no effect without 'log-format: json', and Lambda refuses it"],
        ),
        (
            "log-format: json\n    regions: {us-east-1: {log-format: null, log-level: warn}}\n",
            [
                (
                    "10:56: 'log-level' has no effect in us-east-1 without 'log-format: json', and Lambda refuses it: "
                    "say `log-level: null` there"
                )
            ],
        ),
        (
            "log-format: json\n    system-log-level: debug\n    regions: {us-east-1: {log-format: text}}\n",
            [
                (
                    "10:23: 'system-log-level' has no effect in us-east-1 without 'log-format: json', and Lambda "
                    "refuses it: say `system-log-level: null` there"
                )
            ],
        ),
        (
            "log-level: warn\n    regions: {us-east-1: {memory: 512}}\n",
            ["9:16: 'log-level' has no effect without 'log-format: json', and Lambda refuses it"],
        ),
        ("log-format: JSON\n", ["9:17: 'log-format' cannot be 'JSON'; did you mean 'json'?"]),
        ("log-format: xml\n    log-level: warn\n", ["9:17: 'log-format' cannot be 'xml'; it is 'text' or 'json'"]),
        ("reserved-concurrency: -1\n", ["9:27: 'reserved-concurrency' cannot be -1: a whole number, or none"]),
        (
            "reserved-concurrency: off\n",
            ["9:27: 'off' is not valid for 'reserved-concurrency': a whole number, or none"],
        ),
        (
            "reserved-concurrency: 3\n    warm: {provisioned: 4}\n",
            ["9:27: 1 alias with 4 provisioned environments each is more than the 3 calls of 'reserved-concurrency'"],
        ),
        (
            "reserved-concurrency: 3.0\n    warm: {provisioned: 4.0}\n",
            ["9:27: 1 alias with 4 provisioned environments each is more than the 3 calls of 'reserved-concurrency'"],
        ),
        (
            "async: {retries: 3, max-age: 59, on-success: 'arn:aws:s3:::b', on-failure: 'b', retry: 1}\n",
            [
                "9:22: 'retries' must be from 0 to 2, not 3",
                "9:34: 'max-age' must be from 60 to 21600 seconds, not 59",
                f"9:50: 'arn:aws:s3:::b' is not valid for 'on-success': {ARN}",
                f"9:80: 'b' is not valid for 'on-failure': {BUCKET}",
                "9:85: 'retry' is not a setting of async; did you mean 'retries'?",
            ],
        ),
    ],
)
def test_what_aws_would_refuse_is_refused_where_it_stands(
    text: str, faults: list[str], faults_of: Callable[..., list[str]]
) -> None:
    assert faults_of(FUNCTION + text) == faults


def test_the_way_out_that_a_level_without_json_in_one_region_is_told_works(draft_of: Callable[..., Draft]) -> None:
    text = "log-format: json\n    log-level: debug\n    regions: {us-east-1: {log-format: text, log-level: null}}\n"
    (function,) = draft_of(FUNCTION + text).expand(Offline()).functions_in("us-east-1")
    assert (function.log_format, function.log_level) == ("Text", None)


def test_a_log_format_that_an_expression_gives_is_refused_once(faults_of: Callable[..., list[str]]) -> None:
    text = "log-format: '{{ env \"FORMAT\" }}'\n    log-level: warn\n"
    (fault,) = faults_of(FUNCTION + text, environ={"FORMAT": "xml"})
    assert fault == "9:17: 'log-format' cannot be 'xml'; it is 'text' or 'json'"


def test_null_takes_one_setting_of_async_away_in_a_region(
    draft_of: Callable[..., Draft], faults_of: Callable[..., list[str]]
) -> None:
    text = "async: {retries: 1, on-failure: 'arn:aws:s3:::failed'}\n    regions: {us-east-1: {async: {%s: null}}}\n"
    (function,) = draft_of(FUNCTION + text % "on-failure").expand(Offline()).functions_in("us-east-1")
    assert function.asynchronous == Asynchronous(retries=1)
    assert faults_of(FUNCTION + "async: {on-failure: null}\n") != []
    assert "'retry' is not a setting of async" in faults_of(FUNCTION + text % "retry")[0]


@pytest.mark.parametrize(
    ("text", "warnings"),
    [
        (
            "log-format: json\n    system-log-level: warn\n    warm: {every: 5 minutes}\n",
            ["10:23: with warn Lambda writes no reports: warm-status cannot tell whether this function is warm"],
        ),
        ("log-format: json\n    system-log-level: warn\n", []),
        (
            "reserved-concurrency: 0\n    warm: {every: 5 minutes}\n",
            ["9:27: 0 lets no call through, nor the pings that keep the function warm"],
        ),
    ],
)
def test_what_is_hardly_meant_is_told(text: str, warnings: list[str], draft_of: Callable[..., Draft]) -> None:
    found = draft_of(FUNCTION + text).warnings
    assert [f"{one.line}:{one.column}: {one.message}" for one in found] == warnings


def test_the_model_has_them_in_the_words_of_aws(draft_of: Callable[..., Draft]) -> None:
    text = "log-format: json\n    log-level: debug\n    reserved-concurrency: 5\n    async: {retries: 1}\n"
    function = draft_of(FUNCTION + text).expand(Offline()).functions_in("us-east-1")[0]
    assert (function.log_format, function.log_level, function.system_log_level) == ("JSON", "DEBUG", None)
    assert (function.reserved_concurrency, function.asynchronous) == (5, Asynchronous(retries=1))


@pytest.mark.parametrize(("given", "reserved"), [("none", UNRESERVED), ("'{{ env \"CALLS\" }}'", 7)])
def test_reserved_concurrency_is_a_number_or_none_also_by_an_expression(
    given: str, reserved: int | str, draft_of: Callable[..., Draft]
) -> None:
    draft = draft_of(FUNCTION + f"reserved-concurrency: {given}\n", environ={"CALLS": "7"})
    assert draft.expand(Offline()).functions_in("us-east-1")[0].reserved_concurrency == reserved
