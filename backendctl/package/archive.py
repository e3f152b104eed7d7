"""The same files, the same bytes: how archives are written."""

from __future__ import annotations

import base64
import functools
import hashlib
import shutil
import stat
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from backendctl.package import temporary
from backendctl.package.errors import PackageError
from backendctl.package.source import Artefact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backendctl.package.tree import Entry, Tree

STORED_BELOW = 4 * 1024 * 1024
"""Files of less than this many bytes together are stored, more are deflated."""

_CHUNK = 1 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold
_UNIX = 3
_WORKSPACE_LOCK = threading.Lock()


def pack(tree: Tree, *, log: str = "") -> Artefact:
    """An archive of the files, which come in its order; it depends on their names, bytes and modes alone.

    Times are 1980-01-01, modes 0644 or (executable) 0755, links are links of mode 0777, there are no extra fields
    and no folder entries.

    The bytes decide whether the next deploy finds anything to do, because Lambda tells only their SHA-256
    (B35). Deflate is not the same everywhere: zlib-ng, which some systems and newer Pythons for Windows have
    in zlib's place, compresses to other bytes. So trees under `STORED_BELOW`, which most functions are, are
    not compressed at all and get the same sum from every machine. Above it the upload from a slow line would
    cost more than that is worth: they are deflated at zlib's usual level, and a machine with another zlib uploads
    once more. The choice depends on the sizes alone, so it is the same everywhere too.

    Raises:
        OSError: a file cannot be read.
        PackageError: a file has not the size it had when it was found.
    """
    method = zipfile.ZIP_STORED if tree.size < STORED_BELOW else zipfile.ZIP_DEFLATED
    path = _new_file()
    with zipfile.ZipFile(path, "w") as archive:
        for entry in tree.entries:
            header = _header(entry)
            header.compress_type = method
            with archive.open(header, "w") as stream:
                for chunk in _content(entry):
                    stream.write(chunk)
    return measure(path, log=log, left_out=tree.left_out)


def _content(entry: Entry) -> Iterator[bytes]:
    """The bytes in pieces, never more than were announced: a device or a growing log has no end."""
    if entry.link is not None:
        yield entry.link.encode()
        return
    left = entry.size
    with entry.path.open("rb") as stream:
        while left and (chunk := stream.read(min(left, _CHUNK))):
            left -= len(chunk)
            yield chunk
        if left or (entry.size and stream.read(1)):
            raise PackageError(f"{entry.path}: was changed while it was being packaged", hint="run the command again")


def snapshot(original: Path, *, log: str = "") -> Artefact:
    """A ready-made archive, byte for byte; what is measured is a copy that nobody else writes to.

    Raises:
        OSError: it cannot be read.
        zipfile.BadZipFile: it is no archive.
    """
    path = _new_file()
    shutil.copyfile(original, path)
    return measure(path, log=log)


def received(chunks: Iterable[bytes]) -> Artefact:
    """An archive that comes in pieces from elsewhere, byte for byte.

    Raises:
        zipfile.BadZipFile: it is no archive.
    """
    path = _new_file()
    with path.open("wb") as stream:
        for chunk in chunks:
            stream.write(chunk)
    return measure(path)


def measure(path: Path, *, log: str = "", left_out: tuple[tuple[str, int], ...] = ()) -> Artefact:
    """The facts about an archive."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").digest()
    with zipfile.ZipFile(path) as archive:
        members = [info for info in archive.infolist() if not info.is_dir()]
    return Artefact(
        sha256=base64.b64encode(digest).decode(),
        size=path.stat().st_size,
        unzipped=sum(info.file_size for info in members),
        path=path,
        files=len(members),
        left_out=left_out,
        log=log,
    )


def _header(entry: Entry) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(entry.name, _EPOCH)
    info.create_system = _UNIX  # else 0 on Windows
    mode = stat.S_IFLNK | 0o777 if entry.link is not None else stat.S_IFREG | (0o755 if entry.executable else 0o644)
    info.external_attr = mode << 16
    info.file_size = entry.size  # announced, so that no larger header is chosen for what is written in pieces
    return info


def _new_file() -> Path:
    with _WORKSPACE_LOCK:  # else two first callers make two folders, and the one not kept is removed at once
        folder = _workspace().name
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".zip", delete=False) as stream:
        return Path(stream.name)


@functools.cache
def _workspace() -> tempfile.TemporaryDirectory[str]:
    """Removed with all archives when the process ends, or by the next run when this one is killed."""
    return temporary.folder()
