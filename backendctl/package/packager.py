"""From a source to an artefact, and the faults that stand between."""

from __future__ import annotations

import re
import threading
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backendctl.package import archive, command, ready
from backendctl.package.contents import Contents
from backendctl.package.errors import PackageError
from backendctl.package.handler import Wanted, findings
from backendctl.package.limits import DIRECT_LIMIT, UNZIPPED_LIMIT, too_large
from backendctl.package.once import Once
from backendctl.package.source import ARCHIVE_SUFFIXES, Artefact, Source
from backendctl.package.tree import Tree, collect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_S3_URI = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.+")
_IMAGE_URI = re.compile(r"[A-Za-z0-9.-]+(:\d+)?/[a-z0-9._/-]+(:[\w.-]+|@sha256:[0-9a-f]{64})?")


def code_faults(source: Source) -> list[str]:
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


def handler_check(source: Source, wanted: Wanted) -> list[str]:
    """The faults of `findings` for a plain folder that has not been packaged; nothing is said of other sources."""
    if source.path is None or source.build is not None or source.is_archive or not source.path.is_dir():
        return []
    tree = collect(source.path, source.include, within=source.within)
    return list(findings(Contents.of_entries(tree.entries), wanted).faults)


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
        faults.append(too_large(artefact.unzipped))
    return faults


def build(source: Source, *, run: Callable[[Source], str] = command.run_for) -> Artefact:
    """Run the build command if there is one, and make the archive (see `archive.pack` on its bytes).

    Nothing is remembered: each call builds anew. `Packager` builds once.

    Raises:
        PackageError: the source has faults, the build command failed, or AWS fetches the code itself.
    """
    if source.reference is not None:
        raise PackageError(f"{source.reference}: AWS fetches this by itself; there is nothing to package")
    _refuse(source, code_faults(source))
    log = "" if source.build is None else run(source)
    faults, tree = _path_faults(source)
    _refuse(source, faults)
    try:
        return archive.snapshot(_path(source), log=log) if tree is None else archive.pack(tree, log=log)
    except (OSError, zipfile.BadZipFile) as error:
        raise PackageError(f"{source.path}: cannot be packaged: {error}") from error


@dataclass(kw_only=True, slots=True)
class Packager:
    """Builds each source once, however many functions, regions and threads ask for it.

    A build command shared by several sources runs once too, and only one command runs at a time: they mostly
    share a folder. Failures are remembered as well, so that what failed for one region is not run again for
    the next. One packager serves one run of the tool: what is deployed is what was planned.

    Attributes:
        tell: gets each line that a build command writes, as it comes.
    """

    tell: Callable[[str], None] = command.keep_quiet
    _artefacts: Once[Source, Artefact] = field(default_factory=Once)
    _logs: Once[tuple[str | None, Path | None], str] = field(default_factory=Once)
    _running: threading.Lock = field(default_factory=threading.Lock)

    def build(self, source: Source) -> Artefact:
        """The artefact of the source; callers that come second wait for the first.

        Raises:
            PackageError: as `build` does, the same one for every caller.
        """
        return self._artefacts.get(source, lambda: build(source, run=self._run))

    def _run(self, source: Source) -> str:
        return self._logs.get((source.build, source.cwd), lambda: self._run_alone(source))

    def _run_alone(self, source: Source) -> str:
        with self._running:
            return command.run_for(source, tell=self.tell)


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
    try:
        return _seen(source)
    except OSError as error:  # a folder above it may not be entered
        return [f"{error.filename or source.path}: cannot be read: {error.strerror}"], None


def _seen(source: Source) -> tuple[list[str], Tree | None]:
    path = _path(source)
    if source.is_archive and not path.is_dir():
        return _archive_faults(source), None
    if path.exists() and not path.is_dir():
        return [f"{path}: neither a folder nor one of {', '.join(ARCHIVE_SUFFIXES)}"], None
    tree = collect(path, source.include, within=source.within)
    faults = list(tree.faults)
    if not tree.entries and not faults:
        faults.append(f"{path}: there are no files to package{left_out_clause(tree.left_out)}")
    return faults, tree


def left_out_clause(left_out: tuple[tuple[str, int], ...]) -> str:
    """`, 3 left out by .backendctlignore`, or nothing."""
    return "".join(f", {number} left out by {origin}" for origin, number in left_out)


def _archive_faults(source: Source) -> list[str]:
    path = _path(source)
    if source.include:
        return [f"{path}: further folders cannot be put into a ready-made archive"]
    return ready.faults(path)
