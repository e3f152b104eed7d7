"""What apply tells while it works; only `ui` draws it."""

from __future__ import annotations

from dataclasses import dataclass

from backendctl.engine.plan import Change
from backendctl.errors import BackendctlError


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """Work on a change has begun."""

    change: Change


@dataclass(frozen=True, kw_only=True, slots=True)
class Noted:
    """Something worth knowing while it goes on, e.g. "replica CREATING".

    Attributes:
        lasting: it is still worth knowing when all is done.
    """

    change: Change
    message: str
    lasting: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """The change holds. seconds: how long it took."""

    change: Change
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """The change failed; whatever needs it is skipped."""

    change: Change
    error: BackendctlError


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """Not tried. because: address of what failed, or "interrupted"."""

    change: Change
    because: str


Event = Started | Noted | Done | Failed | Skipped
