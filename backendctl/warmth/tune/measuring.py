"""Calls to the versions: some at once to a version nobody has called yet, then one after another."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backendctl.aws.regions import in_parallel
from backendctl.errors import BackendctlError
from backendctl.warmth.report_line import Report, last_of
from backendctl.warmth.tune.latest import StoppedError

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.warmth.tune.looking import Target

_SHOWN = 600
"""Characters of an answer, and of a log, that are worth showing."""
_BAD_STATUS = 400


class HandlerError(BackendctlError):
    """The handler fails on this payload, whatever its memory."""


@dataclass(kw_only=True, slots=True)
class Calls:
    """What came of the calls to one version.

    Attributes:
        cold, warm: reports. failure: why the size does not do, None when it does.
        statuses: HTTP statuses from 400 on that the handler answered, as a proxy integration's.
    """

    memory: int
    version: str
    cold: list[Report] = field(default_factory=list)
    warm: list[Report] = field(default_factory=list)
    failure: str | None = None
    statuses: set[int] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    """Measures versions of one function in one region.

    Attributes:
        payload: JSON. runs: warm calls of each size. tell: is told what happens.
    """

    aws: Aws
    target: Target
    payload: str
    runs: int
    stop: threading.Event
    tell: Callable[[str], None]
    _known: set[int] = field(default_factory=set)

    def measure(self, versions: dict[int, str]) -> list[Calls]:
        """Every version, by ascending memory.

        Warm calls go round all sizes in turn, so that what else changes with time (a table, a neighbour, the network)
        meets every size alike.

        Args:
            versions: number by MB.

        Raises:
            HandlerError: the handler raises an error. StoppedError: the user asked to stop.
        """
        every = [Calls(memory=memory, version=version) for memory, version in sorted(versions.items())]
        for calls in reversed(every):  # the largest first: what fails there fails for another reason than memory
            self.tell(f"cold calls at {calls.memory} MB")
            at_once = self.target.at_once
            in_parallel([calls] * min(at_once, self.runs), self._call, workers=at_once)
            calls.warm.clear()  # they ran beside cold ones
        for turn in range(self.runs):
            self.tell(f"warm calls, {turn + 1} of {self.runs}")
            for calls in every:
                self._warm(calls, turn + 1)
        return every

    def _warm(self, calls: Calls, wanted: int) -> None:
        for _ in range(3):  # an environment may be replaced at any time
            if calls.failure is None and len(calls.warm) < wanted:
                self._call(calls)

    def _call(self, calls: Calls) -> None:
        """One call; a failure that more memory may cure ends this size, any other ends the tuning."""
        if self.stop.is_set():
            raise StoppedError
        if calls.failure is not None:
            return
        target = self.target
        answer = self.aws.calling(target.region, timeout=target.timeout).invoke(
            FunctionName=target.physical, Qualifier=calls.version, LogType="Tail", Payload=self.payload.encode()
        )
        said = answer["Payload"].read().decode(errors="replace")
        tail = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace")
        report = last_of(tail)
        if answer.get("FunctionError"):
            reason = _reason(said)
            if report is None or report.status is None or calls.memory >= max(target.memory, 1024):
                raise _failed(target, calls, reason, tail)
            calls.failure = reason
        elif report is None:
            raise BackendctlError(
                f"{target.physical} in {target.region} writes no REPORT line, so nothing can be measured",
                hint="with LogFormat JSON the system log level must be INFO or DEBUG",
            )
        else:
            (calls.cold if report.is_cold else calls.warm).append(report)
            self._told(_bad_status(said))
            calls.statuses |= _bad_status(said)

    def _told(self, statuses: set[int]) -> None:
        """Say at once, not at the end, that the handler refuses the payload."""
        if new := statuses - self._known:
            self._known.update(new)
            answered = ", ".join(map(str, sorted(new)))
            self.tell(f"the handler answers {answered} to this payload, and that is measured; --payload FILE: another")


def _reason(said: str) -> str:
    try:
        document = json.loads(said)
        return f"{document.get('errorType', 'error')}: {document.get('errorMessage', '')}"[:_SHOWN]
    except (ValueError, RecursionError, AttributeError):
        return said[:_SHOWN]


def _failed(target: Target, calls: Calls, reason: str, tail: str) -> HandlerError:
    return HandlerError(
        f"{target.physical} in {target.region} fails on this payload at {calls.memory} MB: {reason}\n"
        f"{tail.strip()[-_SHOWN:]}".rstrip(),
        hint="give it an event that it understands: --payload FILE",
    )


def _bad_status(said: str) -> set[int]:
    try:
        document = json.loads(said)
    except (ValueError, RecursionError):
        return set()
    status = document.get("statusCode") if isinstance(document, dict) else None
    return {status} if isinstance(status, int) and status >= _BAD_STATUS else set()
