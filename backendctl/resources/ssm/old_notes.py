"""What versions before the release log have written: one parameter per stage and region, with AWS's history of it.

It is read until the first release after an upgrade has taken it over (see `release.migration`), and left as it is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.aws.errors import ClientError, is_missing

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

LIVE = frozenset({"deploy", "promote", "rollback", "found"})
"""What a note may be when all requests go to what it names; the others tell of a canary."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """What a stage served from a moment on.

    Attributes:
        how: deploy, promote, rollback, found, canary, shift or abort.
        versions: "physical:plain alias" → version number.
    """

    how: str
    time: str = ""
    commit: str = ""
    by: str = ""
    definition: str | None = None
    deployment: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    percent: float | None = None


def path(backend: str, target: str) -> str:
    """The parameter's name; target: a stage, or an alias such as "places:live"."""
    return f"/backendctl/{backend}/releases/{target.replace(':', '/')}"


def read(aws: Aws, region: str, target: str) -> list[Note]:
    """Everything that was noted of a stage, the oldest first; what is damaged is passed over."""
    pages = aws.ssm(region).get_paginator("get_parameter_history")
    try:
        found = [
            (item["Version"], _note(item.get("Value", "")))
            for page in pages.paginate(Name=path(aws.backend, target))
            for item in page["Parameters"]
        ]
    except ClientError as error:
        if is_missing(error):
            return []
        raise
    return [note for _, note in sorted(found, key=lambda pair: pair[0]) if note is not None]


def forget(aws: Aws, region: str, target: str) -> None:
    """The stage is gone, and what was noted of it with it."""
    try:
        aws.ssm(region).delete_parameter(Name=path(aws.backend, target))
    except ClientError as error:
        if not is_missing(error):
            raise


def _note(text: str) -> Note | None:
    try:
        value: dict[str, Any] = json.loads(text)
        note = Note(**{key: item for key, item in value.items() if item is not None})
    except (ValueError, RecursionError, TypeError, AttributeError):
        return None
    return note if _is_sound(note) else None


def _is_sound(note: Note) -> bool:
    words = (note.how, note.time, note.commit, note.by, note.definition or "", note.deployment)
    versions: Any = note.versions
    return (
        all(isinstance(word, str) for word in words)
        and isinstance(versions, dict)
        and all(isinstance(number, str) for number in versions.values())
        and isinstance(note.percent, int | float | None)
        and not isinstance(note.percent, bool)
    )
