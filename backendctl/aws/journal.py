"""What this run changed in AWS: one JSON line per mutating call, no secrets."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from backendctl.errors import BackendctlError
from backendctl.secrets import KNOWN

_READS = ("Get", "List", "Describe", "Head", "Test", "Search", "AssumeRole", "BatchGet", "Filter")
_HIDDEN = "(hidden)"
_MODE = 0o600
# Parameters that may hold a secret, a whole program, or somebody's data.
_SECRET = frozenset({"Environment", "ZipFile", "Body", "body", "Payload", "Value", "Credentials", "Input", "value"})


def is_read(operation: str) -> bool:
    """Whether an operation only reads, by AWS's own naming."""
    return operation.startswith(_READS)


class Journal:
    """Appends to one file; safe from many threads, and readable after a kill -9.

    Args:
        path: JSON lines; made with its folder by `open`, for its owner's eyes alone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._file: int | None = None
        self._trouble = ""

    @property
    def trouble(self) -> str:
        """Why lines are missing, one sentence; empty when none is."""
        return self._trouble

    def open(self) -> None:
        """Make sure that lines can be written, before there is anything to note.

        Raises:
            BackendctlError: they cannot.
        """
        with self._lock:
            if self._file is not None:
                return
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
                flags |= getattr(os, "O_NONBLOCK", 0)  # a pipe that nobody reads is an error, and nothing to wait for
                self._file = os.open(self.path, flags, _MODE)
                self.path.chmod(_MODE)  # one from before may be readable by others
            except OSError as error:
                raise BackendctlError(
                    f"the journal {self.path} cannot be written: {error.strerror}; nothing has been changed",
                    hint="make it writable, set XDG_STATE_HOME to another folder, or add --no-journal",
                ) from error

    def allow(self, addresses: Sequence[str]) -> None:
        """Note what this run may delete, so that a later one knows why it is gone."""
        if addresses:
            self._append({"time": _now(), "allowed": list(addresses)})

    def allowed(self) -> frozenset[str]:
        """What earlier runs were allowed to delete; nothing when the journal cannot be read."""
        found: set[str] = set()
        try:
            with self.path.open(encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    if '"allowed"' in line:
                        found.update(_addresses(line))
        except OSError:
            return frozenset()
        return frozenset(found)

    def write(
        self,
        *,
        service: str,
        operation: str,
        region: str,
        params: Mapping[str, Any],
        outcome: str,
        request_id: str,
    ) -> None:
        """Note one call. outcome: "ok" or AWS's error code."""
        self._append(
            {
                "time": _now(),
                "region": region,
                "call": f"{service}.{operation}",
                "params": conceal(params),
                "outcome": outcome,
                "request": request_id,
            }
        )

    def _append(self, entry: Mapping[str, Any]) -> None:
        """What AWS has done is done; a line that cannot be written (a full disk) is told at the end of the run."""
        line = json.dumps(entry, default=lambda value: KNOWN.redact(str(value)))
        self.open()
        with self._lock:
            try:
                os.write(self._file or 0, f"{line}\n".encode())
            except OSError as error:
                told = f"the journal {self.path} lacks calls of this run: {error.strerror}"
                self._trouble = self._trouble or told


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _addresses(line: str) -> list[str]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):  # the end of a run that was killed
        return []
    found = entry.get("allowed") if isinstance(entry, dict) else None
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def conceal(value: Any) -> Any:
    """The same parameters without what must not be kept."""
    if isinstance(value, Mapping):
        return {key: _HIDDEN if key in _SECRET else conceal(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [conceal(item) for item in value]
    if isinstance(value, str):
        return KNOWN.redact(value)
    if isinstance(value, bytes | bytearray):
        return _HIDDEN
    return value
