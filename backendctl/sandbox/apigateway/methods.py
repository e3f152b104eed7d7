"""Methods and method responses, edited by hand."""

from __future__ import annotations

import re

from backendctl.sandbox.apigateway import patch
from backendctl.sandbox.apigateway.call import Call, answer, created, no_content
from backendctl.sandbox.apigateway.errors import bad_request, conflict, not_found, refuse_missing
from backendctl.sandbox.apigateway.model import Definition, Doc
from backendctl.sandbox.http import Response

_PARAMETER = re.compile(r"method\.request\.(querystring|header|path)\..*", re.DOTALL)
_STATUS = re.compile(r"\d{3}")
HTTP_METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY")
BAD_AUTHORIZER = (
    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS "
    "requires a valid authorizer."
)
WITH_AUTHORIZER = frozenset({"CUSTOM", "COGNITO_USER_POOLS"})
AUTHORIZATION_TYPES = WITH_AUTHORIZER | {"NONE", "AWS_IAM"}


def shown_method(method: Doc) -> Doc:
    """The Method document; empty maps are left out as AWS leaves them out."""
    return {key: value for key, value in method.items() if value not in ({}, None)}


def put(call: Call) -> Response:
    resource = call.resource()  # refuses an unknown API too, in the words AWS has for it
    definition = call.definition()
    name = call.params["method"].upper()
    if name not in HTTP_METHODS:
        raise bad_request(f"Invalid HttpMethod specified. Valid options are {','.join(HTTP_METHODS)}")
    if name in resource["methods"]:
        raise conflict("Method already exists for this resource")
    method = method_of(call.body(), name)
    check_method(definition, method)
    resource["methods"][name] = method
    return created(shown_method(method))


def method_of(body: Doc, name: str) -> Doc:
    if not body.get("authorizationType"):
        refuse_missing(at="putMethodInput.authorizationType")
    method: Doc = {
        "httpMethod": name,
        "authorizationType": str(body["authorizationType"]).upper(),  # K6
        "apiKeyRequired": bool(body.get("apiKeyRequired")),
    }
    for key in ("authorizerId", "requestValidatorId", "operationName", "authorizationScopes"):
        if body.get(key):
            method[key] = body[key]
    for key in ("requestParameters", "requestModels"):
        if body.get(key):
            method[key] = dict(body[key])
    return method


def check_method(definition: Definition, method: Doc) -> None:
    """Refuse what AWS refuses in a method, with its texts (recorded)."""
    check_authorization(definition, method)
    validator = method.get("requestValidatorId")
    if validator and validator not in definition.validators:
        raise bad_request("Invalid Request Validator identifier specified")
    for model in method.get("requestModels", {}).values():
        if model not in definition.models:
            raise bad_request(f"Invalid model identifier specified: {model}")
    names = [name.rsplit(".", 1)[-1] for name in method.get("requestParameters", {})]
    if len(names) != len(set(names)):
        raise bad_request("Parameter names must be unique across querystring, header and path")
    for name in method.get("requestParameters", {}):
        check_parameter(name)


def check_authorization(definition: Definition, method: Doc) -> None:
    kind = method["authorizationType"]
    if kind not in AUTHORIZATION_TYPES:
        raise bad_request("Invalid authorization type specified")
    if kind in WITH_AUTHORIZER and method.get("authorizerId") not in definition.authorizers:
        raise bad_request(BAD_AUTHORIZER)


def check_parameter(name: str) -> None:
    if not _PARAMETER.fullmatch(name):
        raise bad_request(
            f"Invalid mapping expression specified: Validation Result: warnings : [], errors : "
            f"[Invalid mapping expression parameter specified: {name}]"
        )


def read(call: Call) -> Response:
    return answer(shown_method(call.method()))


def update(call: Call) -> Response:
    listed = patch.operations(call, shape="updateMethodInput")
    method = call.method()
    before = method.get("authorizerId")
    changed = patch.patched(method, listed, METHOD_RULES)
    definition = call.definition()
    if changed["authorizationType"] not in WITH_AUTHORIZER:
        changed.pop("authorizerId", None)
    elif any(item.path in {"/authorizationType", "/authorizerId"} for item in listed) or before is None:
        check_authorization(definition, changed)
    check_method(definition, changed)
    call.resource()["methods"][method["httpMethod"]] = changed
    return answer(shown_method(changed))


METHOD_RULES = patch.Rules(
    scalars={
        "/authorizationType": patch.text,
        "/authorizerId": patch.text_or_none,
        "/apiKeyRequired": patch.boolean,
        "/operationName": patch.text_or_none,
        "/requestValidatorId": patch.text_or_none,
    },
    maps={"/requestParameters": patch.boolean, "/requestModels": patch.text},
    lists=frozenset({"/authorizationScopes"}),
)


def delete(call: Call) -> Response:
    method = call.method()
    del call.resource()["methods"][method["httpMethod"]]
    return no_content()


def put_response(call: Call) -> Response:
    method = call.method()
    status = call.params["status"]
    if not _STATUS.fullmatch(status):
        raise bad_request(f"Invalid status code specified: {status}")
    responses = method.setdefault("methodResponses", {})
    if status in responses:
        raise conflict("Response already exists for this resource")
    body = call.body()
    for model in (body.get("responseModels") or {}).values():
        if model not in call.definition().models:
            raise bad_request(f"Invalid model identifier specified: {model}")
    document: Doc = {"statusCode": status}
    for key in ("responseParameters", "responseModels"):
        if body.get(key):
            document[key] = dict(body[key])
    responses[status] = document
    return created(document)


def _response(call: Call) -> Doc:
    found: Doc | None = call.method().get("methodResponses", {}).get(call.params["status"])
    if found is None:
        raise not_found("Invalid Response status code specified")
    return found


def read_response(call: Call) -> Response:
    return answer(_response(call))


def update_response(call: Call) -> Response:
    listed = patch.operations(call, shape="updateMethodResponseInput")
    rules = patch.Rules(maps={"/responseParameters": patch.boolean, "/responseModels": patch.text})
    changed = patch.patched(_response(call), listed, rules)
    call.method()["methodResponses"][call.params["status"]] = changed
    return created(changed)


def delete_response(call: Call) -> Response:
    _response(call)
    del call.method()["methodResponses"][call.params["status"]]
    return no_content()
