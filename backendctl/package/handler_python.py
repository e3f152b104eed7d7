"""Whether Lambda's Python will find the handler."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backendctl.package.contents import Contents


def faults(contents: Contents, handler: str) -> list[str]:
    """What is wrong with `handler: module.function`."""
    module, dot, function = handler.rpartition(".")
    stem = module.replace(".", "/")  # Lambda takes pkg/app.handler and pkg.app.handler alike
    if not (dot and stem and function):
        return [f"handler {handler!r} is not of the form module.function, such as app.handler"]
    source = next((name for name in (f"{stem}/__init__.py", f"{stem}.py") if name in contents), None)
    if source is None:
        return [] if _has_binary(contents.members, stem) else [_missing_module(contents.members, handler, stem)]
    defined = _top_level(contents.read(source))
    if defined is None or function in defined or "*" in defined or "__getattr__" in defined:
        return []
    return [f"handler {handler!r}: {source} defines no {function!r} at its top level"]


def _has_binary(names: Iterable[str], stem: str) -> bool:
    """Whether the module is an extension, or bytecode without its source."""
    return any(name.startswith(f"{stem}.") and name.endswith((".so", ".pyc")) for name in names)


def _missing_module(names: Iterable[str], handler: str, stem: str) -> str:
    deeper = [name for name in names if name.endswith(f"/{stem}.py")]
    where = f"; there is {deeper[0]}, which is not at the root" if deeper else ""
    return f"handler {handler!r}: the archive holds neither {stem}.py nor {stem}/__init__.py{where}"


def _top_level(source: bytes) -> set[str] | None:
    """The names a module binds; None when this Python cannot read it, which may be older than the runtime."""
    try:
        with warnings.catch_warnings(action="ignore"):
            return set(_bound(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError):
        return None


def _bound(node: ast.AST) -> Iterator[str]:
    """Names bound by a node in the scope it stands in, also inside if, try, with, for and match."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif not isinstance(node, ast.Lambda):
        for child in ast.iter_child_nodes(node):
            yield from _bound(child)
