"""The talk with the sandbox's own Python bootstrap: a line of JSON per call and per answer, through pipes."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.talk import LARGEST, Answer, GoneError, LargeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.sandbox.talk import Asked

_MOST_ANSWER = 13 * LARGEST  # escaped twice: as the result, and in the line which brings it
_CHUNK = 65_536


class PipeTalk:
    """See `Talk`. settings: what the bootstrap reads before all calls."""

    stdin = subprocess.PIPE
    pause = 3600.0  # the end of the pipe tells of the end of the process

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._answers, self._theirs = os.pipe()
        self._process: subprocess.Popen[bytes] | None = None
        self._got = b""

    @property
    def handed(self) -> tuple[int, ...]:
        """The end of the pipe into which answers are written."""
        return (self._theirs,)

    def started(self, process: subprocess.Popen[bytes]) -> None:
        """Send the settings."""
        self._process = process
        os.close(self._theirs)
        self._theirs = -1
        self._write(self._settings)

    def send(self, asked: Asked, *, deadline: float) -> None:
        """Write the call's line."""
        self._write(
            {
                "request_id": asked.request_id,
                "event": asked.event,
                "arn": asked.arn,
                "environment": dict(asked.environment),
                "deadline": deadline,
            }
        )

    def watched(self) -> dict[int, int]:
        """The pipe."""
        return {self._answers: select.POLLIN}

    def take(self, descriptor: int) -> Answer | None:
        """Read a piece; a whole line is an answer."""
        piece = os.read(descriptor, _CHUNK)
        if not piece:
            raise GoneError
        self._got += piece
        if len(self._got) > _MOST_ANSWER:
            raise LargeError
        if not self._got.endswith(b"\n"):
            return None
        told, self._got = json.loads(self._got), b""
        return Answer(
            result=told.get("result"), error=told.get("error"), ended=told["ended"], peak=told["peak"], logged=False
        )

    def check(self) -> Answer | None:
        """Nothing: see `pause`."""

    def close(self) -> None:
        """Close what is open."""
        for descriptor in (self._answers, self._theirs):
            if descriptor >= 0:
                os.close(descriptor)
        self._answers = self._theirs = -1
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def _write(self, document: Mapping[str, Any]) -> None:
        if self._process is None or self._process.stdin is None:
            raise GoneError
        self._process.stdin.write(json.dumps(document).encode() + b"\n")
        self._process.stdin.flush()
