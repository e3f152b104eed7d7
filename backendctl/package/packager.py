"""From a source to an artefact, and the faults that stand between."""

from __future__ import annotations

import re
import threading
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backendctl.package import archive, command
from backendctl.package.errors import PackageError
from backendctl.package.handler import faults_among, is_python
from backendctl.package.once import Once
from backendctl.package.source import ARCHIVE_SUFFIXES, Artefact, Source
from backendctl.package.tree import Tree, collect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DIRECT_LIMIT = 52_428_800
"""Bytes of an archive that can no longer be sent in the request itself (B20)."""
UNZIPPED_LIMIT = 262_144_000
"""Bytes that a function can no longer have unzipped, its layers included (B20)."""

_S3_URI = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.+")
_IMAGE_URI = re.compile(r"[A-Za-z0-9.-]+(:\d+)?/[a-z0-9._/-]+(:[\w.-]+|@sha256:[0-9a-f]{64})?")


def check(source: Source) -> list[str]:
    """The faults that can be seen without building anything; an empty list is good news.

    The output of a build command is not looked at: what lies there now may be an old one.
    """
    given = [value for value in (source.path, source.s3, source.image) if value is not None]
    if len(given) != 1:
        return ["give exactly one of a path, an s3:// URI and an image URI"]
    if source.path is None:
        return _reference_faults(source)
    if source.build is None:
        return _path_faults(source)[0]
    if source.cwd is not None and not source.cwd.is_dir():
        return [f"{source.cwd}: does not exist, so the build command `{source.build}` cannot run in it"]
    return []


def handler_check(source: Source, *, runtime: str | None, handler: str | None) -> list[str]:
    """`handler_faults` for a plain folder that has not been packaged; nothing is said of other sources."""
    if source.path is None or source.build is not None or source.is_archive or not source.path.is_dir():
        return []
    if not is_python(runtime):
        return []
    entries = {entry.name: entry for entry in collect(source.path, source.include).entries}
    return faults_among(entries, handler=handler or "", read=lambda name: entries[name].path.read_bytes())


def limit_faults(artefact: Artefact, *, bucket: bool) -> list[str]:
    """Lambda's limits on size (B20), measured before any call.

    Args:
        artefact: what would be sent.
        bucket: whether there is an artifact bucket to send a large archive through.
    """
    faults = []
    if artefact.size >= DIRECT_LIMIT and not bucket:
        faults.append(
            f"the archive has {artefact.size} bytes and must be smaller than {DIRECT_LIMIT} to be sent "
            "directly; name an artifact bucket"
        )
    if artefact.unzipped >= UNZIPPED_LIMIT:
        faults.append(_too_large(artefact.unzipped))
    return faults


def build(source: Source, *, run: Callable[[str, Path | None], str] = command.run) -> Artefact:
    """Run the build command if there is one, and make the archive (see `archive.pack` on its bytes).

    Nothing is remembered: each call builds anew. `Packager` builds once.

    Raises:
        PackageError: the source has faults, the build command failed, or AWS fetches the code itself.
    """
    if source.reference is not None:
        raise PackageError(f"{source.reference}: AWS fetches this by itself; there is nothing to package")
    _refuse(source, check(source))
    log = "" if source.build is None else run(source.build, source.cwd)
    faults, tree = _path_faults(source)
    _refuse(source, faults)
    try:
        return archive.snapshot(_path(source), log=log) if tree is None else archive.pack(tree.entries, log=log)
    except (OSError, zipfile.BadZipFile) as error:
        raise PackageError(f"{source.path}: cannot be packaged: {error}") from error


@dataclass(kw_only=True, slots=True)
class Packager:
    """Builds each source once, however many functions, regions and threads ask for it.

    A build command shared by several sources runs once too, and only one command runs at a time: they mostly
    share a folder. Failures are remembered as well, so that what failed for one region is not run again for
    the next. One packager serves one run of the tool: what is deployed is what was planned.
    """

    _artefacts: Once[Source, Artefact] = field(default_factory=Once)
    _logs: Once[tuple[str, Path | None], str] = field(default_factory=Once)
    _running: threading.Lock = field(default_factory=threading.Lock)

    def build(self, source: Source) -> Artefact:
        """The artefact of the source; callers that come second wait for the first.

        Raises:
            PackageError: as `build` does, the same one for every caller.
        """
        return self._artefacts.get(source, lambda: build(source, run=self._run))

    def _run(self, line: str, cwd: Path | None) -> str:
        return self._logs.get((line, cwd), lambda: self._run_alone(line, cwd))

    def _run_alone(self, line: str, cwd: Path | None) -> str:
        with self._running:
            return command.run(line, cwd)


def _path(source: Source) -> Path:
    if source.path is None:
        raise PackageError("there is no path to package")
    return source.path


def _refuse(source: Source, faults: list[str]) -> None:
    if faults:
        raise PackageError(f"{source.path or 'the code'} cannot be packaged", faults=tuple(faults))


def _reference_faults(source: Source) -> list[str]:
    if source.build is not None or source.include:
        return [f"{source.reference}: a build command or further folders need a path"]
    if source.s3 is not None and not _S3_URI.fullmatch(source.s3):
        return [f"{source.s3}: not of the form s3://bucket/key"]
    if source.image is not None and not _IMAGE_URI.fullmatch(source.image):
        return [f"{source.image}: not of the form registry/repository:tag or registry/repository@sha256:digest"]
    return []


def _path_faults(source: Source) -> tuple[list[str], Tree | None]:
    """The faults of what lies at the path, and the files of a folder (None for a ready-made archive)."""
    path = _path(source)
    if source.is_archive and not path.is_dir():
        return _archive_faults(source), None
    if path.is_file():
        return [f"{path}: neither a folder nor one of {', '.join(ARCHIVE_SUFFIXES)}"], None
    tree = collect(path, source.include)
    faults = list(tree.faults)
    if not tree.entries and not faults:
        faults.append(f"{path}: there are no files to package")
    if tree.size >= UNZIPPED_LIMIT:
        faults.append(f"{path}: {_too_large(tree.size)}")
    return faults, tree


def _archive_faults(source: Source) -> list[str]:
    path = _path(source)
    if source.include:
        return [f"{path}: further folders cannot be put into a ready-made archive"]
    try:
        with zipfile.ZipFile(path) as ready:
            return [] if ready.namelist() else [f"{path}: the archive is empty"]
    except FileNotFoundError:
        return [f"{path}: does not exist"]
    except (OSError, zipfile.BadZipFile) as error:
        return [f"{path}: cannot be read as an archive: {error}"]


def _too_large(size: int) -> str:
    return f"the files have {size} bytes and must be smaller than {UNZIPPED_LIMIT} unzipped, layers included"
