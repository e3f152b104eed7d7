"""The neutral form of a definition: the same document whatever region, account or export it came from.

Kept apart from `localise` because what is compared and what is sent differ only by the placeholders filled in.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from backendctl.openapi.arns import neutral_execute, neutral_pool, neutral_role, neutral_text, neutral_uri
from backendctl.openapi.integrations import INTEGRATION, METHODS

AUTHORIZER = "x-amazon-apigateway-authorizer"
POLICY = "x-amazon-apigateway-policy"
ENDPOINT = "x-amazon-apigateway-endpoint-configuration"

NO_VERSION = "1970-01-01T00:00:00Z"
"""The version that is sent for a definition without one; it reads as a creation date (A25)."""

_PLACE = ("host", "basePath", "schemes", "servers")

# Which texts of which object name a region or an account (A26); the texts within a list or an object are meant too.
_FIELDS: Mapping[str, Mapping[str, Callable[[str], str]]] = {
    INTEGRATION: {
        "uri": neutral_uri,
        "credentials": neutral_role,
        "requestParameters": neutral_text,
        "requestTemplates": neutral_text,
    },
    AUTHORIZER: {"authorizerUri": neutral_uri, "authorizerCredentials": neutral_role, "providerARNs": neutral_pool},
}


def neutral(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with placeholders for region, account and partition, and without where it was served.

    Root security is written out per operation, because API Gateway ignores it at the root (A14).
    The argument is left as it is.
    """
    result: dict[str, Any] = json_value(document)
    make_neutral(result)
    return result


def make_neutral(document: dict[str, Any]) -> None:
    """The same to the document itself, which must be as JSON has it."""
    endpoint = _endpoint(document)
    for key in _PLACE:  # A25
        document.pop(key, None)
    if endpoint is not None:
        document["servers"] = [{"url": "/", ENDPOINT: endpoint}]
    info = document.get("info")
    if isinstance(info, dict) and info.get("version") == NO_VERSION:
        del info["version"]
    _push_security(document)
    _rewrite_fields(document)
    _rewrite_policy(document.get(POLICY))


def json_value(value: Any) -> Any:
    """A copy as JSON has it: YAML gives numbers as keys (`200:`) and dates as values, JSON has neither."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict | Mapping):  # dict first: it is what nearly every one is, and quick to tell
        return {key if isinstance(key, str) else _key(key): json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    if isinstance(value, dt.date):
        return value.isoformat()
    return value


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path, method, operation) of every operation, in the order of the document."""
    paths = document.get("paths")
    for path, item in (paths if isinstance(paths, dict) else {}).items():
        for method, operation in (item if isinstance(item, dict) else {}).items():
            if method in METHODS and isinstance(operation, dict):
                yield path, method, operation


def _key(key: Any) -> str:
    return json.dumps(key) if isinstance(key, bool) else str(key)


def _endpoint(document: Mapping[str, Any]) -> Any:
    """OpenAPI 3 keeps these settings inside a server, which must not take them along when it goes."""
    servers = document.get("servers")
    found = [server[ENDPOINT] for server in servers or () if isinstance(server, dict) and ENDPOINT in server]
    return found[0] if found else None


def _push_security(document: dict[str, Any]) -> None:
    security = document.pop("security", None)
    if security is not None:
        for _, _, operation in operations(document):
            operation.setdefault("security", json_value(security))


def _rewrite_fields(node: Any) -> None:
    if isinstance(node, list):
        for item in node:
            _rewrite_fields(item)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key in _FIELDS and isinstance(value, dict):
            for name, rewrite in _FIELDS[key].items():
                if name in value:
                    value[name] = _each(value[name], rewrite)
        else:
            _rewrite_fields(value)


def _each(value: Any, rewrite: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {key: rewrite(item) if isinstance(item, str) else item for key, item in value.items()}
    if isinstance(value, list):
        return [rewrite(item) if isinstance(item, str) else item for item in value]
    return rewrite(value) if isinstance(value, str) else value


def _rewrite_policy(policy: Any) -> None:
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    for statement in [statements] if isinstance(statements, dict) else statements or ():
        for key in ("Resource", "NotResource"):
            found = statement.get(key) if isinstance(statement, dict) else None
            if isinstance(found, str):
                statement[key] = neutral_execute(found)
            elif isinstance(found, list):
                statement[key] = [neutral_execute(item) if isinstance(item, str) else item for item in found]
