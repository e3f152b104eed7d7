"""The file that a chart is written to: what it may be, and putting it there."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from backendctl.errors import BackendctlError, UsageError

ENDINGS = (".svg", ".png", ".html")


def check_ending(path: Path) -> None:
    """Whether a chart can be written there, before anything is called.

    Raises:
        UsageError: the ending is none of ENDINGS, the place cannot be written to, or the plotting library is missing.
    """
    if path.suffix.lower() not in ENDINGS:
        named = f"{path} ends in {path.suffix!r}" if path.suffix else f"{path} has no ending"
        raise UsageError(
            f"--chart: {named}; a chart is written as .svg, .png or .html", hint=f"try {_with_ending(path)}"
        )
    if path.is_dir():
        raise UsageError(
            f"--chart: {path} is a directory, not a file", hint=f"try {path / 'chart'}{path.suffix.lower()}"
        )
    if not path.parent.is_dir():
        raise UsageError(f"--chart: the directory {path.parent} does not exist; no chart would be written")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(f"--chart: no permission to write {path}")
    if find_spec("matplotlib") is None:
        raise UsageError(
            f"--chart: matplotlib is not installed, so nothing was called and {path} was not written",
            hint="install the extra `charts`: pip install '.[charts]' in a clone",
        )


def _with_ending(path: Path) -> Path:
    return path.with_suffix(".svg") if path.name else path / "chart.svg"


def write(path: Path, content: bytes) -> None:
    """Put it there.

    Raises:
        BackendctlError: the file system refuses, e.g. for lack of space.
    """
    try:
        path.write_bytes(content)
    except OSError as error:
        raise BackendctlError(f"--chart: cannot write {path}: {error.strerror or error}") from error
