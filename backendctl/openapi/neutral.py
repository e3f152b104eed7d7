"""The neutral form of a definition: the same document whatever region, account or export it came from.

Kept apart from `localise` because what is compared and what is sent differ only by the placeholders filled in.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from backendctl.openapi.arns import (
    NOWHERE,
    Foreign,
    Home,
    foreign,
    neutral_execute,
    neutral_pool,
    neutral_role,
    neutral_text,
    neutral_uri,
)
from backendctl.openapi.integrations import INTEGRATION, METHODS
from backendctl.openapi.pointer import Way, nodes

AUTHORIZER = "x-amazon-apigateway-authorizer"
POLICY = "x-amazon-apigateway-policy"
ENDPOINT = "x-amazon-apigateway-endpoint-configuration"

NO_VERSION = "1970-01-01T00:00:00Z"
"""The version that is sent for a definition without one; it reads as a creation date (A25)."""

_PLACE = ("host", "basePath", "schemes", "servers")

# Which texts of which object name a region or an account (A26); the texts within a list or an object are meant too.
_FIELDS: Mapping[str, Mapping[str, Callable[[str, Home], str]]] = {
    INTEGRATION: {
        "uri": neutral_uri,
        "credentials": neutral_role,
        "requestParameters": neutral_text,
        "requestTemplates": neutral_text,
    },
    AUTHORIZER: {"authorizerUri": neutral_uri, "authorizerCredentials": neutral_role, "providerARNs": neutral_pool},
}


def neutral(document: Mapping[str, Any], home: Home = NOWHERE) -> dict[str, Any]:
    """The document with placeholders for its own region, account and partition, and without where it was served.

    Root security is written out per operation, because API Gateway ignores it at the root (A14).
    The argument is left as it is.
    """
    result: dict[str, Any] = json_value(document)
    make_neutral(result, home)
    return result


def make_neutral(document: dict[str, Any], home: Home = NOWHERE) -> None:
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
    _rewrite_fields(document, home)
    _rewrite_policy(document.get(POLICY), home)


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
    found = [
        server[ENDPOINT]
        for server in (servers if isinstance(servers, list) else ())
        if isinstance(server, dict) and ENDPOINT in server
    ]
    return found[0] if found else None


def _push_security(document: dict[str, Any]) -> None:
    security = document.pop("security", None)
    if security is not None:
        for _, _, operation in operations(document):
            operation.setdefault("security", json_value(security))


def _rewrite_fields(node: Any, home: Home) -> None:
    if isinstance(node, list):
        for item in node:
            _rewrite_fields(item, home)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key in _FIELDS and isinstance(value, dict):
            kept = key == INTEGRATION and _sends_abroad(value, home)
            for name, rewrite in _FIELDS[key].items():
                if name in value and not (kept and name == "uri"):
                    value[name] = _each(value[name], rewrite, home)
        else:
            _rewrite_fields(value, home)


def _sends_abroad(integration: Mapping[str, Any], home: Home) -> bool:
    """Whether a service is called for what lies in another account or region: it must be called there."""
    uri = integration.get("uri")
    service = _SERVICE.match(uri) if isinstance(uri, str) else None
    if service is None:
        return False
    named = [one for text in _texts(integration) for one in foreign(text, home) if one.service == service[2]]
    return any(f":{service[2]}:{service[1]}:" in one.arn for one in named)


_SERVICE = re.compile(r"arn:[^:]*:apigateway:([a-z0-9-]+):([a-z0-9-]+):(?:action|path)/")


def _texts(integration: Mapping[str, Any]) -> Iterator[str]:
    for key in ("requestParameters", "requestTemplates"):
        members = integration.get(key)
        for text in members.values() if isinstance(members, dict) else ():
            if isinstance(text, str):
                yield text


def foreign_arns(document: Mapping[str, Any], home: Home) -> Iterator[tuple[Way, Foreign]]:
    """Every ARN of another account or region that the document calls or trusts, with the way to its text."""
    for way, value in nodes(document):
        if isinstance(value, str) and _is_field(way):
            for found in foreign(value, home):
                yield way, found


def _is_field(way: Way) -> bool:
    return any(
        key in _FIELDS and way[index + 1 : index + 2] and way[index + 1] in _FIELDS[key]
        for index, key in enumerate(way)
    )


def _each(value: Any, rewrite: Callable[[str, Home], str], home: Home) -> Any:
    if isinstance(value, dict):
        return {key: rewrite(item, home) if isinstance(item, str) else item for key, item in value.items()}
    if isinstance(value, list):
        return [rewrite(item, home) if isinstance(item, str) else item for item in value]
    return rewrite(value, home) if isinstance(value, str) else value


def _rewrite_policy(policy: Any, home: Home) -> None:
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    listed = [statements] if isinstance(statements, dict) else statements
    for statement in listed if isinstance(listed, list) else ():
        for key in ("Resource", "NotResource"):
            found = statement.get(key) if isinstance(statement, dict) else None
            if isinstance(found, str):
                statement[key] = neutral_execute(found, home)
            elif isinstance(found, list):
                statement[key] = [neutral_execute(item, home) if isinstance(item, str) else item for item in found]
