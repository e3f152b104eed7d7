"""Files that a command writes at its end: whether that will work is said before anything is called."""

from __future__ import annotations

import os
from pathlib import Path

import click

from backendctl.errors import BackendctlError, UsageError


def check_writable(option: str, path: Path) -> None:
    """Make the folders of a file, and see that it can be written.

    Raises:
        UsageError: it cannot.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{option}: cannot make the folder {path.parent}: {error.strerror}") from error
    if path.is_dir():
        raise UsageError(f"{option}: {path} is a directory, not a file")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(f"{option}: no permission to write {path}")


def write_result(path: Path, text: str) -> None:
    """Write it, and say so on stderr.

    Raises:
        BackendctlError: the file system refuses, e.g. for lack of space.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BackendctlError(f"cannot write {path}: {error.strerror}") from error
    click.echo(f"wrote {path}", err=True)
