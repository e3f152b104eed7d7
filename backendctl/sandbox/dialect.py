"""How each service words the errors that any call may get: broken, throttled, over a limit, not there."""

from __future__ import annotations

import uuid
from dataclasses import replace
from enum import StrEnum
from xml.sax.saxutils import escape

from backendctl.sandbox.corrections.answers import Refusal
from backendctl.sandbox.http import BAD_REQUEST, BROKEN, FORBIDDEN, TOO_MANY, Request, Response

UNAVAILABLE = 503
TRAFFIC = "execute-api"
"""The service's name for requests of an API's own callers."""


class Kind(StrEnum):
    """What went wrong, whatever the service calls it."""

    ERROR = "error"
    UNAVAILABLE = "unavailable"
    THROTTLED = "throttled"
    LIMIT = "limit"
    UNKNOWN_KEY = "unknown key"
    DENIED = "denied"


_BAD_TOKEN = "The security token included in the request is invalid."
_QUERY_KEY = Refusal(code="InvalidClientTokenId", message=_BAD_TOKEN, status=FORBIDDEN)
_REST_KEY = Refusal(code="UnrecognizedClientException", message=_BAD_TOKEN, status=FORBIDDEN)
_GENERAL = {
    Kind.ERROR: Refusal(code="InternalFailure", message="The request processing has failed.", status=BROKEN),
    Kind.UNAVAILABLE: Refusal(code="ServiceUnavailable", message="Service is unavailable.", status=UNAVAILABLE),
    Kind.THROTTLED: Refusal(code="ThrottlingException", message="Rate exceeded", status=BAD_REQUEST),
    Kind.LIMIT: Refusal(code="LimitExceededException", message="The limit has been exceeded.", status=BAD_REQUEST),
    Kind.UNKNOWN_KEY: Refusal(code="UnrecognizedClientException", message=_BAD_TOKEN, status=BAD_REQUEST),
    Kind.DENIED: Refusal(code="AccessDeniedException", message="", status=BAD_REQUEST),
}
_PARTICULAR = {
    **{(service, Kind.UNKNOWN_KEY): _REST_KEY for service in ("apigateway", "lambda", "scheduler", "xray")},
    **{(service, Kind.UNKNOWN_KEY): _QUERY_KEY for service in ("iam", "route53", "sts", "cloudformation", "sns")},
    ("s3", Kind.UNKNOWN_KEY): Refusal(
        code="InvalidAccessKeyId",
        message="The AWS Access Key Id you provided does not exist in our records.",
        status=FORBIDDEN,
    ),
    **{
        (service, Kind.DENIED): Refusal(code="AccessDeniedException", message="", status=FORBIDDEN)
        for service in ("apigateway", "lambda", "scheduler", "xray")
    },
    **{
        (service, Kind.DENIED): Refusal(code="AccessDenied", message="", status=FORBIDDEN)
        for service in ("iam", "route53", "sts", "s3", "monitoring", "sns", "cloudformation")
    },
    ("apigateway", Kind.THROTTLED): Refusal(  # A36
        code="TooManyRequestsException", message="Too Many Requests", status=TOO_MANY
    ),
    ("apigateway", Kind.LIMIT): Refusal(  # A37: the same status, but final
        code="LimitExceededException",
        message="Maximum number of Resources for this API has been reached. Please contact AWS if you need additional "
        "Resources.",
        status=TOO_MANY,
    ),
    ("lambda", Kind.ERROR): Refusal(
        code="ServiceException",
        message="An error occurred and the request cannot be processed.",
        status=BROKEN,
    ),
    ("lambda", Kind.THROTTLED): Refusal(  # B56
        code="TooManyRequestsException", message="Rate exceeded", status=TOO_MANY
    ),
    ("lambda", Kind.LIMIT): Refusal(
        code="CodeStorageExceededException", message="Code storage limit exceeded.", status=BAD_REQUEST
    ),
    ("dynamodb", Kind.ERROR): Refusal(code="InternalServerError", message="Internal server error", status=BROKEN),
    ("dynamodb", Kind.LIMIT): Refusal(
        code="LimitExceededException",
        message="Subscriber limit exceeded: There is a limit of 2500 tables per subscriber",  # C56
        status=BAD_REQUEST,
    ),
    ("events", Kind.ERROR): Refusal(code="InternalException", message="Internal error", status=BROKEN),  # D17
    ("events", Kind.LIMIT): Refusal(  # D5
        code="LimitExceededException",
        message="The requested resource exceeds the maximum number allowed.",
        status=BAD_REQUEST,
    ),
    ("route53", Kind.THROTTLED): Refusal(code="Throttling", message="Rate exceeded", status=BAD_REQUEST),  # E22
    ("route53", Kind.LIMIT): Refusal(
        code="LimitsExceeded", message="Limits Exceeded: MAX_HEALTH_CHECKS_BY_OWNER", status=BAD_REQUEST
    ),
    ("iam", Kind.THROTTLED): Refusal(code="Throttling", message="Rate exceeded", status=BAD_REQUEST),
    ("iam", Kind.ERROR): Refusal(code="ServiceFailure", message="The request processing has failed.", status=BROKEN),
    ("iam", Kind.LIMIT): Refusal(
        code="LimitExceeded", message="Cannot exceed quota for RolesPerAccount: 1000", status=409
    ),
    ("sts", Kind.THROTTLED): Refusal(code="Throttling", message="Rate exceeded", status=BAD_REQUEST),
    ("s3", Kind.ERROR): Refusal(
        code="InternalError", message="We encountered an internal error. Please try again.", status=BROKEN
    ),
    ("s3", Kind.THROTTLED): Refusal(code="SlowDown", message="Please reduce your request rate.", status=UNAVAILABLE),
    (TRAFFIC, Kind.ERROR): Refusal(code="InternalServerErrorException", message="Internal server error", status=BROKEN),
    (TRAFFIC, Kind.THROTTLED): Refusal(code="TooManyRequestsException", message="Too Many Requests", status=TOO_MANY),
    (TRAFFIC, Kind.LIMIT): Refusal(code="LimitExceededException", message="Limit Exceeded", status=TOO_MANY),
}
_REST = frozenset({"apigateway", "lambda", "scheduler", "xray", TRAFFIC})
_XML = frozenset({"route53", "iam", "sts", "cloudformation", "elasticloadbalancing", "sns"})
_NAMESPACES = {
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "route53": "https://route53.amazonaws.com/doc/2013-04-01/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}


def answer(kind: Kind, *, service: str, request: Request, message: str | None = None) -> Response:
    """The error in the service's own words and wire format.

    Args:
        service: the signing name, or `TRAFFIC`.
        request: tells the format where a service speaks several.
        message: stands for the service's usual words.
    """
    words = _PARTICULAR.get((service, kind)) or _GENERAL[kind]
    words = words if message is None else replace(words, message=message)
    if "cbor" in request.headers.get("smithy-protocol", ""):
        return _cbor(words)
    if service == "s3":
        return _xml_s3(words)
    if service in _REST:
        return _rest_json(words, service, kind)
    if service in _XML or "x-www-form-urlencoded" in request.headers.get("content-type", ""):
        return (_QUERY_KEY if kind is Kind.UNKNOWN_KEY else words).rest_xml(_NAMESPACES.get(service, ""))
    return words.json_rpc("com.amazonaws.dynamodb.v20120810" if service == "dynamodb" else "")


def _rest_json(words: Refusal, service: str, kind: Kind) -> Response:
    document = {"message": words.message}
    if service == "lambda":
        document |= {"Type": "Service" if words.status >= BROKEN else "User", "Message": words.message}
        document |= {"Reason": "CallerRateLimitExceeded"} if kind is Kind.THROTTLED else {}  # B56
    return Response.of_json(
        document,
        status=words.status,
        headers={"x-amzn-ErrorType": words.code, "x-amzn-RequestId": str(uuid.uuid4())},
    )


def _xml_s3(words: Refusal) -> Response:
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{words.code}</Code>'
        f"<Message>{escape(words.message)}</Message><RequestId>{uuid.uuid4()}</RequestId></Error>"
    )
    return Response(status=words.status, headers={"Content-Type": "application/xml"}, body=body.encode())


def _cbor(words: Refusal) -> Response:
    """RFC 8949: a map of two text strings to text strings, which is all an error takes."""
    pairs = (("__type", words.code), ("message", words.message))
    body = b"\xa2" + b"".join(_cbor_text(text) for pair in pairs for text in pair)
    headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
    return Response(status=words.status, headers=headers, body=body)


def _cbor_text(text: str) -> bytes:
    raw = text.encode()
    return b"\x79" + len(raw).to_bytes(2) + raw  # a text string whose length stands in two bytes
