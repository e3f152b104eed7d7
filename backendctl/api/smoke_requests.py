"""The requests of a smoke test: those the spec declares, and every GET that asks for nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from backendctl.openapi.integrations import INTEGRATION
from backendctl.openapi.neutral import operations
from backendctl.spec.callers import Smoke


@dataclass(frozen=True, kw_only=True, slots=True)
class SmokeRequest:
    """One request.

    Attributes:
        path: as the definition has it. asked: as it is sent, with the query string.
        expect: the status wanted; None takes any below 500 that all regions give.
    """

    method: str
    path: str
    asked: str
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    body: str | None = None
    expect: int | None = None

    @property
    def route(self) -> str:
        """`GET /places`."""
        return f"{self.method} {self.path}"


def smoke_requests(document: Mapping[str, Any], smoke: tuple[Smoke, ...]) -> tuple[SmokeRequest, ...]:
    """In the order of the document; declared requests first for their route.

    Args:
        document: canonical, so that every operation has all its parameters.
    """
    by_route = {(one.method, one.path): one for one in smoke}
    found: list[SmokeRequest] = []
    for path, key, operation in operations(document):
        method = "ANY" if key.startswith("x-") else key.upper()
        asked = by_route.pop((method, path), None)
        if asked is not None:
            found += [] if asked.skip else [declared(asked)]
        elif method == "GET" and _asks_for_nothing(path, operation):
            found.append(SmokeRequest(method=method, path=path, asked=path))
    return tuple(found)


def declared(asked: Smoke) -> SmokeRequest:
    """The request that a spec declares, with its parameters in their places."""
    path = asked.path
    for name, value in asked.parameters.items():
        path = path.replace(f"{{{name}}}", quote(value, safe="")).replace(f"{{{name}+}}", quote(value))
    query = f"?{urlencode(asked.query)}" if asked.query else ""
    return SmokeRequest(
        method=asked.method,
        path=asked.path,
        asked=path + query,
        headers=asked.headers,
        body=asked.body,
        expect=asked.expect,
    )


def _asks_for_nothing(path: str, operation: Mapping[str, Any]) -> bool:
    parameters = [one for one in operation.get("parameters") or () if isinstance(one, dict)]
    required = any(one.get("required") for one in parameters) or bool(operation.get("requestBody"))
    return "{" not in path and not required and INTEGRATION in operation
