"""The two values every part of the sandbox speaks: an HTTP request and the answer to it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

OK, CREATED, ACCEPTED, NO_CONTENT = 200, 201, 202, 204
BAD_REQUEST, FORBIDDEN, NOT_FOUND, CONFLICT, PRECONDITION, TOO_MANY, BROKEN = 400, 403, 404, 409, 412, 429, 500
"""HTTP statuses that parts of the sandbox tell apart."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One HTTP request, read to its end.

    Attributes:
        path: percent-decoded path, without the query.
        raw_path: the path as it came over the wire.
        query: each parameter with all its values, percent-decoded, in order.
        headers: lower-case names; repeated headers joined by ", ".
        region: AWS region from the credential scope, or from the host name.
        account: 12-digit account id of the sandbox.
    """

    method: str
    path: str
    raw_path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    region: str
    account: str
    source_ip: str = "127.0.0.1"

    def json(self) -> Any:
        """The body as JSON; an empty body is an empty object."""
        return json.loads(self.body) if self.body else {}

    def document(self) -> dict[str, Any]:
        """The body as a JSON object; an empty one when it is none."""
        try:
            found = self.json()
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def members(self) -> dict[str, Any]:
        """What an operation is asked with: the fields of a form, the first of each name, or the members of the JSON."""
        if "x-www-form-urlencoded" in self.headers.get("content-type", ""):
            return dict(reversed(parse_qsl(self.body.decode("latin-1"), keep_blank_values=True)))
        return self.document()

    def first(self, name: str, default: str | None = None) -> str | None:
        """The first value of a query parameter."""
        values = self.query.get(name)
        return values[0] if values else default


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """The answer: a status, header names as they shall be sent, and bytes."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def xml(self) -> ET.Element:
        """The body as XML. Its writer is a part of this process."""
        return ET.fromstring(self.body)  # noqa: S314 - our own

    @staticmethod
    def of_json(document: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        """A JSON answer."""
        return Response(
            status=status,
            headers={"Content-Type": "application/json", **(headers or {})},
            body=json.dumps(document).encode(),
        )
