"""Lambda's event source mappings: what is refused of them, and in which words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections import calls, function_records
from backendctl.sandbox.corrections.answers import Refusal
from backendctl.sandbox.corrections.function_rules import bad_value
from backendctl.sandbox.http import NOT_FOUND

if TYPE_CHECKING:
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
