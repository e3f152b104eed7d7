"""What the gateway itself answers: gateway responses, and the plain refusal of what is not emulated."""

from __future__ import annotations

import json

from backendctl.sandbox.apigateway import gateway_responses
from backendctl.sandbox.apigateway.event import template_context
from backendctl.sandbox.apigateway.exchange import Exchange, NotEmulatedError, RefusedError
from backendctl.sandbox.apigateway.model import Doc
from backendctl.sandbox.apigateway.parameters import plain_value
from backendctl.sandbox.apigateway.template import Scope, TemplateError, render
from backendctl.sandbox.http import Response

ERROR_TYPES = {
    "ACCESS_DENIED": "AccessDeniedException",
    "AUTHORIZER_CONFIGURATION_ERROR": "AuthorizerConfigurationException",
    "AUTHORIZER_FAILURE": "AuthorizerConfigurationException",
    "BAD_REQUEST_BODY": "BadRequestException",
    "BAD_REQUEST_PARAMETERS": "BadRequestException",
    "INVALID_API_KEY": "ForbiddenException",
    "MISSING_AUTHENTICATION_TOKEN": "MissingAuthenticationTokenException",
    "QUOTA_EXCEEDED": "LimitExceededException",
    "REQUEST_TOO_LARGE": "RequestEntityTooLargeException",
    "THROTTLED": "TooManyRequestsException",
    "UNAUTHORIZED": "UnauthorizedException",
    "UNSUPPORTED_MEDIA_TYPE": "UnsupportedMediaTypeException",
}


def forbidden() -> Response:
    """The answer for an API, stage or mapping that does not exist; nothing of an API can change it."""
    return Response.of_json({"message": "Forbidden"}, 403, {"x-amzn-ErrorType": "ForbiddenException"})


def not_emulated(error: NotEmulatedError) -> Response:
    text = f"The sandbox does not emulate this: {error}"
    return Response.of_json({"message": text}, 501, {"x-amzn-ErrorType": "NotEmulated"})


def refusal(exchange: Exchange, refused: RefusedError) -> Response:
    """The gateway response of that type, as the deployed API has customised it."""
    chosen = gateway_responses.effective(exchange.definition, refused.kind)
    custom = not chosen.get("defaultResponse", False)
    status = int(chosen["statusCode"]) if custom and "statusCode" in chosen else refused.status
    error = {
        "message": refused.message,
        "messageString": json.dumps(refused.message),
        "responseType": refused.kind,
    }
    context = template_context(exchange, error)
    kind, template = next(
        iter(chosen["responseTemplates"].items()), ("application/json", gateway_responses.DEFAULT_TEMPLATE)
    )
    if not custom and refused.kind == "ACCESS_DENIED":
        template = template.replace('"message"', '"Message"')  # AWS writes this one with a capital
    headers = {
        "Content-Type": kind,
        "x-amzn-ErrorType": ERROR_TYPES.get(refused.kind, "InternalServerErrorException"),
        **_headers(exchange, chosen["responseParameters"], context),
    }
    try:
        text = render(template, Scope(context=context, variables=exchange.variables))
    except TemplateError as broken:
        exchange.log(f"Execution failed due to configuration error: Unable to transform response ({broken})")
        status, text = 500, json.dumps({"message": "Internal server error"})
    return Response(status=status, headers=headers, body=text.encode())


def _headers(exchange: Exchange, parameters: dict[str, str], context: Doc) -> dict[str, str]:
    values = {name: plain_value(exchange, source, context) for name, source in parameters.items()}
    return {name.removeprefix("gatewayresponse.header."): value for name, value in values.items() if value is not None}
