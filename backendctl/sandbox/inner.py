"""The emulated services behind the front, asked from inside the process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.asgi import App, call
from backendctl.sandbox.direct import is_direct
from backendctl.sandbox.http import Request, Response
from backendctl.sandbox.world import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

OK = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Inner:
    """An ASGI application which answers for AWS services; calls to it never pass a socket.

    Attributes:
        direct: answers requests to AWS services without ASGI, as the application would; None when nobody does.
    """

    app: App
    direct: Callable[[Request], Awaitable[Response]] | None = None

    async def forward(self, request: Request) -> Response:
        """Hand a client's request on, unchanged."""
        if self.direct is not None and is_direct(request):
            return await self.direct(request)
        return await call(self.app, request)

    async def ask(
        self,
        *,
        service: str,
        region: str,
        method: str = "POST",
        path: str = "/",
        query: Mapping[str, Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Response:
        """Send a request of the sandbox's own, signed for a service in a region."""
        credential = f"{ACCOUNT}/20200101/{region}/{service}/aws4_request"
        return await self.forward(
            Request(
                method=method,
                path=path,
                raw_path=path,
                query={name: list(values) for name, values in (query or {}).items()},
                headers={
                    "host": f"{service}.{region}.amazonaws.com" if service != "s3" else "localhost",
                    "authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0",
                    "content-length": str(len(body)),
                    **(headers or {}),
                },
                body=body,
                region=region,
                account=ACCOUNT,
            )
        )

    async def ask_json(
        self, *, service: str, region: str, target: str, document: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """Call an operation of a JSON-RPC service ("DynamoDB_20120810.DescribeTable"); None when it fails."""
        answer = await self.ask(
            service=service,
            region=region,
            headers={"x-amz-target": target, "content-type": "application/x-amz-json-1.1"},
            body=json.dumps(document).encode(),
        )
        parsed: dict[str, Any] = json.loads(answer.body) if answer.status == OK and answer.body else {}
        return parsed if answer.status == OK else None
