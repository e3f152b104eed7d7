"""What this run changed in AWS: one JSON line per mutating call, no secrets."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backendctl.secrets import KNOWN

_READS = ("Get", "List", "Describe", "Head", "Test", "Search", "AssumeRole", "BatchGet", "Filter")
_HIDDEN = "(hidden)"
# Parameters that may hold a secret, a whole program, or somebody's data.
_SECRET = frozenset({"Environment", "ZipFile", "Body", "body", "Payload", "Value", "Credentials", "Input", "value"})


def is_read(operation: str) -> bool:
    """Whether an operation only reads, by AWS's own naming."""
    return operation.startswith(_READS)


class Journal:
    """Appends to one file; safe from many threads, and readable after a kill -9.

    Args:
        path: JSON lines; made with its folder at the first line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

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
        line = json.dumps(
            {
                "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "region": region,
                "call": f"{service}.{operation}",
                "params": conceal(params),
                "outcome": outcome,
                "request": request_id,
            },
            default=lambda value: KNOWN.redact(str(value)),
        )
        with self._lock:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")


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
