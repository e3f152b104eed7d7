"""Which operation a request asks for, by the name AWS gives it; REST services say it by method and path alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from backendctl.sandbox.service_models import service_model

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from botocore.model import OperationModel

    from backendctl.sandbox.http import Request

_REST = frozenset({"apigateway", "lambda", "route53", "s3", "scheduler", "xray"})
_CBOR_PATH = re.compile(r"/service/[^/]+/operation/([^/]+)")
_LABEL = re.compile(r"(\{[^}]+\})")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Route:
    name: str
    method: str
    path: re.Pattern[str]
    query: Mapping[str, Sequence[str]]
    headers: frozenset[str]
    parameters: frozenset[str]
    literals: int

    @property
    def rank(self) -> tuple[int, int]:
        """How particular it is: what else than the path it asks for, and how much of the path is fixed."""
        return len(self.query) + len(self.headers) + len(self.parameters), self.literals

    def fits(self, request: Request) -> bool:
        """Whether a request is one of these."""
        return (
            self.method == request.method
            and self.path.fullmatch(request.raw_path) is not None
            and all(request.query.get(name) == values for name, values in self.query.items())
            and self.headers <= request.headers.keys()
            and self.parameters <= request.query.keys()
        )


def operation_of(service: str, request: Request) -> str:
    """The operation's name; method and path where nothing tells.

    Args:
        service: the signing name of the credential scope.
    """
    target = request.headers.get("x-amz-target", "").rpartition(".")[2]
    if target:
        return target
    by_path = _CBOR_PATH.fullmatch(request.path)
    if by_path is not None:
        return by_path[1]
    if service in _REST and not request.path.startswith("/v2/"):
        return _by_path(service, request)
    form = request.body.decode("latin-1") if "x-www-form-urlencoded" in request.headers.get("content-type", "") else ""
    named = request.first("Action") or parse_qs(form).get("Action", [""])[0]
    return named or _plain(request)


def _by_path(service: str, request: Request) -> str:
    return next((route.name for route in _routes(service) if route.fits(request)), _plain(request))


def _plain(request: Request) -> str:
    return f"{request.method} {request.path}"


@cache
def _routes(service: str) -> list[_Route]:
    """Every operation of a REST service, the most particular one first."""
    model = service_model(service)
    found = [_route(model.operation_model(name)) for name in model.operation_names]
    return sorted(found, key=lambda route: route.rank, reverse=True)


def _route(operation: OperationModel) -> _Route:
    path, _, query = operation.http["requestUri"].partition("?")
    parts = _LABEL.split(path.rstrip("/"))
    patterns = (".+" if part.endswith("+}") else "[^/]+" if part.startswith("{") else re.escape(part) for part in parts)
    return _Route(
        name=operation.name,
        method=operation.http["method"],
        path=re.compile("".join(patterns) + "/?"),
        query=parse_qs(query, keep_blank_values=True),
        headers=_required(operation, "header"),
        parameters=_required(operation, "querystring"),
        literals=sum(len(part) for part in parts if not part.startswith("{")),
    )


def _required(operation: OperationModel, location: str) -> frozenset[str]:
    """Names, on the wire, of what must come there; CopyObject and PutObject differ in nothing else."""
    shape = operation.input_shape
    if shape is None:
        return frozenset()
    members = (shape.members[name].serialization for name in shape.required_members)
    names = (member["name"] for member in members if member.get("location") == location)
    return frozenset(name.lower() if location == "header" else name for name in names)
