"""A first file of tests from what the definition gives as examples; what lacks an example is left as a comment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from backendctl.lazy import lazily
from backendctl.openapi.integrations import ANY_METHOD
from backendctl.openapi.neutral import operations
from backendctl.openapi.pointer import mapping, referenced
from backendctl.spec.callers import Smoke
from backendctl.whole import whole

if TYPE_CHECKING:
    import yaml
else:
    yaml = lazily("yaml")

_SUCCESS = range(200, 300)
_MISSING: Any = object()
_HEAD = """\
# Requests and what is expected of their answers, made from the examples of the API's definition.
# Run them with `backendctl test`; docs/test.md says what else can be expected.
"""


@dataclass(kw_only=True)
class _Asked:
    """One operation, as far as examples go. lacking: required values without one."""

    path: str
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    lacking: list[str] = field(default_factory=list)


def first_file(document: Mapping[str, Any], smoke: tuple[Smoke, ...]) -> tuple[str, int]:
    """The text of the file, and how many requests are in it.

    Args:
        document: the definition, OpenAPI 3 or Swagger 2.
        smoke: requests that the spec gives, for values that the definition has no example of.
    """
    declared = {(one.method, one.path): one for one in smoke if not one.skip}
    tests: list[dict[str, Any]] = []
    left: list[str] = []
    for path, key, operation in operations(document):
        if key in {ANY_METHOD, "trace"}:
            left.append(f"# {path}: any method; say which one")
            continue
        asked = _asked(document, path, operation, declared.get((key.upper(), path)))
        if asked.lacking:
            left.append(f"# {key.upper()} {path}: no example of {', '.join(asked.lacking)}")
        else:
            tests.append(_test(document, key.upper(), operation, asked))
    text = yaml.safe_dump({"tests": tests}, sort_keys=False, allow_unicode=True, width=120) if tests else "tests: []\n"
    return "\n".join([_HEAD + text, *left, ""]) if left else _HEAD + text, len(tests)


def _test(document: Mapping[str, Any], method: str, operation: Mapping[str, Any], asked: _Asked) -> dict[str, Any]:
    query = f"?{urlencode(asked.query)}" if asked.query else ""
    made: dict[str, Any] = {"request": f"{method} {asked.path}{query}"}
    name = operation.get("summary") or operation.get("operationId")
    made = {"name": str(name), **made} if name else made
    made |= {"headers": asked.headers} if asked.headers else {}
    made |= {"body": asked.body} if asked.body is not None else {}
    expect = dict(_expected(document, operation))
    return made | ({"expect": expect} if expect else {})


def _expected(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    responses = mapping(operation.get("responses"))
    good = [status for status in responses if whole(str(status)) in _SUCCESS]
    if not good:
        return
    yield "status", int(good[0]) if len(good) == 1 else [int(status) for status in good]
    response = mapping(_resolved(document, responses[good[0]]))
    contents = mapping(response.get("content"))
    if "schema" in response or any("json" in kind and "schema" in mapping(one) for kind, one in contents.items()):
        yield "schema", True


def _asked(document: Mapping[str, Any], path: str, operation: Mapping[str, Any], smoke: Smoke | None) -> _Asked:
    asked = _Asked(path=path)
    item = mapping(mapping(document.get("paths")).get(path))
    for given in (*(item.get("parameters") or ()), *(operation.get("parameters") or ())):
        parameter = mapping(_resolved(document, given))
        _put(asked, parameter, _value(document, parameter, smoke))
    body = mapping(_resolved(document, operation.get("requestBody")))
    if body and asked.body is None:
        found = _body(document, body)
        asked.body = smoke.body if found is _MISSING and smoke is not None else None if found is _MISSING else found
        if asked.body is None and body.get("required"):
            asked.lacking.append("the body")
    return asked


def _put(asked: _Asked, parameter: Mapping[str, Any], value: Any) -> None:
    name, place = str(parameter.get("name", "")), parameter.get("in")
    if value is _MISSING:
        if parameter.get("required") or place == "path":
            asked.lacking.append("the body" if place == "body" else f"{name} ({place})")
    elif place == "path":
        asked.path = asked.path.replace(f"{{{name}}}", quote(_text(value), safe="")).replace(
            f"{{{name}+}}", quote(_text(value))
        )
    elif place == "query":
        asked.query.append((name, _text(value)))
    elif place == "header":
        asked.headers[name] = _text(value)
    elif place == "body":
        asked.body = value


def _value(document: Mapping[str, Any], parameter: Mapping[str, Any], smoke: Smoke | None) -> Any:
    """Its example, else what a smoke request of the spec gives."""
    found = _example(document, parameter)
    if found is _MISSING and smoke is not None:
        given = {"path": smoke.parameters, "query": smoke.query, "header": smoke.headers}
        found = given.get(str(parameter.get("in")), {}).get(str(parameter.get("name")), _MISSING)
    return found


def _body(document: Mapping[str, Any], body: Mapping[str, Any]) -> Any:
    contents = mapping(body.get("content"))
    return next((_example(document, mapping(one)) for kind, one in contents.items() if "json" in kind), _MISSING)


def _example(document: Mapping[str, Any], holder: Mapping[str, Any]) -> Any:
    """Of a parameter or a media type: its own, or that of its schema."""
    schema = mapping(_resolved(document, holder.get("schema")))
    for place in (holder, schema):
        if "example" in place:
            return place["example"]
        examples = place.get("examples")
        if isinstance(examples, dict) and examples:
            return mapping(_resolved(document, next(iter(examples.values())))).get("value", _MISSING)
        if isinstance(examples, list) and examples:
            return examples[0]
    for place in (schema, holder):
        if "default" in place:
            return place["default"]
        if isinstance(place.get("enum"), list) and place["enum"]:
            return place["enum"][0]
    return _of_properties(document, schema)


def _of_properties(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """An object whose required members all have examples."""
    properties = mapping(schema.get("properties"))
    found = {name: _example(document, {"schema": one}) for name, one in properties.items()}
    known = {name: value for name, value in found.items() if value is not _MISSING}
    required = schema.get("required") or []
    return known if known and all(name in known for name in required) else _MISSING


def _resolved(document: Mapping[str, Any], value: Any) -> Any:
    reference = mapping(value).get("$ref")
    return value if reference is None else referenced(document, reference)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
