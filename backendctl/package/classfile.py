"""The little of a Java class file that tells what can be called in it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

MAGIC = b"\xca\xfe\xba\xbe"
_JAVA_0 = 44
"""The version of class files is the version of Java and this."""
_UTF8, _CLASS = 1, 7
_SIZES = {3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 17: 4, 18: 4, 19: 2, 20: 2}
_TWO_PLACES = (5, 6)


@dataclass(frozen=True, kw_only=True, slots=True)
class JavaClass:
    """One class.

    Attributes:
        java: the version of Java it is compiled for, at least needed to load it.
        parents: its superclass and interfaces, "/" between the parts of their names.
        methods: names of its own methods.
    """

    java: int
    parents: tuple[str, ...]
    methods: frozenset[str]


def parse(data: bytes) -> JavaClass | None:
    """What a class file says; None for anything else."""
    try:
        return _parse(data) if data[:4] == MAGIC else None
    except (struct.error, IndexError, KeyError, UnicodeDecodeError):
        return None


def _parse(data: bytes) -> JavaClass:
    texts, classes, at = _constants(data)
    above, interfaces = struct.unpack_from(">HH", data, at + 4)
    at += 8
    indexes = [above, *struct.unpack_from(f">{interfaces}H", data, at)]
    at += 2 * interfaces
    at, _ = _members(data, at, texts)
    at, methods = _members(data, at, texts)
    return JavaClass(
        java=struct.unpack_from(">H", data, 6)[0] - _JAVA_0,
        parents=tuple(texts[classes[index]] for index in indexes if index),
        methods=frozenset(methods),
    )


def _constants(data: bytes) -> tuple[dict[int, str], dict[int, int], int]:
    """The texts by number, the texts that name classes by the classes' numbers, and where the rest begins."""
    texts: dict[int, str] = {}
    classes: dict[int, int] = {}
    (count,) = struct.unpack_from(">H", data, 8)
    at, number = 10, 1
    while number < count:
        kind = data[at]
        if kind == _UTF8:
            (length,) = struct.unpack_from(">H", data, at + 1)
            texts[number] = data[at + 3 : at + 3 + length].decode("utf-8", errors="replace")
            at += 3 + length
        else:
            if kind == _CLASS:
                (classes[number],) = struct.unpack_from(">H", data, at + 1)
            at += 1 + _SIZES[kind]
        number += 2 if kind in _TWO_PLACES else 1
    return texts, classes, at


def _members(data: bytes, at: int, texts: dict[int, str]) -> tuple[int, list[str]]:
    """Skip a table of fields or methods: where it ends, and the names in it."""
    (count,) = struct.unpack_from(">H", data, at)
    at += 2
    names = []
    for _ in range(count):
        _, name, _, attributes = struct.unpack_from(">HHHH", data, at)
        names.append(texts[name])
        at += 8
        for _ in range(attributes):
            (length,) = struct.unpack_from(">I", data, at + 2)
            at += 6 + length
    return at, names
