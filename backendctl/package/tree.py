"""The files of a folder that belong in its archive."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from backendctl.package import ignore
from backendctl.package.walk import EnoughError, Entry, Found, Walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

IGNORE_FILE = ".backendctlignore"
"""The file whose patterns say what stays out; only the one at the root of a folder counts."""
BUILT_IN = "the built-in list"
"""What a report names for the two lists below."""
SELDOM_NEEDED = (
    ".gitignore",
    ".gitattributes",
    IGNORE_FILE,
    "__pycache__/",
    ".venv/",
    ".DS_Store",
    "Thumbs.db",
)
"""Patterns that stand before those of the ignore file, which can take each of them back."""
NEVER_NEEDED = (".git", ".hg/", ".svn/", f"/{IGNORE_FILE}")
"""Patterns that stand after them, so that a broad `!*` does not bring a whole repository in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tree:
    """What a set of folders would put into an archive, and what stands against it.

    Attributes:
        entries: by name, in the order of the archive.
        faults: one sentence each.
        left_out: what left files out, and how many.
    """

    entries: tuple[Entry, ...]
    faults: tuple[str, ...]
    left_out: tuple[tuple[str, int], ...] = ()

    @property
    def size(self) -> int:
        """Sum of the files, in bytes."""
        return sum(entry.size for entry in self.entries)


def collect(folder: Path, include: tuple[Path, ...] = (), *, within: Path | None = None) -> Tree:
    """The files of `folder`, and of each `include` under its own name.

    What stays out is said by the `.backendctlignore` at the root of each of these folders and by a short built-in
    list; a .gitignore never counts, because git rightly keeps out what a build makes and Lambda needs. Empty
    folders are left out. A symbolic link stays a link when what it leads to is in the archive. A link that leaves
    the folders is replaced by what it leads to if that is inside `within`, and a fault otherwise.
    """
    roots = [(folder, ""), *((extra, f"{extra.name}/") for extra in include)]
    found = Found(
        homes=[(root.resolve(), prefix) for root, prefix in roots if root.is_dir()],
        within=None if within is None else within.resolve(),
    )
    try:
        for root, prefix in roots:
            if not root.is_dir():
                found.fault(f"{root}: {'not a folder' if root.exists() else 'does not exist'}")
            elif root.resolve().parent == root.resolve():
                found.fault(f"{root}: is the root of the file system, and no folder of code")
            else:
                Walk(root=root, prefix=prefix, rules=_rules(root, found), found=found).enter(root)
        entries = _with_links(found)
        _check_names(entries, found)
    except EnoughError:
        entries = found.entries
    left_out = tuple(sorted(found.left_out.items()))
    return Tree(
        entries=tuple(sorted(entries, key=lambda entry: entry.name)), faults=tuple(found.faults), left_out=left_out
    )


def _rules(root: Path, found: Found) -> list[ignore.Rule]:
    before, after = (ignore.parse("\n".join(one), origin=BUILT_IN) for one in (SELDOM_NEEDED, NEVER_NEEDED))
    path = root / IGNORE_FILE
    try:
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    except OSError as error:
        found.fault(f"{path}: cannot be read: {error.strerror}")
        text = ""
    return [*before, *ignore.parse(text, origin=IGNORE_FILE), *after]


def _with_links(found: Found) -> list[Entry]:
    """The files, and the links to what is in the archive; the others are faults."""
    places = _folders([*(entry.name for entry in found.entries), *(link.name for link in found.links)])
    places.update(entry.name for entry in found.entries)
    entries = list(found.entries)
    for link in found.links:
        place = next((one for one in _places(link.target, found.homes) if one in places), None)
        if place is None:
            found.fault(f"{link.path}: the symbolic link leads to {link.target}, which is left out; leave out both")
            continue
        text = posixpath.relpath(place or ".", posixpath.dirname(link.name) or ".")
        entries.append(Entry(name=link.name, path=link.path, size=len(text.encode()), executable=False, link=text))
    return entries


def _places(target: Path, homes: Sequence[tuple[Path, str]]) -> Iterator[str]:
    """The names that something of this machine can have in the archive; "" is the root."""
    for home, prefix in homes:
        if target.is_relative_to(home):
            inside = target.relative_to(home).as_posix()
            yield (prefix if inside == "." else prefix + inside).rstrip("/")


def _folders(names: Sequence[str]) -> set[str]:
    folders = {""}
    for name in names:
        parent = posixpath.dirname(name)
        while parent not in folders:
            folders.add(parent)
            parent = posixpath.dirname(parent)
    return folders


def _check_names(entries: list[Entry], found: Found) -> None:
    folders = _folders([entry.name for entry in entries])
    seen: dict[str, Path] = {}
    for entry in entries:
        if entry.name in seen:
            found.fault(f"{entry.path}: {seen[entry.name]} has the same name in the archive")
        elif entry.name in folders:
            found.fault(f"{entry.path}: a folder has the same name in the archive")
        seen[entry.name] = entry.path


__all__ = ["BUILT_IN", "IGNORE_FILE", "Entry", "Tree", "collect"]
