"""GetExport: the definition a stage shows, as Swagger 2.0 or OpenAPI 3.0 (A20 to A25)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import yaml

from backendctl.sandbox.apigateway.call import Call
from backendctl.sandbox.apigateway.errors import bad_request, not_found
from backendctl.sandbox.apigateway.export_methods import MethodWriter, models_used, referring
from backendctl.sandbox.apigateway.model import Definition, Doc
from backendctl.sandbox.apigateway.oas import ANY
from backendctl.sandbox.apigateway.stages import stage_of
from backendctl.sandbox.http import Response

FORMATS = ("swagger", "oas30")


def export(call: Call) -> Response:
    """The export as an octet-stream with a file name."""
    kind = call.params["export"].lower()
    stage = stage_of(call)
    if kind not in FORMATS:
        raise not_found(f"No API exporter for type '{call.params['export']}'")
    definition = call.api().deployments[stage["deploymentId"]].definition  # A20
    accepts = (call.request.headers.get("accept") or "application/json").split(",")[0].strip().lower()
    as_yaml = accepts == "application/yaml"
    if not as_yaml and accepts not in {"application/json", "*/*"}:
        raise bad_request(f"Invalid Accept header: {accepts}")
    wanted = {each for text in call.request.query.get("extensions", []) for each in text.split(",")}
    document = _document(call, definition, swagger=kind == "swagger", stage=stage["stageName"], wanted=wanted)
    version = document["info"]["version"]
    return Response(
        headers={
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f'attachment; filename="{kind}_{version}.{"yaml" if as_yaml else "json"}"',
        },
        body=_text(document, as_yaml=as_yaml).encode(),
    )


def _text(document: Doc, *, as_yaml: bool) -> str:
    if as_yaml:
        return "---\n" + yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return json.dumps(document, indent=2, ensure_ascii=False)


def _document(call: Call, definition: Definition, *, swagger: bool, stage: str, wanted: set[str]) -> Doc:
    full = "apigateway" in wanted
    writer = MethodWriter(
        definition=definition,
        swagger=swagger,
        integrations=full or "integrations" in wanted,
        authorizers=full or "authorizers" in wanted,
        extensions=full,
    )
    host = f"{definition.info['id']}.execute-api.{call.request.region}.amazonaws.com"
    document: Doc = {"swagger": "2.0"} if swagger else {"openapi": "3.0.1"}
    document["info"] = _info(definition.info)
    if swagger:
        document.update({"host": host, "basePath": f"/{stage}", "schemes": ["https"]})
    else:
        variables = {"basePath": {"default": stage}}
        document["servers"] = [{"url": f"https://{host}/{{basePath}}", "variables": variables}]
    document["paths"] = _paths(definition, writer)
    _components(document, definition, writer)
    if full:
        document.update(_extensions(definition))
    return document


def _info(info: Doc) -> Doc:
    created = datetime.fromtimestamp(info["createdDate"], tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    document: Doc = {"title": info["name"]}
    if info.get("description"):
        document["description"] = info["description"]
    document["version"] = info.get("version") or created  # A25
    return document


def _paths(definition: Definition, writer: MethodWriter) -> Doc:
    paths: Doc = {}
    for resource in sorted(definition.resources.values(), key=lambda each: str(each["path"])):
        if resource["methods"]:
            paths[resource["path"]] = {
                ANY if verb == "ANY" else verb.lower(): writer.operation(method)
                for verb, method in resource["methods"].items()
            }
    return paths


def _components(document: Doc, definition: Definition, writer: MethodWriter) -> None:
    prefix = "#/definitions/" if writer.swagger else "#/components/schemas/"
    models: dict[str, Any] = {
        name: referring(json.loads(definition.models[name].get("schema") or "{}"), prefix)
        for name in sorted(models_used(definition))
    }
    schemes = writer.security_schemes()
    if writer.swagger:
        if schemes:
            document["securityDefinitions"] = schemes
        if models:
            document["definitions"] = models
        return
    components: Doc = {}
    if models:
        components["schemas"] = models
    if schemes:
        components["securitySchemes"] = schemes
    document["components"] = components


def _extensions(definition: Definition) -> Doc:
    """The root level extensions (A23)."""
    info = definition.info
    document: Doc = {}
    if definition.gateway_responses:
        document["x-amazon-apigateway-gateway-responses"] = {
            kind: _gateway_response(each) for kind, each in sorted(definition.gateway_responses.items())
        }
    if definition.validators:
        document["x-amazon-apigateway-request-validators"] = {
            each["name"]: {
                "validateRequestParameters": each["validateRequestParameters"],
                "validateRequestBody": each["validateRequestBody"],
            }
            for each in definition.validators.values()
        }
    if info["apiKeySource"] != "HEADER":
        document["x-amazon-apigateway-api-key-source"] = info["apiKeySource"]
    if "policy" in info:
        document["x-amazon-apigateway-policy"] = json.loads(info["policy"])
    if "minimumCompressionSize" in info:
        document["x-amazon-apigateway-minimum-compression-size"] = info["minimumCompressionSize"]
    if info["disableExecuteApiEndpoint"]:
        document["x-amazon-apigateway-endpoint-configuration"] = {"disableExecuteApiEndpoint": True}
    if info.get("binaryMediaTypes"):
        document["x-amazon-apigateway-binary-media-types"] = info["binaryMediaTypes"]
    return document


def _gateway_response(document: Doc) -> Doc:
    kept = ("statusCode", "responseParameters", "responseTemplates")
    return {key: document[key] for key in kept if document.get(key)}
