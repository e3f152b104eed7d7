"""Base path mappings: which API and stage a path of a domain shows, for both versions of the API (A87, A88)."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from backendctl.sandbox.apigateway import patch
from backendctl.sandbox.apigateway.call import Call, accepted, answer, created, no_content, page
from backendctl.sandbox.apigateway.domains import domain_of
from backendctl.sandbox.apigateway.errors import bad_request, conflict, not_found
from backendctl.sandbox.apigateway.model import Doc, Domain
from backendctl.sandbox.http import Response

ROOT = "(none)"
BASE_PATH = re.compile(r"[A-Za-z0-9$\-_.+!*'(),]+")


def create(call: Call) -> Response:
    domain = domain_of(call)
    body = call.body()
    base = _base_path(body.get("basePath"))
    document: Doc = {"basePath": base, "restApiId": body.get("restApiId")}
    if body.get("stage"):
        document["stage"] = body["stage"]
    check_target(call, document)
    if base in domain.mappings:
        raise conflict("Base path already exists for this domain name")
    domain.mappings[base] = document
    return created(document)


def _base_path(sent: str | None) -> str:
    if not sent or sent == ROOT:
        return ROOT
    if not BASE_PATH.fullmatch(sent):  # A88: one level only
        raise bad_request(
            "API Gateway base paths may only contain letters, numbers and one of $-_.+!*'(), and have one level"
        )
    return sent


def check_target(call: Call, mapping: Doc) -> None:
    api = call.region.apis.get(mapping["restApiId"] or "")
    if api is None:
        raise bad_request("Invalid REST API identifier specified")
    stage = mapping.get("stage")
    if stage and stage not in api.stages:
        raise bad_request("Invalid stage identifier specified")


def _mapping(call: Call) -> Doc:
    found = domain_of(call).mappings.get(call.params["base"] or ROOT)
    if found is None or "/" in found["basePath"]:
        raise not_found("Invalid base path mapping identifier specified")
    return found


def read(call: Call) -> Response:
    return answer(_mapping(call))


def read_all(call: Call) -> Response:
    every = domain_of(call).mappings.values()
    return page(call, [each for each in every if "/" not in each["basePath"]])  # those are told by version 2 only


def update(call: Call) -> Response:
    listed = patch.operations(call, shape="updateBasePathMappingInput")
    domain = domain_of(call)
    mapping = _mapping(call)
    rules = patch.Rules(scalars={"/basePath": _base_path, "/restapiId": patch.text, "/stage": patch.text_or_none})
    changed = patch.patched(mapping, listed, rules)
    changed["restApiId"] = changed.pop("restapiId", changed["restApiId"])
    check_target(call, changed)
    if changed["basePath"] != mapping["basePath"] and changed["basePath"] in domain.mappings:
        raise conflict("Base path already exists for this domain name")
    del domain.mappings[mapping["basePath"]]
    domain.mappings[changed["basePath"]] = changed
    return answer(changed)


def delete(call: Call) -> Response:
    mapping = _mapping(call)
    del domain_of(call).mappings[mapping["basePath"]]
    return accepted()


def route(mappings: dict[str, Doc], path: str) -> tuple[Doc, str] | None:
    """The mapping for a request path and the path left for the API; None when nothing is mapped there.

    The longest base path wins (A88).
    """
    asked = path.lstrip("/")
    for base in sorted((each for each in mappings if each != ROOT), key=len, reverse=True):
        if asked == base or asked.startswith(f"{base}/"):
            return mappings[base], "/" + asked.removeprefix(base).removeprefix("/")
    root = mappings.get(ROOT)
    return (root, path) if root is not None else None


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


def create_v2(call: Call) -> Response:
    domain, body = domain_of(call), call.body()
    mapping = _mapping_v2(domain, body)
    check_target(call, mapping)
    if mapping["basePath"] in domain.mappings:
        raise conflict("ApiMapping key already exists for this domain name")
    if len(domain.mappings) >= _MOST:
        raise bad_request(f"The number of API mappings of a domain name is limited to {_MOST}")
    domain.mappings[mapping["basePath"]] = mapping
    return created(shown(mapping))


def read_all_v2(call: Call) -> Response:
    return answer({"items": [shown(mapping) for mapping in domain_of(call).mappings.values()]})


def read_v2(call: Call) -> Response:
    return answer(shown(_found(call)))


def update_v2(call: Call) -> Response:
    domain, old, body = domain_of(call), _found(call), call.body()
    told = shown(old)
    mapping = _mapping_v2(domain, {**told, **{key: value for key, value in body.items() if value is not None}})
    check_target(call, mapping)
    if mapping["basePath"] != old["basePath"] and mapping["basePath"] in domain.mappings:
        raise conflict("ApiMapping key already exists for this domain name")
    del domain.mappings[old["basePath"]]
    domain.mappings[mapping["basePath"]] = mapping
    return answer(shown(mapping))


def delete_v2(call: Call) -> Response:
    del domain_of(call).mappings[_found(call)["basePath"]]
    return no_content()


def _found(call: Call) -> Doc:
    wanted = call.params["mapping"]
    for mapping in domain_of(call).mappings.values():
        if _id(mapping["basePath"]) == wanted:
            return mapping
    raise not_found("Unable to find ApiMapping by that ID")


def _mapping_v2(domain: Domain, body: dict[str, Any]) -> Doc:
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
