"""A function that somebody changes between a plan and its apply, held against revisions as AWS holds them (B10)."""

from __future__ import annotations

import json
from typing import Any

from backendctl.aws.connection import Access, Aws
from backendctl.resources.lambda_.function import Function
from tests.functional.sandboxed import Sandbox, eventually
from tests.unit.resources.lambda_helpers import EAST, PLACES, context_of, deploy

_TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def test_the_change_is_refused_looked_at_and_made_once_more(fresh_sandbox: Sandbox) -> None:
    aws = Aws(Access(keys=("x", "y"), endpoint_url=fresh_sandbox.url, time_scale=0.0), backend="corkhounds")
    document = json.dumps({"Version": "2012-10-17", "Statement": [_TRUST]})
    aws.iam().create_role(RoleName="corkhounds-lambda", AssumeRolePolicyDocument=document)
    first, second = (next(iter(Function.desired(context_of(PLACES, code=code)))) for code in ("first", "second"))
    deploy(aws, [first])
    live = Function.read(aws, second)
    assert live is not None
    client = aws.lambda_(EAST)
    client.update_function_configuration(FunctionName=second.physical, MemorySize=3008)

    def described() -> Any:
        return client.get_function(FunctionName=second.physical)["Configuration"]

    eventually(lambda: described()["LastUpdateStatus"] == "Successful")
    told: list[str] = []

    def note(*, parsed: Any, **_: Any) -> None:
        told.append(parsed.get("Error", {}).get("Code", "ok"))

    client.meta.events.register("after-call.lambda.UpdateFunctionCode", note)
    aws.begin()
    second.update(aws, live)
    assert told == ["PreconditionFailedException", "ok"]
    assert (described()["CodeSha256"], described()["MemorySize"]) == (second.code, second.memory)
