"""Whether Lambda's Java will find the handler."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.package.classfile import JavaClass, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backendctl.package.contents import Contents

_LIBRARY = re.compile(r"^lib/[^/]+\.jar$")
_HANDLER = re.compile(r"^(?P<name>[\w$]+(?:\.[\w$]+)*)(?:::(?P<method>[\w$]+))?$")
_INTERFACE_METHOD = "handleRequest"
_OBJECT = "java/lang/Object"
_OTHERS = ("java/", "javax/", "jdk/")
_DEEPEST = 20


def faults(contents: Contents, handler: str, java: int | None) -> list[str]:
    """What is wrong with `handler: package.Class` or `package.Class::method`.

    Args:
        java: version of the runtime; None when it is not known.
    """
    found = _HANDLER.match(handler)
    if found is None:
        return [f"handler {handler!r} is not of the form package.Class or package.Class::method"]
    name = found["name"].replace(".", "/")
    method = found["method"] or _INTERFACE_METHOD
    path = _ClassPath(contents)
    data = path.read(name)
    if data is None:
        return [_missing(path, handler, name)]
    seen = parse(data)
    if seen is None:
        return [f"handler {handler!r}: {name}.class is not a class file"]
    told = []
    if java is not None and seen.java > java:
        told.append(f"handler {handler!r}: {name}.class is compiled for Java {seen.java}, and the runtime has {java}")
    if _has_method(path, seen, method, _DEEPEST) is False:
        hint = (
            "" if found["method"] else "; name the method, package.Class::method, unless it implements RequestHandler"
        )
        told.append(f"handler {handler!r}: the class has no method '{method}'{hint}")
    return told


@dataclass(frozen=True, slots=True)
class _ClassPath:
    """The root of the package and the jars in its folder lib, as Lambda's Java sees them."""

    contents: Contents

    def read(self, name: str) -> bytes | None:
        """The class file of a class, "/" between the parts of its name."""
        wanted = f"{name}.class"
        if wanted in self.contents:
            return self.contents.read(wanted)
        for jar in self._jars():
            try:
                return jar.read(wanted)
            except (KeyError, RuntimeError, zipfile.BadZipFile, NotImplementedError):
                continue
        return None

    def names(self) -> Iterator[str]:
        """The names of all class files at the root, wherever they lie."""
        return (name for name in self.contents.members if name.endswith(".class"))

    def _jars(self) -> Iterator[zipfile.ZipFile]:
        for name in sorted(self.contents.members):
            if _LIBRARY.match(name) and name in self.contents:
                try:
                    with zipfile.ZipFile(io.BytesIO(self.contents.read(name))) as jar:
                        yield jar
                except (zipfile.BadZipFile, ValueError):
                    continue


def _missing(path: _ClassPath, handler: str, name: str) -> str:
    said = f"handler {handler!r}: the package holds no {name}.class, neither at its root nor in a jar under lib/"
    simple = name.rpartition("/")[2]
    near = [one for one in path.names() if f"/{one}".endswith(f"/{simple}.class")]
    jars = [one for one in path.contents.members if one.endswith(".jar") and not _LIBRARY.match(one)]
    if near:
        return f"{said}; there is {near[0]}"
    return f"{said}; {jars[0]} is not under lib/, where Lambda looks" if jars else said


def _has_method(path: _ClassPath, seen: JavaClass, method: str, deepest: int) -> bool | None:
    """Whether a class has or inherits a method; None when that cannot be known from the package."""
    if method in seen.methods:
        return True
    answers = [_inherits(path, parent, method, deepest) for parent in seen.parents if parent != _OBJECT]
    return True if True in answers else None if None in answers else False


def _inherits(path: _ClassPath, parent: str, method: str, deepest: int) -> bool | None:
    if parent.startswith("com/amazonaws/services/lambda/runtime/Request"):
        return False  # its two interfaces have no default methods, so the class would have had to bring its own
    data = None if parent.startswith(_OTHERS) or not deepest else path.read(parent)
    seen = None if data is None else parse(data)
    return None if seen is None else _has_method(path, seen, method, deepest - 1)
