"""An integration in canonical form: defaults left out, sets sorted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backendctl.openapi.integrations import TARGET
from backendctl.openapi.pointer import mapping
from backendctl.openapi.schemas import as_set

_DEFAULTS: Mapping[str, Any] = {
    "passthroughBehavior": "when_no_match",
    "connectionType": "INTERNET",
    "timeoutInMillis": 29_000,
    "responseTransferMode": "BUFFERED",
    "cacheKeyParameters": [],
    "requestParameters": {},
    "requestTemplates": {},
    "responses": {},
    "tlsConfig": {},
}
"""What an import sets when nothing is said; an export writes some of it (recorded: passthroughBehavior always)."""


def canonical_integration(integration: Mapping[str, Any]) -> dict[str, Any]:
    """A new integration; its responses keep their patterns, which are matched as they are."""
    result = dict(integration)
    for spelling in TARGET[1:]:
        if spelling in result:
            result.setdefault(TARGET[0], result.pop(spelling))
    if isinstance(result.get("cacheKeyParameters"), list):
        result["cacheKeyParameters"] = as_set(result["cacheKeyParameters"])
    if isinstance(result.get("responses"), dict):
        result["responses"] = {pattern: _response(each) for pattern, each in result["responses"].items()}
    if mapping(result.get("tlsConfig")).get("insecureSkipVerification") is False:
        result["tlsConfig"] = {k: v for k, v in result["tlsConfig"].items() if k != "insecureSkipVerification"}
    return {key: value for key, value in result.items() if key not in _DEFAULTS or value != _DEFAULTS[key]}


def _response(response: Any) -> Any:
    if not isinstance(response, dict):
        return response
    result = {key: value for key, value in response.items() if value != {}}
    result.setdefault("statusCode", "200")
    return result
