"""What the description of an alias says: aliases have no tags (B32), and it rides in every UpdateAlias.

backendctl:<backend> [<tag of the release>] [canary [<tag of its release>]] [=<version>:<release of the function>]

The last word says what the version is, so that a plan need not list a function's versions. It counts only while the
alias points to that version: whoever moves an alias by hand may leave it behind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from backendctl.resources.ssm.release_record import split_tag

_MARK = "backendctl:"
_CANARY = "canary"
_HOLDS = re.compile(r"^=(\d+):([0-9a-f]{12})$")


@dataclass(frozen=True, kw_only=True, slots=True)
class AliasMark:
    """What a description of ours says.

    Attributes:
        release: tag of the release that serves; empty when it has none. canary: whether a canary of ours is on.
        next: tag of the canary's release; empty when unknown.
    """

    owner: str
    release: str = ""
    canary: bool = False
    next: str = ""


def mark(backend: str, *, release: str = "", canary: str | None = None) -> str:
    """The description of an alias of ours. canary: tag of the release that has a share of the calls; None for none."""
    words = [f"{_MARK}{backend}", release, *([] if canary is None else [_CANARY, canary])]
    return " ".join(word for word in words if word)


def holding(version: str, release: str | None) -> str:
    """The word that says which release of the function a version is; empty when it is none."""
    word = f"={version}:{release}"
    return word if _HOLDS.match(word) else ""


def held_in(description: str, version: str) -> str | None:
    """The release of the function that this version is, by the description of an alias of ours that points to it."""
    found = _HOLDS.match(description.rpartition(" ")[2])
    return found[2] if found and found[1] == version and owner_in(description) is not None else None


def read_mark(description: str) -> AliasMark | None:
    """What a description says; None when it is not ours, or says more than we do."""
    owner = owner_in(description)
    if owner is None:
        return None
    words = description.split(" ")[1:]
    if words and _HOLDS.match(words[-1]):
        words.pop()
        description = description.rpartition(" ")[0]
    release = words.pop(0) if words and split_tag(words[0]) else ""
    canary = bool(words) and words.pop(0) == _CANARY
    following = words.pop(0) if canary and words and split_tag(words[0]) else ""
    if words or (description.count(" ") and not (release or canary)):
        return None
    return AliasMark(owner=owner, release=release, canary=canary, next=following)


def owner_in(description: str) -> str | None:
    """The backend whose mark the description of an alias carries."""
    first = description.split(" ", 1)[0]
    return first.removeprefix(_MARK) if first.startswith(_MARK) else None
