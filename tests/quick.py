"""What tests do so often that the plain way of it counts."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import yaml

T = TypeVar("T")

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """What a file holds, as `yaml.safe_load` reads it, in a tenth of the time where libyaml is there."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - both loaders are safe ones


def result_of(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine that waits for nothing gives: a loop for each would take longer than most of them."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    work.close()
    raise AssertionError("it waits for something; use asyncio.run")
