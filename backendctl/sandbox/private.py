"""Files and folders which only their owner may read: they hold parameters, environments and keys."""

from __future__ import annotations

import os
from pathlib import Path

UMASK = 0o077
_FOLDER, _FILE = 0o700, 0o600


def folder(path: Path) -> Path:
    """Make a folder which is its owner's alone, or make an existing one so."""
    path.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
    path.chmod(_FOLDER)
    return path


def write(path: Path, text: str) -> None:
    """Replace a file in one step, in a folder which is made if it is missing; nobody else can ever read it."""
    if not path.parent.exists():
        folder(path.parent)
    fresh = path.with_name(f"{path.name}.new")
    with os.fdopen(opened(fresh), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


def opened(path: Path) -> int:
    """A descriptor of an emptied file, for writing."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _FILE)
    os.fchmod(descriptor, _FILE)
    return descriptor


def close_to_others(path: Path) -> None:
    """Take everybody else's rights off what is in a folder; links are left alone."""
    for place, _folders, files in os.walk(folder(path)):
        Path(place).chmod(_FOLDER)
        for name in files:
            file = Path(place) / name
            if not file.is_symlink() and file.stat().st_mode & UMASK:
                file.chmod(_FILE)
