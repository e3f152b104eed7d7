"""What a change does to a resource."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What a change does."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
