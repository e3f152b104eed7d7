"""What API Gateway refuses in a definition, found before it is sent; one sentence per fault."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from backendctl.openapi.integrations import INTEGRATION, parse_uri
from backendctl.openapi.neutral import json_value, operations

MAX_BYTES = 6 * 1024 * 1024  # A13
MAX_RESOURCES = 300  # A41; AWS raises it on request
TIMEOUT = (50, 29_000)  # A42; milliseconds
_RESERVED = frozenset({"/ping", "/sping"})  # A90
_MODEL = re.compile(r"[A-Za-z0-9]+")  # A16
_SEGMENT = re.compile(r"[A-Za-z0-9_\-.,:]+|\{[A-Za-z0-9_\-.,:]+\+?\}")  # A16


def limit_faults(document: Mapping[str, Any]) -> list[str]:
    """What would be refused, or would not work; empty for a definition that can be sent."""
    document = json_value(document)
    return [*_size(document), *_paths(document), *_models(document), *_integrations(document)]


def resources(document: Mapping[str, Any]) -> set[str]:
    """Every resource the paths make, the nodes in between and the root included (A41)."""
    found = {"/"}
    for path in _mapping(document.get("paths")):
        parts = [part for part in path.split("/") if part]
        found |= {"/" + "/".join(parts[: end + 1]) for end in range(len(parts))}
    return found


def _size(document: Mapping[str, Any]) -> Iterator[str]:
    size = len(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode())
    if size > MAX_BYTES:
        yield f"the definition has {size / 1024 / 1024:.1f} MB, API Gateway takes 6 MB"
    count = len(resources(document))
    if count > MAX_RESOURCES:
        yield f"the paths make {count} resources, nodes in between included; an API has at most {MAX_RESOURCES}"


def _paths(document: Mapping[str, Any]) -> Iterator[str]:
    variables: dict[str, set[str]] = {}
    for path in sorted(resources(document)):
        parent, _, segment = path.rpartition("/")
        if path in _RESERVED:
            yield f"{path} is reserved: API Gateway answers it by itself on custom domains; take another path"
        if segment and not _SEGMENT.fullmatch(segment):
            yield f"{path}: a path segment has letters, digits and _ - . , : only, or is one {{variable}}"
        if segment.startswith("{"):
            variables.setdefault(parent, set()).add(segment)
        if _is_greedy(parent.rpartition("/")[2]):
            yield f"{path}: nothing can follow {parent}, which takes all that comes"
    for parent, names in variables.items():
        if len(names) > 1:  # A18
            told = " and ".join(sorted(names))
            yield f"{parent or '/'}: {told} stand side by side; API Gateway takes one variable under a resource"


def _is_greedy(segment: str) -> bool:
    return segment.endswith("+}")


def _models(document: Mapping[str, Any]) -> Iterator[str]:
    models = {**_mapping(document.get("definitions")), **_mapping(_mapping(document.get("components")).get("schemas"))}
    for name in models:
        if not _MODEL.fullmatch(name):
            yield f"model {name}: its name must have letters and digits only"


def _integrations(document: Mapping[str, Any]) -> Iterator[str]:
    for path, method, operation in operations(document):
        integration = _mapping(operation.get(INTEGRATION))
        where = f"{method.upper() if not method.startswith('x-') else 'ANY'} {path}"
        timeout = integration.get("timeoutInMillis")
        if isinstance(timeout, int) and not TIMEOUT[0] <= timeout <= TIMEOUT[1]:
            yield f"{where}: a timeout of {timeout} ms; API Gateway waits {TIMEOUT[0]} to {TIMEOUT[1]} ms"
        verb = str(integration.get("httpMethod", "")).upper()
        if parse_uri(integration.get("uri")) is not None and verb != "POST":  # A98
            yield f"{where}: the integration's httpMethod must be POST for a Lambda function, not {verb or 'missing'}"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
