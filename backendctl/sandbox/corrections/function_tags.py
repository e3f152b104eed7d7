"""Lambda's tags: of functions only, at most 50, and never an empty change."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from backendctl.sandbox.corrections import calls
from backendctl.sandbox.corrections import function_records as records
from backendctl.sandbox.corrections.function_rules import bad_value

if TYPE_CHECKING:
    from backendctl.sandbox.corrections.answers import Refusal
    from backendctl.sandbox.http import Request

MOST = 50
_TAGS = re.compile(r"/\d{4}-\d{2}-\d{2}/tags/(.+?)/?")
_FUNCTION = re.compile(r"arn:aws[a-z-]*:lambda:([a-z0-9-]+):\d{12}:function:([\w-]+)(?::(.+))?")

Place = tuple[str, str]


def place(request: Request) -> Place | None:
    """Region and name of the function a request about tags names; None for any other request or resource."""
    found = _named(request)
    return None if found is None else (found[1], found[2])


def refusal(request: Request) -> Refusal | None:
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
        if len({**(known.get("tags") or {}), **tags}) > MOST:
            return bad_value("Number of tags exceeds resource tag limit.")
        is_empty = not tags
    else:
        is_empty = request.method == "DELETE" and not any(request.query.get("tagKeys", ()))
    return bad_value("An error occurred and the request cannot be processed.") if is_empty else None


def _named(request: Request) -> re.Match[str] | None:
    path = _TAGS.fullmatch(request.raw_path)
    return None if path is None else _FUNCTION.fullmatch(unquote(path[1]))
