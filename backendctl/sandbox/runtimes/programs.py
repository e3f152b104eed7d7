"""The programs of this machine which run handlers, and which versions they are."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache

from backendctl.sandbox.runtimes.model import NotSupportedError

_PATIENCE = 10.0  # seconds; a program of a version manager may be a slow script


def found(name: str, *, path: str) -> str:
    """A program's whole path.

    Raises:
        NotSupportedError: there is none.
    """
    program = shutil.which(name, path=path)
    if program is None:
        raise NotSupportedError(f"no {name} on PATH")
    return program


def major(program: str, *, path: str, option: str) -> int:
    """The first number of a program's version, as it tells with an option; 1.8 counts as 8.

    Raises:
        NotSupportedError: the program does not run.
    """
    told = said(program, option, path=path)
    version = re.search(r"(\d+)(?:\.(\d+))?", told or "")
    if version is None:
        raise NotSupportedError(f"{program} does not tell its version with {option}")
    return int(version[2]) if version[1] == "1" and version[2] else int(version[1])


@cache
def said(program: str, *arguments: str, path: str) -> str | None:
    """What a program says, on either stream; None when it fails. Asked once."""
    try:
        run = subprocess.run(  # noqa: S603 - a program the user has on PATH
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"PATH": path},
            timeout=_PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return run.stdout.decode(errors="replace")
