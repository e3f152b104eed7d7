"""Requests to the services behind, and their answers, told differently."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backendctl.sandbox.http import Request, Response

_OF_THE_BODY = frozenset({"content-length", "x-amz-crc32"})


def retold(answer: Response, document: Any) -> Response:
    """The same answer with another document; DynamoDB's clients check the sum of the old one."""
    headers = {name: value for name, value in answer.headers.items() if name.lower() not in _OF_THE_BODY}
    return replace(answer, headers=headers, body=json.dumps(document).encode())


def carrying(request: Request, document: Any) -> Request:
    """The same request with another document."""
    body = json.dumps(document).encode()
    return replace(request, body=body, headers={**request.headers, "content-length": str(len(body))})
