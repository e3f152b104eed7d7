"""One walk through the folders of a function, in bounded time."""

from __future__ import annotations

import contextlib
import os
import stat
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from backendctl.package import ignore
from backendctl.package.limits import MOST_FILES, UNZIPPED_LIMIT, too_large, too_many

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MOST_FAULTS = 20
_DEEPEST = 100
_DROP = "leave it out in .backendctlignore"


class EnoughError(Exception):
    """The walk has found so much that the rest makes no difference."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One file or link of the archive.

    Attributes:
        name: in the archive, "/" between its parts.
        path: where its bytes are read; of a link, the link itself.
        size: in bytes.
        executable: whether its owner may run it.
        link: what a symbolic link says in the archive, relative to its own folder there; None for a file.
    """

    name: str
    path: Path
    size: int
    executable: bool
    link: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A symbolic link that leads to something which may be in the archive.

    Attributes:
        name: in the archive.
        target: where it leads on this machine, no link on the way.
    """

    name: str
    path: Path
    target: Path


@dataclass(kw_only=True, slots=True)
class Found:
    """What the walks through all folders of one function have found so far.

    Attributes:
        homes: folders of this machine, links resolved, and where each stands in the archive ("" or ending in "/").
        within: links out of the folders may be followed to what lies in this one; None follows none.
        left_out: number of files by what left them out.
    """

    homes: list[tuple[Path, str]]
    within: Path | None
    entries: list[Entry] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    size: int = 0

    def fault(self, message: str) -> None:
        """Remember a fault; the walk ends after so many."""
        self.faults.append(message)
        if len(self.faults) >= _MOST_FAULTS:
            self.faults.append(f"and perhaps more: the rest was not looked at after {_MOST_FAULTS} faults")
            raise EnoughError


@dataclass(frozen=True, kw_only=True, slots=True)
class Walk:
    """One walk through one folder; paths are relative to its root, names carry the prefix."""

    root: Path
    prefix: str
    rules: list[ignore.Rule]
    found: Found

    def enter(self, folder: Path, base: str = "") -> None:
        """Collect what is below `folder`, whose path in the root is `base`.

        Raises:
            EnoughError: the limits are passed; the last fault says so.
        """
        if base.count("/") > _DEEPEST:
            self.found.fault(f"{folder}: is more than {_DEEPEST} folders deep; {_DROP}")
            return
        names: list[str] = []
        with self._readable(folder), os.scandir(folder) as children:
            names = sorted(child.name for child in islice(children, MOST_FILES + 1))
        for name in names:
            with self._readable(folder / name):
                self._visit(folder / name, base + name)

    @contextlib.contextmanager
    def _readable(self, path: Path) -> Iterator[None]:
        """What the system refuses is a fault: no permission, or it has just been removed."""
        try:
            yield
        except OSError as error:
            self.found.fault(f"{error.filename or path}: cannot be read: {error.strerror}")

    def _visit(self, path: Path, relative: str) -> None:
        # A link to a folder is matched as a folder: `vendor/` is meant for it too.
        is_folder = path.is_dir()
        if rule := ignore.deciding(self.rules, relative, is_folder=is_folder):
            self.found.left_out[rule.origin] += _count(path) if is_folder and not path.is_symlink() else 1
        elif not _is_unicode(self.prefix + relative):
            self.found.fault(f"{path!a}: its name is not UTF-8")
        elif path.is_symlink():
            self._link(path, relative)
        elif is_folder:
            self.enter(path, relative + "/")
        else:
            self._file(path, relative)

    def _link(self, path: Path, relative: str) -> None:
        try:
            target = path.resolve(strict=True)
        except (OSError, RuntimeError):  # 3.11 and 3.12 report a loop of links as RuntimeError
            self.found.fault(f"{path}: the symbolic link to {path.readlink()} leads nowhere; mend it, or {_DROP}")
            return
        if any(target.is_relative_to(home) for home, _ in self.found.homes):
            self.found.links.append(Link(name=self.prefix + relative, path=path, target=target))
            self._check_number()
        elif self.found.within is None or not target.is_relative_to(self.found.within):
            self.found.fault(f"{path}: {self._leaves(target)}")
        elif not target.is_dir():
            self._file(target, relative)
        elif any(home.is_relative_to(target) for home, _ in self.found.homes):
            self.found.fault(f"{path}: the symbolic link leads to {target}, a folder that holds it; {_DROP}")
        else:
            self.found.homes.append((target, self.prefix + relative + "/"))
            self.enter(target, relative + "/")

    def _leaves(self, target: Path) -> str:
        said = f"the symbolic link leads to {target}, outside {self.root}"
        if self.found.within is None:
            return f"{said}; copy what it leads to with `follow-links: true` under `code`, or {_DROP}"
        return f"{said} and outside the project in {self.found.within}; put a copy there, or {_DROP}"

    def _file(self, path: Path, relative: str) -> None:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            self.found.fault(f"{path}: neither a file nor a folder")
        elif not os.access(path, os.R_OK):
            self.found.fault(f"{path}: cannot be read")
        else:
            executable = bool(status.st_mode & stat.S_IXUSR)
            name = self.prefix + relative
            self.found.entries.append(Entry(name=name, path=path, size=status.st_size, executable=executable))
            self.found.size += status.st_size
            if self.found.size >= UNZIPPED_LIMIT:
                self.found.faults.append(f"{self.root}: {too_large(self.found.size)}")
                raise EnoughError
            self._check_number()

    def _check_number(self) -> None:
        if len(self.found.entries) + len(self.found.links) > MOST_FILES:
            self.found.faults.append(f"{self.root}: {too_many()}")
            raise EnoughError


def _count(folder: Path) -> int:
    """The number of files below a folder, MOST_FILES at most."""
    number = 0
    for _, _, files in os.walk(folder):
        number += len(files)
        if number >= MOST_FILES:
            return MOST_FILES
    return number


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
