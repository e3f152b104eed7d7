"""What names a release of a function: a fingerprint of code and configuration, written into its published version.

The number of a version says nothing (B26: it may restart at 1), so versions are found by this id. The id covers what
we manage and nothing else: a setting that the spec leaves alone takes no part in it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from backendctl.engine.diff import plain
from backendctl.resources.deploy_context import Stamp

_LONGEST = 256
"""Characters of a version's description."""
_PAIR = re.compile(r"(?:^|\s)(\w+)=(.*?)(?=\s\w+=|$)")


def fingerprint(settings: Mapping[str, Any]) -> str:
    """12 hex digits naming these settings; those that are None take no part."""
    managed = {key: plain(value) for key, value in settings.items() if value is not None}
    return hashlib.sha256(json.dumps(managed, sort_keys=True).encode()).hexdigest()[:12]


def managed(settings: Mapping[str, Any]) -> frozenset[str]:
    """The names of the settings that take part in the fingerprint."""
    return frozenset(key for key, value in settings.items() if value is not None)


def described(release: str, stamp: Stamp) -> str:
    """The description of a version: `backendctl release=… commit=… time=… by=…`, at most 256 characters.

    The author comes last: a name may hold spaces, and may be cut.
    """
    facts = {"release": release, "commit": stamp.commit, "time": stamp.time, "by": stamp.author}
    return " ".join(["backendctl", *(f"{key}={value}" for key, value in facts.items() if value)])[:_LONGEST]


def described_as_temporary(run: str, memory: int, stamp: Stamp) -> str:
    """The description of a version that `tune` measures and deletes: `backendctl tuning=… memory=… time=… by=…`."""
    facts = {"tuning": run, "memory": str(memory), "time": stamp.time, "by": stamp.author}
    return " ".join(["backendctl", *(f"{key}={value}" for key, value in facts.items() if value)])[:_LONGEST]


def describe_deployment(definition: str, localised: str, stamp: Stamp) -> str:
    """The description of a deployment: `backendctl definition=… localised=… commit=… time=… by=…`."""
    facts = {
        "definition": definition,
        "localised": localised,
        "commit": stamp.commit,
        "time": stamp.time,
        "by": stamp.author,
    }
    return " ".join(["backendctl", *(f"{key}={value}" for key, value in facts.items() if value)])


def is_temporary(description: str) -> bool:
    """Whether a version was published by `tune` for a measurement, and is no release."""
    return "tuning" in facts_of(description)


def facts_of(description: str) -> dict[str, str]:
    """What a description tells (release or tuning, commit, time, by); empty when it is not one of ours."""
    if not description.startswith("backendctl "):
        return {}
    return {key: value.strip() for key, value in _PAIR.findall(description)}
