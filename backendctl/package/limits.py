"""Lambda's limits on code, and our own on what is looked at."""

from __future__ import annotations

DIRECT_LIMIT = 52_428_800
"""Bytes of an archive that can no longer be sent in the request itself (B20)."""
UNZIPPED_LIMIT = 262_144_000
"""Bytes that a function can no longer have unzipped, its layers included (B20)."""
MOST_FILES = 100_000
"""Files that are looked at in one folder or archive; what has more was not meant to be code."""


def too_large(size: int) -> str:
    """The sentence for code over the limit."""
    return f"the files have {size} bytes and must be smaller than {UNZIPPED_LIMIT} unzipped, layers included"


def too_many() -> str:
    """The sentence for a folder or an archive with more files than are looked at."""
    return f"there are more than {MOST_FILES} files"
