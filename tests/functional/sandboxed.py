"""A running sandbox as tests see it."""

from __future__ import annotations

import contextlib
import functools
import io
import itertools
import json
import os
import socket
import subprocess
import time
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError

from backendctl.sandbox import process
from backendctl.sandbox.timing import HOSTS, TimeScale
from tests.functional.copied import copied

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

T = TypeVar("T")

CALLS = "BACKENDCTL_SANDBOX_CALLS"
_PORTS = itertools.count(os.getpid())

EAST, WEST = "us-east-1", "us-west-2"
ACCOUNT = "123456789012"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Sandbox:
    """A sandbox on a port of its own with a data directory of its own.

    Attributes:
        iam: a file with the policy of whoever calls; None allows everything. calls: a file that gets what calls need.
        copied: whether it is a copy of a process that has imported everything, which starts in a third of the time.
    """

    port: int
    data: Path
    iam: Path | None = None
    calls: Path | None = None
    copied: bool = True

    @property
    def url(self) -> str:
        """Its endpoint."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, **wished: Any) -> process.Status:
        """Start it, or find it running; what commands ask of it is not held against their policy.

        Args:
            wished: as `process.start` takes it.
        """
        calls = os.environ.pop(CALLS, None)
        if self.calls is not None:
            os.environ[CALLS] = str(self.calls)
        try:
            popen: Callable[..., process.Child] = copied if self.copied else subprocess.Popen
            return process.start(self.port, self.data, iam=self.iam, popen=popen, **wished)
        finally:
            os.environ.pop(CALLS, None)
            if calls is not None:
                os.environ[CALLS] = calls

    def stop(self) -> bool:
        """End it."""
        return process.stop(self.port, self.data)

    def client(self, service: str, region: str = EAST, *, key: str = "AKIDANYTHING") -> Any:
        """A boto3 client with dummy credentials which never retries."""
        return stock_client(self.url, service, region, key=key, attempts=1)

    def get(self, path: str, *, headers: Mapping[str, str] | None = None) -> tuple[int, Any]:
        """GET a path; the status, and the body as JSON where it is."""
        answer = urllib3.request("GET", self.url + path, headers=dict(headers or {}), retries=False)
        try:
            return answer.status, json.loads(answer.data)
        except ValueError:
            return answer.status, answer.data.decode()

    def arrived(self) -> None:
        """Wait until what has been answered so far is on all hosts that serve (A51, B43)."""
        arrived(self.url)

    def role(self, name: str = "handlers") -> str:
        """The ARN of a role which Lambda may assume, created when it is not there."""
        iam = self.client("iam")
        try:
            arn: str = iam.get_role(RoleName=name)["Role"]["Arn"]
        except iam.exceptions.NoSuchEntityException:
            arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        return arn

    def function(self, name: str, code: str, *, region: str = EAST, **settings: Any) -> str:
        """Create a Python function of one file and wait until it is active; its ARN."""
        functions = self.client("lambda", region)
        asked = {
            "FunctionName": name,
            "Runtime": "python3.13",
            "Handler": "app.handler",
            "Role": self.role(),
            "Code": {"ZipFile": archive(code)},
            **settings,
        }
        made: dict[str, Any] = when_assumable(lambda: functions.create_function(**asked))
        self.settled(name, region=region)
        return str(made["FunctionArn"])

    def settled(self, name: str, *, region: str = EAST) -> None:
        """Wait until a function is active and no update runs."""
        functions = self.client("lambda", region)

        def done() -> bool:
            now = functions.get_function_configuration(FunctionName=name)
            return bool(now["State"] == "Active" and now["LastUpdateStatus"] == "Successful")

        eventually(done)


@functools.lru_cache(maxsize=96)
def stock_client(url: str, service: str, region: str, *, key: str = "AKIDANYTHING", attempts: int = 3) -> Any:
    """A boto3 client with dummy credentials; the same one for the same question, for making one takes 5 ms."""
    return boto3.client(  # type: ignore[call-overload]  # the name is a variable here
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id=key,
        aws_secret_access_key="secret",
        config=Config(retries={"mode": "standard", "total_max_attempts": attempts}),
    )


def archive(code: str, name: str = "app.py") -> bytes:
    """A zip with one file, the same bytes for the same code."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        zipped.writestr(zipfile.ZipInfo(name), code)
    return buffer.getvalue()


def arrived(url: str) -> None:
    """Wait until every change that a sandbox has answered so far is on all hosts that serve (A51, B43)."""
    scale = TimeScale(urllib3.request("GET", f"{url}/_sandbox/health").json()["time_scale"])
    time.sleep(scale.seconds(HOSTS[1]) + 0.01)


def when_assumable(call: Callable[[], T]) -> T:
    """What Lambda answers once it knows the role that the call names: a new one has to travel first (B15)."""
    answers: list[T] = []

    def answered() -> bool:
        try:
            answers.append(call())
        except ClientError as problem:
            if "cannot be assumed" not in str(problem):
                raise
        return bool(answers)

    eventually(answered)
    return answers[0]


def eventually(holds: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait until something holds; an assertion error when it never does, on the slowest of machines.

    Between two questions pass 50 ms, or as long as the question took: asking may be a whole command.
    """
    deadline = time.monotonic() + seconds
    asked = time.monotonic()
    while not holds():
        now = time.monotonic()
        assert now < deadline, "it did not come true in time"
        time.sleep(max(0.05, now - asked))
        asked = time.monotonic()


def free_port() -> int:
    """A port nobody listens on.

    Each process of the tests takes them from a range of its own, below those that the system gives to anybody who
    connects: between this and the moment at which a sandbox listens, nobody else takes it.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
    while True:
        port = 12_000 + worker * 2_000 + next(_PORTS) % 2_000
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
