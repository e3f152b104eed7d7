"""What a spec says about a function's code, and what becomes of it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.package.contents import Contents

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ARCHIVE_SUFFIXES = (".zip", ".jar")
BUILD_TIMEOUT = 600
"""Seconds that a build command may take unless the spec says otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where a function's code comes from; exactly one of `path`, `s3` and `image` is given.

    Attributes:
        path: a folder, a .zip or a .jar; the output of `build` where there is one.
        include: further folders, each put under its own name into the root of the archive.
        within: links that leave the folders are replaced by what they lead to inside this one; None follows none.
        build: shell command run first.
        build_timeout: seconds.
        cwd: folder `build` runs in; the current one when None.
        s3: `s3://bucket/key` of a ready-made archive.
        image: URI of a container image.
    """

    path: Path | None = None
    include: tuple[Path, ...] = ()
    within: Path | None = None
    build: str | None = None
    build_timeout: int = BUILD_TIMEOUT
    cwd: Path | None = None
    s3: str | None = None
    image: str | None = None

    @property
    def reference(self) -> str | None:
        """The S3 or image URI that AWS fetches by itself; None when there is something to package."""
        return self.s3 or self.image

    @property
    def is_archive(self) -> bool:
        """Whether `path` names a ready-made archive, which is sent byte for byte."""
        return self.path is not None and self.path.suffix.lower() in ARCHIVE_SUFFIXES


@dataclass(frozen=True, kw_only=True, slots=True)
class Artefact:
    """A finished archive, as it is sent.

    The bytes stay in a file of this process, not in memory: many functions in many regions share them. The
    file is a private copy, so what was hashed is what is sent even if the original changes meanwhile.

    Attributes:
        sha256: base64 of the SHA-256 of the archive, equal to Lambda's CodeSha256 (B35).
        size: of the archive, in bytes.
        unzipped: sum of the files in it, in bytes.
        path: the archive; it lives as long as the process.
        files: number of files and links in it.
        left_out: what left files of the folder out, and how many; empty for a ready-made archive.
        log: the end of what the build command wrote; empty without one.
    """

    sha256: str
    size: int
    unzipped: int
    path: Path
    files: int = 0
    left_out: tuple[tuple[str, int], ...] = ()
    log: str = ""

    def content(self) -> bytes:
        """The whole archive, read anew at each call."""
        return self.path.read_bytes()

    @contextlib.contextmanager
    def contents(self) -> Iterator[Contents]:
        """What is in the archive, which is open meanwhile."""
        with Contents.of_archive(self.path) as contents:
            yield contents

    def names(self) -> tuple[str, ...]:
        """The files and links in the archive, in its order."""
        with self.contents() as contents:
            return tuple(contents.members)

    def member(self, name: str) -> bytes:
        """One file of the archive; KeyError when it holds none of that name."""
        with self.contents() as contents:
            return contents.read(name)
