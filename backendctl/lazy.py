"""Modules that take long to load and that most runs need not: loaded when something of them is first used.

`if TYPE_CHECKING: import yaml`, and `else: yaml = lazily("yaml")`.
"""

from __future__ import annotations

import importlib
from typing import Any


class _Lazy:
    """Stands for a module; safe from many threads, as imports are."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)


def lazily(name: str) -> Any:
    """What behaves as that module, by its dotted name; an error of its import is raised at the first use."""
    return _Lazy(name)
