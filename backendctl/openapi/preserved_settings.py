"""API-level settings that a definition may carry, and that an overwriting put resets when it does not (A4)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from backendctl.openapi.neutral import ENDPOINT, POLICY
from backendctl.openapi.pointer import pointer

ROOT = {
    "policy": POLICY,
    "binary-media-types": "x-amazon-apigateway-binary-media-types",
    "minimum-compression-size": "x-amazon-apigateway-minimum-compression-size",
    "api-key-source": "x-amazon-apigateway-api-key-source",
}
"""Our name of a setting → the root key of a document that has it."""


def settings_in(body: bytes) -> frozenset[str]:
    """Names of the settings that the body sets itself."""
    document = json.loads(body)
    names = {name for name, key in ROOT.items() if key in document}
    if "description" in document.get("info", {}):
        names.add("description")
    if _endpoint_home(document) is not None:
        names.add("endpoint-configuration")
    return frozenset(names)


def with_preserved(body: bytes, settings: Mapping[str, Any]) -> bytes:
    """The body with those settings added that it does not carry; in the body they survive the put in the same call.

    Args:
        settings: name as `settings_in` has it → value as the extension has it.
    """
    absent = {name: value for name, value in settings.items() if name not in settings_in(body)}
    if not absent:
        return body
    document = json.loads(body)
    for name, value in absent.items():
        if name == "description":
            document.setdefault("info", {})["description"] = value
        elif name == "endpoint-configuration":
            add_endpoint(document, value)
        else:
            document[ROOT[name]] = value
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def without_settings(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without the settings that `settings_in` names."""
    made = {key: value for key, value in document.items() if key not in {*ROOT.values(), ENDPOINT}}
    if isinstance(info := made.get("info"), dict):
        made["info"] = {key: value for key, value in info.items() if key != "description"}
    if isinstance(servers := made.get("servers"), list):
        made["servers"] = [
            {key: value for key, value in one.items() if key != ENDPOINT} if isinstance(one, dict) else one
            for one in servers
        ]
    return made


def left_alone(wanted: Mapping[str, Any], put_before: Collection[str]) -> tuple[str, ...]:
    """Where in a document the settings stand that a put leaves as they are: nobody's definition has ever set them.

    Args:
        wanted: the definition to be put. put_before: names of the settings that the last put set itself.

    Returns:
        The beginnings of their JSON pointers.
    """
    places = {name: pointer((key,)) for name, key in ROOT.items() if key not in wanted}
    if _endpoint_home(wanted) is None:
        places["endpoint-configuration"] = "/servers"
    return tuple(place for name, place in places.items() if name not in put_before)


def settings_places() -> tuple[str, ...]:
    """Where in any document the settings stand that `without_settings` takes out: beginnings of JSON pointers."""
    return (*(pointer((key,)) for key in (*ROOT.values(), ENDPOINT)), pointer(("info", "description")), "/servers")


def _endpoint_home(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """OpenAPI 3 keeps it inside a server, Swagger 2 at the root."""
    homes = [document, *(server for server in document.get("servers") or () if isinstance(server, dict))]
    return next((home for home in homes if ENDPOINT in home), None)


def add_endpoint(document: dict[str, Any], value: Any) -> None:
    """Put a configuration of the endpoint where that kind of document has it."""
    if "swagger" in document:
        document[ENDPOINT] = value
    else:
        document["servers"] = [{"url": "/", ENDPOINT: value}]
