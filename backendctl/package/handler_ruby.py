"""Whether Lambda's Ruby will find the handler."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backendctl.package.contents import Contents

_PARTS = (2, 3)


def faults(contents: Contents, handler: str) -> list[str]:
    """What is wrong with `handler: file.method` or `file.Module::Class.method`."""
    parts = handler.split(".")
    if len(parts) not in _PARTS or not all(parts):
        return [f"handler {handler!r} is not of the form file.method or file.Class.method"]
    source = f"{parts[0]}.rb"
    if source not in contents:
        deeper = [name for name in contents.members if name.endswith(f"/{source}")]
        where = f"; there is {deeper[0]}, which is not at the root" if deeper else ""
        return [f"handler {handler!r}: the package holds no {source}{where}"]
    # A method may be made by other means than `def`, but hardly without its name.
    text = contents.read(source).decode("utf-8", errors="replace")
    lacking = [word for word in (*parts[1:-1], parts[-1]) if not _mentions(text, word.rpartition("::")[2])]
    if not lacking or re.search(r"^\s*require", text, re.MULTILINE):
        return []
    return [f"handler {handler!r}: {source} has no {' and no '.join(map(repr, lacking))}"]


def _mentions(text: str, word: str) -> bool:
    return re.search(rf"(?<![\w]){re.escape(word)}(?!\w)", text) is not None
