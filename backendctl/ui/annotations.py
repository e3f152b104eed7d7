"""Lines that GitHub Actions shows beside a change: workflow commands on stdout."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Level(StrEnum):
    """How loud."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


def wanted(environ: Mapping[str, str]) -> bool:
    """Whether this runs in a workflow, which reads stdout for them."""
    return environ.get("GITHUB_ACTIONS") == "true"


def annotation(level: Level, *, title: str, message: str, file: str = "") -> str:
    """One line; a message may have several."""
    where = f"file={_property(file)}," if file else ""
    return f"::{level} {where}title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
