"""One control-plane call on its way to a handler, and the look-ups handlers share."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from backendctl.sandbox.apigateway.errors import bad_request, not_found
from backendctl.sandbox.apigateway.live import Live
from backendctl.sandbox.apigateway.model import Api, Definition, Doc, Region
from backendctl.sandbox.apigateway.under_way import UnderWay
from backendctl.sandbox.backplane import Backplane
from backendctl.sandbox.http import Request, Response

DEFAULT_PAGE = 25  # A45
LARGEST_PAGE = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """What a handler gets.

    Attributes:
        params: the variable parts of the path, percent-decoded.
        now: epoch seconds.
        live: what the data plane knows while it runs.
        under_way: what API Gateway does in the background.
        regions: every region's state, for what is unique world-wide (A82).
    """

    request: Request
    region: Region
    regions: dict[str, Region]
    params: dict[str, str]
    now: float
    backplane: Backplane
    live: Live
    under_way: UnderWay

    def body(self) -> Doc:
        """The JSON body.

        Raises:
            ApiError: SerializationException-like BadRequest when it is no JSON object.
        """
        try:
            document = self.request.json()
        except ValueError as error:
            raise bad_request("Unable to parse the request body as JSON") from error
        if not isinstance(document, dict):
            raise bad_request("Unable to parse the request body as JSON")
        return document

    def api(self) -> Api:
        """The API named in the path (A39)."""
        api_id = self.params["api"]
        found = self.region.apis.get(api_id)
        if found is None:
            raise not_found(f"Invalid API identifier specified {self.request.account}:{api_id}")
        return found

    def definition(self) -> Definition:
        return self.api().definition

    def resource(self) -> Doc:
        """The resource named in the path; an unknown API gives the same answer as an unknown resource."""
        api = self.region.apis.get(self.params["api"])
        found = api.definition.resources.get(self.params["resource"]) if api else None
        if found is None:
            raise not_found("Invalid Resource identifier specified")
        return found

    def method(self) -> Doc:
        found: Doc | None = self.resource()["methods"].get(self.params["method"].upper())
        if found is None:
            raise not_found("Invalid Method identifier specified")
        return found

    def stamp(self) -> int:
        """Now, as the wire has it."""
        return int(self.now)


Handler = Callable[[Call], Response | Awaitable[Response]]


def answer(document: Any, status: int = 200) -> Response:
    return Response.of_json(document, status)


def created(document: Any) -> Response:
    return Response.of_json(document, 201)


def accepted() -> Response:
    return Response(status=202)


def no_content() -> Response:
    return Response(status=204)


def page(call: Call, items: list[Doc]) -> Response:
    """One page of a list: `limit` and `position` as API Gateway takes them (A45)."""
    limit = _number(call.request.first("limit"), DEFAULT_PAGE)
    if not 0 < limit <= LARGEST_PAGE:
        raise bad_request(f"Invalid limit: {limit}. Must be between 1 and {LARGEST_PAGE}.")
    start = _number(call.request.first("position"), 0)
    document: Doc = {"item": items[start : start + limit]}
    if start + limit < len(items):
        document["position"] = str(start + limit)
    return answer(document)


def _number(text: str | None, default: int) -> int:
    if not text:
        return default
    try:
        return int(text)
    except ValueError as error:
        raise bad_request("Invalid position specified") from error


def flag(value: Any) -> bool:
    """A boolean as the service reads it from text: only "true" is true."""
    return str(value).lower() == "true"


def compact(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"))
