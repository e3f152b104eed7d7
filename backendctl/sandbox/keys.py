"""The access key ids of a sandbox which takes calls only from those who know them (`sandbox up --require-token`).

One file in the data directory, readable by its owner only, holds them. While it is there, keys are required.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from backendctl.sandbox.private import write

SECRET = "sandbox"
"""The secret access key with which presigned URLs of S3 are right; nothing else looks at it."""
_BYTES = 15


@dataclass(frozen=True, kw_only=True, slots=True)
class Keys:
    """Two access key ids.

    Attributes:
        client: for the command line, and for any AWS tool by `sandbox env`.
        handlers: which functions get, so that what they call is told apart from what clients call.
    """

    client: str
    handlers: str


def read_keys(data: Path) -> Keys | None:
    """The keys of a sandbox; None when it takes any.

    Raises:
        OSError: the file cannot be read, e.g. because another user owns it.
        ValueError: it does not hold keys.
    """
    try:
        text = _file(data).read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    try:
        document = json.loads(text)
        keys = Keys(client=document["client"], handlers=document["handlers"])
    except (KeyError, TypeError, ValueError) as problem:
        raise ValueError(f"{_file(data)} does not hold access keys") from problem
    if not (isinstance(keys.client, str) and isinstance(keys.handlers, str) and keys.client and keys.handlers):
        raise ValueError(f"{_file(data)} does not hold access keys")
    return keys


def require_keys(data: Path, *, required: bool) -> None:
    """Make the file unless it is there already, or take it away."""
    if not required:
        _file(data).unlink(missing_ok=True)
    elif not _file(data).exists():
        write(_file(data), json.dumps({"client": _random(), "handlers": _random()}))


def _file(data: Path) -> Path:
    return data / "access-keys.json"


def _random() -> str:
    return "SANDBOX" + base64.b32encode(secrets.token_bytes(_BYTES)).decode()
