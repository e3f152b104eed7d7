"""An answer held against what is expected of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from backendctl.comparing import decoded, refuse_constant, same
from backendctl.json_path import written
from backendctl.lazy import lazily
from backendctl.openapi.matching import Route
from backendctl.openapi.pointer import mapping, referenced
from backendctl.secrets import KNOWN
from backendctl.testing.model import Condition, Expect, Response

if TYPE_CHECKING:
    import jsonschema
else:
    jsonschema = lazily("jsonschema")

_BAD = 400
_SHOWN = 120
_MISSING: Any = object()
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def judge(expect: Expect, response: Response, *, route: Route | None, document: Mapping[str, Any]) -> list[str]:
    """What is not as expected, a sentence each; empty when all is.

    Args:
        route: of the definition that the request reaches; None where it has none.
        document: the definition.
    """
    return [*_status(expect, response), *_rest(expect, response, route, document)]


def _status(expect: Expect, response: Response) -> Iterator[str]:
    if expect.statuses and response.status not in expect.statuses:
        yield f"status is {response.status}, not {' or '.join(map(str, expect.statuses))}{_said(response)}"
    elif not expect.statuses and response.status >= _BAD:
        yield f"status is {response.status}{_said(response)}"


def _rest(expect: Expect, response: Response, route: Route | None, document: Mapping[str, Any]) -> Iterator[str]:
    for name, conditions in expect.headers.items():
        value = response.headers.get(name, _MISSING)
        yield from (f"header {name} {told}" for told in _unmet(conditions, value))
    if expect.json:
        body = _json(response.body)
        if body is _MISSING:
            yield f"the body is not JSON{_said(response)}"
        else:
            for path, conditions in expect.json.items():
                values = [value for _, value in path.select(body)]
                value = values[0] if values else _MISSING
                yield from (f"{path.text} {told}" for told in _unmet(conditions, value, values))
    if expect.schema:
        yield from _misfits(response, route, document)
    if expect.within_ms is not None and response.latency_ms > expect.within_ms:
        yield f"it took {response.latency_ms:.0f} ms, not at most {expect.within_ms:.0f} ms"
    if expect.matches is not None and not re.search(expect.matches, response.body):
        yield f"the body does not match {expect.matches!r}{_said(response)}"


def _unmet(conditions: Sequence[Condition], value: Any, values: Sequence[Any] = ()) -> Iterator[str]:
    """What does not hold. values: all that a path leads to; a condition has to hold for each."""
    for one in conditions:
        if one.kind == "exists":
            if (value is not _MISSING) is not one.wanted:
                yield "is not there" if one.wanted else f"is there: {_short(value)}"
        elif value is _MISSING:
            yield "is not there"
        else:
            for each in values or [value]:
                told = _told(one, each)
                if told:
                    yield told
                    break


def _told(one: Condition, value: Any) -> str:
    """What does not hold of a value that is there; empty when it holds."""
    holds, words = _CHECKS[one.kind]
    return "" if holds(value, one.wanted) else f"is {_short(value)}, {words} {_short(one.wanted)}"


def _contains(value: Any, wanted: Any) -> bool:
    if isinstance(value, list):
        return any(same(item, wanted) for item in value)
    return isinstance(value, str) and str(wanted) in value


def _is_type(value: Any, wanted: str) -> bool:
    return isinstance(value, _TYPES[wanted]) and (wanted == "boolean" or not isinstance(value, bool))


def _matches(value: Any, wanted: str) -> bool:
    return isinstance(value, str) and re.search(wanted, value) is not None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_CHECKS: Mapping[str, tuple[Callable[[Any, Any], bool], str]] = {
    "equals": (same, "not"),
    "not": (lambda value, wanted: not same(value, wanted), "which must not be"),
    "matches": (
        lambda value, wanted: isinstance(value, str) and bool(re.search(wanted, value)),
        "which does not match",
    ),
    "contains": (_contains, "which does not contain"),
    "type": (_is_type, "which is not a"),
    "at-least": (lambda value, wanted: _is_number(value) and value >= wanted, "not at least"),
    "at-most": (lambda value, wanted: _is_number(value) and value <= wanted, "not at most"),
    "length": (lambda value, wanted: isinstance(value, str | list | dict) and len(value) == wanted, "not of length"),
}


def _misfits(response: Response, route: Route | None, document: Mapping[str, Any]) -> Iterator[str]:
    schema = _schema(response.status, route, document)
    if schema is None:
        yield f"the definition has no schema for status {response.status} of this route"
        return
    body = _json(response.body)
    if body is _MISSING:
        yield f"the body is not JSON, as the definition wants it{_said(response)}"
        return
    models = {key: nullable(document.get(key)) for key in ("components", "definitions")}
    whole = {**nullable(schema), **models}
    validator = jsonschema.Draft4Validator  # OpenAPI 3.0 is of its time
    for error in sorted(validator(whole).iter_errors(body), key=lambda one: list(map(str, one.absolute_path))):
        place = written(list(error.absolute_path))
        yield f"the body does not fit the definition at {place}: {KNOWN.redact_short(error.message, _SHOWN)}"


def _schema(status: int, route: Route | None, document: Mapping[str, Any]) -> dict[str, Any] | None:
    """Of the response of that status, else of the default one; OpenAPI 3 or Swagger 2."""
    responses = mapping(route.operation.get("responses")) if route is not None else {}
    wanted = responses.get(str(status), responses.get("default"))
    response = mapping(referenced(document, mapping(wanted).get("$ref")) or wanted)
    contents = mapping(response.get("content"))
    content: Any = contents.get("application/json") or next(iter(contents.values()), {})
    found = mapping(content).get("schema", response.get("schema"))
    return dict(found) if isinstance(found, dict) else None


def nullable(schema: Any) -> Any:
    """A schema with OpenAPI's `nullable: true` as the type "null" that validators know."""
    if isinstance(schema, list):
        return [nullable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: nullable(value) for key, value in schema.items()}
    if made.get("nullable") is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
        if isinstance(made.get("enum"), list):
            made["enum"] = [*made["enum"], None]
    return made


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        return _MISSING


def _said(response: Response) -> str:
    return f": {_short(decoded(response.body))}" if response.body.strip() else ""


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return KNOWN.redact_short(text, _SHOWN)
