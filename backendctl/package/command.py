"""The build command of a function."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from backendctl.package.errors import PackageError

if TYPE_CHECKING:
    from pathlib import Path

_SHOWN_LINES = 15


def run(command: str, cwd: Path | None) -> str:
    """Run the command in a shell and return what it wrote, errors included, in the order it came.

    Raises:
        PackageError: it ended with another code than 0; the end of its output is in the message.
    """
    try:
        done = subprocess.run(  # noqa: S602 - the user's own command from the user's own spec; && is wanted
            command,
            shell=True,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise PackageError(f"the build command `{command}` cannot be run in {cwd or '.'}: {error.strerror}") from error
    if done.returncode != 0:
        tail = tuple(done.stdout.rstrip().splitlines()[-_SHOWN_LINES:])
        message = f"the build command `{command}` ended with exit code {done.returncode}"
        raise PackageError(message, faults=tail, hint=f"run it by hand in {cwd or '.'}")
    return done.stdout
