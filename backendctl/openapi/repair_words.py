"""Repairs of single words and numbers: what an export or a person writes in another way than an import reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from backendctl.openapi.integrations import INTEGRATION
from backendctl.openapi.layout import COMPRESSION, GATEWAY_RESPONSES, schemes, schemes_way
from backendctl.openapi.neutral import AUTHORIZER, POLICY, operations
from backendctl.openapi.pointer import Way, mapping
from backendctl.whole import whole

Repairs = Iterator[tuple[Way, str]]

_LOWER = ("type", "passthroughBehavior")
_UPPER = ("httpMethod", "connectionType", "contentHandling", "responseTransferMode")
_INPUT = re.compile(r"method\.input\.params\.(.+)")
_PLACES = {"path": "path", "query": "querystring", "header": "header"}


def integrations(document: dict[str, Any]) -> Iterator[tuple[Way, str, dict[str, Any], dict[str, Any]]]:
    """(way, path, operation, integration) of every operation that has one."""
    for path, method, operation in operations(document):
        found = operation.get(INTEGRATION)
        if isinstance(found, dict):
            yield ("paths", path, method, INTEGRATION), path, operation, found


def authorizers(document: dict[str, Any]) -> Iterator[tuple[Way, dict[str, Any]]]:
    """Every authorizer, with its way."""
    for name, scheme in schemes(document).items():
        found = mapping(scheme).get(AUTHORIZER)
        if isinstance(found, dict):
            yield (*schemes_way(document), name, AUTHORIZER), found


def parse_texts(document: dict[str, Any]) -> Repairs:
    """A policy given as the text of a JSON document, as the API of API Gateway gives it."""
    policy = document.get(POLICY)
    if isinstance(policy, str):
        try:
            parsed = json.loads(policy)
        except (ValueError, RecursionError):
            return
        if isinstance(parsed, dict):
            document[POLICY] = parsed
            yield (POLICY,), "the policy was a text; it is an object now"


def numbers(document: dict[str, Any]) -> Repairs:
    """Numbers given as texts, as CloudFormation passes them on."""
    holders: list[tuple[Way, dict[str, Any], str]] = [((), document, COMPRESSION)]
    holders += [(way, found, "timeoutInMillis") for way, _, _, found in integrations(document)]
    holders += [(way, found, "authorizerResultTtlInSeconds") for way, found in authorizers(document)]
    for way, holder, key in holders:
        value = holder.get(key)
        if isinstance(value, str) and (number := whole(value.strip())) is not None:
            holder[key] = number
            yield (*way, key), f"{value!r} was a text; it is a number now"


def texts(document: dict[str, Any]) -> Repairs:
    """Texts that YAML or a person made numbers: status codes, the version."""
    info = document.get("info")
    holders: list[tuple[Way, Any, str]] = [(("info",), info, key) for key in ("version", "title")]
    holders += [((), document, key) for key in ("swagger", "openapi")]
    for way, _, _, found in integrations(document):
        for pattern, response in mapping(found.get("responses")).items():
            place = (*way, "responses", pattern)
            holders.append((place, response, "statusCode"))
            headers = mapping(mapping(response).get("responseParameters"))
            holders += [((*place, "responseParameters"), headers, name) for name in headers]
    for kind, response in mapping(document.get(GATEWAY_RESPONSES)).items():
        holders.append(((GATEWAY_RESPONSES, kind), response, "statusCode"))
    for way, holder, key in holders:
        value = mapping(holder).get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            holder[key] = str(value)
            yield (*way, key), f"{value} was a number; it is a text now"


def letter_case(document: dict[str, Any]) -> Repairs:
    """Words that the API of API Gateway writes in capitals and its definitions in small letters, or the reverse."""
    for way, _, _, found in integrations(document):
        yield from _cased(way, found, _LOWER, str.lower)
        yield from _cased(way, found, _UPPER, str.upper)
        for pattern, response in mapping(found.get("responses")).items():
            if isinstance(response, dict):
                yield from _cased((*way, "responses", pattern), response, ("contentHandling",), str.upper)
        yield from _default_key((*way, "responses"), found.get("responses"))
    for way, found in authorizers(document):
        yield from _cased(way, found, ("type",), str.lower)


def _cased(way: Way, holder: dict[str, Any], keys: tuple[str, ...], change: Callable[[str], str]) -> Repairs:
    for key in keys:
        value = holder.get(key)
        if isinstance(value, str) and "${" not in value and change(value) != value:
            holder[key] = change(value)
            yield (*way, key), f"{value} is written {change(value)}"


def _default_key(way: Way, responses: Any) -> Repairs:
    for pattern in [key for key in mapping(responses) if key != "default" and key.lower() == "default"]:
        if "default" not in responses:
            responses["default"] = responses.pop(pattern)
            yield (*way, pattern), f"{pattern} is written default"


def empty_texts(document: dict[str, Any]) -> Repairs:
    """`""` where there is nothing to say: an import takes it for a value, and an export leaves it out."""
    holders: list[tuple[Way, dict[str, Any], tuple[str, ...]]] = [
        (way, found, ("authorizerCredentials", "identitySource", "identityValidationExpression"))
        for way, found in authorizers(document)
    ]
    holders += [(way, found, ("credentials", "contentHandling")) for way, _, _, found in integrations(document)]
    for way, holder, keys in holders:
        for key in keys:
            if holder.get(key) == "":
                del holder[key]
                yield (*way, key), "an empty text says nothing; it is left out"


def cache_keys(document: dict[str, Any]) -> Repairs:
    """AWS has exported `method.input.params.x`, which its own import refuses with "Invalid cache key"."""
    for way, path, operation, found in integrations(document):
        keys = found.get("cacheKeyParameters")
        if not isinstance(keys, list):
            continue
        for index, key in enumerate(keys):
            match = _INPUT.fullmatch(key) if isinstance(key, str) else None
            if match is None:
                continue
            place = _place(document, path, operation, match[1])
            keys[index] = f"method.request.{place}.{match[1]}"
            yield (*way, "cacheKeyParameters", str(index)), f"{key} is {keys[index]} for an import"


def _place(document: dict[str, Any], path: str, operation: dict[str, Any], name: str) -> str:
    if f"{{{name}}}" in path or f"{{{name}+}}" in path:
        return "path"
    shared = mapping(mapping(document.get("paths")).get(path)).get("parameters")
    for parameter in [*(operation.get("parameters") or ()), *(shared or ())]:
        if mapping(parameter).get("name") == name:
            return _PLACES.get(str(parameter.get("in")), "querystring")
    return "querystring"


def cache_namespaces(document: dict[str, Any]) -> Repairs:
    """An export names the cache of a resource after its id, which belongs to the one API that was exported.

    A name that stands on one path, alone, has no effect: the resource has a cache of its own anyway.
    """
    paths: dict[str, set[str]] = {}
    names: dict[str, set[str]] = {}
    for _, path, _, found in integrations(document):
        name = found.get("cacheNamespace")
        if isinstance(name, str):
            paths.setdefault(name, set()).add(path)
            names.setdefault(path, set()).add(name)
    for way, path, _, found in integrations(document):
        name = found.get("cacheNamespace")
        if isinstance(name, str) and len(paths[name]) == 1 and len(names[path]) == 1:
            del found["cacheNamespace"]
            yield (*way, "cacheNamespace"), f"{name} names the cache of one path only, which has its own anyway"
