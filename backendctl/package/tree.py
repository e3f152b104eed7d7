"""The files of a folder that belong in its archive."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backendctl.package import ignore

if TYPE_CHECKING:
    from pathlib import Path

IGNORE_FILES = (".gitignore", ".backendctlignore")
# Ignore files stay out too: a new comment in one is no reason to publish a version.
_NEVER = frozenset({".git", "__pycache__", ".DS_Store", *IGNORE_FILES})


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One file of the archive.

    Attributes:
        name: in the archive, "/" between its parts.
        path: where its bytes are read.
        size: in bytes.
        executable: whether its owner may run it.
    """

    name: str
    path: Path
    size: int
    executable: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Tree:
    """What a set of folders would put into an archive, and what stands against it.

    Attributes:
        entries: by name, in the order of the archive.
        faults: one sentence each.
    """

    entries: tuple[Entry, ...]
    faults: tuple[str, ...]

    @property
    def size(self) -> int:
        """Sum of the files, in bytes."""
        return sum(entry.size for entry in self.entries)


def collect(folder: Path, include: tuple[Path, ...] = ()) -> Tree:
    """The files of `folder`, and of each `include` under its own name.

    `.gitignore` and `.backendctlignore` of a folder and of the folders in it are honoured; those above
    it are not, or the output of a build would usually be empty. In one folder .backendctlignore comes
    second, so that its `!vendor/` brings back what git does not keep but Lambda needs. Empty folders
    are left out, as git does. Symbolic links are followed where they stay inside their folder, and a
    fault where they do not.
    """
    found: dict[str, Entry] = {}
    faults: list[str] = []
    for root, prefix in [(folder, ""), *((extra, f"{extra.name}/") for extra in include)]:
        if not root.is_dir():
            faults.append(f"{root}: {'not a folder' if root.exists() else 'does not exist'}")
            continue
        walk = _Walk(root=root, real_root=root.resolve(), prefix=prefix, faults=faults)
        walk.enter(root, "", [], (walk.real_root,))
        for entry in walk.entries:
            if entry.name in found:
                faults.append(f"{entry.path}: {found[entry.name].path} has the same name in the archive")
            found[entry.name] = entry
    return Tree(entries=tuple(found[name] for name in sorted(found)), faults=tuple(faults))


@dataclass(kw_only=True, slots=True)
class _Walk:
    """One walk through one folder; paths are relative to its root, names carry the prefix."""

    root: Path
    real_root: Path
    prefix: str
    faults: list[str]
    entries: list[Entry] = field(default_factory=list)

    def enter(self, folder: Path, base: str, rules: list[ignore.Rule], chain: tuple[Path, ...]) -> None:
        """Collect the files below `folder`; `chain` holds the real folders that lead to it."""
        try:
            rules = [*rules, *self._rules(folder, base)]
            for child in sorted(child.name for child in folder.iterdir()):
                if child not in _NEVER and not child.endswith(".pyc"):
                    self._visit(folder / child, base + child, rules, chain)
        except OSError as error:
            self.faults.append(f"{error.filename or folder}: cannot be read: {error.strerror}")

    def _rules(self, folder: Path, base: str) -> list[ignore.Rule]:
        rules: list[ignore.Rule] = []
        for path in (folder / name for name in IGNORE_FILES):
            if path.is_file():
                rules += ignore.parse(path.read_text(encoding="utf-8", errors="replace"), base=base)
        return rules

    def _visit(self, path: Path, relative: str, rules: list[ignore.Rule], chain: tuple[Path, ...]) -> None:
        # A link to a folder becomes a folder in the archive, so it is matched as one.
        if ignore.ignored(rules, relative, is_folder=path.is_dir()):
            return
        if path.is_symlink() and (fault := self._link_fault(path, chain)):
            self.faults.append(f"{path}: {fault}")
        elif path.is_dir():
            self.enter(path, relative + "/", rules, (*chain, path.resolve()))
        else:
            self._add(path, relative)

    def _link_fault(self, path: Path, chain: tuple[Path, ...]) -> str | None:
        try:
            target = path.resolve(strict=True)
        except (OSError, RuntimeError):  # 3.11 and 3.12 report a loop of links as RuntimeError
            return f"the symbolic link to {path.readlink()} leads nowhere"
        if not target.is_relative_to(self.real_root):
            return f"the symbolic link leads to {target}, outside {self.root}"
        if target in chain:
            return f"the symbolic link leads to {target}, a folder that holds it"
        return None

    def _add(self, path: Path, relative: str) -> None:
        status = path.stat()
        name = self.prefix + relative
        if not stat.S_ISREG(status.st_mode):
            self.faults.append(f"{path}: neither a file nor a folder")
        elif not os.access(path, os.R_OK):
            self.faults.append(f"{path}: cannot be read")
        elif not _is_unicode(name):
            self.faults.append(f"{path!a}: its name is not UTF-8")
        else:
            executable = bool(status.st_mode & stat.S_IXUSR)
            self.entries.append(Entry(name=name, path=path, size=status.st_size, executable=executable))


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
