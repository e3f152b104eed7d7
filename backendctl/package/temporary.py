"""A temporary folder that the next run removes when this one is killed.

Whoever uses a folder holds a lock on a file in it, which the kernel lets go with the process. A folder whose lock
can be had belongs to nobody.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows, where only a folder's age tells that it was left behind
    fcntl = None  # type: ignore[assignment]

_PREFIX = "backendctl-archives-"
_LOCK = ".in-use"
_ABANDONED = 24 * 3600
"""Seconds after which a folder without a lock is taken for abandoned: it is locked as soon as it is made."""
_held: list[IO[bytes]] = []
"""Locks live as long as the process."""


def folder(place: Path | None = None) -> tempfile.TemporaryDirectory[str]:
    """A folder of this process; what killed processes left beside it is removed.

    Args:
        place: where; the system's folder for temporary files by default.
    """
    root = place or Path(tempfile.gettempdir())
    remove_abandoned(root)
    made = tempfile.TemporaryDirectory(prefix=_PREFIX, dir=root, ignore_cleanup_errors=True)
    lock = (Path(made.name) / _LOCK).open("wb")
    if fcntl is not None:
        fcntl.flock(lock, fcntl.LOCK_EX)
    _held.append(lock)
    return made


def remove_abandoned(root: Path) -> None:
    """Remove our own folders that no process uses; a folder that cannot be removed is left."""
    for found in root.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if _is_ours(found) and _is_abandoned(found):
                shutil.rmtree(found, ignore_errors=True)


def _is_ours(path: Path) -> bool:
    told = path.lstat()
    return path.is_dir() and not path.is_symlink() and (not hasattr(os, "getuid") or told.st_uid == os.getuid())


def _is_abandoned(path: Path) -> bool:
    lock = path / _LOCK
    if fcntl is None or not lock.exists():
        return time.time() - path.lstat().st_mtime > _ABANDONED
    try:
        with lock.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # in use
        return False
    return True
