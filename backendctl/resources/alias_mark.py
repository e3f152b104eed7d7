"""What the description of an alias says: aliases have no tags (B32), and it rides in every UpdateAlias.

backendctl:<backend> [<tag of the release>] [canary [<tag of its release>]]
"""

from __future__ import annotations

from dataclasses import dataclass

from backendctl.resources.release_record import split_tag

_MARK = "backendctl:"
_CANARY = "canary"


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


def read_mark(description: str) -> AliasMark | None:
    """What a description says; None when it is not ours, or says more than we do."""
    owner = owner_in(description)
    if owner is None:
        return None
    words = description.split(" ")[1:]
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
