"""Authorizers, edited by hand."""

from __future__ import annotations

from backendctl.sandbox.apigateway import patch
from backendctl.sandbox.apigateway.call import Call, created
from backendctl.sandbox.apigateway.collection import Collection
from backendctl.sandbox.apigateway.errors import (
    bad_request,
    conflict,
    enum_complaint,
    limit_exceeded,
    refuse_invalid,
    refuse_missing,
)
from backendctl.sandbox.apigateway.integrations import UNRENDERED
from backendctl.sandbox.apigateway.model import Definition, Doc, new_id
from backendctl.sandbox.http import Response

TYPES = ("TOKEN", "REQUEST", "COGNITO_USER_POOLS")
DEFAULT_TTL = 300
MOST = 10  # A41
COPIED = ("authorizerUri", "authorizerCredentials", "identitySource", "identityValidationExpression", "providerARNs")


def create(call: Call) -> Response:
    definition = call.definition()
    body = call.body()
    if not body.get("name"):
        refuse_missing(at="createAuthorizerInput.name")
    if any(each["name"] == body["name"] for each in definition.authorizers.values()):
        raise conflict("Authorizer name must be unique. Authorizer already exists")
    check_quota(definition)
    document = authorizer_of(body, name=body["name"])
    definition.authorizers[document["id"]] = document
    return created(document)


def check_quota(definition: Definition) -> None:
    """Refuse one more than there may be."""
    if len(definition.authorizers) >= MOST:
        raise limit_exceeded("Maximum number of Authorizers for this API has been reached")


def authorizer_of(body: Doc, *, name: str) -> Doc:
    kind = body.get("type")
    if kind not in TYPES:
        at = "createAuthorizerInput.type"
        refuse_invalid([enum_complaint(value=kind, at=at, allowed=", ".join(TYPES))])
    cognito = kind == "COGNITO_USER_POOLS"
    if UNRENDERED.search(str(body.get("authorizerUri") or "")):
        raise bad_request(
            f"Invalid Authorizer URI: {body['authorizerUri']}. Authorizer URI should be a valid API Gateway ARN that "
            "represents a Lambda function invocation."
        )
    if not cognito and not body.get("authorizerUri"):
        raise bad_request(
            "Invalid authorizer URI: null. Authorizer URI should be a valid API Gateway ARN that "
            "represents a Lambda function invocation."
        )
    default = "cognito_user_pools" if cognito else "custom"
    document: Doc = {"id": new_id(), "name": name, "type": kind, "authType": body.get("authType") or default}
    document.update({key: body[key] for key in COPIED if body.get(key)})
    ttl = body.get("authorizerResultTtlInSeconds")
    if ttl is not None or not cognito:
        document["authorizerResultTtlInSeconds"] = DEFAULT_TTL if ttl is None else int(ttl)
    return document


def _refuse_used(call: Call, found: Doc) -> None:
    for resource in call.definition().resources.values():
        if any(method.get("authorizerId") == found["id"] for method in resource["methods"].values()):
            raise conflict(f"Cannot delete authorizer '{found['id']}', is referenced in method")


AUTHORIZERS = Collection(
    store=lambda call: call.definition().authorizers,
    param="authorizer",
    missing="Invalid Authorizer identifier specified",
    shape="updateAuthorizerInput",
    rules=patch.Rules(
        scalars={
            "/name": patch.text,
            "/type": patch.text,
            "/authType": patch.text,
            "/authorizerUri": patch.text,
            "/authorizerCredentials": patch.text_or_none,
            "/identitySource": patch.text,
            "/identityValidationExpression": patch.text_or_none,
            "/authorizerResultTtlInSeconds": patch.integer,
        },
        lists=frozenset({"/providerARNs"}),
    ),
    refuse_used=_refuse_used,
)
