"""What is wrong with an archive that somebody else has made, found in bounded time and memory."""

from __future__ import annotations

import functools
import posixpath
import re
import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, BinaryIO

from backendctl.package.limits import MOST_FILES, UNZIPPED_LIMIT, too_large, too_many

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK = 1 << 20
_UNIX = 3
_ENCRYPTED = 0x1
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_METHOD_NAMES = {9: "deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "XZ", 98: "PPMd", 99: "AES encryption"}
_SHOWN = 5
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x06"
_END_SIZE = 22
_LONGEST_COMMENT = 65_535
_LARGEST_DIRECTORY = 64 * 1024 * 1024
_LONGEST_LINK = 4096
_LONGEST_NAME = 200  # a line is still a line
_DRIVE = re.compile(r"^[A-Za-z]:")
# What zipfile and zlib raise for bytes that are no archive: they check some of it, and stumble over the rest.
_BROKEN = (OSError, zipfile.BadZipFile, zlib.error, struct.error, ValueError, RuntimeError, EOFError, IndexError)


def faults(path: Path) -> list[str]:
    """The faults of an archive, one sentence each; nothing is unpacked before its sizes are known to be sound."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return [f"{path}: does not exist"]
    except OSError as error:
        return [f"{path}: cannot be read as an archive: {error}"]
    if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
        return [f"{path}: is a pipe, socket or device, not an archive"]
    return [f"{path}: {fault}" for fault in _judged(path, status.st_size, status.st_mtime_ns)]


@functools.lru_cache(maxsize=64)
def _judged(path: Path, size: int, changed: int) -> tuple[str, ...]:
    """`size` and `changed` tell one state of the file from the next: it is asked about for every region."""
    del changed
    if size >= UNZIPPED_LIMIT:
        return (f"the archive alone has {size} bytes; " + too_large(size),)
    try:
        with path.open("rb") as stream:
            if _directory_is_huge(stream, size):
                return (too_many(),)
        with zipfile.ZipFile(path) as archive:
            return tuple(_archive_faults(archive))
    except NotImplementedError as error:
        return (f"cannot be read as an archive: {error}",)
    except _BROKEN as error:
        return (f"cannot be read as an archive: {str(error) or type(error).__name__}",)


def _directory_is_huge(stream: BinaryIO, size: int) -> bool:
    """Whether the list of entries is longer than is read: zipfile makes objects of all of it at once."""
    stream.seek(max(0, size - _END_SIZE - _LONGEST_COMMENT - 100))
    tail = stream.read()
    if (at := tail.rfind(_END_64)) >= 0 and len(tail) >= at + 48:
        count, length = struct.unpack_from("<QQ", tail, at + 32)
    elif (at := tail.rfind(_END)) >= 0 and len(tail) >= at + _END_SIZE:
        count, length = struct.unpack_from("<HI", tail, at + 10)
    else:
        return False
    return bool(count > MOST_FILES or length > _LARGEST_DIRECTORY)


def _archive_faults(archive: zipfile.ZipFile) -> list[str]:
    entries = archive.infolist()
    files = [info for info in entries if not info.is_dir()]
    if not files:
        return ["the archive is empty"]
    if len(entries) > MOST_FILES:
        return [too_many()]
    unzipped = sum(info.file_size for info in files)
    found = [fault for info in entries for fault in _entry_faults(info)]
    if unzipped >= UNZIPPED_LIMIT:
        found.append(too_large(unzipped))
    if not found:
        found += _damage(archive, files)
    if not found and len(files) == 1 and files[0].filename.lower().endswith((".zip", ".jar")):
        found.append(f"holds nothing but {_shown(files[0].filename)}: give that archive itself")
    if len(found) > _SHOWN:
        found = [*found[:_SHOWN], f"and {len(found) - _SHOWN} more such faults"]
    return found


def _entry_faults(info: zipfile.ZipInfo) -> Iterator[str]:
    name = _shown(info.orig_filename)
    if fault := _name_fault(info.orig_filename):
        yield f"the entry {name} {fault}"
    if info.flag_bits & _ENCRYPTED:
        yield f"the entry {name} is encrypted, and Lambda has no password"
    elif info.compress_type not in _METHODS:
        method = _METHOD_NAMES.get(info.compress_type, f"method {info.compress_type}")
        yield f"the entry {name} is compressed by {method}; an archive for Lambda is stored or deflated"
    if info.create_system == _UNIX and (mode := info.external_attr >> 16):
        yield from (f"the entry {name} {fault}" for fault in _mode_faults(mode, folder=info.is_dir()))


def _mode_faults(mode: int, *, folder: bool) -> Iterator[str]:
    kind = stat.S_IFMT(mode)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK}:
        yield "is a pipe, socket or device"
    elif kind == stat.S_IFLNK:
        return
    elif not mode & stat.S_IROTH or (folder and not mode & stat.S_IXOTH):
        told = f"has mode {stat.S_IMODE(mode):04o}, so Lambda's user cannot read it"
        yield f"{told}: give files 0644 and folders 0755 before zipping"


def _name_fault(name: str) -> str:
    if not name.strip("/"):
        return "has no name"
    if "\0" in name:
        return "has a zero byte in its name"
    if name.startswith("/") or _DRIVE.match(name):
        return "has an absolute name"
    if "\\" in name:
        return "has a backslash in its name, as archives of old Windows tools have; Lambda takes only '/' for a folder"
    if ".." in name.split("/"):
        return "leads out of the archive by '..'"
    return ""


def _damage(archive: zipfile.ZipFile, files: list[zipfile.ZipInfo]) -> Iterator[str]:
    """Read everything once: sums are checked, and links looked at. The sizes are known to be within the limit."""
    for info in files:
        try:
            with archive.open(info) as stream:
                first = stream.read(_LONGEST_LINK)
                while stream.read(_CHUNK):
                    pass
        except (*_BROKEN, NotImplementedError) as error:
            yield f"the entry {_shown(info.filename)} is damaged: {str(error) or type(error).__name__}"
            continue
        if info.create_system == _UNIX and stat.S_ISLNK(info.external_attr >> 16):
            target = first.decode(errors="replace")
            # An absolute one means a place in Lambda, such as a layer's /opt.
            where = posixpath.normpath(posixpath.join(posixpath.dirname(info.filename), target))
            if not target.startswith("/") and where.split("/")[0] == "..":
                yield f"the entry {_shown(info.filename)} is a link to {_shown(target)}, which leads out of the archive"


def _shown(name: str) -> str:
    return ascii(name if len(name) <= _LONGEST_NAME else name[:_LONGEST_NAME] + "…")
