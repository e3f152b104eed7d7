"""The scan after localising: does the document still name the region, account or API that it came from?"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from backendctl.openapi.pointer import Way, nodes, pointer

_TEXT = frozenset({"description", "summary", "title", "example", "examples", "externalDocs", "x-example"})
"""Keys below which people write for people; nothing there is followed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Leftover:
    """One place that still names where the document came from.

    Attributes:
        pointer: of the text; of the value it is the key of, when a key names it.
        what: "region", "account" or "api".
        found: the region, account id or API id.
        text: the whole text that holds it.
        refuses: False in descriptions, titles and examples: worth a note, harmless.
    """

    pointer: str
    what: str
    found: str
    text: str
    refuses: bool


def leftovers(
    document: Mapping[str, Any],
    *,
    regions: Collection[str] = (),
    accounts: Collection[str] = (),
    api_ids: Collection[str] = (),
    target: str | None = None,
    target_account: str | None = None,
    bound: Collection[str] = (),
) -> list[Leftover]:
    """Every place, in the order of the document. Whole words only: `us-east-1` is not in `us-east-10`.

    Args:
        regions, accounts, api_ids: where it came from.
        target, target_account: where it goes; never left over, also when among the above.
        bound: texts put in on purpose, the values of this region's bindings; what they hold is not left over.
    """
    wanted = {**dict.fromkeys(regions, "region"), **dict.fromkeys(accounts, "account"), **dict.fromkeys(api_ids, "api")}
    words = {word: what for word, what in wanted.items() if word and word not in {target, target_account}}
    if not words:
        return []
    choice = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    pattern = re.compile(rf"(?<![A-Za-z0-9])(?:{choice})(?![A-Za-z0-9])")
    meant = sorted((text for text in bound if text), key=len, reverse=True)
    return [
        Leftover(pointer=pointer(way), what=words[word], found=word, text=text, refuses=not is_text(way))
        for way, text in _texts(document)
        for word in sorted(set(pattern.findall(_without(text, meant))))
    ]


def _texts(document: Mapping[str, Any]) -> Iterator[tuple[Way, str]]:
    for way, value in nodes(document):
        if way and not way[-1].isdigit():
            yield way, way[-1]
        if isinstance(value, str):
            yield way, value


def _without(text: str, meant: list[str]) -> str:
    for each in meant:
        text = text.replace(each, " ")
    return text


def is_text(way: Way) -> bool:
    """Whether people read what stands there. A property or header that is called `description` is a name."""
    return any(
        key in _TEXT and way[index - 1 : index] not in (("properties",), ("headers",)) for index, key in enumerate(way)
    )
