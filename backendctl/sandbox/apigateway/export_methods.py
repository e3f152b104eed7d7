"""One method written as an operation of Swagger 2.0 or OpenAPI 3.0."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from backendctl.sandbox.apigateway.errors import bad_request
from backendctl.sandbox.apigateway.integrations import LONGEST_MS
from backendctl.sandbox.apigateway.model import Definition, Doc
from backendctl.sandbox.apigateway.oas import MODEL_REF

PLACES = {"querystring": "query", "header": "header", "path": "path"}
JSON_KIND = re.compile(r"application/(.+\+)?json(;.*)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class MethodWriter:
    """Writes methods in one format, with the extensions that were asked for (A22)."""

    definition: Definition
    swagger: bool
    integrations: bool
    authorizers: bool
    extensions: bool

    def operation(self, method: Doc) -> Doc:
        operation: Doc = {}
        if method.get("operationName"):
            operation["operationId"] = method["operationName"]
        if self.swagger:
            operation.update(_kinds(method))
        parameters = [self._parameter(name, need) for name, need in method.get("requestParameters", {}).items()]
        models = method.get("requestModels", {})
        if models and self.swagger:
            parameters.append(self._body_parameter(models))
        if parameters:
            operation["parameters"] = parameters
        if models and not self.swagger:
            content = {kind: {"schema": self._ref(name)} for kind, name in models.items()}
            operation["requestBody"] = {"content": content, "required": True}
        operation["responses"] = {
            status: self._response(status, each) for status, each in method.get("methodResponses", {}).items()
        }
        security = self._security(method)
        if security:
            operation["security"] = security
        validator = self.definition.validators.get(method.get("requestValidatorId", ""))
        if validator and self.extensions:
            operation["x-amazon-apigateway-request-validator"] = validator["name"]
        if self.integrations and "methodIntegration" in method:
            operation["x-amazon-apigateway-integration"] = integration_extension(method["methodIntegration"])
        return operation

    def _ref(self, name: str) -> Doc:
        prefix = "#/definitions/" if self.swagger else "#/components/schemas/"
        return {"$ref": prefix + name}

    def _parameter(self, name: str, required: bool) -> Doc:  # noqa: FBT001 - the value of a map
        _, _, place, key = name.split(".", 3)
        document: Doc = {"name": key, "in": PLACES[place]}
        if self.swagger:
            return {**document, "required": required, "type": "string"}
        if required:
            document["required"] = True
        return {**document, "schema": {"type": "string"}}

    def _body_parameter(self, models: dict[str, str]) -> Doc:
        name = _json_model(models)
        return {"in": "body", "name": name, "required": True, "schema": self._ref(name)}

    def _response(self, status: str, response: Doc) -> Doc:
        document: Doc = {"description": f"{status} response"}
        headers = [name.rsplit(".", 1)[-1] for name in response.get("responseParameters", {})]
        models = response.get("responseModels", {})
        if self.swagger and models:
            document["schema"] = self._ref(_json_model(models))
        if headers:
            kind: Doc = {"type": "string"}
            document["headers"] = {name: dict(kind) if self.swagger else {"schema": dict(kind)} for name in headers}
        if not self.swagger:
            document["content"] = {kind: {"schema": self._ref(name)} for kind, name in models.items()}
        return document

    def _security(self, method: Doc) -> list[Doc]:
        listed: list[Doc] = []
        authorizer = self.definition.authorizers.get(method.get("authorizerId", ""))
        if authorizer and self.authorizers:
            listed.append({authorizer["name"]: list(method.get("authorizationScopes", []))})
        if method["authorizationType"] == "AWS_IAM" and self.authorizers:
            listed.append({"sigv4": []})
        if method["apiKeyRequired"]:
            listed.append({"api_key": []})
        return listed

    def security_schemes(self) -> Doc:
        methods = [m for each in self.definition.resources.values() for m in each["methods"].values()]
        schemes: Doc = {}
        for authorizer in self.definition.authorizers.values() if self.authorizers else ():
            schemes[authorizer["name"]] = authorizer_extension(authorizer)
        if any(method["apiKeyRequired"] for method in methods):
            schemes["api_key"] = {"type": "apiKey", "name": "x-api-key", "in": "header"}
        if self.authorizers and any(method["authorizationType"] == "AWS_IAM" for method in methods):
            schemes["sigv4"] = {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "x-amazon-apigateway-authtype": "awsSigv4",
            }
        return schemes


def _json_model(models: dict[str, str]) -> str:
    found = [name for kind, name in models.items() if JSON_KIND.fullmatch(kind)]
    if not found:  # A24
        raise bad_request("Only found non-JSON body models")
    return found[0]


def _kinds(method: Doc) -> Doc:
    """`consumes` and `produces`: what models or templates name (recorded)."""
    integration = method.get("methodIntegration", {})
    consumes = {**method.get("requestModels", {}), **integration.get("requestTemplates", {})}
    produces: Doc = {}
    for response in method.get("methodResponses", {}).values():
        produces.update(response.get("responseModels", {}))
    for response in integration.get("integrationResponses", {}).values():
        produces.update(response.get("responseTemplates", {}))
    named = {"consumes": list(consumes), "produces": list(produces)}
    return {key: kinds for key, kinds in named.items() if kinds}


def integration_extension(integration: Doc) -> Doc:
    document: Doc = {"type": integration["type"].lower()}
    for key in ("httpMethod", "uri", "credentials", "connectionId", "integrationTarget"):
        if integration.get(key):
            document[key] = integration[key]
    if integration.get("connectionType") == "VPC_LINK":
        document["connectionType"] = "VPC_LINK"
    responses = {
        each.get("selectionPattern") or "default": _integration_response(each)
        for each in integration.get("integrationResponses", {}).values()
    }
    if responses:
        document["responses"] = responses
    for key in ("requestParameters", "requestTemplates", "cacheKeyParameters", "contentHandling", "tlsConfig"):
        if integration.get(key):
            document[key] = integration[key]
    document["passthroughBehavior"] = integration["passthroughBehavior"].lower()
    if integration.get("responseTransferMode") == "STREAM":
        document["responseTransferMode"] = "STREAM"
    if integration["timeoutInMillis"] != LONGEST_MS:
        document["timeoutInMillis"] = integration["timeoutInMillis"]
    return document


def _integration_response(response: Doc) -> Doc:
    kept = ("statusCode", "responseParameters", "responseTemplates", "contentHandling")
    return {key: response[key] for key in kept if response.get(key)}


def authorizer_extension(authorizer: Doc) -> Doc:
    source = str(authorizer.get("identitySource") or "")
    single = authorizer["type"] != "REQUEST" and source.startswith("method.request.header.")
    inner: Doc = {"type": authorizer["type"].lower()}
    members = ("authorizerUri", "authorizerCredentials", "authorizerResultTtlInSeconds", "providerARNs")
    for key in (*members, "identityValidationExpression"):
        if authorizer.get(key) is not None:
            inner[key] = authorizer[key]
    if authorizer["type"] == "REQUEST" and source:
        inner["identitySource"] = source
    return {
        "type": "apiKey",
        "name": source.rsplit(".", 1)[-1] if single else "Unused",
        "in": "header",
        "x-amazon-apigateway-authtype": authorizer["authType"],
        "x-amazon-apigateway-authorizer": inner,
    }


def referring(schema: Any, prefix: str) -> Any:
    """The schema with its model references in the wanted format."""
    if isinstance(schema, list):
        return [referring(each, prefix) for each in schema]
    if not isinstance(schema, dict):
        return schema
    document = {key: referring(value, prefix) for key, value in schema.items()}
    match = MODEL_REF.fullmatch(schema["$ref"]) if isinstance(schema.get("$ref"), str) else None
    if match:
        document["$ref"] = prefix + match[1]
    return document


def models_used(definition: Definition) -> set[str]:
    """Models that methods name, and those which these name in turn; others are not exported."""
    used: set[str] = set()
    waiting: list[str] = []
    for resource in definition.resources.values():
        for method in resource["methods"].values():
            waiting.extend(method.get("requestModels", {}).values())
            for response in method.get("methodResponses", {}).values():
                waiting.extend(response.get("responseModels", {}).values())
    while waiting:
        name = waiting.pop()
        if name in used or name not in definition.models:
            continue
        used.add(name)
        waiting.extend(_references(json.loads(definition.models[name].get("schema") or "{}")))
    return used


def _references(schema: Any) -> list[str]:
    if isinstance(schema, list):
        return [name for each in schema for name in _references(each)]
    if not isinstance(schema, dict):
        return []
    names = [name for each in schema.values() for name in _references(each)]
    match = MODEL_REF.fullmatch(schema["$ref"]) if isinstance(schema.get("$ref"), str) else None
    return [*names, match[1]] if match else names
