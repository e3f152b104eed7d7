"""Archives as a careful tool makes them, and with whatever a test wants to be wrong in them."""

from __future__ import annotations

import stat
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

UNIX = 3


def entry(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    """The header of an entry; mode as stat has it."""
    info = zipfile.ZipInfo(name)
    info.create_system = UNIX
    info.external_attr = mode << 16
    return info


def zipped(
    path: Path,
    files: Mapping[str, bytes | str],
    *,
    method: int = zipfile.ZIP_STORED,
    modes: Mapping[str, int] | None = None,
) -> Path:
    """An archive of these files at the path; modes 0644 unless said otherwise."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(entry(name, (modes or {}).get(name, stat.S_IFREG | 0o644)), content, method)
    return path
