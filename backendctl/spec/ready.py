"""Provisioned concurrency and SnapStart under `warm`: what AWS refuses, told before it is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from backendctl.spec.warming import PINGS, SNAPSTART

Finding = tuple[tuple[str, ...], str]
"""The settings that lead to the fault, from the function on, and what is wrong."""

_RUNTIME = re.compile(r"(?P<family>java|python3\.|dotnet)(?P<number>[0-9]{1,9})(?:\.\w+)?")
_FIRST = {"java": 11, "python3.": 12, "dotnet": 8}  # B52
_MOST_STORAGE = 512  # MB, B52


def ready_faults(function: Mapping[str, Any], warm: Mapping[str, Any]) -> Iterator[Finding]:
    """All that is wrong with them for one function.

    Args:
        function: its settings, overrides applied. warm: its `warm`, spelt out.
    """
    provisioned, snapstart = "provisioned" in warm, warm.get(SNAPSTART) is True
    if provisioned:
        for setting in sorted(PINGS & warm.keys()):
            yield ("warm", setting), f"'{setting}' is about pings, and provisioned environments need none"
    elif "bake-time" in warm:
        yield ("warm", "bake-time"), "'bake-time' has no effect without 'provisioned'"
    if provisioned and snapstart:
        yield ("warm", SNAPSTART), "Lambda takes either SnapStart or provisioned concurrency for a function, not both"
    if snapstart:
        yield from _snapstart_faults(function)


def _snapstart_faults(function: Mapping[str, Any]) -> Iterator[Finding]:
    at = ("warm", SNAPSTART)
    runtime = function.get("runtime")
    if "image" in function.get("code", {}):
        yield at, "SnapStart takes no container image: only the managed runtimes, from an archive"
    elif isinstance(runtime, str) and "{{" not in runtime and not takes_snapstart(runtime):
        yield at, f"SnapStart does not know the runtime '{runtime}': Java 11, Python 3.12, .NET 8 and later"
    storage = function.get("ephemeral-storage")
    if isinstance(storage, int) and storage > _MOST_STORAGE:
        yield ("ephemeral-storage",), f"SnapStart allows {_MOST_STORAGE} MB of 'ephemeral-storage', not {storage}"


def takes_snapstart(runtime: str) -> bool:
    """Whether Lambda makes snapshots for that runtime (B52)."""
    found = _RUNTIME.fullmatch(runtime)
    return found is not None and int(found["number"]) >= _FIRST[found["family"]]
