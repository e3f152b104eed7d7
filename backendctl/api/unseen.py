"""What a live API has and its export cannot carry, so that another region would not get it (A15, A23)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from backendctl.aws.errors import ClientError
from backendctl.openapi.layout import schemas

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

_GIVEN = frozenset({"Empty", "Error"})  # every API has them
_PAGE = {"PageSize": 500}


def unseen(aws: Aws, region: str, api_id: str, exported: Mapping[str, Any]) -> Iterator[str]:
    """One sentence for each kind of thing, naming the things."""
    client: Any = aws.apigateway(region)
    models = _all(client, "get_models", api_id)
    left = sorted({each["name"] for each in models} - _GIVEN - set(schemas(exported)))
    if left:
        yield f"no method of the source uses the models {', '.join(left)}: an export does not carry them"
    parts = _all(client, "get_documentation_parts", api_id)
    if parts:
        what = "1 documentation part" if len(parts) == 1 else f"{len(parts)} documentation parts"
        yield f"the source has {what}: an export does not carry them"


def _all(client: Any, operation: str, api_id: str) -> list[Any]:
    try:
        if client.can_paginate(operation):
            pages = client.get_paginator(operation).paginate(restApiId=api_id, PaginationConfig=_PAGE)
            return [item for page in pages for item in page.get("items", ())]
        return list(getattr(client, operation)(restApiId=api_id, limit=500).get("items", ()))
    except ClientError:  # the source is somebody else's: not being allowed to look is no reason to stop
        return []
