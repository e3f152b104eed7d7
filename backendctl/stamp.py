"""Who makes this release: the commit of the folder the spec lies in."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from backendctl.resources.deploy_context import Stamp

_TIMEOUT = 5
OPERATOR = "BACKENDCTL_OPERATOR"
"""The environment variable that says who releases, where user and host do not, as in a container."""


def stamp(folder: Path) -> Stamp:
    """Commit and author from git; both empty outside a repository or without git."""
    commit = _git(folder, "rev-parse", "--short", "HEAD")
    if commit and _git(folder, "status", "--porcelain", "--untracked-files=no"):
        commit += "+"
    author = _git(folder, "log", "-1", "--format=%an") if commit else ""
    return Stamp(
        commit=commit,
        author=author,
        time=datetime.now(tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        operator=operator(os.environ),
        process=os.getpid(),
    )


def operator(environment: Mapping[str, str]) -> str:
    """Who runs this command, and from where: "user@host", as other operators are told it."""
    given = environment.get(OPERATOR, "").strip()
    if "@" in given:
        return given
    try:
        user = given or getpass.getuser()
    except (OSError, KeyError):  # no such user, as in a container
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()}"


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603  # fixed arguments, no shell
            ["git", "-C", str(folder), *arguments],  # noqa: S607  # the user's own git is the one wanted
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
