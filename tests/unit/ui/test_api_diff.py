"""A difference is shown alike in a terminal, in a pull request and to a program; what breaks stands out in all."""

from __future__ import annotations

import io
import json
from typing import Any

from backendctl.openapi.diff import Difference, differences
from backendctl.openapi.uris import short_uri
from backendctl.ui.api_diff import diff_data, diff_markdown, diff_text
from backendctl.ui.console import Screen
from tests.unit.openapi.everywhere import canonical
from tests.unit.openapi.samples import INTEGRATION, lambda_uri, openapi, operation


def found() -> tuple[Difference, ...]:
    before = openapi({"/a": {"get": operation()}, "/b": {"get": operation()}})
    limit = {"name": "a|b", "in": "query", "required": True, "schema": {"type": "string"}}
    changed = operation(parameters=[limit], integration={"uri": lambda_uri("search:${stageVariables.alias}")})
    after = openapi(
        {"/a": {"get": changed}, "/c": {"get": operation()}}, components={"schemas": {"A": {"type": "object"}}}
    )
    return differences(canonical(before), canonical(after))


def text(changes: tuple[Difference, ...], *, color: bool | None = False) -> str:
    out = io.StringIO()
    diff_text(changes, Screen(out=out, err=io.StringIO(), color=color).result)
    return out.getvalue()


def test_the_terminal_groups_by_path_and_says_why_it_breaks() -> None:
    lines = [line.rstrip() for line in text(found()).splitlines()]
    assert [line for line in lines if line and not line.startswith(" ")] == [
        "the whole API",
        "/a",
        "/b",
        "/c",
        "3 added, 1 removed, 1 changed; 2 breaking",
    ]
    assert any("~ GET     integration uri places → search:{alias}" in line for line in lines)
    assert lines.index("            breaking: the query parameter a|b is new and required") > lines.index("/a")
    assert "            breaking: the path /b is removed" in lines


def test_no_difference_is_said() -> None:
    assert text(()).strip() == "No difference"
    assert diff_markdown(()) == "### API: no difference"
    assert diff_data(()) == {"differences": [], "summary": {"added": 0, "removed": 0, "changed": 0, "breaking": 0}}


def test_markdown_tells_what_breaks_first_and_stays_within_its_cells() -> None:
    lines = diff_markdown(found(), title="places").splitlines()
    assert lines[0] == "### places: 3 added, 1 removed, 1 changed; 2 breaking"
    assert lines[2] == "> **2 breaking**"
    assert "> - `GET /a`: the query parameter a\\|b is new and required" in lines
    rows = [line for line in lines if line.startswith("|")]
    assert all(line.replace("\\|", "").count("|") == 8 for line in rows)
    assert any("| `places` | `search:{alias}` |" in line for line in rows)
    assert sum("breaking**" in line for line in rows) == 2


def test_the_document_has_the_same_keys_always() -> None:
    document = json.loads(json.dumps(diff_data(found())))
    keys = {"path", "method", "aspect", "where", "pointer", "action", "before", "after", "breaking"}
    assert all(each.keys() == keys for each in document["differences"])
    assert document["summary"] == {"added": 3, "removed": 1, "changed": 1, "breaking": 2}
    uris = [each for each in document["differences"] if each["pointer"].endswith("/uri")]
    assert uris[0]["pointer"] == f"/paths/~1a/get/{INTEGRATION}/uri"
    assert "functions/arn:" in uris[0]["after"]


def test_markup_in_a_definition_is_text() -> None:
    def document(word: str) -> dict[str, Any]:
        return canonical({**openapi(), "info": {"title": word, "version": "1"}})

    changes = differences(document("[red]a[/red]"), document("[/nonsense] <b>`x`</b>"))
    assert "[red]a[/red] → [/nonsense] <b>`x`</b>" in text(changes)
    assert "`[/nonsense] <b>'x'</b>`" in diff_markdown(changes)


def test_a_uri_is_shown_in_the_words_that_matter() -> None:
    assert short_uri(lambda_uri("places:version1")) == "places:version1"
    assert short_uri(lambda_uri("${stageVariables.fn}")) == "{fn}"
    neutral = "arn:${AWS::Partition}:apigateway:${AWS::Region}:dynamodb:action/PutItem"
    assert short_uri(neutral) == "dynamodb PutItem"
    assert short_uri("arn:aws:apigateway:us-east-1:s3:path/bucket/{key}") == "s3 path/bucket/{key}"
    assert short_uri("https://x/{proxy}") == "https://x/{proxy}"
    assert short_uri({"Ref": "X"}) == "{'Ref': 'X'}"
