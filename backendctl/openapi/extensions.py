"""API Gateway's own extensions, and the keys below which nothing is read."""

from __future__ import annotations

from backendctl.nearest import nearest
from backendctl.openapi.layout import DOCUMENTATION
from backendctl.openapi.pointer import Way

PREFIX = "x-amazon-apigateway-"
KNOWN = frozenset(
    PREFIX + name
    for name in (
        "any-method",
        "api-key-source",
        "auth",
        "authorizer",
        "authtype",
        "binary-media-types",
        "documentation",
        "endpoint-access-mode",
        "endpoint-configuration",
        "gateway-responses",
        "importexport-version",
        "integration",
        "minimum-compression-size",
        "policy",
        "request-validator",
        "request-validators",
        "security-policy",
        "tag-value",
    )
)
"""Extensions that a REST API reads."""

HTTP_API_EXTENSIONS = frozenset(PREFIX + name for name in ("cors", "integrations"))

SHOWN = frozenset({"example", "examples", "default", "enum", "x-example"})
"""Keys below which anything may stand: it is shown, not read."""


def shown(way: Way) -> bool:
    """Whether the way leads into an example, documentation or the like. A property of that name is none."""
    return way[:1] == (DOCUMENTATION,) or any(
        key in SHOWN and way[index - 1 : index] != ("properties",) for index, key in enumerate(way)
    )


def nearest_extension(name: str) -> str:
    """`; did you mean 'x-amazon-apigateway-…'?`, or nothing when no extension is near."""
    found = nearest(name.lower().removeprefix(PREFIX), (known.removeprefix(PREFIX) for known in KNOWN))
    return found.replace("'", f"'{PREFIX}", 1)
