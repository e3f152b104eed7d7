"""The handlers in botocore: it really sends again, really gives up, and really notes what was done."""

from __future__ import annotations

import itertools
import json
import re
import threading
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError
from botocore.parsers import ResponseParserError

from backendctl.aws.call_log import CallEnd
from backendctl.aws.connection import Access, Aws
from backendctl.aws.crew import Crew
from backendctl.aws.journal import Journal
from backendctl.aws.progress import reporting_to

_BUSY = (
    409,
    "ResourceConflictException",
    "The operation cannot be performed at this time. An update is in progress for resource: arn",
)
_OK = (200, "", "{}")
_PATIENCE = 10.0


class Scripted(Protocol):
    url: str
    asked: list[tuple[str, str]]

    def says(self, *answers: tuple[int, str, str]) -> None: ...


Connect = Callable[..., Aws]


def _refused(call: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    return str(refused.value.response["Error"]["Code"])


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_botocore_sends_again_while_aws_says_not_yet(script: Scripted, connect: Connect) -> None:
    script.says(*[_BUSY] * 12, (200, "", '{"Version": "7"}'))
    answer = connect().lambda_("us-east-1").publish_version(FunctionName="places")
    assert answer["Version"] == "7"
    assert len(script.asked) == 13  # more often than botocore's own five attempts


def test_what_no_rule_names_is_raised_at_once(script: Scripted, connect: Connect) -> None:
    script.says((409, "ResourceConflictException", "Function already exist: places"))
    assert _refused(lambda: connect().lambda_("us-east-1").publish_version(FunctionName="places")) == (
        "ResourceConflictException"
    )
    assert len(script.asked) == 1


def test_a_reached_quota_is_not_asked_again_although_it_is_a_429(script: Scripted, connect: Connect) -> None:
    script.says((429, "LimitExceededException", "Maximum number of Resources for this API has been reached"))
    call = connect().apigateway("us-east-1").create_resource
    assert _refused(lambda: call(restApiId="a", parentId="b", pathPart="c")) == "LimitExceededException"
    assert len(script.asked) == 1  # A37


def test_it_gives_up_when_the_limit_of_the_rule_has_passed(script: Scripted, connect: Connect) -> None:
    script.says(_BUSY)
    ticks = itertools.count(0, 10)  # ten seconds pass between two looks at the clock; the rule has 300 s, a fifth here
    aws = connect(clock=lambda: float(next(ticks)))
    assert _refused(lambda: aws.lambda_("us-east-1").publish_version(FunctionName="places")) == (
        "ResourceConflictException"
    )
    assert len(script.asked) == pytest.approx(300 * 0.2 / 10, abs=2)


def test_each_call_has_a_limit_of_its_own(script: Scripted, connect: Connect) -> None:
    ticks = itertools.count(0, 10)
    client = connect(clock=lambda: float(next(ticks))).lambda_("us-east-1")
    for _ in range(5):
        script.says(_BUSY, _BUSY, _BUSY, _OK)
        client.publish_version(FunctionName="places")
    assert len(script.asked) == 20


def test_who_listens_is_told_what_is_waited_for(script: Scripted, connect: Connect) -> None:
    script.says(_BUSY, _OK)
    heard: list[str] = []
    with reporting_to(heard.append):
        connect().lambda_("us-east-1").publish_version(FunctionName="places")
    assert len(heard) == 1
    assert heard[0].startswith("waiting: The operation cannot be performed")


def test_calls_are_paced_before_they_are_sent(script: Scripted) -> None:
    script.says(_OK)
    slept: list[float] = []
    access = Access(keys=("testing", "testing"), endpoint_url=script.url)
    client = Aws(access, backend="b", clock=lambda: 0.0, sleep=slept.append).apigateway("us-east-1")
    for _ in range(3):
        client.delete_rest_api(restApiId="a")
    assert slept == pytest.approx([30.0, 60.0])  # A31


def test_a_call_that_is_sent_again_waits_its_turn_as_well(script: Scripted) -> None:
    script.says((429, "TooManyRequestsException", "Too Many Requests"), _OK, _OK)
    slept: list[float] = []
    access = Access(keys=("testing", "testing"), endpoint_url=script.url)
    client = Aws(access, backend="b", clock=lambda: 0.0, sleep=slept.append).apigateway("us-east-1")
    client.delete_rest_api(restApiId="a")
    assert slept == pytest.approx([5.0, 30.0], rel=0.31)  # the step of the rule, give or take; then its token


def test_a_thread_that_waits_to_send_again_gives_its_place_to_another(script: Scripted) -> None:
    script.says(_BUSY, _OK)
    other = threading.Event()
    waiting = threading.Event()

    def sleep(_: float) -> None:
        waiting.set()
        other.wait(_PATIENCE)

    access = Access(keys=("testing", "testing"), endpoint_url=script.url)
    client = Aws(access, backend="b", sleep=sleep).lambda_("us-east-1")
    with Crew(1, name="one") as crew:
        first = crew.submit(lambda: client.publish_version(FunctionName="places"))
        assert waiting.wait(_PATIENCE)
        crew.submit(other.set)
        assert other.wait(_PATIENCE)
        first.result(_PATIENCE)


def test_mutating_calls_are_noted_and_reads_are_not(script: Scripted, connect: Connect, tmp_path: Path) -> None:
    script.says(_OK)
    aws = connect(journal=Journal(tmp_path / "deep" / "j.jsonl"))
    aws.lambda_("us-east-1").list_functions()
    aws.lambda_("us-east-1").get_policy(FunctionName="places")
    aws.dynamodb("us-east-1").describe_table(TableName="places")
    aws.lambda_("us-west-2").delete_function(FunctionName="places")
    (line,) = _lines(tmp_path / "deep" / "j.jsonl")
    assert {key: line[key] for key in ("call", "region", "params", "outcome", "request")} == {
        "call": "lambda.DeleteFunction",
        "region": "us-west-2",
        "params": {"FunctionName": "places"},
        "outcome": "ok",
        "request": "request-4",
    }


def test_a_refused_call_is_noted_with_its_code_once(script: Scripted, connect: Connect, tmp_path: Path) -> None:
    script.says(_BUSY, (404, "ResourceNotFoundException", "no such alias"))
    aws = connect(journal=Journal(tmp_path / "j.jsonl"))
    _refused(lambda: aws.lambda_("us-east-1").publish_version(FunctionName="places"))
    assert [line["outcome"] for line in _lines(tmp_path / "j.jsonl")] == ["ResourceNotFoundException"]


def test_a_call_that_got_no_answer_is_noted_because_it_may_have_been_done(tmp_path: Path) -> None:
    access = Access(
        keys=("testing", "testing"), endpoint_url="http://127.0.0.1:9", time_scale=0.0
    )  # nothing listens there
    client = Aws(access, backend="b", journal=Journal(tmp_path / "j.jsonl")).client("lambda", "us-east-1")
    client.meta.events.register_first("needs-retry.lambda", lambda **_: False)
    with pytest.raises(EndpointConnectionError):
        client.delete_function(FunctionName="places")
    assert [line["outcome"] for line in _lines(tmp_path / "j.jsonl")] == ["EndpointConnectionError"]


def test_no_secret_reaches_the_journal(script: Scripted, connect: Connect, tmp_path: Path) -> None:
    script.says(_OK)
    aws = connect(journal=Journal(tmp_path / "j.jsonl"))
    aws.lambda_("us-east-1").create_function(
        FunctionName="places",
        Role="arn:aws:iam::123456789012:role/r",
        Code={"ZipFile": b"s3cret-program"},
        Environment={"Variables": {"TOKEN": "s3cret-token"}},
    )
    aws.lambda_("us-east-1").invoke(FunctionName="places", Payload=b"s3cret-payload")
    aws.ssm("us-east-1").put_parameter(Name="/p", Value="s3cret-value")
    aws.apigateway("us-east-1").put_rest_api(restApiId="a", body=b"s3cret-body")
    aws.events("us-east-1").put_targets(Rule="r", Targets=[{"Id": "1", "Arn": "a", "Input": "s3cret-input"}])
    aws.apigateway("us-east-1").update_stage(
        restApiId="a", stageName="s", patchOperations=[{"op": "replace", "path": "/variables/x", "value": "s3cret-var"}]
    )
    text = (tmp_path / "j.jsonl").read_text(encoding="utf-8")
    assert len(text.splitlines()) == 6
    assert "s3cret" not in text
    assert _lines(tmp_path / "j.jsonl")[0]["params"]["FunctionName"] == "places"


def test_each_call_is_a_line_without_what_was_sent(script: Scripted, script_access: Access) -> None:
    heard: list[CallEnd] = []
    aws = Aws(replace(script_access, hear=heard.append), backend="b")
    script.says((200, "", "{}"), (404, "ParameterNotFound", "no sesame there"))
    aws.ssm("eu-west-1").put_parameter(Name="/door", Value="sesame", Type="String")
    _refused(lambda: aws.ssm("eu-west-1").get_parameter(Name="/door"))
    (put, get) = [call.line for call in heard]
    assert re.fullmatch(r"\d{4}-\S+Z eu-west-1 ssm PutParameter: 200, [\d,]+ ms, request request-1", put)
    assert re.fullmatch(
        r"\d{4}-\S+Z eu-west-1 ssm GetParameter: 404 ParameterNotFound, [\d,]+ ms, request request-2", get
    )


def test_retries_are_told_with_their_call(script: Scripted, script_access: Access) -> None:
    heard: list[CallEnd] = []
    script.says(_BUSY, _BUSY, (200, "", '{"Version": "7"}'))
    aws = Aws(replace(script_access, hear=heard.append), backend="b")
    aws.lambda_("us-east-1").publish_version(FunctionName="places")
    (call,) = heard
    assert (call.service, call.operation, call.retries, call.status) == ("lambda", "PublishVersion", 2, 200)
    assert ", 2 retries, request " in call.line


def test_a_call_that_got_no_answer_is_told_with_what_came_in_its_place() -> None:
    heard: list[CallEnd] = []
    access = Access(keys=("testing", "testing"), endpoint_url="http://127.0.0.1:1", attempts=1, hear=heard.append)
    with pytest.raises(EndpointConnectionError):
        Aws(access, backend="b").lambda_("us-east-1").list_functions()
    assert ": no answer EndpointConnectionError, " in heard[0].line


def test_calls_for_credentials_are_told_as_well(
    script: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDTESTING")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret-of-somebody")
    heard: list[CallEnd] = []
    script.says((403, "AccessDenied", "not you"))
    access = Access(endpoint_url=script.url, role_arn="arn:aws:iam::123456789012:role/x", hear=heard.append)
    with pytest.raises(ResponseParserError):  # STS speaks XML, the script does not
        Aws(access, backend="b").lambda_("us-east-1").list_functions()
    assert (heard[0].service, heard[0].operation) == ("sts", "AssumeRole")


def test_a_call_that_was_never_sent_is_not_noted(connect: Connect, tmp_path: Path) -> None:
    client = connect(journal=Journal(tmp_path / "j.jsonl")).client("lambda", "us-east-1")
    with pytest.raises(ParamValidationError):
        client.delete_function(Nonsense=1)
    assert not (tmp_path / "j.jsonl").exists()


def test_the_oldest_botocore_we_allow_takes_no_for_an_answer() -> None:
    """Before botocore 1.43.3 a needs-retry handler that returned False made it send again at once, for ever (A37)."""
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (oldest,) = [need.partition(">=")[2] for need in project["dependencies"] if need.startswith("botocore")]
    assert tuple(int(part) for part in oldest.split(".")) >= (1, 43, 3)
