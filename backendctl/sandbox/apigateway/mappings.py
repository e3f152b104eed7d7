"""Base path mappings: which API and stage a path of a domain shows (A87, A88)."""

from __future__ import annotations

import re

from backendctl.sandbox.apigateway import patch
from backendctl.sandbox.apigateway.call import Call, accepted, answer, created, page
from backendctl.sandbox.apigateway.domains import domain_of
from backendctl.sandbox.apigateway.errors import bad_request, conflict, not_found
from backendctl.sandbox.apigateway.model import Doc
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
