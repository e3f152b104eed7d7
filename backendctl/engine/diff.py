"""The one diff: desired against live, field by field."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, cast

from backendctl.engine.resource import Resource
from backendctl.secrets import KNOWN, MARK, digest


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """One field that differs; before and after are JSON-able, secrets already hidden (`•••`, with a digest).

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
        changes.extend(_compare(spec.name, wanted, found, spec.metadata, _shown(desired, spec.metadata)))
    return tuple(changes)


_Shows = Callable[[str, Any], bool]
"""Whether a field's value may be shown, by the key in the mapping (empty for a field that is none) and the value."""


class _Guarding(Protocol):
    """A kind with a guarded field."""

    def shows(self, key: str, value: Any) -> bool: ...


def _shown(desired: Resource, metadata: Mapping[str, Any]) -> _Shows:
    if metadata.get("secret"):
        return _never
    if metadata.get("guarded"):
        return cast("_Guarding", desired).shows
    return _always


def _never(key: str, value: Any) -> bool:
    del key, value
    return False


def _always(key: str, value: Any) -> bool:
    del key, value
    return True


def _compare(name: str, wanted: Any, found: Any, metadata: Mapping[str, Any], shows: _Shows) -> Iterator[FieldChange]:
    immutable = bool(metadata.get("immutable"))
    if not isinstance(wanted, Mapping):
        if wanted != found:
            yield _change(name, found, wanted, shows=lambda value: shows("", value), immutable=immutable)
        return
    found = found or {}
    keys = list(wanted)
    if not metadata.get("partial"):
        keys += [key for key in found if key not in wanted]
    for key in sorted(keys):
        before, after = found.get(key), wanted.get(key)
        if before != after:
            yield _change(f"{name}.{key}", before, after, shows=partial(shows, key), immutable=immutable)


def _change(name: str, before: Any, after: Any, *, shows: Callable[[Any], bool], immutable: bool) -> FieldChange:
    words = (_words(before), _words(after))
    before, after = plain(before), plain(after)
    kept = KNOWN.redact_data(after) == after  # else what is there now may well be the secret of yesterday
    seen = _seen(name, before, shown=kept and shows(before)), _seen(name, after, shown=shows(after))
    return FieldChange(
        field=name,
        before=seen[0],
        after=seen[1],
        immutable=immutable,
        told=words if seen == (before, after) else (None, None),
    )


def _seen(name: str, value: Any, *, shown: bool) -> Any:
    """A value as a plan may tell it: secrets give way to a digest, by which a reviewed plan is still the same plan."""
    if value is None:
        return None
    whole = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    if not shown:
        return digest(whole, of=name)
    told = KNOWN.redact_data(value)
    if told == value:
        return value
    return digest(whole, of=name) if told == MARK or not isinstance(told, str) else f"{told} {digest(whole, of=name)}"


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
