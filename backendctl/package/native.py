"""Compiled modules and libraries that Lambda's Python, or its machines, cannot load."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from backendctl.package.binary import HEADER, binary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backendctl.package.contents import Contents

_TAGGED = re.compile(r"^(?P<module>[^.]+)\.(?P<tag>(?:cpython-|cp|abi3|pypy)[^/]*)\.(?:so|pyd)$")
_CPYTHON = re.compile(r"^(?:cpython-|cp)3(?P<minor>\d+)(?P<threads>t?)(?:-|$)")
_LIBRARY = re.compile(r"\.(?:so(?:\.[0-9.]+)?|node|dylib)$")
_SHOWN = 3


def extension_faults(contents: Contents, *, version: str, architecture: str) -> list[str]:
    """Extension modules of which no file fits this Python ("3.13") and architecture.

    A package may bring one file per Python and platform, so a module is a fault only when none of them fits.
    """
    modules: dict[str, dict[str, str]] = defaultdict(dict)
    for name in contents.members:
        if found := _TAGGED.match(posixpath.basename(name)):
            where = posixpath.join(posixpath.dirname(name), found["module"])
            modules[where][name] = _misfit(contents, name, found["tag"], version, architecture)
    unfit = []
    for where, files in modules.items():
        plain = f"{where}.so" in contents or f"{where}.py" in contents
        if not plain and all(files.values()):
            unfit.append("; ".join(f"{name} is {reason}" for name, reason in sorted(files.items())[:_SHOWN]))
    wanted = f"python{version} on {architecture} cannot load it: install the dependencies for that platform"
    more = len(unfit) - _SHOWN
    return [f"{one}; {wanted}" for one in sorted(unfit)[:_SHOWN]] + (
        [f"and {more} more modules that python{version} on {architecture} cannot load"] if more > 0 else []
    )


def _misfit(contents: Contents, name: str, tag: str, version: str, architecture: str) -> str:
    """What the file is made for when it does not fit; empty when it does."""
    if tag.startswith("pypy"):
        return "for PyPy"
    python = _CPYTHON.match(tag)
    if python and f"3.{python['minor']}" != version:
        return f"for Python 3.{python['minor']}"
    if python and python["threads"]:
        return "for a Python without its global lock"
    if "musl" in tag:
        return "for musl, such as Alpine Linux, and Lambda has glibc"
    made_for = binary(contents.read(name, HEADER)) if name in contents else None
    return "" if made_for is None or made_for.fits(architecture) else f"for {made_for}"


def library_warnings(contents: Contents, *, architecture: str) -> list[str]:
    """Libraries and add-ons for other machines that stand alone, without a sister of that name that fits.

    Only a doubt: a package may bring libraries that it loads nowhere but on their own platform.
    """
    unfit: dict[str, tuple[str, str]] = {}
    fitting: set[str] = set()
    for name, base in _libraries(contents):
        made_for = binary(contents.read(name, HEADER))
        if made_for is None:
            continue
        if made_for.fits(architecture):
            fitting.add(base)
        else:
            unfit.setdefault(base, (name, str(made_for)))
    alone = [f"{name} is for {made_for}" for base, (name, made_for) in unfit.items() if base not in fitting]
    if not alone:
        return []
    more = f" and {len(alone) - _SHOWN} more" if len(alone) > _SHOWN else ""
    return [f"{', '.join(sorted(alone)[:_SHOWN])}{more}; the function runs on {architecture}, where that cannot load"]


def _libraries(contents: Contents) -> Iterator[tuple[str, str]]:
    for name, member in contents.members.items():
        base = posixpath.basename(name)
        if member.link is None and _LIBRARY.search(base) and not _TAGGED.match(base):
            yield name, base
