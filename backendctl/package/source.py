"""What a spec says about a function's code, and what becomes of it."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ARCHIVE_SUFFIXES = (".zip", ".jar")


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where a function's code comes from; exactly one of `path`, `s3` and `image` is given.

    Attributes:
        path: a folder, a .zip or a .jar; the output of `build` where there is one.
        include: further folders, each put under its own name into the root of the archive.
        build: shell command run first.
        cwd: folder `build` runs in; the current one when None.
        s3: `s3://bucket/key` of a ready-made archive.
        image: URI of a container image.
    """

    path: Path | None = None
    include: tuple[Path, ...] = ()
    build: str | None = None
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
        log: what the build command wrote; empty without one.
    """

    sha256: str
    size: int
    unzipped: int
    path: Path
    log: str = ""

    def content(self) -> bytes:
        """The whole archive, read anew at each call."""
        return self.path.read_bytes()

    def names(self) -> tuple[str, ...]:
        """The files in the archive, in its order."""
        with zipfile.ZipFile(self.path) as archive:
            return tuple(name for name in archive.namelist() if not name.endswith("/"))

    def member(self, name: str) -> bytes:
        """One file of the archive; KeyError when it holds none of that name."""
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(name)
