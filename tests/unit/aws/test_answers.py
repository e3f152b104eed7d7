"""A status of 200 with something that AWS never says is a sentence with region and operation."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Protocol

import pytest

from backendctl.aws import answers
from backendctl.aws.connection import Aws
from backendctl.aws.errors import explain
from backendctl.aws.regions import each_region
from backendctl.errors import AwsError, BackendctlError, BugError

_PAGE = "<!DOCTYPE html><html><body>Please accept the terms of this hotel</body></html>"


class Scripted(Protocol):
    def says(self, *answers: tuple[int, str, str]) -> None: ...


Connect = Callable[..., Aws]
_EAST = "us-east-1"
_CALLS: dict[str, Callable[[Aws], object]] = {
    "ListFunctions": lambda aws: aws.lambda_(_EAST).list_functions()["Functions"],
    "GetRestApis": lambda aws: aws.apigateway(_EAST).get_rest_apis()["items"],
    "DescribeTable": lambda aws: aws.dynamodb(_EAST).describe_table(TableName="places")["Table"]["TableStatus"],
    "ListRules": lambda aws: aws.events(_EAST).list_rules()["Rules"],
    "GetParameter": lambda aws: aws.ssm(_EAST).get_parameter(Name="/x")["Parameter"]["Value"],
    "GetCallerIdentity": lambda aws: aws.sts(_EAST).get_caller_identity()["Account"],
    "ListHostedZones": lambda aws: aws.route53().list_hosted_zones()["HostedZones"],
    "GetRole": lambda aws: aws.iam().get_role(RoleName="r")["Role"],
}
_BODIES = {
    "captive portal": _PAGE,
    "empty": "",
    "truncated": '{"Functions": [{"FunctionName": "pla',
    "other text": "OK",
    "a list": "[]",
    "null": "null",
    "a number": "7",
    "a text": '"text"',
    "another type": '{"Functions": 7, "items": "x", "item": 3, "Table": [], "Rules": {}, "Parameter": "p"}',
    "an object without anything": "{}",
}


def _told(aws: Aws, call: Callable[[Aws], object]) -> str:
    _, failed = each_region([_EAST], lambda _: call(aws), workers=1, doing="read")  # in a helper thread
    error = failed[_EAST]
    assert isinstance(error, AwsError)
    assert error.code == "NoAnswer"
    return error.message


@pytest.mark.parametrize("body", _BODIES.values(), ids=_BODIES)
@pytest.mark.parametrize("operation", _CALLS)
def test_no_answer_of_aws_is_taken_for_one(script: Scripted, connect: Connect, operation: str, body: str) -> None:
    script.says((200, "", body))
    told = _told(connect(), _CALLS[operation])
    assert "us-east-1" in told
    assert "Traceback" not in told
    if operation not in {"GetCallerIdentity", "ListHostedZones", "GetRole"}:  # XML that does not parse is botocore's
        assert operation in told


def test_a_portals_page_is_called_one(script: Scripted, connect: Connect) -> None:
    script.says((200, "", _PAGE))
    assert "is not AWS's: it is a web page" in _told(connect(), _CALLS["ListFunctions"])


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ('{"Functions": [{"FunctionName": "places", "Layers": null, "New": {"a": [1]}}]}', 1),
        ('{"Functions": [], "NextMarker": null}', 0),
    ],
)
def test_an_answer_of_aws_is_one_whatever_it_leaves_out_or_adds(
    script: Scripted, connect: Connect, body: str, wanted: int
) -> None:
    script.says((200, "", body))
    assert len(connect().lambda_(_EAST).list_functions()["Functions"]) == wanted


def test_an_operation_that_answers_nothing_may_be_empty(script: Scripted, connect: Connect) -> None:
    script.says((200, "", ""))
    connect().lambda_(_EAST).tag_resource(Resource="arn", Tags={})
    connect().apigateway(_EAST).delete_stage(restApiId="a", stageName="s")


def test_a_bug_of_ours_is_no_malformed_answer(script: Scripted, connect: Connect) -> None:
    script.says((200, "", '{"Functions": []}'))

    def call(_: str) -> object:
        connect().lambda_(_EAST).list_functions()
        nothing: dict[str, int] = {}
        return nothing["no_member_of_any_answer"]

    with pytest.raises(Exception, match="no_member_of_any_answer"):
        each_region([_EAST], call, workers=1, doing="read")


def test_what_an_answer_lacks_is_told_although_a_helper_threads_error_is_met_in_another(
    script: Scripted, connect: Connect
) -> None:
    script.says((200, "", "{}"))
    aws = connect()
    with pytest.raises(KeyError) as met, ThreadPoolExecutor(max_workers=1) as pool:
        list(pool.map(lambda _: aws.lambda_(_EAST).list_functions()["Functions"], [1]))
    told = explain(met.value, doing="read")
    assert isinstance(told, AwsError)
    assert "ListFunctions in us-east-1" in told.message


def test_a_bug_of_one_thread_is_not_put_down_to_what_an_ended_one_was_answered(
    script: Scripted, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "threading", SimpleNamespace(get_ident=lambda: 7))  # as a number is given again
    script.says((200, "", '{"Rules": []}'))
    told: list[BackendctlError] = []

    def fail() -> None:
        try:
            raise KeyError("Arn")  # noqa: TRY301  # which an answer to ListRules has
        except KeyError as error:
            told.append(explain(error, doing="look"))

    for work in (lambda: connect().events(_EAST).list_rules(), fail):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert [type(one) for one in told] == [BugError]
