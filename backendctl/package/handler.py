"""Whether Lambda can start a package: what is wrong is else seen at the first request only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.package import (
    handler_dotnet,
    handler_java,
    handler_node,
    handler_provided,
    handler_python,
    handler_ruby,
    native,
)
from backendctl.whole import whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from backendctl.package.contents import Contents

_FAMILY = re.compile(r"^(?P<family>python|nodejs|java|ruby|dotnet|provided)(?P<version>[0-9.]*)")
_HANDLERS: dict[str, Callable[[Contents, str], list[str]]] = {
    "python": handler_python.faults,
    "ruby": handler_ruby.faults,
    "dotnet": handler_dotnet.faults,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a function says of the package it is started from.

    Attributes:
        architecture: x86_64 or arm64.
        layers: whether layers add files, among which the handler may be.
    """

    runtime: str | None
    handler: str | None
    architecture: str = "x86_64"
    layers: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What was found; one sentence each.

    Attributes:
        faults: with these the function cannot run.
        warnings: with these it may not.
    """

    faults: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def findings(contents: Contents, wanted: Wanted) -> Findings:
    """What stands against running these contents; nothing is said of a runtime of no known family."""
    found = _FAMILY.match(wanted.runtime or "")
    if found is None:
        return Findings()
    family, version = found["family"], found["version"].rstrip(".")
    told, doubts = [], []
    if not wanted.layers:
        told += _handler_faults(contents, wanted, family, version)
    if family == "python":
        told += native.extension_faults(contents, version=version, architecture=wanted.architecture)
    doubts += native.library_warnings(contents, architecture=wanted.architecture)
    return Findings(faults=tuple(told), warnings=tuple(doubts))


def _handler_faults(contents: Contents, wanted: Wanted, family: str, version: str) -> list[str]:
    handler = wanted.handler or ""
    if family == "provided":
        return handler_provided.faults(contents, wanted.architecture)
    number = whole(version)
    if family == "java":
        return handler_java.faults(contents, handler, number)
    if family == "nodejs":
        return handler_node.faults(contents, handler, number)
    return _HANDLERS[family](contents, handler)
