"""The build command of a function."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections import deque
from typing import IO, TYPE_CHECKING

from backendctl.package.errors import PackageError
from backendctl.secrets import Registry, of_environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from backendctl.package.source import Source

_SHOWN_LINES = 15
_KEPT_LINES = 1000
_LONGEST_LINE = 65_536
_GRACE = 3.0
"""Seconds for a command to end by itself once it is told to, and for its output to end after it."""


def keep_quiet(line: str) -> None:
    """Tell nobody."""
    del line


def run_for(source: Source, *, tell: Callable[[str], None] = keep_quiet) -> str:
    """Run the build command of a source; see `run`."""
    return run(source.build or "", source.cwd, timeout=source.build_timeout, tell=tell)


def run(
    command: str,
    cwd: Path | None,
    *,
    timeout: float,
    tell: Callable[[str], None] = keep_quiet,
    secrets: Registry | None = None,
) -> str:
    """Run the command in a shell and return the last 1000 lines it wrote, errors included, in the order they came.

    Args:
        command: a shell command line.
        cwd: the folder it runs in; the current one when None.
        timeout: seconds, after which it and what it started is ended.
        tell: gets each line as it comes, without its end.
        secrets: what is hidden in whatever is told; the values of this process's environment by default.

    Raises:
        PackageError: it ended with another code than 0, or not in time; the end of its output is in the message.
    """
    secrets = of_environment(os.environ) if secrets is None else secrets
    shown = secrets.redact(command)
    kept: deque[str] = deque(maxlen=_KEPT_LINES)
    try:
        process = _start(command, cwd)
    except OSError as error:
        raise PackageError(f"the build command `{shown}` cannot be run in {cwd or '.'}: {error.strerror}") from error
    reading = (process.stdout, secrets, kept, tell)
    reader = threading.Thread(target=_read, args=reading, daemon=True, name="build-output")
    tell(f"building: {shown}")
    reader.start()
    try:
        code = process.wait(timeout)
    except subprocess.TimeoutExpired:
        _end(process)
        reader.join(_GRACE)
        message = f"the build command `{shown}` did not end within {timeout:g} s"
        hint = "give it more time with `build-timeout` (seconds) under `code`"
        raise PackageError(message, faults=tuple(kept)[-_SHOWN_LINES:], hint=hint) from None
    except BaseException:  # it has a session of its own, so Ctrl-C does not reach it
        _end(process)
        raise
    reader.join(_GRACE)  # not for ever: what the command left behind may hold the pipe open
    if code != 0:
        message = f"the build command `{shown}` ended with exit code {code}"
        raise PackageError(message, faults=tuple(kept)[-_SHOWN_LINES:], hint=f"run it by hand in {cwd or '.'}")
    return "".join(f"{line}\n" for line in tuple(kept))


def _start(command: str, cwd: Path | None) -> subprocess.Popen[str]:
    return subprocess.Popen(  # the user's own command from the user's own spec; && is wanted
        command,
        shell=True,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )


def _read(output: IO[str] | None, secrets: Registry, kept: deque[str], tell: Callable[[str], None]) -> None:
    if output is None:
        return
    with output:
        while line := output.readline(_LONGEST_LINE):
            hidden = secrets.redact(line.rstrip("\r\n"))
            kept.append(hidden)
            try:
                tell(hidden)
            except (OSError, ValueError):  # nobody can be told any more; the command must not wait for that
                tell = keep_quiet


def _end(process: subprocess.Popen[str]) -> None:
    """End the command and all it started, kindly first."""
    for number in (signal.SIGTERM, signal.SIGKILL) if hasattr(os, "killpg") else ():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
    process.kill()
    process.wait()
