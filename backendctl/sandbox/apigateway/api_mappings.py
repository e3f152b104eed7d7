"""Mappings as version 2 of the API has them: the same ones, and besides those of several levels (A88)."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from backendctl.sandbox.apigateway.call import Call, answer, created, no_content
from backendctl.sandbox.apigateway.domains import domain_of
from backendctl.sandbox.apigateway.errors import bad_request, conflict, not_found
from backendctl.sandbox.apigateway.mappings import BASE_PATH, ROOT, check_target
from backendctl.sandbox.apigateway.model import Doc, Domain
from backendctl.sandbox.http import Response

PATH = re.compile(r"/v2/domainnames/([^/]+)/apimappings(/|$)")
_LONGEST, _MOST = 300, 200  # A88


def shown(mapping: Doc) -> Doc:
    """A mapping in the words of version 2."""
    base = mapping["basePath"]
    document = {
        "apiId": mapping["restApiId"],
        "apiMappingId": _id(base),
        "apiMappingKey": "" if base == ROOT else base,
        "stage": mapping.get("stage"),
    }
    return {key: value for key, value in document.items() if value is not None}


def create(call: Call) -> Response:
    domain, body = domain_of(call), call.body()
    mapping = _mapping(domain, body)
    check_target(call, mapping)
    if mapping["basePath"] in domain.mappings:
        raise conflict("ApiMapping key already exists for this domain name")
    if len(domain.mappings) >= _MOST:
        raise bad_request(f"The number of API mappings of a domain name is limited to {_MOST}")
    domain.mappings[mapping["basePath"]] = mapping
    return created(shown(mapping))


def read_all(call: Call) -> Response:
    return answer({"items": [shown(mapping) for mapping in domain_of(call).mappings.values()]})


def read(call: Call) -> Response:
    return answer(shown(_found(call)))


def update(call: Call) -> Response:
    domain, old, body = domain_of(call), _found(call), call.body()
    told = shown(old)
    mapping = _mapping(domain, {**told, **{key: value for key, value in body.items() if value is not None}})
    check_target(call, mapping)
    if mapping["basePath"] != old["basePath"] and mapping["basePath"] in domain.mappings:
        raise conflict("ApiMapping key already exists for this domain name")
    del domain.mappings[old["basePath"]]
    domain.mappings[mapping["basePath"]] = mapping
    return answer(shown(mapping))


def delete(call: Call) -> Response:
    del domain_of(call).mappings[_found(call)["basePath"]]
    return no_content()


def _found(call: Call) -> Doc:
    wanted = call.params["mapping"]
    for mapping in domain_of(call).mappings.values():
        if _id(mapping["basePath"]) == wanted:
            return mapping
    raise not_found("Unable to find ApiMapping by that ID")


def _mapping(domain: Domain, body: dict[str, Any]) -> Doc:
    key = str(body.get("apiMappingKey") or "")
    levels = key.split("/") if key else []
    if len(key) > _LONGEST or not all(BASE_PATH.fullmatch(level) for level in levels):
        raise bad_request("Invalid ApiMappingKey: levels of letters, numbers and $-_.+!*'(), separated by a single /")
    if len(levels) > 1:
        _refuse_levels(domain)
    made: Doc = {"basePath": key or ROOT, "restApiId": body.get("apiId")}
    if body.get("stage"):
        made["stage"] = body["stage"]
    return made


def _refuse_levels(domain: Domain) -> None:
    regional = domain.info["endpointConfiguration"]["types"] == ["REGIONAL"]
    if not regional or domain.info.get("securityPolicy") == "TLS_1_0":
        raise bad_request("Multi-level API mappings need a Regional domain name with the security policy TLS 1.2")


def _id(base: str) -> str:
    """Stable as long as the path is."""
    return hashlib.sha256(base.encode()).hexdigest()[:6]
