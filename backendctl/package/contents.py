"""What is in a package, be it a folder still or an archive already."""

from __future__ import annotations

import contextlib
import posixpath
import stat
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from backendctl.package.tree import Entry

_UNIX = 3
_MOST_STEPS = 40
_LONGEST_LINK = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One file or link.

    Attributes:
        executable: None when the archive does not say, being made where files have no such bit.
        link: what a symbolic link says; None for a file.
    """

    executable: bool | None
    link: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """The files of a package by name; folders have no entry.

    Attributes:
        fetch: the first bytes of a file, or all for None.
    """

    members: Mapping[str, Member]
    fetch: Callable[[str, int | None], bytes]

    @classmethod
    def of_entries(cls, entries: Iterable[Entry]) -> Contents:
        """Those of folders that are not packed yet."""
        by_name = {entry.name: entry for entry in entries}

        def fetch(name: str, limit: int | None) -> bytes:
            with by_name[name].path.open("rb") as stream:
                return stream.read(by_name[name].size if limit is None else limit)

        members = {name: Member(executable=one.executable, link=one.link) for name, one in by_name.items()}
        return cls(members=members, fetch=fetch)

    @classmethod
    @contextlib.contextmanager
    def of_archive(cls, path: Path) -> Iterator[Contents]:
        """Those of an archive, which is open meanwhile."""
        with zipfile.ZipFile(path) as archive:

            def fetch(name: str, limit: int | None) -> bytes:
                with archive.open(name) as stream:
                    return stream.read() if limit is None else stream.read(limit)

            members = {info.filename: _member(archive, info) for info in archive.infolist() if not info.is_dir()}
            yield cls(members=members, fetch=fetch)

    def __contains__(self, name: object) -> bool:
        """Whether a file is found under this name, links followed."""
        return isinstance(name, str) and self.real(name) is not None

    def read(self, name: str, limit: int | None = None) -> bytes:
        """A file, links followed; KeyError when there is none of that name."""
        real = self.real(name)
        if real is None:
            raise KeyError(name)
        return self.fetch(real, limit)

    def executable(self, name: str) -> bool | None:
        """Whether a file may be run, links followed; None when nobody says."""
        real = self.real(name)
        return None if real is None else self.members[real].executable

    def real(self, name: str) -> str | None:
        """The member that a name leads to, links followed; None when it leads to no file of the package."""
        for _ in range(_MOST_STEPS):
            member = self.members.get(name)
            if member is not None and member.link is None:
                return name
            step = self._followed(name)
            if step is None:
                return None
            name = step
        return None

    def _followed(self, name: str) -> str | None:
        parts = name.split("/")
        for at in range(1, len(parts) + 1):
            beginning = "/".join(parts[:at])
            member = self.members.get(beginning)
            if member is not None and member.link is not None:
                return posixpath.normpath(posixpath.join(posixpath.dirname(beginning), member.link, *parts[at:]))
        return None


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    mode = info.external_attr >> 16 if info.create_system == _UNIX else 0
    if stat.S_ISLNK(mode):
        with archive.open(info) as stream:
            return Member(executable=None, link=stream.read(_LONGEST_LINK).decode(errors="replace"))
    return Member(executable=bool(mode & stat.S_IXUSR) if mode else None)
