"""The archives of functions, where `Code.Location` of GetFunction leads to: presigned URLs, for ten minutes."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from backendctl.sandbox.corrections import function_records
from backendctl.sandbox.http import FORBIDDEN, NOT_FOUND, Request, Response
from backendctl.sandbox.world import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping

_PATH = re.compile(r"^/awslambda-([a-z0-9-]+)-tasks/snapshots/\d{12}/([^/]+)/([^/]+)$")
_KEY = re.compile(r"Credential=([^/,\s]+)/")
_SECRET = secrets.token_bytes(32)
_HOLDS = 600  # seconds


def is_code(path: str) -> bool:
    """Whether a path is that of an archive."""
    return _PATH.match(path) is not None


def location(request: Request, configuration: Mapping[str, Any]) -> str:
    """Where the archive of a version is.

    Args:
        request: that asks for it; it says by which name the sandbox is reached, and whose key signs.
        configuration: of the version.
    """
    name, version = configuration["FunctionName"], configuration.get("Version", "$LATEST")
    path = f"/awslambda-{request.region}-tasks/snapshots/{ACCOUNT}/{quote(name)}/{quote(version)}"
    until = str(int(time.time()) + _HOLDS)
    key = _KEY.search(request.headers.get("authorization", ""))
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{key[1] if key else ACCOUNT}/20200101/{request.region}/s3/aws4_request",
        "X-Amz-Expires": until,
        "X-Amz-Signature": _signature(name, version, request.region, until),
    }
    return f"http://{request.headers.get('host', '127.0.0.1')}{path}?{urlencode(query)}"


async def answer(request: Request) -> Response:
    """The archive, to whoever has a URL that was given out."""
    found = _PATH.match(request.path)
    until = request.first("X-Amz-Expires") or "0"
    if found is None or not until.isdecimal():
        return Response(status=FORBIDDEN)
    region, name, version = found.groups()
    signed = hmac.compare_digest(_signature(name, version, region, until), request.first("X-Amz-Signature") or "")
    if not signed or int(until) < time.time():
        return Response(status=FORBIDDEN)
    known = function_records.record((region, name)) or {}
    kept = known if version == "$LATEST" else known.get("versions", {}).get(version, {})
    body = kept.get("code_zip")
    if not body:
        return Response(status=NOT_FOUND)
    return Response(headers={"Content-Type": "application/zip"}, body=body)


def _signature(*parts: str) -> str:
    return hmac.new(_SECRET, "/".join(parts).encode(), hashlib.sha256).hexdigest()
