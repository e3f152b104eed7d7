"""What a build writes, line by line, beside whatever moves on the terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from rich.console import Console


def build_output(console: Console) -> Callable[[str], None]:
    """Writes each line of a build to the console, above a spinner when there is one."""

    def tell(line: str) -> None:
        console.print("  " + _printable(line), markup=False, highlight=False, soft_wrap=True)

    return tell


def _printable(line: str) -> str:
    """Control characters, which could move the cursor or change a title, shown for what they are."""
    return "".join(
        char if char == "\t" or unicodedata.category(char) != "Cc" else f"\\x{ord(char):02x}" for char in line
    )
