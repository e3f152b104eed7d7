"""The one diff: desired against live, field by field."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from backendctl.engine.resource import Resource

HIDDEN = "(hidden)"


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """One field that differs; before and after are JSON-able, secrets already hidden.

    Attributes:
        immutable: AWS cannot change this field on a live resource.
        told: before and after in the spec's own words, where the value has such (its method `words`); else None.
    """

    field: str
    before: Any
    after: Any
    immutable: bool = False
    told: tuple[str | None, str | None] = dataclasses.field(default=(None, None), compare=False)


def differences(desired: Resource, live: Resource | None) -> tuple[FieldChange, ...]:
    """What differs, in field order; against None, everything that desired sets."""
    changes: list[FieldChange] = []
    for spec in dataclasses.fields(desired):  # type: ignore[arg-type]  # every kind is a dataclass
        if not spec.compare:
            continue
        wanted = getattr(desired, spec.name)
        if wanted is None:
            continue
        found = None if live is None else getattr(live, spec.name)
        changes.extend(_compare(spec.name, wanted, found, spec.metadata))
    return tuple(changes)


def _compare(name: str, wanted: Any, found: Any, metadata: Mapping[str, Any]) -> Iterator[FieldChange]:
    immutable = bool(metadata.get("immutable"))
    secret = bool(metadata.get("secret"))
    if not isinstance(wanted, Mapping):
        if wanted != found:
            yield _change(name, found, wanted, secret=secret, immutable=immutable)
        return
    found = found or {}
    keys = list(wanted)
    if not metadata.get("partial"):
        keys += [key for key in found if key not in wanted]
    for key in sorted(keys):
        before, after = found.get(key), wanted.get(key)
        if before != after:
            frozen = immutable or (bool(metadata.get("immutable_items")) and None not in (before, after))
            yield _change(f"{name}.{key}", before, after, secret=secret, immutable=frozen)


def _change(name: str, before: Any, after: Any, *, secret: bool, immutable: bool) -> FieldChange:
    told = (None, None) if secret else (_words(before), _words(after))
    if secret:
        before = None if before is None else HIDDEN
        after = None if after is None else HIDDEN
    return FieldChange(field=name, before=plain(before), after=plain(after), immutable=immutable, told=told)


def _words(value: Any) -> str | None:
    words = getattr(value, "words", None)
    return str(words()) if callable(words) else None


def plain(value: Any) -> Any:
    """The JSON-able form of a field's value."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(value[key]) for key in sorted(value)}
    if isinstance(value, frozenset | set):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value
