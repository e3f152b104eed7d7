"""What corrections answer: refusals in the three dialects of AWS, and answers of the services behind, retold.

Also the way back: a client's request with another body.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from xml.sax.saxutils import escape

from backendctl.sandbox.http import BAD_REQUEST, BROKEN, Request, Response

_ROUTE53 = "https://route53.amazonaws.com/doc/2013-04-01/"
_OF_THE_BODY = frozenset({"content-length", "x-amz-crc32"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """An error as AWS names it: its code, its sentence ("" for the few without one) and its HTTP status."""

    code: str
    message: str
    status: int = BAD_REQUEST

    def json_rpc(self, namespace: str = "") -> Response:
        """For DynamoDB, EventBridge and the like; DynamoDB puts a namespace before the code."""
        kind = f"{namespace}#{self.code}" if namespace else self.code
        return Response.of_json(
            {"__type": kind, "message": self.message},
            status=self.status,
            headers={"Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": str(uuid.uuid4())},
        )

    def rest_json(self) -> Response:
        """For Lambda."""
        return Response.of_json(
            {"Type": "User", "Message": self.message, "message": self.message} if self.message else {"Message": None},
            status=self.status,
            headers={"x-amzn-ErrorType": self.code, "x-amzn-RequestId": str(uuid.uuid4())},
        )

    def rest_xml(self, namespace: str = _ROUTE53) -> Response:
        """For Route 53 and the services which are asked by forms."""
        side = "Sender" if self.status < BROKEN else "Receiver"
        body = (
            f'<?xml version="1.0"?>\n<ErrorResponse xmlns="{namespace}"><Error><Type>{side}</Type>'
            f"<Code>{self.code}</Code><Message>{escape(self.message)}</Message></Error>"
            f"<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
        )
        return Response(status=self.status, headers={"Content-Type": "text/xml"}, body=body.encode())


def invalid(message: str) -> Refusal:
    """The most frequent one."""
    return Refusal(code="ValidationException", message=message)


def first(refusals: Sequence[Refusal | None]) -> Refusal | None:
    """The first refusal of several checks."""
    return next((refusal for refusal in refusals if refusal is not None), None)


def rewritten(answer: Response, body: bytes) -> Response:
    """The same answer with another body; DynamoDB's clients check the sum of the old one."""
    headers = {name: value for name, value in answer.headers.items() if name.lower() not in _OF_THE_BODY}
    return replace(answer, headers=headers, body=body)


def retold(answer: Response, document: Any) -> Response:
    """The same answer with another JSON document."""
    return rewritten(answer, json.dumps(document).encode())


def resent(request: Request, body: bytes) -> Request:
    """The same request with another body."""
    return replace(request, body=body, headers={**request.headers, "content-length": str(len(body))})


def carrying(request: Request, document: Any) -> Request:
    """The same request with another JSON document."""
    return resent(request, json.dumps(document).encode())
