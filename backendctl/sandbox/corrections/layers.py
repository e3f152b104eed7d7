"""Lambda's other paths: layers, event source mappings, tags."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections import function_names, function_records
from backendctl.sandbox.corrections.answers import retold
from backendctl.sandbox.corrections.function_rules import bad_value
from backendctl.sandbox.corrections.refusals import NOT_FOUND, PRECONDITION, Refusal

if TYPE_CHECKING:
    from backendctl.sandbox.http import Request, Response
    from backendctl.sandbox.inner import Inner

_VERSION = re.compile(r"/\d{4}-\d{2}-\d{2}/layers/[^/]+/versions/(-?\d+)(/policy(?:/.*)?)?")
_LAYERS = re.compile(r"/\d{4}-\d{2}-\d{2}/layers(/.*)?")
_MAPPINGS = re.compile(r"/\d{4}-\d{2}-\d{2}/event-source-mappings(/.*)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Layers:
    """Layers, and the sources functions are fed from."""

    inner: Inner

    async def handle(self, request: Request) -> Response:
        """Answer a request which is about no function."""
        mapping = _MAPPINGS.fullmatch(request.path)
        if mapping is not None:
            return await self._mapping(request, mapping[1] or "")
        if _LAYERS.fullmatch(request.path) is None:
            return await self.inner.forward(request)
        version = _VERSION.fullmatch(request.path)
        if version is not None and int(version[1]) < 1:
            return bad_value("Layer Version Cannot be less than 1").rest_json()
        answer = await self.inner.forward(request)
        if answer.status == PRECONDITION:
            return Refusal(
                code="PreconditionFailedException",
                message="The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API "
                "to retrieve the latest Revision Id",
                status=PRECONDITION,
            ).rest_json()
        return retold(answer, _without_licence(json.loads(answer.body))) if answer.body else answer

    async def _mapping(self, request: Request, identifier: str) -> Response:
        refusal = _unfit(request, request.json()) if request.method == "POST" and identifier in {"", "/"} else None
        if refusal is not None:
            return refusal.rest_json()
        answer = await self.inner.forward(request)
        if answer.status == NOT_FOUND and identifier:
            return Refusal(
                code="ResourceNotFoundException", message="The resource you requested does not exist.", status=NOT_FOUND
            ).rest_json()
        return answer


def _unfit(request: Request, asked: dict[str, Any]) -> Refusal | None:
    """What CreateEventSourceMapping refuses: no source, what the source cannot do, no function."""
    source = asked.get("EventSourceArn") or ""
    if not source and not asked.get("SelfManagedEventSource"):
        return bad_value("Unrecognized event source.")
    if ":sqs:" in source and asked.get("DestinationConfig"):
        return bad_value("Unsupported DestinationConfig parameter for given event source mapping type.")
    reference = function_names.read(asked.get("FunctionName", ""))
    if reference.region in {None, request.region} and not function_records.has(
        (request.region, reference.name), reference.qualifier
    ):
        return bad_value("Function does not exist")
    return None


def _without_licence(document: Any) -> Any:
    """A layer's versions, without a licence none has given."""
    if isinstance(document, list):
        return [_without_licence(each) for each in document]
    if not isinstance(document, dict):
        return document
    return {name: _without_licence(value) for name, value in document.items() if value != "" or name != "LicenseInfo"}
