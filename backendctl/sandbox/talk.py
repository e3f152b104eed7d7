"""How an execution environment and the process in it talk, whatever the runtime."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping

LARGEST = 6_291_556
"""Bytes of the largest answer."""


class GoneError(Exception):
    """The process ended without an answer."""


class LargeError(Exception):
    """The answer is longer than it could be with every character escaped."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What one call brings.

    Attributes:
        event: the payload, parsed.
        arn: the function's ARN as the caller named it.
        environment: variables of this call alone; None takes one away.
    """

    request_id: str
    event: Any
    arn: str
    environment: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a process said: that it is ready, or what came of a call.

    Attributes:
        result: what the handler returned, usually JSON; None when it failed, or when nothing was called.
        error: the error document, None when it did not fail.
        ended: by the clock of `cpu.undisturbed` as the process saw it; None when it did not say.
        peak: MB the process has used at most, as it says.
        logged: whether the runtime has written the error to the log itself.
    """

    result: str | None = None
    error: dict[str, Any] | None = None
    ended: float | None = None
    peak: int = 0
    logged: bool = False


class Talk(Protocol):
    """One process's way to hear of calls and to answer them.

    Attributes:
        stdin: what `subprocess.Popen` takes as such.
        pause: seconds after which `check` is due when nothing was said.
    """

    stdin: int
    pause: float

    @property
    def handed(self) -> tuple[int, ...]:
        """Descriptors which the process inherits."""

    def started(self, process: subprocess.Popen[bytes]) -> None:
        """The process runs: what it does not hear until then can be sent."""

    def send(self, asked: Asked, *, deadline: float) -> None:
        """Have a call carried out. deadline: seconds since the epoch.

        Raises:
            GoneError, BrokenPipeError: nobody is there.
        """

    def watched(self) -> dict[int, int]:
        """Descriptors to wait for, each with the events of `select.poll`."""

    def take(self, descriptor: int) -> Answer | None:
        """Go on where a descriptor is ready; the answer, once it is whole.

        Raises:
            GoneError, LargeError: there will be none.
        """

    def check(self) -> Answer | None:
        """See whether the process still runs, where no descriptor tells; what it had answered before it ended.

        Raises:
            GoneError: it ended without an answer.
        """

    def close(self) -> None:
        """Let go of all descriptors; also before `started`."""
