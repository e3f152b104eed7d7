"""What AWS refuses before a service looks at anything: values which break the constraints of its own model.

The models are botocore's; the sentences are those AWS's services share.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from backendctl.sandbox.corrections.answers import Refusal
from backendctl.sandbox.service_models import service_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from botocore.model import OperationModel, Shape

    from backendctl.sandbox.http import Request

_LABEL = re.compile(r"\{(\w+)\+?\}")
_NOT_NULL = "Member must not be null"


@dataclass(frozen=True, kw_only=True, slots=True)
class Judge:
    """A service's own ways with its model.

    Attributes:
        enums: by shape, the values in the order in which that service lists them, where the model's differ.
        silent: shapes which the service judges itself, in other words.
        limits: by shape, constraints which hold instead of the model's.
    """

    service: str
    enums: Mapping[str, Sequence[str]] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    limits: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def refusal(self, operation: str, request: Request) -> Refusal | None:
        """The refusal of a request which breaks constraints."""
        return refusal(self.faults(operation, self.values(operation, request)))

    def values(self, operation: str, request: Request) -> dict[str, Any]:
        """The members of a request by their names in the model, wherever they are sent."""
        model = _model(self.service, operation)
        return {} if model is None else _values(model, request)

    def faults(self, operation: str, values: Mapping[str, Any]) -> list[str]:
        """One sentence per constraint that is broken, in the order of the model."""
        model = _model(self.service, operation)
        shape = None if model is None else model.input_shape
        return [] if shape is None else list(self._members(shape, values, ""))

    def _members(self, shape: Shape, values: Mapping[str, Any], place: str) -> Iterator[str]:
        for name in shape.required_members:
            if values.get(name) is None:
                yield _sentence(f"{place}{_lowered(name)}", "null", _NOT_NULL)
        for name, member in shape.members.items():  # type: ignore[attr-defined]
            if values.get(name) is not None:
                yield from self._value(member, values[name], f"{place}{_lowered(name)}")

    def _value(self, shape: Shape, value: Any, place: str) -> Iterator[str]:
        broken = self._broken(shape, value)
        if broken:
            told = None if shape.metadata.get("sensitive") else _shown(value)
            yield from (_sentence(place, told, constraint) for constraint in broken)
        elif shape.type_name == "structure" and isinstance(value, dict):
            yield from self._members(shape, value, f"{place}.")
        elif shape.type_name == "list" and isinstance(value, list):
            yield from self._list(shape, value, place)
        elif shape.type_name == "map" and isinstance(value, dict):
            yield from self._map(shape, value, place)

    def _list(self, shape: Shape, values: list[Any], place: str) -> Iterator[str]:
        member: Shape = shape.member  # type: ignore[attr-defined]
        if member.type_name == "structure":
            for number, value in enumerate(values, start=1):
                if isinstance(value, dict):
                    yield from self._members(member, value, f"{place}.{number}.member.")
        elif any(self._broken(member, value) for value in values):
            yield _sentence(place, _shown(values), f"Member must satisfy constraint: [{self._every(member)}]")

    def _map(self, shape: Shape, values: dict[str, Any], place: str) -> Iterator[str]:
        told = None if shape.metadata.get("sensitive") else _shown(values)
        for what, member, parts in (
            ("keys", shape.key, values.keys()),  # type: ignore[attr-defined]
            ("values", shape.value, values.values()),  # type: ignore[attr-defined]
        ):
            if any(self._broken(member, part) for part in parts):
                yield _sentence(place, told, f"Map {what} must satisfy constraint: [{self._every(member)}]")

    def _every(self, shape: Shape) -> str:
        return ", ".join([*(text for text, _ in self._constraints(shape)), _NOT_NULL])

    def _broken(self, shape: Shape, value: Any) -> list[str]:
        return [text for text, holds in self._constraints(shape) if not holds(value)]

    def _constraints(self, shape: Shape) -> Iterator[tuple[str, Any]]:
        """A shape's constraints, each as AWS words it and as a test of a value."""
        if shape.name in self.silent:
            return
        told = {**shape.metadata, **self.limits.get(shape.name, {})}
        measure, size = ("length", _length) if shape.type_name in {"string", "list"} else ("value", _number)
        if "max" in told:
            yield f"Member must have {measure} less than or equal to {told['max']}", _at_most(size, told["max"])
        if "min" in told:
            yield f"Member must have {measure} greater than or equal to {told['min']}", _at_least(size, told["min"])
        if told.get("enum"):
            allowed = self.enums.get(shape.name, told["enum"])
            yield f"Member must satisfy enum value set: [{', '.join(allowed)}]", _one_of(allowed)
        if "pattern" in told and _pattern(told["pattern"]) is not None:
            yield f"Member must satisfy regular expression pattern: {_written(told['pattern'])}", _like(told["pattern"])


