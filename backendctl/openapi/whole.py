"""What belongs to an API as a whole although a definition says it, so that a put of any document sets it (A4, A62).

Stages may serve documents of their own, but there is one API, so one of them speaks for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from backendctl.openapi.layout import BINARY
from backendctl.openapi.neutral import ENDPOINT, json_value
from backendctl.openapi.pointer import Way
from backendctl.openapi.preserved_settings import ROOT, add_endpoint

_ENDPOINT_MODE = "x-amazon-apigateway-endpoint-access-mode"
_SECURITY_POLICY = "x-amazon-apigateway-security-policy"
_ROOT = (*ROOT.values(), _ENDPOINT_MODE, _SECURITY_POLICY)
_DESCRIPTION = "description"


def whole_settings(document: Mapping[str, Any]) -> dict[str, tuple[Way, Any]]:
    """Setting → where it stands and what it is, of those that belong to the API; the description is one of them."""
    found: dict[str, tuple[Way, Any]] = {key: ((key,), document[key]) for key in _ROOT if key in document}
    info = document.get("info")
    if isinstance(info, dict) and info.get(_DESCRIPTION):
        found[_DESCRIPTION] = (("info", _DESCRIPTION), info[_DESCRIPTION])
    if ENDPOINT in document:
        found[ENDPOINT] = ((ENDPOINT,), document[ENDPOINT])
    servers = document.get("servers")
    for number, server in enumerate(servers if isinstance(servers, list) else ()):
        if isinstance(server, dict) and ENDPOINT in server:
            found.setdefault(ENDPOINT, (("servers", str(number), ENDPOINT), server[ENDPOINT]))
    return found


def contradictions(own: Mapping[str, Any], api: Mapping[str, Any]) -> Iterator[tuple[Way, str]]:
    """What a stage's document says otherwise than the API's: where, and which setting. What it leaves out is fine."""
    known = {name: value for name, (_, value) in whole_settings(api).items()}
    for name, (way, value) in whole_settings(own).items():
        if _meant(name, value) != _meant(name, known.get(name)):
            yield way, name


def _meant(name: str, value: Any) -> Any:
    """Media types have no order."""
    plain = json_value(value)
    return sorted(plain, key=str) if name == BINARY and isinstance(plain, list) else plain


def with_whole_settings(own: Mapping[str, Any], api: Mapping[str, Any]) -> dict[str, Any]:
    """A stage's document with what the API's says of the API as a whole."""
    made = dict(own)
    said = whole_settings(own)
    for name, (_, value) in whole_settings(api).items():
        if name in said:
            continue
        if name == _DESCRIPTION:
            made["info"] = {**(made.get("info") or {}), _DESCRIPTION: value}
        elif name == ENDPOINT:
            add_endpoint(made, value)
        else:
            made[name] = value
    return made
