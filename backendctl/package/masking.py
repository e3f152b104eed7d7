"""Values of the environment, hidden wherever a build command repeats them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HIDDEN = "•••"
_SHORTEST = 6
"""Shorter values are words such as `true` or `C.UTF-8`'s kin, and would tear holes into any text."""
# What every machine has and everybody may know; hiding it would make the output unreadable.
_PUBLIC = frozenset(
    {"COLORTERM", "EDITOR", "HOME", "HOSTNAME", "LANG", "LANGUAGE", "LOGNAME", "LS_COLORS", "OLDPWD", "PAGER", "PATH"}
    | {"PWD", "PYTHONPATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER", "VIRTUAL_ENV", "AWS_REGION", "AWS_DEFAULT_REGION"}
)
_PUBLIC_BEGINNINGS = ("LC_", "XDG_")


@dataclass(frozen=True, slots=True)
class Mask:
    """Hides values by what they are, not by what they look like."""

    pattern: re.Pattern[str] | None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Mask:
        """A mask for the values of these variables, each of their lines by itself."""
        lines = {
            line.strip()
            for name, value in environ.items()
            if not _public(name, value)
            for line in value.splitlines()
            if len(line.strip()) >= _SHORTEST
        }
        longest_first = sorted(lines, key=lambda line: (-len(line), line))
        return cls(re.compile("|".join(map(re.escape, longest_first))) if lines else None)

    def hide(self, text: str) -> str:
        """The text without those values."""
        return text if self.pattern is None else self.pattern.sub(HIDDEN, text)


def _public(name: str, value: str) -> bool:
    if name in _PUBLIC or name.startswith(_PUBLIC_BEGINNINGS):
        return True
    try:
        return value.startswith("/") and Path(value).exists()
    except (OSError, ValueError):
        return False
