"""Paths that a spec names, which may be anything a file can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST_NAME = 255  # bytes, on every usual file system
_LONGEST = 4000
_SHOWN = 60


def path_fault(text: str, folder: Path, *, there: bool = True) -> str:
    """Why nothing can be found under this name beside the spec in `folder`; empty when it is there.

    Args:
        there: False for what a build has still to make.
    """
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    if not _is_nameable(text):
        return f"{shown!r} cannot be the name of a file"
    try:
        return "" if not there or (folder / text).exists() else f"there is no '{shown}' beside the spec"
    except OSError as error:
        return f"'{shown}' cannot be read: {error.strerror}"


def _is_nameable(text: str) -> bool:
    """Whether a file could have this name, be it there or not."""
    encoded = text.encode("utf-8", "replace")
    return not (b"\0" in encoded or len(encoded) > _LONGEST or max(map(len, encoded.split(b"/"))) > _LONGEST_NAME)
