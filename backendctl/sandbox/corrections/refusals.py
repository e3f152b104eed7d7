"""Refusals in the three dialects AWS services speak."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from backendctl.sandbox.http import Response

if TYPE_CHECKING:
    from collections.abc import Sequence

BAD_REQUEST, NOT_FOUND, CONFLICT, PRECONDITION = 400, 404, 409, 412
_ROUTE53 = "https://route53.amazonaws.com/doc/2013-04-01/"


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
        body = (
            f'<?xml version="1.0"?>\n<ErrorResponse xmlns="{namespace}"><Error><Type>Sender</Type>'
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
