"""One sandbox for all recorded cases, and the table of what matched."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.conformance.filling import ECHO, archive
from tests.conformance.recorded import SERVICES, Case
from tests.conformance.replay import Replay
from tests.functional.sandboxed import ACCOUNT, Sandbox, eventually, free_port

REGIONS = tuple(
    f"{place}-{number}"
    for number in (1, 2, 3)
    for place in ("us-east", "us-west", "eu-west", "eu-central", "ap-south", "ap-southeast", "ap-northeast")
)
"""Cases take turns, so that what one leaves behind is rarely in another's lists."""


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One sandbox for the whole session."""
    running = Sandbox(port=free_port(), data=tmp_path_factory.mktemp("sandbox"))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def replay(sandbox: Sandbox) -> Callable[[Case], Replay]:
    """Makes the replay of a case, over HTTP, in the next region."""
    turns = itertools.cycle(REGIONS)
    role = _role(sandbox)
    clients: dict[tuple[str, str], Any] = {}

    def client(service: str, region: str) -> Any:
        if (service, region) not in clients:
            clients[service, region] = boto3.client(  # type: ignore[call-overload]
                service,
                region_name=region,
                endpoint_url=sandbox.url,
                aws_access_key_id="AKIDANYTHING",
                aws_secret_access_key="secret",
                config=Config(retries={"total_max_attempts": 1}, parameter_validation=False, inject_host_prefix=False),
            )
        return clients[service, region]

    def make(case: Case) -> Replay:
        region = next(turns)
        return Replay(case, lambda service: client(service, region), region=region, account=ACCOUNT, role=role)

    return make


def _role(sandbox: Sandbox) -> str:
    """A role which Lambda and EventBridge Scheduler may assume, once it is usable (B15)."""
    principal = {"Service": ["lambda.amazonaws.com", "scheduler.amazonaws.com"]}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role: str = sandbox.client("iam").create_role(RoleName="conformance", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    functions = sandbox.client("lambda")

    def usable() -> bool:
        with contextlib.suppress(functions.exceptions.InvalidParameterValueException):
            functions.create_function(
                FunctionName="probe",
                Role=role,
                Runtime="python3.13",
                Handler="handler.handler",
                Code={"ZipFile": archive(ECHO)},
            )
            return True
        return False

    eventually(usable)
    return role


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the exchanges per service: matched, differing, not covered."""
    counts = {service: Counter[str]() for service in SERVICES}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()) if getattr(report, "when", "") == "call" else ():
                if name.startswith("conformance:"):
                    counts[name.partition(":")[2]].update(value)
    if not any(counts.values()):
        return
    terminalreporter.section("recorded exchanges with AWS, against the sandbox")
    terminalreporter.write_line(f"{'service':<12}{'matched':>9}{'differing':>11}{'not covered':>13}")
    counts["all"] = sum(counts.values(), Counter[str]())
    for service, found in counts.items():
        cells = f"{found['matched']:>9}{found['differing']:>11}{found['not covered']:>13}"
        terminalreporter.write_line(f"{service:<12}{cells}")
