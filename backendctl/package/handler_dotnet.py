"""Whether Lambda's .NET will find the handler."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backendctl.package.contents import Contents

_PARTS = 3


def faults(contents: Contents, handler: str) -> list[str]:
    """What is wrong with `handler: Assembly::Namespace.Class::Method`, or `Assembly` of a program with top level."""
    parts = handler.split("::")
    if len(parts) not in {1, _PARTS} or not all(parts):
        return [f"handler {handler!r} is not of the form Assembly::Namespace.Class::Method or Assembly"]
    library = f"{parts[0]}.dll"
    if library not in contents:
        deeper = [name for name in contents.members if name.endswith(f"/{library}")]
        where = f"; there is {deeper[0]}, which is not at the root" if deeper else ""
        return [f"handler {handler!r}: the package holds no {library} at its root{where}"]
    if len(parts) == 1:
        return []
    # Names of types and methods stand in the metadata as UTF-8, each with a zero byte after it.
    data = contents.read(library)
    names = (parts[1].rpartition(".")[2].rpartition("+")[2], parts[2])
    lacking = [name for name in names if name.encode() + b"\0" not in data]
    return [f"handler {handler!r}: {library} has no {' and no '.join(map(repr, lacking))}"] if lacking else []
