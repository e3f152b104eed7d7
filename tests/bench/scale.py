"""What a large backend costs, and what an account full of others' resources does: `python -m tests.bench.scale`.

    python -m tests.bench.scale [--regions 10] [--functions 100] [--foreign 1000] [--workers 16]

First R regions of F functions at time scale 0: calls, own processor seconds, MB. Then one region of three functions,
planned before and after that many functions, log groups, rules and tables of somebody else were made beside it: what
AWS lists in pages costs pages, and nothing else may. 0 leaves a part out.
"""

from __future__ import annotations

import argparse
import io
import json
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.bench import reference
from tests.bench.calls import Run, phases, run, sandbox, say

REGION = reference.REGIONS[0]
_AT_ONCE = 8
_RULES = 290
"""Of somebody else's rules: an event bus has 300 at most (D6)."""


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regions", type=int, default=10)
    parser.add_argument("--functions", type=int, default=100)
    parser.add_argument("--foreign", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=16)
    asked = parser.parse_args()
    if asked.regions:
        _large(asked.regions, asked.functions, asked.workers)
    if asked.foreign:
        _crowded(asked.foreign)


def _large(regions: int, functions: int, workers: int) -> None:
    say(f"{regions} regions x {functions} functions, no delay, {workers} workers")
    with tempfile.TemporaryDirectory() as name, sandbox(Path(name)) as port:
        spec = reference.make(Path(name), regions=regions, functions=functions)
        for phase, found in phases(Path(name), port, spec, workers=workers):
            say(f"{phase:14} {len(found.calls):6} calls {found.cpu:7.1f} own cpu s {found.mb:5.0f} MB")


def _crowded(number: int) -> None:
    say(f"1 region x 3 functions, beside {number} functions, log groups, rules and tables of somebody else")
    with tempfile.TemporaryDirectory() as name, sandbox(Path(name)) as port:
        spec = reference.make(Path(name), regions=1, functions=3)
        run(Path(name), port, "deploy", "-y", str(spec))
        alone = run(Path(name), port, "plan", str(spec))
        _crowd(port, number)
        beside = run(Path(name), port, "plan", str(spec))
    for phase, found in (("alone", alone), ("beside them", beside)):
        say(f"{phase:14} {len(found.calls):6} calls {found.cpu:7.1f} own cpu s {found.mb:5.0f} MB")
    more = _operations(beside) - _operations(alone)
    say("    more: " + (", ".join(f"{count} {operation}" for operation, count in more.most_common()) or "none"))


def _operations(found: Run) -> Counter[str]:
    return Counter(f"{call['service']} {call['operation']}" for call in found.calls)


def _crowd(port: int, number: int) -> None:
    """Make that many of each of somebody else."""
    session = boto3.Session(aws_access_key_id="AKIDANYTHING", aws_secret_access_key="secret", region_name=REGION)
    config = Config(max_pool_connections=_AT_ONCE, retries={"total_max_attempts": 5, "mode": "standard"})

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=f"http://127.0.0.1:{port}", config=config)  # type: ignore[call-overload]

    trusted = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
    role = client("iam").create_role(RoleName="others", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    lambda_, logs, events, tables, code = (
        client("lambda"),
        client("logs"),
        client("events"),
        client("dynamodb"),
        _code(),
    )

    def crowd(one: int) -> None:
        name = f"other-{one:05}"
        lambda_.create_function(
            FunctionName=name, Runtime="python3.13", Handler="app.handler", Role=role, Code={"ZipFile": code}
        )
        logs.create_log_group(logGroupName=f"/aws/lambda/{name}")
        if one < _RULES:
            events.put_rule(Name=name, ScheduleExpression="rate(5 minutes)", State="DISABLED")
        tables.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )

    made: list[Callable[[], None]] = [partial(crowd, one) for one in range(number)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for done in [pool.submit(one) for one in made]:
            done.result()


def _code() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", "def handler(event, context):\n    return {}\n")
    return buffer.getvalue()


if __name__ == "__main__":
    main()
