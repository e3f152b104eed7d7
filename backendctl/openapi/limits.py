"""The sizes, numbers and names that API Gateway takes; part of `refusals`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from backendctl.openapi.integrations import INTEGRATION, parse_uri
from backendctl.openapi.neutral import operations
from backendctl.openapi.pointer import at, mapping, pointer
from backendctl.openapi.refusal import Refusal

MAX_BYTES = 6 * 1024 * 1024  # A13
MAX_RESOURCES = 300  # A41; AWS raises it on request
TIMEOUT = (50, 29_000)  # A42; milliseconds
STREAMED = 900_000  # K4; milliseconds
_RESERVED = frozenset({"/ping", "/sping"})  # A90
_MODEL = re.compile(r"[A-Za-z0-9]+")  # A16
_SEGMENT = re.compile(r"[A-Za-z0-9_\-.,:]+|\{[A-Za-z0-9_\-.,:]+\+?\}")  # A16


def limits(document: Mapping[str, Any], *, longest: int = TIMEOUT[1]) -> Iterator[Refusal]:
    """What is too large, too many, too slow or wrongly named.

    Args:
        longest: the account's quota for a timeout, in milliseconds.
    """
    yield from _size(document)
    yield from _paths(document)
    yield from _models(document)
    yield from _integrations(document, longest)


def resources(document: Mapping[str, Any]) -> set[str]:
    """Every resource the paths make, the nodes in between and the root included (A41)."""
    found = {"/"}
    for path in mapping(document.get("paths")):
        parts = [part for part in path.split("/") if part]
        found |= {"/" + "/".join(parts[: end + 1]) for end in range(len(parts))}
    return found


def _size(document: Mapping[str, Any]) -> Iterator[Refusal]:
    size = len(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode())
    if size > MAX_BYTES:
        yield Refusal(
            pointer="",
            message=f"the definition has {size / 1024 / 1024:.1f} MB, API Gateway takes 6 MB",
            fact="A13",
        )
    count = len(resources(document))
    if count > MAX_RESOURCES:
        told = f"the paths make {count} resources, nodes in between included; an API has at most {MAX_RESOURCES}"
        yield Refusal(pointer="/paths", message=told, fact="A41")


def _paths(document: Mapping[str, Any]) -> Iterator[Refusal]:
    variables: dict[str, set[str]] = {}
    homes = _homes(document)
    for path in sorted(resources(document)):
        place = pointer(("paths", homes.get(path, path)))
        parent, _, segment = path.rpartition("/")
        if path in _RESERVED:
            told = "is reserved: API Gateway answers it by itself on custom domains; take another path"
            yield Refusal(pointer=place, message=f"{path} {told}", fact="A90")
        if segment and not _SEGMENT.fullmatch(segment):
            told = "a path segment has letters, digits and _ - . , : only, or is one {variable}"
            yield Refusal(pointer=place, message=f"{path}: {told}", fact="A16")
        if segment.startswith("{"):
            variables.setdefault(parent, set()).add(segment)
        if _is_greedy(parent.rpartition("/")[2]):
            told = f"nothing can follow {parent}, which takes all that comes"
            yield Refusal(pointer=place, message=f"{path}: {told}", fact="A18")
    for parent, names in variables.items():
        if len(names) > 1:
            told = f"{' and '.join(sorted(names))} stand side by side; API Gateway takes one variable under a resource"
            first = homes.get(f"{parent}/{min(names)}", parent)
            yield Refusal(pointer=pointer(("paths", first)), message=f"{parent or '/'}: {told}", fact="A18")


def _homes(document: Mapping[str, Any]) -> dict[str, str]:
    """Resource → the first path of the document that makes it."""
    homes: dict[str, str] = {}
    for path in mapping(document.get("paths")):
        for resource in resources({"paths": {path: {}}}):
            homes.setdefault(resource, path)
    return homes


def _is_greedy(segment: str) -> bool:
    return segment.endswith("+}")


def _models(document: Mapping[str, Any]) -> Iterator[Refusal]:
    for way in (("definitions",), ("components", "schemas")):
        for name in mapping(at(document, way)):
            if not _MODEL.fullmatch(name):
                told = f"model {name}: its name must have letters and digits only"
                yield Refusal(pointer=pointer((*way, name)), message=told, fact="A16")


def _integrations(document: Mapping[str, Any], longest: int) -> Iterator[Refusal]:
    for path, method, operation in operations(document):
        integration = mapping(operation.get(INTEGRATION))
        where = f"{method.upper() if not method.startswith('x-') else 'ANY'} {path}"
        way = ("paths", path, method, INTEGRATION)
        if told := _timeout(integration, longest):
            yield Refusal(pointer=pointer((*way, "timeoutInMillis")), message=f"{where}: {told}", fact="A42")
        verb = str(integration.get("httpMethod", "")).upper()
        if parse_uri(integration.get("uri")) is not None and verb != "POST":
            told = f"{where}: the integration's httpMethod must be POST for a Lambda function, not {verb or 'missing'}"
            yield Refusal(pointer=pointer((*way, "httpMethod")), message=told, fact="A98")


def _timeout(integration: Mapping[str, Any], longest: int) -> str:
    timeout = integration.get("timeoutInMillis")
    if timeout is None:
        return ""
    if isinstance(timeout, bool) or not isinstance(timeout, int):
        return f"timeoutInMillis must be a whole number of milliseconds, not {timeout!r}"
    if str(integration.get("responseTransferMode")).upper() == "STREAM":
        most, way_round = STREAMED, ""
    else:
        most = longest
        way_round = (
            f"; if AWS raised the account's quota, say so in the spec: `api: {{timeout-quota: {-(-timeout // 1000)}}}`"
        )
    if TIMEOUT[0] <= timeout <= most:
        return ""
    return (
        f"a timeout of {timeout} ms; API Gateway waits {TIMEOUT[0]} to {most} ms{way_round if timeout > most else ''}"
    )
