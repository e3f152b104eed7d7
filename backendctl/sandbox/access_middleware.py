"""The outermost middleware: who may use the control plane, and that nothing else reaches it.

The sandbox runs code as whoever started it, and every web page which that person opens can send requests to
127.0.0.1. Requests of an API's own callers (`planes.target_of`) pass: the API, its authorizers and its CORS decide
about them, as on AWS. All others are the control plane's, with `/_sandbox` and `/_ministack`, and must meet three
conditions:

* The Host is this machine's own name, so that a name of somebody else which resolves to 127.0.0.1 (DNS rebinding)
  reaches nothing.
* No browser sent it for a page: it has no Origin, and Sec-Fetch-Site is absent or "none" (an address typed by hand).
  "same-origin" is refused as well, because a handler's answer under `/_aws/execute-api/` has the origin of the
  control plane and may be a page.
* It has what a browser sends only after a preflight, and preflights are refused: an AWS signature in the Authorization
  header, or for `/_sandbox` and `/_ministack` the header X-Sandbox-Client. This also holds in browsers too old for
  Sec-Fetch-Site. Signatures are not verified; what counts is that no page can send one.

A presigned URL is a plain GET and a page could forge one; with it only objects of S3 are read, and no answer has a
header of CORS, so that the page does not see them.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from backendctl.sandbox import asgi, dialect
from backendctl.sandbox.dialect import Kind
from backendctl.sandbox.http import FORBIDDEN, Response
from backendctl.sandbox.planes import Names, host_of, is_below_localhost, is_own_name, target_of
from backendctl.sandbox.router import HEALTH
from backendctl.sandbox.world import ACCOUNT, DEFAULT_REGION

if TYPE_CHECKING:
    from backendctl.sandbox.asgi import App, Message, Receive, Scope, Send
    from backendctl.sandbox.keys import Keys

_CLIENT = b"x-sandbox-client"
_OWN_PATHS = ("/_sandbox", "/_ministack", "/_localstack")
_SIGNED = ("AWS4-HMAC-SHA256 ", "AWS4-ECDSA-P256-SHA256 ", "AWS ")
_WITHOUT_PREFLIGHT = frozenset({"GET", "HEAD", "POST"})
_KEY = re.compile(r"Credential=([^/,\s]+)/|^AWS ([^:\s]+):")

_HOST = "the sandbox answers AWS calls on localhost, 127.0.0.1 and [::1] only, not on this Host"
_PAGE = "the sandbox takes no AWS calls from web pages"
_OWN = "calls of /_sandbox and /_ministack need the header X-Sandbox-Client, with any value"
_UNSIGNED = "Missing Authentication Token: calls of the sandbox need an AWS signature, with any credentials"
_PRESIGNED = "without an Authorization header the sandbox answers presigned URLs of S3 only"
_KEY_NEEDED = "the sandbox was started with --require-token: send its access key id in the header X-Sandbox-Client"


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessMiddleware:
    """The ASGI application which the server serves: access control.

    Attributes:
        inside: gets what may pass.
        names: the names of the APIs.
        keys: the access keys which the control plane takes; None takes any.
    """

    inside: App
    names: Names
    keys: Keys | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.inside(scope, receive, send)
            return
        refusal = None
        if target_of(scope, self.names) is None:
            refusal, send = self._refusal(scope), _without_cors(send)
            scope = self._as_account(scope)
        if refusal is None:
            try:
                await self.inside(scope, receive, send)
            except asgi.DisconnectedError:  # half a request is none
                return
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await asgi.respond(send, refusal)

    def _refusal(self, scope: Scope) -> Response | None:
        """What is answered to a request of the control plane instead of carrying it out; None lets it pass."""
        host = host_of(scope)
        if not (is_own_name(host) or is_below_localhost(host)):
            return _refused(_HOST)
        if asgi.header(scope, b"origin") or asgi.header(scope, b"sec-fetch-site") not in {"", "none"}:
            return _refused(_PAGE)
        problem = _unauthorized(scope)
        if problem is not None:
            return _refused(problem, kind="MissingAuthenticationTokenException")
        return None if self.keys is None else self._unknown_key(scope, self.keys)

    def _unknown_key(self, scope: Scope, keys: Keys) -> Response | None:
        if _is_health(scope) and not asgi.header(scope, _CLIENT):
            return None  # which says little then
        given = asgi.header(scope, _CLIENT) if scope["path"].startswith(_OWN_PATHS) else ""
        given = given or _key_of(scope)
        if any(hmac.compare_digest(given.encode(), key.encode()) for key in (keys.client, keys.handlers)):
            return None
        signed = asgi.signed(scope)
        if scope["path"].startswith(_OWN_PATHS) or scope["type"] != "http":
            return _refused(_KEY_NEEDED)
        service = signed.service if signed else "s3"
        return dialect.answer(Kind.UNKNOWN_KEY, service=service, request=asgi.to_request(scope, b"", DEFAULT_REGION))

    def _as_account(self, scope: Scope) -> Scope:
        """The same request; what handlers sign with keys of their own is signed as every handler's calls are."""
        if self.keys is None:
            return scope
        theirs, ours = self.keys.handlers.encode(), ACCOUNT.encode()
        headers = [
            (key, value.replace(theirs, ours) if key == b"authorization" else value)
            for key, value in scope.get("headers", ())
        ]
        return {**scope, "headers": headers, "query_string": scope.get("query_string", b"").replace(theirs, ours)}


def _unauthorized(scope: Scope) -> str | None:
    """Why a request could be one that a browser sends without asking first; None when it cannot."""
    path, method = scope["path"], scope.get("method", "GET")
    if asgi.header(scope, b"authorization").startswith(_SIGNED):
        return None
    if path.startswith(_OWN_PATHS):
        return None if _is_health(scope) or asgi.header(scope, _CLIENT) else _OWN
    query = _query(scope)
    if not ({"X-Amz-Credential", "X-Amz-Signature"} <= query.keys() or {"AWSAccessKeyId", "Signature"} <= query.keys()):
        return _UNSIGNED
    if method not in _WITHOUT_PREFLIGHT:
        return None
    signed = asgi.signed(scope)
    reads_s3 = method != "POST" and "Action" not in query and (signed is None or signed.service == "s3")
    return None if reads_s3 and not path.startswith("/_") else _PRESIGNED


def _is_health(scope: Scope) -> bool:
    return scope["path"] == HEALTH and scope.get("method") == "GET"


def _key_of(scope: Scope) -> str:
    """The access key id with which a request is signed; "" when it is not."""
    found = _KEY.search(asgi.header(scope, b"authorization"))
    if found is not None:
        return str(found[1] or found[2])
    query = _query(scope)
    return query.get("X-Amz-Credential", [""])[0].partition("/")[0] or query.get("AWSAccessKeyId", [""])[0]


def _query(scope: Scope) -> dict[str, list[str]]:
    return parse_qs(scope.get("query_string", b"").decode("latin-1"))


def _refused(message: str, *, kind: str = "AccessDeniedException") -> Response:
    return Response.of_json({"__type": kind, "message": message}, status=FORBIDDEN, headers={"x-amzn-ErrorType": kind})


def _without_cors(send: Send) -> Send:
    """Takes out of the answers what would let a page of another origin read them."""

    async def stripped(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message.get("headers", ()) if not pair[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": kept}
        await send(message)

    return stripped
