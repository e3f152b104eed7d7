"""Answers of status 200 that AWS never gives: a captive portal's page, nothing, half a document, other types.

botocore takes most of them for an answer without values. They are told from AWS's by the operation's own model, before
botocore reads them.
"""

from __future__ import annotations

import json
import threading
import traceback
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError

_JSON = frozenset({"json", "rest-json"})
_XML = frozenset({"query", "ec2", "rest-xml"})
_SUCCESS = range(200, 300)
_NO_CONTENT = 204
_CONTAINERS: dict[str, type] = {"structure": dict, "map": dict, "list": list}
_POOL = str(Path("concurrent") / "futures" / "thread.py")
_last: dict[int, tuple[Any, str]] = {}
"""Thread → operation and region of the answer that it got last; the newest is the last."""
_lock = threading.Lock()
_own = threading.local()
"""The same of this thread alone: the number of one that has ended is given to another."""


class MalformedAnswerError(BotoCoreError):
    """What came back with status 200 is no answer of AWS."""

    fmt = "the answer to {operation} in {region} is not AWS's: {what} (a proxy, a captive portal, a broken connection?)"


def check_answer(response: dict[str, Any], operation: Any, region: str) -> None:
    """Look at an answer before it is parsed.

    Args:
        response: botocore's: status_code, headers, body.
        operation: botocore's model of the operation.

    Raises:
        MalformedAnswerError: it cannot be AWS's.
    """
    _own.last = (operation, region)
    with _lock:
        _last.pop(threading.get_ident(), None)
        _last[threading.get_ident()] = _own.last
    body = response.get("body")
    shape = operation.output_shape
    if response["status_code"] not in _SUCCESS or not isinstance(body, bytes) or _is_payload(shape):
        return
    protocol = operation.service_model.resolved_protocol
    what = _wrong_json(body, response, shape) if protocol in _JSON else _wrong_body(body, shape, xml=protocol in _XML)
    if what:
        raise MalformedAnswerError(operation=operation.name, region=region, what=what)


def lacking(error: BaseException) -> MalformedAnswerError | None:
    """For a KeyError: whether it is a value that the answer which its thread got last should have had.

    One that a thread pool hands on was raised in a thread that is not known any more: there any thread's will do.
    """
    if not isinstance(error, KeyError) or not error.args:
        return None
    with _lock:
        got = list(reversed(_last.values())) if _crossed(error) else [getattr(_own, "last", None)]
    for model, region in filter(None, got):
        if error.args[0] in _names(model.output_shape, set()):
            return MalformedAnswerError(operation=model.name, region=region, what=f"it has no {error.args[0]}")
    return None


def _crossed(error: BaseException) -> bool:
    """Whether it was raised in a thread of a pool, and reached this one by its result."""
    return any(frame.f_code.co_filename.endswith(_POOL) for frame, _ in traceback.walk_tb(error.__traceback__))


def _names(shape: Any, seen: set[str]) -> set[str]:
    """The names of everything that such an answer may hold."""
    if shape is None or shape.name in seen:
        return set()
    seen.add(shape.name)
    if shape.type_name == "list":
        return _names(shape.member, seen)
    if shape.type_name == "map":
        return _names(shape.value, seen)
    if shape.type_name != "structure":
        return set()
    return {*shape.members, *(name for one in shape.members.values() for name in _names(one, seen))}


def _is_payload(shape: Any) -> bool:
    """Whether the body is somebody's bytes and not a document."""
    if shape is None:
        return True
    payload = shape.serialization.get("payload")
    return payload is not None and shape.members[payload].type_name in {"blob", "string"}


def _in_body(shape: Any) -> bool:
    return any("location" not in member.serialization for member in shape.members.values())


def _wrong_json(body: bytes, response: dict[str, Any], shape: Any) -> str:
    if not body.strip():
        return "it is empty" if _in_body(shape) and response["status_code"] != _NO_CONTENT else ""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return _page(body) or "it is not JSON, or only the beginning of it"
    if document is None and _in_body(shape):  # botocore takes it for a mapping
        return "it is null"
    payload = shape.serialization.get("payload")
    return _mistyped(document, shape.members[payload] if payload else shape, "it")


def _wrong_body(body: bytes, shape: Any, *, xml: bool) -> str:
    if not body.strip():
        return "it is empty" if _in_body(shape) else ""
    if page := _page(body):
        return page
    return "it is not XML" if xml and not body.lstrip().startswith(b"<") else ""  # the rest botocore looks at


def _page(body: bytes) -> str:
    start = body.lstrip()[:200].lower()
    return "it is a web page" if start.startswith((b"<!doctype html", b"<html")) or b"<html" in start else ""


def _mistyped(value: Any, shape: Any, where: str) -> str:
    """What is of another type than the model says; empty when nothing is. Missing values are no matter here."""
    if value is None:
        return ""
    wanted = _CONTAINERS.get(shape.type_name)
    if wanted is None:
        return f"{where} is not a {shape.type_name}" if isinstance(value, dict | list) and not _is_json(shape) else ""
    if not isinstance(value, wanted):
        return f"{where} is not a {shape.type_name}"
    return next(filter(None, (_mistyped(one, of, name) for one, of, name in _inside(value, shape, where))), "")


def _is_json(shape: Any) -> bool:
    return shape.serialization.get("jsonvalue", False) or getattr(shape, "is_document_type", False)


def _inside(value: Any, shape: Any, where: str) -> list[tuple[Any, Any, str]]:
    if shape.type_name == "list":
        return [(item, shape.member, f"an item of {where}") for item in value]
    if shape.type_name == "map":
        return [(item, shape.value, f"{where}[{key}]") for key, item in value.items()]
    if getattr(shape, "is_document_type", False):
        return []
    named = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
    return [(item, named[key][1], named[key][0]) for key, item in value.items() if key in named]
