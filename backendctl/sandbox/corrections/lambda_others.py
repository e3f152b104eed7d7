"""What of Lambda is about no single function: its event source mappings, its layers and its tags."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from backendctl.sandbox.corrections import calls, function_records
from backendctl.sandbox.corrections import function_records as records
from backendctl.sandbox.corrections.answers import Refusal, retold
from backendctl.sandbox.corrections.function_rules import bad_value
from backendctl.sandbox.http import NOT_FOUND, PRECONDITION

if TYPE_CHECKING:
    from backendctl.sandbox.corrections.answers import Refusal
    from backendctl.sandbox.http import Request, Response
    from backendctl.sandbox.inner import Inner

MAPPINGS = re.compile(r"/\d{4}-\d{2}-\d{2}/event-source-mappings/?([^/]*)")


@dataclass(frozen=True, kw_only=True, slots=True)
class EventSources:
    """Event source mappings in front of the emulated ones."""

    inner: Inner

    async def handle(self, request: Request, identifier: str) -> Response:
        """Answer a request about one mapping, or with an empty identifier about all."""
        refusal = _unfit(request, request.json()) if request.method == "POST" and not identifier else None
        if refusal is not None:
            return refusal.rest_json()
        answer = await self.inner.forward(request)
        if answer.status == NOT_FOUND and identifier:
            return nothing().rest_json()
        return answer


def nothing() -> Refusal:
    """What Lambda says of many a thing that is not there, without naming it."""
    return Refusal(
        code="ResourceNotFoundException", message="The resource you requested does not exist.", status=NOT_FOUND
    )


def _unfit(request: Request, asked: dict[str, Any]) -> Refusal | None:
    """What CreateEventSourceMapping refuses: no source, what the source cannot do, no function."""
    source = asked.get("EventSourceArn") or ""
    if not source and not asked.get("SelfManagedEventSource"):
        return bad_value("Unrecognized event source.")
    if ":sqs:" in source and asked.get("DestinationConfig"):
        return bad_value("Unsupported DestinationConfig parameter for given event source mapping type.")
    reference = calls.reference_of(asked.get("FunctionName", ""))
    if reference.region in {None, request.region} and not function_records.has(
        (request.region, reference.name), reference.qualifier
    ):
        return bad_value("Function does not exist")
    return None


_VERSION = re.compile(r"/\d{4}-\d{2}-\d{2}/layers/[^/]+/versions/(-?\d+)(/policy(?:/.*)?)?")
LAYERS = re.compile(r"/\d{4}-\d{2}-\d{2}/layers(/.*)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Layers:
    """Layers in front of the emulated ones."""

    inner: Inner

    async def handle(self, request: Request) -> Response:
        """Answer a request about layers."""
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


def _without_licence(document: Any) -> Any:
    """A layer's versions, without a licence none has given."""
    if isinstance(document, list):
        return [_without_licence(each) for each in document]
    if not isinstance(document, dict):
        return document
    return {name: _without_licence(value) for name, value in document.items() if value != "" or name != "LicenseInfo"}


MOST_TAGS = 50
_TAGS = re.compile(r"/\d{4}-\d{2}-\d{2}/tags/(.+?)/?")
_FUNCTION = re.compile(r"arn:aws[a-z-]*:lambda:([a-z0-9-]+):\d{12}:function:([\w-]+)(?::(.+))?")

Place = tuple[str, str]


def tagged_function(request: Request) -> Place | None:
    """Region and name of the function a request about tags names; None for any other request or resource."""
    found = _named(request)
    return None if found is None else (found[1], found[2])


def tags_refusal(request: Request) -> Refusal | None:
    """What TagResource, UntagResource and ListTags refuse of a function."""
    found = _named(request)
    if found is None:
        return None
    if found[3]:
        return bad_value("Tags on function aliases and versions are not supported. Please specify a function ARN.")
    known = records.record((found[1], found[2]))
    if known is None:
        return calls.not_found(found[0])
    return _change(request, known)


def _change(request: Request, known: records.Record) -> Refusal | None:
    if request.method == "POST":
        tags = request.json().get("Tags") or {}
        if len({**(known.get("tags") or {}), **tags}) > MOST_TAGS:
            return bad_value("Number of tags exceeds resource tag limit.")
        is_empty = not tags
    else:
        is_empty = request.method == "DELETE" and not any(request.query.get("tagKeys", ()))
    return bad_value("An error occurred and the request cannot be processed.") if is_empty else None


def _named(request: Request) -> re.Match[str] | None:
    path = _TAGS.fullmatch(request.raw_path)
    return None if path is None else _FUNCTION.fullmatch(unquote(path[1]))
