"""A function's archive, laid out as Lambda does it: with its links and with the bits that let a file run."""

from __future__ import annotations

import io
import posixpath
import shutil
import stat
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_UNIX = 3
_LONGEST_LINK = 4096


def unpack(code: bytes, folder: Path) -> None:
    """Put what is in the archive into a new folder; nothing is ever written outside of it.

    Links come last, so no file is written through one. A link that would lead out of the folder is left out.
    """
    folder.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(code)) as packed:
        links = [info for info in packed.infolist() if stat.S_ISLNK(_mode(info))]
        for info in packed.infolist():
            if not stat.S_ISLNK(_mode(info)) and not _leaves(info.filename):
                _extract(packed, info, folder)
        for info in links:
            with packed.open(info) as stream:
                target = stream.read(_LONGEST_LINK).decode(errors="replace")
            where = posixpath.join(posixpath.dirname(info.filename), target)
            if not _leaves(info.filename) and not _leaves(where):
                _link(folder / info.filename, target)
    for info in links:  # only now: a link through a link may lead where its own text does not
        path = folder / info.filename
        if path.is_symlink() and not _inside(path, folder):
            path.unlink()


def _extract(packed: zipfile.ZipFile, info: zipfile.ZipInfo, folder: Path) -> None:
    path = folder / info.filename
    if info.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with packed.open(info) as source, path.open("wb") as copy:
        shutil.copyfileobj(source, copy)
    path.chmod(0o755 if _mode(info) & stat.S_IXUSR else 0o644)


def _link(path: Path, target: str) -> None:
    if not (path.exists() or path.is_symlink()):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)


def _inside(path: Path, folder: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        return False


def _leaves(name: str) -> bool:
    return name.startswith("/") or posixpath.normpath(name).split("/")[0] == ".." or "\0" in name


def _mode(info: zipfile.ZipInfo) -> int:
    return info.external_attr >> 16 if info.create_system == _UNIX else 0
