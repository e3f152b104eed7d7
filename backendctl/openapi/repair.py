"""Known faults of exported and hand-written definitions, repaired by named rules before anything else looks at them.

A rule changes only what API Gateway would refuse or read differently from what is evidently meant. Each repair is
told, with its place. What cannot be repaired without guessing is refused (`refusals`).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from backendctl.openapi import repair_bodies, repair_ignored, repair_words
from backendctl.openapi.neutral import json_value
from backendctl.openapi.pointer import Way, pointer


@dataclass(frozen=True, kw_only=True, slots=True)
class Repair:
    """One thing that was put right.

    Attributes:
        rule: name of the rule, stable, e.g. "cache-key".
        pointer: where it stood, in the document as given.
        what: one sentence.
    """

    rule: str
    pointer: str
    what: str


_RULES = {
    "text-as-object": repair_words.parse_texts,
    "text-for-number": repair_words.numbers,
    "number-for-text": repair_words.texts,
    "nothing-for-object": repair_bodies.drop_nothing,
    "ignored-member": repair_ignored.ignored_members,
    "ignored-extension": repair_ignored.ignored_extensions,
    "letter-case": repair_words.letter_case,
    "empty-text": repair_words.empty_texts,
    "model-url": repair_bodies.model_urls,
    "cache-key": repair_words.cache_keys,
    "cache-namespace": repair_words.cache_namespaces,
    "empty-schema": repair_bodies.empty_schemas,
    "header-type": repair_bodies.header_types,
    "path-parameter": repair_bodies.path_parameters,
    "operation-id": repair_bodies.operation_ids,
    "no-scheme": repair_bodies.nobody,
    "standard-scheme": repair_bodies.standard_schemes,
}
"""In the order they run; a later one may rely on an earlier one. Each changes the document and tells what it did."""

RULES = tuple(_RULES)


def repaired(document: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[Repair, ...]]:
    """A repaired copy, as JSON has it, and what was repaired; repairing it again finds nothing.

    A plan asks this of the same few documents again and again, for every region and stage: what was found of the last
    ones is kept, as text, which is copied much faster than it is found.
    """
    text, repairs = _found(json.dumps(json_value(document)))
    return json.loads(text), repairs


@functools.lru_cache(maxsize=8)
def _found(text: str) -> tuple[str, tuple[Repair, ...]]:
    result: dict[str, Any] = json.loads(text)
    repairs = tuple(_all(result))
    return json.dumps(result), repairs


def _all(document: dict[str, Any]) -> Iterator[Repair]:
    for name, rule in _RULES.items():
        found: list[tuple[Way, str]] = list(rule(document))
        for way, what in found:
            yield Repair(rule=name, pointer=pointer(way), what=what)