def refusal(faults: Sequence[str]) -> Refusal | None:
    """The one refusal which tells of all faults; None without any."""
    if not faults:
        return None
    errors = "error" if len(faults) == 1 else "errors"
    return Refusal(
        code="ValidationException", message=f"{len(faults)} validation {errors} detected: {'; '.join(faults)}"
    )


def _sentence(place: str, value: str | None, constraint: str) -> str:
    told = "Value" if value is None else "Value null" if value == "null" else f"Value '{value}'"
    return f"{told} at '{place}' failed to satisfy constraint: {constraint}"


def _lowered(name: str) -> str:
    return name[:1].lower() + name[1:]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(_shown(each) for each in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_shown(each)}" for key, each in value.items()) + "}"
    return str(value)


def _written(pattern: str) -> str:
    """A pattern as AWS writes it: without the parentheses the model has put around alternatives in parentheses."""
    return pattern[1:-1] if pattern.startswith("((") and pattern.endswith("))") else pattern


@cache
def _pattern(text: str) -> re.Pattern[str] | None:
    """None for the few that only Java can read: those with classes of Unicode."""
    try:
        return re.compile(text)
    except re.error:
        return None


def _like(pattern: str) -> Any:
    compiled = _pattern(pattern)
    return lambda value: not isinstance(value, str) or compiled is None or compiled.fullmatch(value) is not None


def _one_of(allowed: Sequence[str]) -> Any:
    return lambda value: not isinstance(value, str) or value in allowed


def _at_most(size: Any, most: float) -> Any:
    return lambda value: size(value, most) <= most


def _at_least(size: Any, least: float) -> Any:
    return lambda value: size(value, least) >= least


def _length(value: Any, otherwise: float) -> float:
    return len(value) if isinstance(value, (str, list)) else otherwise


def _number(value: Any, otherwise: float) -> float:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else otherwise


@cache
def _model(service: str, operation: str) -> OperationModel | None:
    known = service_model(service)
    model: OperationModel | None = known.operation_model(operation) if operation in known.operation_names else None
    return model


@cache
def _labels(uri: str) -> re.Pattern[str]:
    parts = _LABEL.split(uri.partition("?")[0].rstrip("/"))
    patterns = (f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
    return re.compile("".join(patterns) + "/?")


def _values(operation: OperationModel, request: Request) -> dict[str, Any]:
    shape = operation.input_shape
    found = _labels(operation.http["requestUri"]).fullmatch(request.raw_path)
    labels = {} if found is None else {name: unquote(value) for name, value in found.groupdict().items()}
    body = request.document()
    values: dict[str, Any] = {}
    for name, member in {} if shape is None else shape.members.items():
        where, wire = member.serialization.get("location"), member.serialization.get("name", name)
        if where == "uri":
            values[name] = _typed(member, labels.get(wire))
        elif where == "querystring":
            values[name] = _typed(member, request.first(wire) or None)
        elif where == "header":
            values[name] = _typed(member, request.headers.get(wire.lower()))
        elif where is None:
            values[name] = body.get(wire)
    return values


def _typed(member: Shape, text: str | None) -> Any:
    if text is None or member.type_name not in {"integer", "long"}:
        return text
    return int(text) if re.fullmatch(r"-?\d+", text) else text
