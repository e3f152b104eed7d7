"""A Lambda function in memory, strict where `tune` leans on AWS: revisions, versions, aliases on versions."""

from __future__ import annotations

import base64
import copy
import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from botocore.exceptions import ClientError

from backendctl.aws.connection import Aws
from backendctl.resources.deploy_context import Stamp

NAME = "shop-places"
STAMP = Stamp(commit="abc1234", author="Ann Onymous", time="2026-11-28T10:00:00Z")
ID = "8f507cfc-1a2b-4697-b07a-ac58fc914c95"


def error(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


@dataclass
class FakeLambda:
    """One function. `before` is called with each operation's name; it may change the function, or raise.

    Attributes:
        durations: MB → ms of a warm call. fails: MB → error document of a call there; status: of its REPORT line.
        calls: every operation, in order. at_once: the most invocations that ran at the same time.
    """

    memory: int = 1024
    variables: dict[str, str] = field(default_factory=lambda: {"TABLE": "places"})
    durations: Callable[[int], float] = lambda memory: 1000.0 / memory
    fails: dict[int, dict[str, str]] = field(default_factory=dict)
    status: str = ""
    answer: str = '{"ok": true}'
    reports: bool = True
    before: Callable[[str], None] = lambda _: None
    calls: list[str] = field(default_factory=list)
    versions: dict[str, dict[str, Any]] = field(default_factory=dict)
    aliased: set[str] = field(default_factory=set)
    warm: set[str] = field(default_factory=set)
    config: dict[str, Any] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    last: int = 6

    def __post_init__(self) -> None:
        self.config = {
            "FunctionName": NAME,
            "MemorySize": self.memory,
            "Timeout": 10,
            "CodeSha256": "code-1",
            "Environment": {"Variables": dict(self.variables)},
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "RevisionId": "r0",
            "Version": "$LATEST",
        }

    @property
    def exceptions(self) -> Any:
        class Exceptions:
            ClientError = ClientError

        return Exceptions

    def change(self, **settings: Any) -> None:
        """What somebody else does."""
        self.config.update(settings)
        self.config["RevisionId"] = f"r{int(self.config['RevisionId'][1:]) + 1}"

    def get_function(self, *, FunctionName: str) -> dict[str, Any]:  # noqa: N803 - AWS's
        self._begin("GetFunction")
        version = FunctionName.partition(":")[2]
        if version and version not in self.versions:
            raise error("ResourceNotFoundException")
        return {"Configuration": copy.deepcopy(self.versions[version] if version else self.config)}

    def update_function_configuration(self, **asked: Any) -> None:
        self._begin("UpdateFunctionConfiguration")
        self._guard(asked)
        self.change(**{name: value for name, value in asked.items() if name not in {"FunctionName", "RevisionId"}})

    def publish_version(self, **asked: Any) -> dict[str, Any]:
        self._begin("PublishVersion")
        self._guard(asked)
        same = {"MemorySize", "Environment", "CodeSha256", "Timeout"}
        newest = self.versions.get(str(self.last))
        if newest and all(newest[name] == self.config[name] for name in same):  # B23
            return newest
        self.last += 1
        made = {**copy.deepcopy(self.config), "Version": str(self.last), "Description": asked["Description"]}
        self.versions[str(self.last)] = made
        self.change()
        return made

    def delete_function(self, *, FunctionName: str, Qualifier: str) -> None:  # noqa: N803 - AWS's
        self._begin("DeleteFunction")
        assert FunctionName == NAME
        if Qualifier in self.aliased:
            raise error("ResourceConflictException", "an alias uses it")
        del self.versions[Qualifier]

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_versions_by_function"
        fake = self

        class Pages:
            def paginate(self, *, FunctionName: str) -> Iterator[dict[str, Any]]:  # noqa: N803 - AWS's
                assert FunctionName == NAME
                yield {"Versions": [fake.config, *fake.versions.values()]}

        return Pages()

    def invoke(self, *, FunctionName: str, Qualifier: str, LogType: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert (FunctionName, LogType) == (NAME, "Tail")
        json.loads(Payload)
        with self.lock:
            self._begin("Invoke")
            memory = self.versions[Qualifier]["MemorySize"]
            cold = Qualifier not in self.warm
            self.warm.add(Qualifier)
        duration = self.durations(memory)
        parts = [
            f"REPORT RequestId: {ID}",
            f"Duration: {duration:.2f} ms",
            f"Billed Duration: {round(duration + 0.5) + (200 if cold else 0)} ms",
            f"Memory Size: {memory} MB",
            "Max Memory Used: 60 MB",
            *(["Init Duration: 200.00 ms"] if cold else []),
            *([f"Status: {self.status}"] if self.status and memory in self.fails else []),
        ]
        log = "\t".join(parts) + "\n" if self.reports else "printed\n"
        found: dict[str, Any] = {"LogResult": base64.b64encode(log.encode()).decode()}
        if memory in self.fails:
            return {**found, "FunctionError": "Unhandled", "Payload": _body(json.dumps(self.fails[memory]))}
        return {**found, "Payload": _body(self.answer)}

    def _begin(self, operation: str) -> None:
        self.calls.append(operation)
        self.before(operation)

    def _guard(self, asked: dict[str, Any]) -> None:
        if asked.get("RevisionId") != self.config["RevisionId"]:
            raise error("PreconditionFailedException")
        if asked.get("CodeSha256", self.config["CodeSha256"]) != self.config["CodeSha256"]:
            raise error("InvalidParameterValueException", "CodeSHA256 is different")


class FakeAws:
    """A connection with that function alone, on a clock that stands still."""

    time_scale = 0.0

    def __init__(self, fake: FakeLambda) -> None:
        self._fake = fake

    def lambda_(self, region: str) -> FakeLambda:
        assert region == "us-east-1"
        return self._fake

    def calling(self, region: str, *, timeout: int) -> FakeLambda:
        assert timeout == 10
        return self.lambda_(region)

    def clock(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nothing here is waited for ({seconds})")

    def shared(self, key: tuple[object, ...], load: Callable[[], Any], *, lasting: bool = False) -> Any:
        del key, lasting
        return load()

    def forget(self, *prefix: object) -> None:
        del prefix


def aws_of(fake: FakeLambda) -> Aws:
    return cast("Aws", FakeAws(fake))


def _body(text: str) -> io.BytesIO:
    return io.BytesIO(text.encode())
