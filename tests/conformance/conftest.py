"""The sandboxes for all recorded cases."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from backendctl.sandbox import process
from tests.conformance.filling import ECHO, archive
from tests.conformance.listed import is_listed
from tests.conformance.recorded import Case
from tests.conformance.replay import PATIENCE, Replay
from tests.functional.copied import copied
from tests.functional.sandboxed import ACCOUNT, Sandbox, eventually, free_port

REGIONS = tuple(
    f"{place}-{number}"
    for number in (1, 2, 3)
    for place in ("us-east", "us-west", "eu-west", "eu-central", "ap-south", "ap-southeast", "ap-northeast")
)
"""Cases take turns, so that what one leaves behind is rarely in another's lists."""


HASTE = 0.2
"""Seconds of patience with a case that is listed."""

SLOW = 0.2
"""Of AWS's pace: what is under way is still so at the next call, however busy this machine is."""


class Ground:
    """A sandbox which is started when it is first needed, with a role and clients of its own.

    Args:
        pace: the part of AWS's; None is the sandbox's default.
    """

    def __init__(self, data: Path, pace: float | None) -> None:
        self._sandbox = Sandbox(port=free_port(), data=data)
        self._pace = pace
        self._role = ""
        self._clients: dict[tuple[str, str], Any] = {}

    def replay(self, case: Case, region: str) -> Replay:
        """The replay of a case, over HTTP; nobody waits long for one which is known not to match."""
        if not self._role:
            process.start(self._sandbox.port, self._sandbox.data, time_scale=self._pace, popen=copied)
            self._role = _role(self._sandbox)
        patience = HASTE if is_listed(case) else PATIENCE
        return Replay(case, self._client, region=region, account=ACCOUNT, role=self._role, patience=patience)

    def stop(self) -> None:
        """End it, if it runs."""
        if self._role:
            self._sandbox.stop()

    def _client(self, service: str, region: str) -> Any:
        if (service, region) not in self._clients:
            self._clients[service, region] = boto3.client(  # type: ignore[call-overload]
                service,
                region_name=region,
                endpoint_url=self._sandbox.url,
                aws_access_key_id="AKIDANYTHING",
                aws_secret_access_key="secret",
                config=Config(retries={"total_max_attempts": 1}, parameter_validation=False, inject_host_prefix=False),
            )
        return self._clients[service, region]


@pytest.fixture(scope="session")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Replay]]:
    """Makes the replay of a case in the next region; `slow=True` in a sandbox which takes its time."""
    turns = itertools.cycle(REGIONS)
    grounds = {slow: Ground(tmp_path_factory.mktemp("sandbox"), SLOW if slow else None) for slow in (False, True)}

    def make(case: Case, *, slow: bool = False) -> Replay:
        return grounds[slow].replay(case, next(turns))

    yield make
    for ground in grounds.values():
        ground.stop()


def _role(sandbox: Sandbox) -> str:
    """A role which Lambda and EventBridge Scheduler may assume, once it is usable (B15)."""
    principal = {"Service": ["lambda.amazonaws.com", "scheduler.amazonaws.com"]}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam = sandbox.client("iam")
    role: str = iam.create_role(RoleName="conformance", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}  # as the role of the recordings had
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    iam.put_role_policy(RoleName="conformance", PolicyName="everything", PolicyDocument=policy)
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
