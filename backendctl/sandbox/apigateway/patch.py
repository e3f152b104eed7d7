"""JSON-patch as API Gateway speaks it: strings only, and each document with its own list of what may change."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backendctl.sandbox.apigateway.call import Call
from backendctl.sandbox.apigateway.errors import bad_request, enum_complaint, not_found, refuse_invalid
from backendctl.sandbox.apigateway.model import Doc

OPERATIONS = ("add", "remove", "move", "test", "replace", "copy")
_MEMBER = 2
"""Parts of a path that names a member: that of its map or list, and its own."""
REPLACE_ONLY = "Invalid patch operation specified. Must be one of: [replace]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One patch operation; `path` keeps its escapes, `parts` has them undone."""

    op: str
    path: str
    value: str | None
    source: str | None

    @property
    def raw_parts(self) -> list[str]:
        return self.path.strip("/").split("/")

    @property
    def parts(self) -> list[str]:
        return [unescape(part) for part in self.raw_parts]


def unescape(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def operations(call: Call, *, shape: str) -> list[Operation]:
    """The operations of a PATCH body; `shape` is the input's name in AWS's validation texts."""
    listed: list[Doc] = call.body().get("patchOperations") or []
    refuse_invalid(
        [
            enum_complaint(
                value=item.get("op"),
                at=f"{shape}.patchOperations.{number}.member.op",
                allowed=", ".join(OPERATIONS),
            )
            for number, item in enumerate(listed, start=1)
            if item.get("op") not in OPERATIONS
        ]
    )
    return [_operation(item) for item in listed]


def _operation(item: Doc) -> Operation:
    if item.get("path") is None:
        raise bad_request("Invalid patch path null")
    return Operation(op=str(item["op"]), path=str(item["path"]), value=item.get("value"), source=item.get("from"))


Convert = Callable[[str], Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What may be patched in one kind of document.

    Attributes:
        scalars: "/a/b" -> converter of the text; `replace` only. A converter giving None removes the member.
        maps: "/requestModels" -> converter; members are added, replaced and removed by key.
        lists: "/cacheKeyParameters": members are added and removed by value.
        strict_keys: replacing or removing a missing map key is NotFound (gateway responses).
        scalar_refusal: the text for other operations on scalars; None gives "Invalid patch path".
    """

    scalars: Mapping[str, Convert] = field(default_factory=dict)
    maps: Mapping[str, Convert] = field(default_factory=dict)
    lists: frozenset[str] = frozenset()
    strict_keys: bool = False
    scalar_refusal: str | None = REPLACE_ONLY


def patched(document: Doc, listed: list[Operation], rules: Rules) -> Doc:
    """A copy of the document with all operations applied in order, so that a refused one changes nothing."""
    result = copy.deepcopy(document)
    for operation in listed:
        _apply(result, operation, rules)
    return result


def _apply(document: Doc, operation: Operation, rules: Rules) -> None:
    head, is_member = "/" + operation.raw_parts[0], len(operation.raw_parts) == _MEMBER
    if operation.path in rules.scalars:
        _scalar(document, operation, rules)
    elif head in rules.maps and is_member:
        _map(document, operation, rules.maps[head], strict=rules.strict_keys)
    elif head in rules.lists and is_member:
        _list(document, operation)
    else:
        raise bad_request(f"Invalid patch path {operation.path}")


def _scalar(document: Doc, operation: Operation, rules: Rules) -> None:
    if operation.op != "replace":
        raise bad_request(rules.scalar_refusal or f"Invalid patch path {operation.path}")
    *outer, last = operation.parts
    target = document
    for part in outer:
        target = target.setdefault(part, {})
    value = rules.scalars[operation.path](operation.value or "")
    if value is None:
        target.pop(last, None)
    else:
        target[last] = value


def _map(document: Doc, operation: Operation, convert: Convert, *, strict: bool) -> None:
    name, key = operation.parts
    members = document.setdefault(name, {})
    if strict and operation.op in {"replace", "remove"} and key not in members:
        raise not_found("Invalid parameter name specified")
    if operation.op in {"add", "replace"}:
        members[key] = convert(operation.value or "")
    elif operation.op == "remove":
        members.pop(key, None)
    else:
        raise bad_request("Invalid patch operation specified. Must be one of: [add, remove, replace]")
    if not members and not strict:
        document.pop(name)


def _list(document: Doc, operation: Operation) -> None:
    name, member = operation.parts
    members: list[str] = document.setdefault(name, [])
    if operation.op == "remove" and member in members:
        members.remove(member)
    elif operation.op == "add" and member not in members:
        members.append(member)
    elif operation.op == "replace":
        members[:] = [operation.value or "" if each == member else each for each in members]


def text(value: str) -> str:
    return value


def text_or_none(value: str) -> str | None:
    """An empty text removes the member."""
    return value or None


def boolean(value: str) -> bool:
    """Anything but "true" is false (recorded: "whatever" and "not-a-boolean")."""
    return value.lower() == "true"


def integer(value: str) -> int:
    try:
        return int(value)
    except ValueError as error:
        raise bad_request(f"Invalid number: {value}") from error


def number(value: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise bad_request(f"Invalid number: {value}") from error
