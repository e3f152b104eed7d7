"""Tests as a Postman collection (format 2.1), for those who try an API by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl

from backendctl.json_path import JsonPath
from backendctl.spec.values import expressions
from backendctl.testing.filling import CAPTURED
from backendctl.testing.model import Case, Expect, Suite

_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_BASE = "baseUrl"


def collection(name: str, suites: Sequence[Suite], *, base_url: str) -> dict[str, Any]:
    """The document. Values of `env` and `ssm` are not in it: each is a variable to be filled in.

    Args:
        base_url: of a stage, without a slash at its end.
    """
    cases = [case for suite in suites for case in suite.cases]
    variables = dict.fromkeys(name for case in cases for name in _unknown(case))
    return {
        "info": {"name": name, "schema": _SCHEMA},
        "item": [_item(case) for case in cases],
        "variable": [{"key": _BASE, "value": base_url}, *({"key": name, "value": ""} for name in variables)],
    }


def _item(case: Case) -> dict[str, Any]:
    method, asked = _postman(case.request).split(" ", 1)
    path, _, query = asked.partition("?")
    url: dict[str, Any] = {
        "raw": f"{{{{{_BASE}}}}}{asked}",
        "host": [f"{{{{{_BASE}}}}}"],
        "path": path.strip("/").split("/"),
    }
    if query:
        url["query"] = [{"key": key, "value": value} for key, value in parse_qsl(query, keep_blank_values=True)]
    request: dict[str, Any] = {
        "method": method,
        "header": [{"key": key, "value": _postman(value)} for key, value in case.headers.items()],
        "url": url,
    }
    if case.body is not None:
        text = case.body if isinstance(case.body, str) else json.dumps(case.body, indent=2, ensure_ascii=False)
        kind = {} if isinstance(case.body, str) else {"options": {"raw": {"language": "json"}}}
        request["body"] = {"mode": "raw", "raw": _postman(text), **kind}
    script = [line for line in _script(case) if line]
    event = [{"listen": "test", "script": {"type": "text/javascript", "exec": script}}]
    return {"name": case.name, "request": request, "event": event}


def _script(case: Case) -> Iterator[str]:
    """What Postman can check itself: status, headers and members that are exactly so, time, captures."""
    expect = case.expect
    if expect.statuses:
        yield _check("status", f"pm.expect(pm.response.code).to.be.oneOf({json.dumps(list(expect.statuses))})")
    else:
        yield _check("status", "pm.expect(pm.response.code).to.be.below(400)")
    yield from _exact(expect)
    if expect.within_ms is not None:
        yield _check("time", f"pm.expect(pm.response.responseTime).to.be.at.most({expect.within_ms:g})")
    for name, path in case.capture.items():
        if reach := _reach(path):
            yield f"pm.collectionVariables.set({json.dumps(name)}, {reach});"


def _exact(expect: Expect) -> Iterator[str]:
    for name, conditions in expect.headers.items():
        for one in conditions:
            if one.kind == "equals" and isinstance(one.wanted, str):
                value = f"pm.variables.replaceIn({json.dumps(_postman(one.wanted))})"
                yield _check(name, f"pm.expect(pm.response.headers.get({json.dumps(name)})).to.eql({value})")
    for path, conditions in expect.json.items():
        reach = _reach(path)
        for one in conditions:
            if reach and one.kind == "equals" and "${" not in json.dumps(one.wanted):
                yield _check(path.text, f"pm.expect({reach}).to.eql({json.dumps(one.wanted)})")


def _check(name: str, body: str) -> str:
    return f"pm.test({json.dumps(name)}, () => {{ {body}; }});"


def _reach(path: JsonPath) -> str:
    """The expression that reaches one member; empty for a path that leads to several."""
    if any(kind not in {"key", "index"} or (kind == "index" and int(key) < 0) for kind, key in path.steps):
        return ""
    return "pm.response.json()" + "".join(f"[{json.dumps(key)}]" for _, key in path.steps)


def _postman(text: str) -> str:
    """`${id}` and `{{ env "TOKEN" }}` as Postman's `{{id}}` and `{{TOKEN}}`."""
    found = list(expressions(text))
    for one in reversed(found):
        text = f"{text[: one.start]}{{{{{_variable(one.name, one.arguments)}}}}}{text[one.end :]}"
    return CAPTURED.sub(r"{{\g<name>}}", text)


def _variable(name: str, arguments: tuple[str, ...]) -> str:
    return (arguments[0] if arguments else name).strip("/").replace("/", "-")


def _unknown(case: Case) -> Iterator[str]:
    body = case.body if isinstance(case.body, str) else json.dumps(case.body)
    for text in (case.request, *case.headers.values(), body):
        for one in expressions(text.replace('\\"', '"')):
            yield _variable(one.name, one.arguments)
