"""Every expected failure, and the exit code it ends with.

An expected failure is a sentence for a person; anything else is a bug and keeps its traceback. Only
`cli.main` turns these into an exit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from backendctl.secrets import KNOWN

AGAIN = "run the same command again"
"""Begins the hint of an error that passes by itself, and of no other."""


class Exit(IntEnum):
    """The exit codes, the same for every command."""

    OK = 0
    ERROR = 1
    PENDING = 2
    FAILED_VERDICT = 3
    INCONCLUSIVE = 4
    PARTIAL = 5
    USAGE = 64


class BackendctlError(Exception):
    """Something expected went wrong.

    Attributes:
        message: what we were doing and what happened, in one sentence or two.
        hint: the next thing to type or to look at; empty when there is none.
    """

    exit_code: Exit = Exit.ERROR

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def passes(self) -> bool:
        """Whether the same command may well succeed now, so that nothing has to be corrected first."""
        return self.hint.startswith(AGAIN)


class OvertakenError(BackendctlError):
    """Somebody else was first; the hint says all that can be done, and nothing has to be corrected."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One fault in a file the user wrote.

    Attributes:
        file: path as the user gave it.
        line: 1-based; 0 when the fault has no place of its own.
        column: 1-based.
        message: what is wrong, with the nearest right word where there is one.
    """

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.message}"


class SpecError(BackendctlError):
    """The spec, the config or a file they name is faulty; nothing has been called."""

    exit_code = Exit.USAGE

    def __init__(self, faults: list[Fault]) -> None:
        noun = "fault" if len(faults) == 1 else "faults"
        super().__init__(f"{len(faults)} {noun} found; nothing has been touched")
        self.faults = faults


class UsageError(BackendctlError):
    """The command line asks for something impossible."""

    exit_code = Exit.USAGE


class RefusedError(BackendctlError):
    """Danger, refused before the first call.

    Attributes:
        reasons: one line each.
    """

    def __init__(self, reasons: list[str], *, hint: str = "") -> None:
        super().__init__("refused, nothing has been changed:\n" + "\n".join(f"  {line}" for line in reasons), hint=hint)
        self.reasons = reasons


_NO_ANSWER_OF_ITS_OWN = frozenset({"NoAnswer", "InternalFailure", "InternalError", "ServiceUnavailable", "500", "503"})


class AwsError(BackendctlError):
    """AWS said no.

    Attributes:
        doing: what we were doing, e.g. "update us-west-2/stage/prodv1".
        code: AWS's error code.
        request_id: AWS's request id, empty when there was no answer.
    """

    def __init__(self, message: str, *, doing: str, code: str, request_id: str = "", hint: str = "") -> None:
        tail = f" (request {request_id})" if request_id else ""
        super().__init__(f"{doing}: {code}: {message}{tail}", hint=hint)
        self.doing = doing
        self.code = code
        self.request_id = request_id

    @property
    def silent(self) -> bool:
        """Whether AWS gave no answer of its own, so that another region may well."""
        return self.code in _NO_ANSWER_OF_ITS_OWN


class WaitTimeoutError(BackendctlError):
    """AWS did not get there in time; the same command goes on waiting."""

    exit_code = Exit.INCONCLUSIVE

    @property
    def passes(self) -> bool:
        """It goes on waiting."""
        return True


class BugError(BackendctlError):
    """A bug of ours, met in a worker thread; told with its traceback.

    Attributes:
        trace: the formatted traceback.
    """

    def __init__(self, message: str, *, trace: str) -> None:
        super().__init__(message, hint="this is a bug in backendctl; please report it with the traceback above")
        self.trace = trace


def unreachable_data(errors: Mapping[str, BaseException]) -> dict[str, str]:
    """Region → why it could not be read, as `unreachable` in every JSON document has it."""
    return {region: KNOWN.redact(str(error)) for region, error in errors.items()}
