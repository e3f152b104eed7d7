"""The working definition of an API, written as an export writes what is deployed.

AWS exports deployments only (A20); what was edited and never deployed shows in GetResources and its like. Put into
the form of an export, it can be compared with one, by the same means and in the same words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from backendctl.api.working_copy_methods import Names, operation
from backendctl.aws.crew import together
from backendctl.openapi.integrations import ANY_METHOD
from backendctl.openapi.neutral import AUTHORIZER, POLICY
from backendctl.resources.apigateway.api_reads import described
from backendctl.resources.apigateway.rest_api import settings_of

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

Doc = dict[str, Any]

_MODEL_REF = re.compile(r"(?:https?://[^/]+/restapis/[^/]+/models/|#/definitions/|#/components/schemas/)([\w-]+)")
_SCHEMAS = "#/components/schemas/"
_PAGE = {"PageSize": 500}


def working_copy(aws: Aws, region: str, api_id: str) -> Doc:
    """OpenAPI 3.0 of what a deployment made now would hold; models that no method uses are left out, as AWS does.

    Shared within a plan.
    """
    return aws.shared(("working", region, api_id), lambda: _read(aws, region, api_id))


def _read(aws: Aws, region: str, api_id: str) -> Doc:
    client: Any = aws.apigateway(region)
    reads: tuple[Callable[[], Any], ...] = (
        partial(described, aws, region, api_id),
        partial(_all, client, "get_authorizers", api_id),
        partial(_all, client, "get_request_validators", api_id),
        partial(_all, client, "get_resources", api_id, embed=["methods"]),
        partial(_all, client, "get_models", api_id),
        partial(_all, client, "get_gateway_responses", api_id),
    )
    api, authorizers, validators, resources, models, responses = together(reads)
    names = Names(
        authorizers={each["id"]: each["name"] for each in authorizers},
        validators={each["id"]: each["name"] for each in validators},
    )
    methods = [method for each in resources for method in each.get("resourceMethods", {}).values()]
    document: Doc = {
        "openapi": "3.0.1",
        "info": {"title": api["name"], "version": api.get("version") or "1"},
        "paths": {
            each["path"]: {_verb(verb): operation(method, names) for verb, method in each["resourceMethods"].items()}
            for each in sorted(resources, key=lambda each: str(each["path"]))
            if each.get("resourceMethods")
        },
        "components": _components(methods, models, authorizers),
    }
    if api.get("description"):
        document["info"]["description"] = api["description"]
    document.update(_extensions(api, validators, responses))
    return document


def _all(client: Any, operation_name: str, api_id: str, **more: Any) -> list[Doc]:
    pages = client.get_paginator(operation_name).paginate(restApiId=api_id, PaginationConfig=_PAGE, **more)
    return [item for page in pages for item in page.get("items", ())]  # A45


def _verb(verb: str) -> str:
    return ANY_METHOD if verb == "ANY" else verb.lower()


def _components(methods: list[Doc], models: list[Doc], authorizers: list[Doc]) -> Doc:
    components: Doc = {}
    schemas = {each["name"]: schema_of(each) for each in models}
    used = {name: schemas[name] for name in _used(methods, schemas)}
    if used:
        components["schemas"] = used
    schemes = {each["name"]: _scheme(each) for each in authorizers}
    if any(method.get("apiKeyRequired") for method in methods):
        schemes["api_key"] = {"type": "apiKey", "name": "x-api-key", "in": "header"}
    if any(method.get("authorizationType") == "AWS_IAM" for method in methods):
        schemes["sigv4"] = {
            "type": "apiKey",
            "name": "Authorization",
            "in": "header",
            "x-amazon-apigateway-authtype": "awsSigv4",
        }
    if schemes:
        components["securitySchemes"] = schemes
    return components


def schema_of(model: Mapping[str, Any]) -> Any:
    """A model's schema, its references as OpenAPI 3 writes them."""
    try:
        return _referring(json.loads(model.get("schema") or "{}"))
    except (ValueError, RecursionError):
        return model.get("schema")


def _referring(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_referring(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _referring(value) for key, value in schema.items()}
    found = _MODEL_REF.fullmatch(schema["$ref"]) if isinstance(schema.get("$ref"), str) else None
    return {**made, "$ref": _SCHEMAS + found[1]} if found else made


def _used(methods: Iterable[Doc], schemas: Mapping[str, Any]) -> list[str]:
    """The models that methods name, and those that these name in turn."""
    waiting: list[str] = []
    for method in methods:
        waiting += method.get("requestModels", {}).values()
        for response in method.get("methodResponses", {}).values():
            waiting += response.get("responseModels", {}).values()
    used: dict[str, None] = {}
    while waiting:
        name = waiting.pop()
        if name in schemas and name not in used:
            used[name] = None
            waiting += _references(schemas[name])
    return sorted(used)


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for each in schema:
            yield from _references(each)
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].removeprefix(_SCHEMAS)
        for value in schema.values():
            yield from _references(value)


def _scheme(authorizer: Mapping[str, Any]) -> Doc:
    source = str(authorizer.get("identitySource") or "")
    single = authorizer["type"] != "REQUEST" and source.startswith("method.request.header.")
    inner: Doc = {"type": authorizer["type"].lower()}
    for key in (
        "authorizerUri",
        "authorizerCredentials",
        "authorizerResultTtlInSeconds",
        "providerARNs",
        "identityValidationExpression",
    ):
        if authorizer.get(key) is not None:
            inner[key] = authorizer[key]
    if authorizer["type"] == "REQUEST" and source:
        inner["identitySource"] = source
    return {
        "type": "apiKey",
        "name": source.rsplit(".", 1)[-1] if single else "Unused",
        "in": "header",
        "x-amazon-apigateway-authtype": authorizer.get("authType") or "custom",
        AUTHORIZER: inner,
    }


def _extensions(api: Mapping[str, Any], validators: Iterable[Doc], responses: Iterable[Doc]) -> Doc:
    made: Doc = {}
    customised = {
        each["responseType"]: {
            key: each[key] for key in ("statusCode", "responseParameters", "responseTemplates") if each.get(key)
        }
        for each in responses
        if not each.get("defaultResponse")
    }
    if customised:
        made["x-amazon-apigateway-gateway-responses"] = dict(sorted(customised.items()))
    flags = ("validateRequestParameters", "validateRequestBody")
    checked = {each["name"]: {flag: bool(each.get(flag)) for flag in flags} for each in validators}
    if checked:
        made["x-amazon-apigateway-request-validators"] = checked
    settings = settings_of(api)
    for name in ("api-key-source", "minimum-compression-size", "binary-media-types"):
        if name in settings:
            made[f"x-amazon-apigateway-{name}"] = settings[name]
    if "policy" in settings:
        made[POLICY] = settings["policy"]
    if api.get("disableExecuteApiEndpoint"):
        made["x-amazon-apigateway-endpoint-configuration"] = {"disableExecuteApiEndpoint": True}
    return made
