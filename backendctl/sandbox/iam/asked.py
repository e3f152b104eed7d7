"""Which actions a request needs, on which resources: the request's own, and those that AWS checks on its behalf."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.iam.implied import IMPLIED
from backendctl.sandbox.iam.resources import RESOURCES, Place

if TYPE_CHECKING:
    from backendctl.sandbox.http import Request

_PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag"}
_VERBS = frozenset({"apigateway"})  # F22: its actions are HTTP methods
_NAMES: Mapping[tuple[str, str], str] = {
    ("lambda", "Invoke"): "InvokeFunction",
    ("lambda", "InvokeAsync"): "InvokeFunction",
    ("lambda", "InvokeWithResponseStream"): "InvokeFunction",
    ("lambda", "GetLayerVersionByArn"): "GetLayerVersion",
    ("s3", "HeadObject"): "GetObject",
    ("s3", "HeadBucket"): "ListBucket",
    ("s3", "ListObjects"): "ListBucket",
    ("s3", "ListObjectsV2"): "ListBucket",
    ("s3", "ListBuckets"): "ListAllMyBuckets",
}
_FREE = frozenset({"sts:GetCallerIdentity"})  # AWS asks nobody for a right to it


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One action on one resource.

    Attributes:
        action: e.g. `lambda:UpdateAlias`. resource: an ARN, or `*` where the action has none.
        context: values of condition keys, by key in lower case.
    """

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict, hash=False)


def asked(service: str, operation: str, request: Request, place: Place) -> list[Asked]:
    """What has to be allowed for a request, its own action first.

    Args:
        service: signing name. operation: as `operations.operation_of` tells it.
    """
    body = request.members()
    return [one for one in _asked(service, operation, request, place, body) if one.action not in _FREE]


def _asked(service: str, operation: str, request: Request, place: Place, body: Mapping[str, Any]) -> Iterator[Asked]:
    name = request.method if service in _VERBS else _NAMES.get((service, operation), operation)
    find: Callable[..., list[str]] | None = RESOURCES.get(service)
    found = ["*"] if find is None else find(operation, request, place, body)
    regional = {"aws:requestedregion": place.region}
    for resource in found or ["*"]:
        yield Asked(action=f"{_PREFIXES.get(service, service)}:{name}", resource=resource, context=regional)
    for more in IMPLIED.get((service, operation), ()):
        for action, resource, context in more(request, place, body):
            yield Asked(action=action, resource=resource, context={**regional, **context})
