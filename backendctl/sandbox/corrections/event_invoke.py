"""Lambda's settings for asynchronous invocations: one per version or alias, and only what was set."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections import function_records as records
from backendctl.sandbox.corrections.answers import Refusal
from backendctl.sandbox.corrections.function_rules import bad_value
from backendctl.sandbox.http import NO_CONTENT, NOT_FOUND, Response

if TYPE_CHECKING:
    from backendctl.sandbox.corrections.calls import Call

_SERVICE = re.compile(r"arn:aws[a-z-]*:(lambda|sqs|sns|events|s3):")
_FUNCTION = re.compile(r"[^:]*:[^:]*:lambda:([^:]*):[^:]*:function:([^:]*)")
_SETTINGS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
_STORE = "event_invoke_configs"


def handle(call: Call) -> Response:
    """Answer a request about event invoke configs."""
    if call.rest.endswith("/list"):
        return _list(call)
    match call.request.method:
        case "GET":
            found = _found(call)
            return _missing(call).rest_json() if found is None else Response.of_json(found)
        case "DELETE":
            return _delete(call)
        case method:
            return _write(call, update=method == "POST")


def sound_destinations(call: Call) -> list[str]:
    """The ARNs that a request names, where nothing else is wrong with it."""
    asked = call.request.json() if call.request.method in {"PUT", "POST"} else {}
    wanted = asked.get("DestinationConfig") or {}
    given = [(wanted.get(side) or {}).get("Destination") for side in ("OnSuccess", "OnFailure")]
    return [arn for arn in given if arn] if any(given) and _refusal(call, asked) is None else []


def _write(call: Call, *, update: bool) -> Response:
    asked = {name: value for name, value in call.request.json().items() if name in _SETTINGS}
    refusal = _refusal(call, asked)
    before = _found(call) if update else None
    if refusal is None and update and before is None:
        refusal = _missing(call)
    if refusal is not None:
        return refusal.rest_json()
    wanted = asked.get("DestinationConfig") or (before or {}).get("DestinationConfig", {})
    whole = {
        **{name: value for name, value in (before or {}).items() if name in _SETTINGS},
        **asked,
        "DestinationConfig": {side: wanted.get(side) or {} for side in ("OnSuccess", "OnFailure")},
        "FunctionArn": f"{call.arn}:{_qualifier(call)}",
        "LastModified": int(time.time()),
    }
    (records.record(call.place) or {}).setdefault(_STORE, {})[_qualifier(call)] = whole
    return Response.of_json(whole)


def _delete(call: Call) -> Response:
    if _found(call) is None:
        return _missing(call).rest_json()
    del (records.record(call.place) or {})[_STORE][_qualifier(call)]
    return Response(status=NO_CONTENT)


def _list(call: Call) -> Response:
    known = records.record(call.place)
    if known is None:
        return _no_function().rest_json()
    every = list(known.get(_STORE, {}).values())
    start, most = int(call.request.first("Marker") or 0), int(call.request.first("MaxItems") or 50)
    more = {"NextMarker": str(start + most)} if start + most < len(every) else {}
    return Response.of_json({"FunctionEventInvokeConfigs": every[start : start + most], **more})


def _found(call: Call) -> dict[str, Any] | None:
    known = records.record(call.place) or {}
    found: dict[str, Any] | None = known.get(_STORE, {}).get(_qualifier(call))
    return found


def _qualifier(call: Call) -> str:
    return call.qualifier or "$LATEST"


def _refusal(call: Call, asked: dict[str, Any]) -> Refusal | None:
    if not asked:
        return bad_value("You must specify at least one of error handling or destination setting.")
    if not records.has(call.place, call.qualifier):
        return _no_function()
    wanted = asked.get("DestinationConfig") or {}
    arns = {side: (wanted.get(side) or {}).get("Destination") for side in ("OnSuccess", "OnFailure")}
    given = [arn for arn in arns.values() if arn]
    if not all(_SERVICE.match(arn) for arn in given):
        return bad_value(f"The provided destination config {_written(arns)} is invalid.")
    return next((refusal for arn in given if (refusal := _destination(call, arn))), None)


def _destination(call: Call, arn: str) -> Refusal | None:
    found = _FUNCTION.match(arn)
    if found is None:
        return None
    place = found[1], found[2]
    if place == call.place:
        return bad_value("You can't specify the function as a destination for itself.")
    return None if records.record(place) else bad_value(f"The destination ARN {arn} is invalid.")


def _written(arns: dict[str, str | None]) -> str:
    parts = []
    for side, arn in arns.items():
        told = "null" if arn is None else f"{side}(destination={arn})"
        parts.append(f"{side[0].lower()}{side[1:]}={told}")
    return f"DestinationConfig({', '.join(parts)})"


def _missing(call: Call) -> Refusal:
    if call.request.method == "POST" and not records.has(call.place, call.qualifier):
        return _no_function()
    return Refusal(
        code="ResourceNotFoundException",
        message=f"The function {call.arn}:{_qualifier(call)} doesn't have an EventInvokeConfig",
        status=NOT_FOUND,
    )


def _no_function() -> Refusal:
    return Refusal(code="ResourceNotFoundException", message="The function doesn't exist.", status=NOT_FOUND)
