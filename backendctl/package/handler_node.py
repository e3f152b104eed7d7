"""Whether Lambda's Node will find the handler."""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backendctl.package.contents import Contents

_FINDS_OUT = 22
"""The first Node that sees by a file's syntax that it is an ES module."""
_SUFFIXES = ("", ".js", ".mjs", ".cjs")  # in the order in which Lambda's runtime tries them
_HANDLER = re.compile(r"^(?P<stem>(?:.*/)?[^./]+)\.(?P<export>[^/]+)$")
_COMMENT_LINE = re.compile(r"^\s*//.*$", re.MULTILINE)
_NAME = r"[A-Za-z_$][\w$]*"

_ESM = re.compile(r"(?<![\w$.])export\b")
_ESM_DECLARED = re.compile(
    rf"(?<![\w$.])export\s+(?:async\s+)?(?:function\s*\*?|class|const|let|var)\s+(?P<name>{_NAME})"
)
_ESM_FURTHER = re.compile(rf",\s*(?P<name>{_NAME})\s*=")
_ESM_DEFAULT = re.compile(r"(?<![\w$.])export\s+default\b")
_ESM_LISTED = re.compile(r"(?<![\w$.])export\s*\{(?P<list>[^}]*)\}")
_ESM_OPAQUE = re.compile(r"(?<![\w$.])export\s*(?:\*|(?:const|let|var)\s*[\[{])")

_CJS_SET = re.compile(
    rf"""(?<![\w$.])(?:module\s*\.\s*)?exports\s*(?:\.\s*(?P<name>{_NAME})|\[\s*["'](?P<quoted>{_NAME})["']\s*\])"""
)
_CJS_DEFINED = re.compile(rf"""defineProperty\(\s*(?:module\.)?exports\s*,\s*["'](?P<name>{_NAME})["']""")
_CJS_REEXPORTED = re.compile(r"""require\s*\(|import\s*\(|exports\s*=\s*[^{\s]|\.\.\.|__exportStar|\[[^\]"']+\]\s*=""")
_CJS_WORD = re.compile(r"(?<![\w$])exports(?![\w$])")


def faults(contents: Contents, handler: str, node: int | None) -> list[str]:
    """What is wrong with `handler: file.export`; of what is exported only what can be seen without running it.

    Args:
        node: version of the runtime; None when it is not known.
    """
    found = _HANDLER.match(handler)
    if found is None:
        return [f"handler {handler!r} is not of the form file.export, such as index.handler"]
    stem, export = found["stem"], found["export"].partition(".")[0]
    stem = posixpath.normpath(stem)
    source = next((stem + suffix for suffix in _SUFFIXES if stem + suffix in contents), None)
    if source is None:
        return [] if _is_module(contents, stem) else [_missing(contents, handler, stem)]
    text = _COMMENT_LINE.sub("", contents.read(source).decode("utf-8", errors="replace"))
    if _is_esm(contents, source):
        return _esm_faults(text, handler, source, export)
    return _cjs_faults(text, handler, source, export, node)


def _is_module(contents: Contents, stem: str) -> bool:
    """Whether `require` finds a folder or a package of that name, as the runtime tries in the end."""
    folders = (stem, posixpath.join(posixpath.dirname(stem), "node_modules", posixpath.basename(stem)))
    return any(f"{folder}/{name}" in contents for folder in folders for name in ("index.js", "package.json"))


def _missing(contents: Contents, handler: str, stem: str) -> str:
    said = f"handler {handler!r}: the package holds none of {stem}.js, {stem}.mjs and {stem}.cjs"
    for name in sorted(contents.members, key=len):
        if name in {f"{stem}.ts", f"{stem}.mts", f"{stem}.cts", f"{stem}.tsx"}:
            return f"{said}; there is {name}, which has to be compiled first"
        if any(name.endswith(f"/{stem}{suffix}") for suffix in _SUFFIXES[1:]) and "node_modules/" not in name:
            return f"{said}; there is {name}: write the handler as {name.rpartition('.')[0]}.…, or move it"
    return said


def _is_esm(contents: Contents, source: str) -> bool:
    """Whether Node takes a file for an ES module."""
    if source.endswith((".mjs", ".cjs")):
        return source.endswith(".mjs")
    folder = posixpath.dirname(source)
    while True:
        name = posixpath.join(folder, "package.json")
        if name in contents:
            try:
                told = json.loads(contents.read(name))
            except (ValueError, RecursionError):
                return False
            return isinstance(told, dict) and told.get("type") == "module"
        if not folder:
            return False
        folder = posixpath.dirname(folder)


def _esm_faults(text: str, handler: str, source: str, export: str) -> list[str]:
    if _ESM.search(text) is None:
        if "exports" in text:
            why = "is an ES module by its name or package.json but exports as CommonJS"
            return [f"handler {handler!r}: {source} {why}; name it .cjs, or write `export`"]
        return [f"handler {handler!r}: {source} exports nothing"]
    if _ESM_OPAQUE.search(text):
        return []
    names = {found["name"] for found in _ESM_DECLARED.finditer(text)}
    names |= {found["name"] for found in _ESM_FURTHER.finditer(text)}
    for found in _ESM_LISTED.finditer(text):
        names |= {part.split()[-1].strip("\"'") for part in found["list"].split(",") if part.strip()}
    if _ESM_DEFAULT.search(text):
        names.add("default")
    return [] if export in names else [_lacks(handler, source, export)]


def _cjs_faults(text: str, handler: str, source: str, export: str, node: int | None) -> list[str]:
    if _CJS_WORD.search(text) is None:
        if _ESM.search(text):
            if node is None or node >= _FINDS_OUT:
                return _esm_faults(text, handler, source, export)
            why = 'is written as an ES module, and Node takes it for CommonJS: name it .mjs, or say "type": "module"'
            return [f"handler {handler!r}: {source} {why} in package.json"]
        return [] if export in text and "this" in text else [f"handler {handler!r}: {source} exports nothing"]
    names = {found["name"] or found["quoted"] for found in _CJS_SET.finditer(text)}
    names |= {found["name"] for found in _CJS_DEFINED.finditer(text)}
    if export in names:
        return []
    understood = len(_CJS_SET.findall(text)) + len(_CJS_DEFINED.findall(text))
    opaque = len(_CJS_WORD.findall(text)) > understood
    # An object, a spread or a helper may bring the name in; it then mostly stands in the file as a word.
    mentioned = re.search(rf"(?<![\w$]){re.escape(export)}(?![\w$])", text) is not None
    return [] if opaque and (mentioned or _CJS_REEXPORTED.search(text)) else [_lacks(handler, source, export)]


def _lacks(handler: str, source: str, export: str) -> str:
    return f"handler {handler!r}: {source} exports no {export!r}"
