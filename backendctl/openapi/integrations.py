"""Which Lambda functions an API definition calls, and through which aliases.

Pure functions over a parsed OpenAPI 3 or Swagger 2 document, as the file has it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from backendctl.openapi.arns import ACCOUNT, REGION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ANY_METHOD = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
TARGET = ("integrationTarget", "integration-target")
"""How the listener behind a VPC link of version 2 is called: by the SDK and by the guide (K2)."""
MEMBERS = frozenset(
    {
        "type",
        "httpMethod",
        "uri",
        "credentials",
        "requestParameters",
        "requestTemplates",
        "passthroughBehavior",
        "contentHandling",
        "timeoutInMillis",
        "cacheNamespace",
        "cacheKeyParameters",
        "connectionType",
        "connectionId",
        *TARGET,
        "tlsConfig",
        "responseTransferMode",
        "responses",
    }
)
"""Members of an integration that a REST API reads."""
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", ANY_METHOD)

_URI = re.compile(r":lambda:path/[^/]+/functions/(?P<function>.+)/(?:response-streaming-)?invocations$")
_VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")
_COLON = re.compile(r":(?![^{]*\})")  # not the colons of ${AWS::Region}
_FULL_ARN = 7
"""Parts of arn:aws:lambda:region:account:function:name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """One Lambda function that the definition calls.

    Attributes:
        path: the route, e.g. "/places/{id}"; the authorizer's name for an authorizer.
        method: in capitals, "ANY" for any; "AUTHORIZER" for an authorizer.
        function: its name; may hold `${stageVariables.x}`.
        qualifier: alias or version, may be or hold `${stageVariables.x}`; None when there is none.
        way: keys that lead to the URI in the document.
        region, account: as the ARN names them: written out, a placeholder, or a stage variable.
    """

    path: str
    method: str
    function: str
    qualifier: str | None
    way: tuple[str, ...] = ()
    region: str = REGION
    account: str = ACCOUNT

    @property
    def variables(self) -> frozenset[str]:
        """The stage variables it depends on."""
        parts = (self.region, self.account, self.function, self.qualifier or "")
        return frozenset(_VARIABLE.findall(":".join(parts)))

    def is_in(self, region: str, account: str) -> bool:
        """Whether the function is one of that region and account; the target is of a neutral document, resolved."""
        return self.region in {REGION, region} and self.account in {ACCOUNT, account}


def lambda_targets(document: Mapping[str, Any]) -> list[Target]:
    """Every Lambda URI of the document: integrations in the order of the file, then authorizers."""
    return [*_integrations(document), *_authorizers(document)]


def resolve(target: Target, variables: Mapping[str, str]) -> Target | None:
    """The target with a stage's variables put in; None when one that it needs is not defined.

    A variable may hold `name:alias`; that is split.
    """
    if not target.variables <= variables.keys():
        return None
    function = _filled(target.function, variables)
    qualifier = _filled(target.qualifier, variables) if target.qualifier is not None else None
    name, _, alias = function.partition(":")
    return replace(
        target,
        function=name,
        qualifier=qualifier or alias or None,
        region=_filled(target.region, variables),
        account=_filled(target.account, variables),
    )


def stage_variables(document: Any) -> set[str]:
    """Every x of `${stageVariables.x}` in any text of the document."""
    if isinstance(document, str):
        return set(_VARIABLE.findall(document))
    items = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    return set().union(*(stage_variables(item) for item in items))


def parse_uri(uri: Any) -> tuple[str, str | None] | None:
    """Function and qualifier of a Lambda URI; None for any other URI."""
    parts = _arn(uri)
    return None if parts is None else (parts[6], parts[7] if parts[7:] else None)


def _arn(uri: Any) -> list[str] | None:
    found = _URI.search(uri) if isinstance(uri, str) else None
    parts = _COLON.split(found["function"]) if found else []
    return parts if len(parts) >= _FULL_ARN and parts[5] == "function" else None


def _integrations(document: Mapping[str, Any]) -> Iterator[Target]:
    for path, item in _mapping(document.get("paths")).items():
        for method in METHODS:
            integration = _mapping(_mapping(_mapping(item).get(method)).get(INTEGRATION))
            way = ("paths", path, method, INTEGRATION, "uri")
            verb = "ANY" if method == ANY_METHOD else method.upper()
            yield from _target(integration.get("uri"), path=path, method=verb, way=way)


def _authorizers(document: Mapping[str, Any]) -> Iterator[Target]:
    swagger = ("securityDefinitions",)
    openapi = ("components", "securitySchemes")
    for home in (swagger, openapi):
        schemes: Any = document
        for step in home:
            schemes = _mapping(schemes).get(step)
        for name, scheme in _mapping(schemes).items():
            authorizer = _mapping(_mapping(scheme).get("x-amazon-apigateway-authorizer"))
            way = (*home, name, "x-amazon-apigateway-authorizer", "authorizerUri")
            yield from _target(authorizer.get("authorizerUri"), path=name, method="AUTHORIZER", way=way)


def _target(uri: Any, *, path: str, method: str, way: tuple[str, ...]) -> Iterator[Target]:
    if parts := _arn(uri):
        yield Target(
            path=path,
            method=method,
            function=parts[6],
            qualifier=parts[7] if parts[7:] else None,
            way=way,
            region=parts[3],
            account=parts[4],
        )


def _filled(text: str, variables: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: variables[found[1]], text)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
