"""Text from elsewhere (AWS, tags, logs, releases), made harmless for a terminal."""

from __future__ import annotations

import re

# C0 but tab and line feed, DEL, C1; the marks that reorder text, and the separators that break lines.
_LATIN_1 = 0xFF
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    r"""The text with control characters as escapes: `\x1b[2J`, `\u202e`; tabs and line feeds stay."""
    return _CONTROL.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code <= _LATIN_1 else f"\\u{code:04x}"
