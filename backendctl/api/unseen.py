"""What a live API has and its export cannot carry, so that another region would not get it (A15, A23)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from backendctl.api.working_copy import schema_of
from backendctl.aws.errors import ClientError
from backendctl.openapi.layout import schemas, schemas_way

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

_GIVEN = frozenset({"Empty", "Error"})  # every API has them
_PAGE = {"PageSize": 500}


def with_unused_models(aws: Aws, region: str, api_id: str, exported: dict[str, Any]) -> dict[str, Any]:
    """The export with the models that no method uses, which a put keeps all the same."""
    listed = {each["name"]: each for each in _all(aws.apigateway(region), "get_models", api_id)}
    unused = sorted(set(listed) - _GIVEN - set(schemas(exported)))
    if not unused:
        return exported
    document: dict[str, Any] = json.loads(json.dumps(exported))
    home: Any = document
    for step in schemas_way(document):
        home = home.setdefault(step, {})
    home.update({name: schema_of(listed[name]) for name in unused})
    return document


def unseen(aws: Aws, region: str, api_id: str) -> Iterator[str]:
    """What cannot be brought along: one sentence for each kind of thing."""
    client: Any = aws.apigateway(region)
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
