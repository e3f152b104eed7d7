"""What AWS has announced about Lambda's runtimes, and what follows for a spec that names one."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml

from backendctl.nearest import nearest

if TYPE_CHECKING:
    from datetime import date, timedelta

_TABLE = "runtimes.yaml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Runtime:
    """The days of one runtime; None where AWS has named none.

    Attributes:
        deprecated: support ends. no_create, no_update: from then on functions cannot be created, or updated.
    """

    deprecated: date | None
    no_create: date | None
    no_update: date | None


def fault(name: str, today: date, *, allowed: tuple[str, ...] = ()) -> str:
    """Why Lambda will take no more code for this runtime; empty when it will, or when the user wants to try.

    Args:
        allowed: names that are tried whatever the table says: it may be older than what AWS does.
    """
    known = _table().get(name)
    if known is None or known.no_update is None or today < known.no_update or name in allowed:
        return ""
    return (
        f"Lambda takes no updates of functions with the runtime '{name}' since {known.no_update}"
        f"; choose a newer one, or allow it with --allow-runtime {name}"
    )


def warning(name: str, today: date) -> str:
    """What the user should know of this runtime; empty when there is nothing."""
    table = _table()
    known = table.get(name)
    if known is None:
        return f"'{name}' is not a known runtime as of {_as_of()}{nearest(name, table)}"
    if known.no_create is not None and today >= known.no_create:
        return f"Lambda creates no new functions with the runtime '{name}' since {known.no_create}" + _until(known)
    if known.deprecated is not None and today >= known.deprecated:
        return f"the runtime '{name}' has had no support since {known.deprecated}" + _until(known)
    return ""


def ending(name: str, today: date, *, within: timedelta) -> str:
    """The same of a function that runs already: what has ended, or ends soon; empty when there is nothing.

    Args:
        within: how soon is soon.
    """
    known = _table().get(name)
    if known is None or known.deprecated is None:
        return ""
    if today >= known.deprecated:
        return warning(name, today)
    if today + within < known.deprecated:
        return ""
    return f"support of the runtime '{name}' ends on {known.deprecated}" + _until(known)


def _until(known: Runtime) -> str:
    return f"; updates end on {known.no_update}" if known.no_update is not None else ""


def _as_of() -> str:
    return str(_document()["as_of"])


@functools.cache
def _document() -> dict[str, Any]:
    text = resources.files("backendctl.spec").joinpath(_TABLE).read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


@functools.cache
def _table() -> dict[str, Runtime]:
    return {
        name: Runtime(deprecated=days[0], no_create=days[1], no_update=days[2])
        for name, days in _document()["runtimes"].items()
    }
