"""Functions of several runtimes, as archives, and how tests call them without a server."""

from __future__ import annotations

import contextlib
import io
import json
import os
import uuid
import zipfile
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.environment import Outcome
from backendctl.sandbox.environments import Environments, Place
from backendctl.sandbox.talk import Asked
from backendctl.sandbox.world import environment, handler_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@contextlib.contextmanager
def environments(folder: Path) -> Iterator[Environments]:
    """Environments without a server; what they start is ended."""
    server = environment(port=1, data=folder, host={"PATH": os.environ["PATH"], "SECRET_OF_THE_HOST": "x"})
    (folder / "tmp").mkdir()
    running = Environments(folder=folder / "code", base=handler_environment(server))
    yield running
    running.end()


def packed(files: Mapping[str, str | bytes]) -> bytes:
    """A zip of files by their names; all may be run."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o100755 << 16
            zipped.writestr(info, content)
    return buffer.getvalue()


def config(runtime: str, **more: Any) -> dict[str, Any]:
    """A function's configuration."""
    usual = {"FunctionName": "f", "Version": "1", "Handler": "app.handler", "MemorySize": 1769, "Timeout": 20}
    return {**usual, "Runtime": runtime, "CodeSha256": "a", **more}


def call(
    kept: Environments, setup: dict[str, Any], code: bytes, event: Any = None, layers: list[bytes] | None = None
) -> tuple[Outcome, str]:
    """What came of a call, and its request id."""
    request_id = str(uuid.uuid4())
    with kept.lease(Place.of(setup, region="us-east-1"), setup, code, layers or []) as leased:
        return leased.call(Asked(request_id=request_id, event=event, arn="arn:of:f")), request_id


def result(outcome: Outcome) -> Any:
    """What the handler returned; an assertion error when it failed."""
    assert outcome.error is None
    return json.loads(outcome.result or "null")
