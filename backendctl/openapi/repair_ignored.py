"""Repairs of what a REST API does not read and passes over: it is left out, and told (K1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backendctl.nearest import nearest
from backendctl.openapi.extensions import HTTP_API_EXTENSIONS, KNOWN, PREFIX, nearest_extension, shown
from backendctl.openapi.integrations import INTEGRATION, MEMBERS
from backendctl.openapi.neutral import operations
from backendctl.openapi.pointer import Way, nodes

_HTTP_API = frozenset({"payloadFormatVersion", "integrationSubtype", "connectionArn"})
_CLOUDFORMATION = frozenset({"integrationResponses", "integrationHttpMethod"})


def ignored_members(document: dict[str, Any]) -> Iterator[tuple[Way, str]]:
    """Members of an integration that are for HTTP APIs, of CloudFormation, or like nothing that is known.

    What is like a known member stays, to be refused: it was probably meant.
    """
    for path, method, operation in operations(document):
        integration = operation.get(INTEGRATION)
        if not isinstance(integration, dict):
            continue
        for key in list(integration):
            if why := _why(key):
                del integration[key]
                yield ("paths", path, method, INTEGRATION, key), f"{key} {why}; a REST API ignores it: left out"


def _why(key: str) -> str:
    if key in MEMBERS or key.startswith("x-"):
        return ""
    if key in _HTTP_API:
        return "is for HTTP APIs"
    if key in _CLOUDFORMATION:
        return "is a word of CloudFormation"
    return "" if nearest(key, MEMBERS) else "is not known"


def ignored_extensions(document: dict[str, Any]) -> Iterator[tuple[Way, str]]:
    """Extensions of HTTP APIs, and those that are like nothing that is known, anywhere."""
    for way, node in list(nodes(document)):
        if not isinstance(node, dict) or shown(way):
            continue
        for key in [key for key in node if key.lower().startswith(PREFIX) and key not in KNOWN]:
            for_http = key in HTTP_API_EXTENSIONS
            if for_http or not nearest_extension(key):
                del node[key]
                why = "is for HTTP APIs" if for_http else "is not known"
                yield (*way, key), f"{key} {why}; a REST API ignores it: left out"
