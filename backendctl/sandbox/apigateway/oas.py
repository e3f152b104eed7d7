"""Reading Swagger 2.0 and OpenAPI 3.0 documents: one face for both."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import yaml

from backendctl.sandbox.apigateway.errors import bad_request
from backendctl.sandbox.apigateway.model import Doc

INVALID = "Invalid OpenAPI input."
VERBS = ("get", "put", "post", "delete", "patch", "options", "head")
ANY = "x-amazon-apigateway-any-method"
PLACES = {"query": "querystring", "header": "header", "path": "path"}
MODEL_REF = re.compile(r"(?:#/definitions/|#/components/schemas/|.*/models/)([A-Za-z0-9]+)")


class _Loader(yaml.SafeLoader):
    """YAML without dates: `version: 2018-09-21` is a text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse(body: bytes, variables: dict[str, str]) -> Doc:
    """The document, with `${AWS::Region}` and its like filled in (A17).

    Raises:
        ApiError: BadRequest `Invalid OpenAPI input.`, when it is no such document (A12).
    """
    text = body.decode("utf-8", errors="replace")
    for name, value in variables.items():
        text = text.replace("${AWS::" + name + "}", value)
    document = _loaded(text)
    if not isinstance(document, dict) or not ({"swagger", "openapi"} & document.keys()):
        raise bad_request(INVALID)
    info, paths = document.get("info"), document.get("paths", {})
    if not isinstance(info, dict) or not info.get("title") or not isinstance(paths, dict):
        raise bad_request(INVALID)
    return document


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a subclass of SafeLoader
    except yaml.YAMLError as error:
        raise bad_request(INVALID) from error


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A parsed definition.

    Attributes:
        root: the whole document.
    """

    root: Doc

    @property
    def is_swagger(self) -> bool:
        return "swagger" in self.root

    def resolved(self, value: Any) -> Any:
        """The value behind a local `$ref`, or the value."""
        while isinstance(value, dict) and str(value.get("$ref", "")).startswith("#/"):
            target: Any = self.root
            for part in value["$ref"][2:].split("/"):
                target = target.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(target, dict) else None
            if target is None:
                raise bad_request(INVALID)
            value = target
        return value

    @property
    def schemas(self) -> Doc:
        if self.is_swagger:
            return self.root.get("definitions") or {}
        return (self.root.get("components") or {}).get("schemas") or {}

    @property
    def security_schemes(self) -> Doc:
        if self.is_swagger:
            return self.root.get("securityDefinitions") or {}
        return (self.root.get("components") or {}).get("securitySchemes") or {}

    def base_path(self) -> str:
        """The base path, "" when there is none (A10)."""
        if self.is_swagger:
            return str(self.root.get("basePath") or "").rstrip("/")
        servers = self._servers()
        if not servers:
            return ""
        variable = (servers[0].get("variables") or {}).get("basePath")
        path = str(variable.get("default", "")) if variable else urlsplit(str(servers[0].get("url", ""))).path
        path = path.strip("/")
        return f"/{path}" if path else ""

    def _servers(self) -> list[Doc]:
        """The servers; one that stands without a list is taken as the only one."""
        found = self.root.get("servers") or []
        return [each for each in (found if isinstance(found, list) else [found]) if isinstance(each, dict)]

    def extension(self, name: str) -> Any:
        """A root level `x-amazon-apigateway-…` member."""
        return self.root.get(f"x-amazon-apigateway-{name}")

    def endpoint_extension(self) -> Doc:
        """OpenAPI 3 keeps it below the first server."""
        servers = self._servers() or [{}]
        found = self.extension("endpoint-configuration") or servers[0].get("x-amazon-apigateway-endpoint-configuration")
        return found or {}

    def operations(self, item: Doc) -> list[tuple[str, Doc]]:
        """HTTP method (or ANY) and operation, for one path item."""
        listed = [(verb.upper(), item[verb]) for verb in VERBS if verb in item]
        if ANY in item:
            listed.append(("ANY", item[ANY]))
        return listed

    def parameters(self, item: Doc, operation: Doc) -> list[Doc]:
        merged: dict[tuple[Any, Any], Doc] = {}
        for each in [*(item.get("parameters") or []), *(operation.get("parameters") or [])]:
            parameter = self.resolved(each)
            merged[parameter.get("in"), parameter.get("name")] = parameter
        return list(merged.values())

    def request_schemas(self, item: Doc, operation: Doc) -> dict[str, Doc]:
        """Content type -> schema of the request body."""
        if not self.is_swagger:
            content = self.resolved(operation.get("requestBody") or {}).get("content") or {}
            return {kind: each["schema"] for kind, each in content.items() if (each or {}).get("schema")}
        bodies = [each for each in self.parameters(item, operation) if each.get("in") == "body"]
        if not bodies or not bodies[0].get("schema"):
            return {}
        kinds = operation.get("consumes") or self.root.get("consumes") or ["application/json"]
        return {str(kind): bodies[0]["schema"] for kind in kinds}

    def response_schemas(self, operation: Doc, response: Doc) -> dict[str, Doc]:
        """Content type -> schema of one response."""
        if not self.is_swagger:
            content = response.get("content") or {}
            return {kind: each["schema"] for kind, each in content.items() if (each or {}).get("schema")}
        if not response.get("schema"):
            return {}
        kinds = operation.get("produces") or self.root.get("produces") or ["application/json"]
        return {str(kind): response["schema"] for kind in kinds}


def model_name(schema: Doc) -> str:
    """The model a schema names, or a stable made-up name for one written in place."""
    match = MODEL_REF.fullmatch(str(schema.get("$ref", "")))
    if match:
        return match[1]
    digest = hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()
    return f"MODEL{digest[:8]}"
