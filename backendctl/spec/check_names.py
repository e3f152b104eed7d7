"""Rules about names and tags that several parts share."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from backendctl.nearest import nearest

if TYPE_CHECKING:
    from backendctl.spec.loader import Way
    from backendctl.spec.view import View

_MAX_TAGS = 49  # F20: 50, of which backendctl:backend is one
_RESERVED = ("aws:", "backendctl:")
_ALIAS = re.compile(r"^[a-zA-Z0-9_-]+$")
_SHORTEST_TYPO = 4
_TWO = 2
_SEPARATORS = re.compile(r"[-_]")
_MAX_ALIAS = 126  # B27: 128, less the -a or -b of the alias' pair


def check_tags(view: View, way: Way, tags: dict[str, str]) -> None:
    """F20; the backend's own tags count for everything that has more."""
    for key in tags:
        for reserved in _RESERVED:
            if key.lower().startswith(reserved):
                view.report.add((*way, key), f"tags that begin with '{reserved}' are reserved", key=True)
    together = {**view.plain.get("tags", {}), **tags}
    if tags and len(together) > _MAX_TAGS:
        view.report.add(way, f"{len(together)} tags together; AWS takes {_MAX_TAGS} beside our own", key=True)


def check_unique(view: View, kind: str, names: dict[str, str]) -> None:
    """Two short names may not mean one thing in AWS."""
    seen: dict[str, str] = {}
    for name, physical in names.items():
        if physical in seen:
            message = f"'{name}' and '{seen[physical]}' have the same name in AWS, '{physical}'"
            view.report.add((kind, name, "name"), message)
        seen.setdefault(physical, name)


def alias_fault(alias: str) -> str:
    """What is wrong with an alias' name (B27), empty when nothing is."""
    if not _ALIAS.match(alias):
        return f"'{alias}' is not a valid alias: letters, digits, '-' and '_'"
    if alias.isdigit():
        return f"'{alias}' is not a valid alias: Lambda takes digits alone for a version"
    if len(alias) > _MAX_ALIAS:
        return f"an alias may have {_MAX_ALIAS} characters, and this one has {len(alias)}"
    return ""


def looks_like(word: str, other: str) -> bool:
    """Whether one name is likely a slip of the other: one letter more, less or different, or two changed about.

    Digits tell names apart on purpose (version1, version2), and so does a letter that stands alone (blue-a, blue-b).
    """
    if word == other or min(len(word), len(other)) < _SHORTEST_TYPO:
        return False
    if _SEPARATORS.sub("", word).lower() == _SEPARATORS.sub("", other).lower():
        return True
    same = _shared(word, other)
    left, right = word[same:], other[same:]
    back = _shared(left[::-1], right[::-1])
    left, right = left[: len(left) - back], right[: len(right) - back]
    if not (left + right).isalpha() or _stands_alone(word, same, len(left)) or _stands_alone(other, same, len(right)):
        return False
    return max(len(left), len(right)) == 1 or (len(left) == len(right) == _TWO and left == right[::-1])


def _shared(one: str, other: str) -> int:
    """How many characters two words have in common at their beginning."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _stands_alone(word: str, at: int, length: int) -> bool:
    before, after = word[at - 1 : at] if at else "", word[at + length : at + length + 1]
    return length == 1 and not before.isalpha() and not after.isalpha()


def check_regions_named(view: View, way: Way, named: list[str], *, key: bool) -> None:
    """Regions named further down must be among those of the spec."""
    known = view.plain.get("regions")
    for index, region in enumerate(named):
        if known is not None and region not in known:
            message = f"'{region}' is not one of this spec's regions{nearest(region, known)}"
            view.report.add((*way, region if key else index), message, key=key)
