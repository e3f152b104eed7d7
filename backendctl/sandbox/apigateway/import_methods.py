"""The parts of an imported definition: what has a name, and each operation as a Method with its integration."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from backendctl.sandbox.apigateway.authorizers import authorizer_of, check_quota
from backendctl.sandbox.apigateway.errors import ApiError, bad_request
from backendctl.sandbox.apigateway.export_methods import referring
from backendctl.sandbox.apigateway.gateway_responses import STATUS, response_of
from backendctl.sandbox.apigateway.integrations import integration_of, integration_response_of, longest_of
from backendctl.sandbox.apigateway.methods import check_method
from backendctl.sandbox.apigateway.model import DEFAULT_MODELS, Definition, Doc, new_id
from backendctl.sandbox.apigateway.models import validator_of
from backendctl.sandbox.apigateway.oas import PLACES, Source, model_name
from backendctl.sandbox.apigateway.restapis import default_model

MODELS = "https://apigateway.amazonaws.com/restapis"
"""Models name each other by their address (recorded)."""


def put_models(source: Source, definition: Definition) -> None:
    for name, schema in source.schemas.items():
        if not (str(name).isascii() and str(name).isalnum()):  # A16
            raise bad_request(
                f"Errors found during import:\n\tUnable to create model for '{name}': "
                f"Model name must be alphanumeric: {name}"
            )
        _put_model(definition, str(name), schema)


def _put_model(definition: Definition, name: str, schema: Any) -> None:
    known = definition.models.get(name, {})
    definition.models[name] = {
        "id": known.get("id") or new_id(),
        "name": name,
        "contentType": "application/json",
        "schema": json.dumps(referring(schema, f"{MODELS}/{definition.info['id']}/models/")),
    }
    if isinstance(schema, dict) and isinstance(schema.get("description"), str):
        definition.models[name]["description"] = schema["description"]


def model_for(source: Source, definition: Definition, schema: Doc) -> str:
    """The name of the model for a schema in a method, which is created when it was written in place."""
    name = model_name(schema)
    if name in definition.models:
        return name
    if "$ref" in schema:
        if name in DEFAULT_MODELS:
            definition.models[name] = default_model(name, DEFAULT_MODELS[name])
            return name
        source.resolved(schema)  # refuses a dangling reference
        raise bad_request(f"Invalid model identifier specified: {name}")
    _put_model(definition, name, schema)
    return name


def put_validators(source: Source, definition: Definition) -> None:
    for name, sent in (source.extension("request-validators") or {}).items():
        known = next((each for each in definition.validators.values() if each["name"] == name), None)
        document = validator_of(sent or {}, name=name)
        document["id"] = known["id"] if known else document["id"]
        definition.validators[document["id"]] = document


def put_authorizers(source: Source, definition: Definition) -> None:
    for name, scheme in source.security_schemes.items():
        sent = source.resolved(scheme).get("x-amazon-apigateway-authorizer")
        if sent:
            _put_authorizer(definition, name, source.resolved(scheme), sent)


def _put_authorizer(definition: Definition, name: str, scheme: Doc, sent: Doc) -> None:
    body = dict(sent)
    kind = str(sent.get("type") or "token").upper()
    body["type"] = kind
    if kind != "REQUEST" and scheme.get("name"):
        body.setdefault("identitySource", f"method.request.header.{scheme['name']}")
    body["authType"] = scheme.get("x-amazon-apigateway-authtype")
    if kind == "REQUEST" and sent.get("identitySource"):
        body["identitySource"] = ",".join(each.strip() for each in str(sent["identitySource"]).split(","))
    known = next((each for each in definition.authorizers.values() if each["name"] == name), None)
    if known is None:
        check_quota(definition)
    document = authorizer_of(body, name=name)
    document["id"] = known["id"] if known else document["id"]
    definition.authorizers[document["id"]] = document


def put_responses(source: Source, definition: Definition) -> None:
    for kind, sent in (source.extension("gateway-responses") or {}).items():
        if kind not in STATUS:
            raise bad_request(f"Errors found during import:\n\tInvalid gateway response type: {kind}")
        definition.gateway_responses[kind] = response_of(sent or {}, kind=kind)


TEXT_MEMBERS = (
    "uri",
    "credentials",
    "httpMethod",
    "connectionId",
    "connectionType",
    "integrationTarget",
    "cacheNamespace",
    "responseTransferMode",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class MethodReader:
    """Reads the operations of one document; what AWS only warns about goes to `warnings`."""

    source: Source
    definition: Definition
    warnings: list[str]

    def read(self, resource: Doc, verb: str, item: Doc, operation: Doc) -> Doc:
        """The Method document.

        Raises:
            ApiError: BadRequest `Errors found during import: …`, naming path and method.
        """
        try:
            method = self._method(verb, item, operation)
            check_method(self.definition, method)
        except ApiError as error:
            where = f"Unable to put method '{verb}' on resource at path '{resource['path']}'"
            raise _during_import(error, where) from error
        sent = operation.get("x-amazon-apigateway-integration")
        if sent:
            try:
                method["methodIntegration"] = self._integration(resource, verb, sent)
            except ApiError as error:
                where = f"Unable to put integration on '{verb}' for resource at path '{resource['path']}'"
                raise _during_import(error, where) from error
        return method

    def _method(self, verb: str, item: Doc, operation: Doc) -> Doc:
        method: Doc = {"httpMethod": verb, "authorizationType": "NONE", "apiKeyRequired": False}
        self._security(method, operation)
        if operation.get("operationId"):
            method["operationName"] = operation["operationId"]
        validator = operation.get("x-amazon-apigateway-request-validator") or self.source.extension("request-validator")
        if validator:
            method["requestValidatorId"] = self._validator_id(validator)
        parameters = {
            f"method.request.{PLACES[each['in']]}.{each['name']}": bool(each.get("required"))
            for each in self.source.parameters(item, operation)
            if each.get("in") in PLACES
        }
        if parameters:
            method["requestParameters"] = parameters
        models = self._models(self.source.request_schemas(item, operation))
        if models:
            method["requestModels"] = models
        responses = self._responses(operation)
        if responses:
            method["methodResponses"] = responses
        return method

    def _models(self, schemas: dict[str, Doc]) -> dict[str, str]:
        return {kind: model_for(self.source, self.definition, schema) for kind, schema in schemas.items()}

    def _validator_id(self, name: str) -> str:
        found = [each["id"] for each in self.definition.validators.values() if each["name"] == name]
        return str(found[0]) if found else name

    def _security(self, method: Doc, operation: Doc) -> None:
        """Only what stands on the operation counts; root security is ignored (A14)."""
        for requirement in operation.get("security") or []:
            for name, scopes in requirement.items():
                self._scheme(method, name, list(scopes or []))
        legacy = (operation.get("x-amazon-apigateway-auth") or {}).get("type")
        if legacy:
            method["authorizationType"] = str(legacy).upper()

    def _scheme(self, method: Doc, name: str, scopes: list[str]) -> None:
        scheme = self.source.resolved(self.source.security_schemes.get(name) or {})
        authorizer = next((each for each in self.definition.authorizers.values() if each["name"] == name), None)
        if authorizer is not None:
            cognito = authorizer["type"] == "COGNITO_USER_POOLS"
            method["authorizationType"] = "COGNITO_USER_POOLS" if cognito else "CUSTOM"
            method["authorizerId"] = authorizer["id"]
            if scopes:
                method["authorizationScopes"] = scopes
        elif str(scheme.get("x-amazon-apigateway-authtype")).lower() == "awssigv4":
            method["authorizationType"] = "AWS_IAM"
        elif scheme.get("type") == "apiKey" and str(scheme.get("name")).lower() == "x-api-key":
            method["apiKeyRequired"] = True

    def _responses(self, operation: Doc) -> Doc:
        responses: Doc = {}
        for status, sent in (operation.get("responses") or {}).items():
            if not str(status).isdigit():
                continue
            response = self.source.resolved(sent) or {}
            document: Doc = {"statusCode": str(status)}
            headers = {f"method.response.header.{name}": False for name in response.get("headers") or {}}
            if headers:
                document["responseParameters"] = headers
            models = self._models(self.source.response_schemas(operation, response))
            if models:
                document["responseModels"] = models
            responses[str(status)] = document
        return responses

    def _integration(self, resource: Doc, verb: str, sent: Doc) -> Doc:
        body = {key: str(sent[key]) for key in TEXT_MEMBERS if sent.get(key)}
        if sent.get("integration-target"):  # K2: the guide's spelling
            body["integrationTarget"] = str(sent["integration-target"])
        body["type"] = str(sent.get("type") or "").upper()
        for key in ("passthroughBehavior", "contentHandling"):
            if sent.get(key):
                body[key] = str(sent[key]).upper()
        extra: Doc = {key: sent[key] for key in ("timeoutInMillis", "cacheKeyParameters", "tlsConfig") if key in sent}
        for key in ("requestParameters", "requestTemplates"):
            extra[key] = self._texts(sent.get(key) or {}, key, resource, verb)
        document = integration_of({**body, **extra}, resource_id=resource["id"], longest=longest_of(self.definition))
        responses = _integration_responses(sent.get("responses") or {})
        if responses:
            document["integrationResponses"] = responses
        return document

    def _texts(self, members: dict[str, Any], key: str, resource: Doc, verb: str) -> dict[str, str]:
        texts: dict[str, str] = {}
        for name, value in members.items():
            if isinstance(value, str):
                texts[str(name)] = value
                continue
            shown = str(value).lower() if isinstance(value, bool) else str(value)
            self.warnings.append(
                f"Invalid format for '{key}'. Expected type string for property '{name}' of resource "
                f"'{resource['path']}' and method '{verb}' but got '{shown}'"
            )
        return texts


def _integration_responses(sent: dict[str, Doc]) -> Doc:
    responses: Doc = {}
    for pattern, body in sent.items():
        status = str((body or {}).get("statusCode") or "200")
        document = integration_response_of(body or {}, status=status)
        if str(pattern) != "default":
            document["selectionPattern"] = str(pattern)
        if document.get("contentHandling"):
            document["contentHandling"] = document["contentHandling"].upper()
        responses[status] = document
    return responses


def _during_import(error: ApiError, where: str) -> ApiError:
    text = f"Errors found during import:\n\t{where}: {error.message}"
    return ApiError(code=error.code, status=error.status, message=text)
