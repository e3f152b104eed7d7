"""A plan for programs, and for pull requests."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO

from backendctl.engine.plan import Plan
from backendctl.engine.safety import Allowed, refusal_of
from backendctl.ui.console import Screen
from backendctl.ui.plan_data import plan_document, plan_markdown
from backendctl.ui.plan_text import show_plan
from tests.unit.engine.things import EAST, WEST, Cloud, Function, Table, plan_for

LIVE = Function(region=EAST, name="places", size=1, settings={"a": "x"}, environment={"TOKEN": "s3cret-1"})


def _plan(wanted: Function = LIVE) -> Plan:
    cloud = Cloud()
    cloud.standing["us-east-1/function/places"] = LIVE
    return plan_for(cloud, [wanted])


def test_the_document_has_these_keys_and_no_others() -> None:
    plan = _plan(replace(LIVE, size=2))
    assert plan_document(plan) == {
        "backend": "shop",
        "digest": plan.digest,
        "changes": [
            {
                "address": "us-east-1/function/places",
                "region": EAST,
                "kind": "function",
                "name": "places",
                "action": "update",
                "fields": [{"field": "size", "before": 1, "after": 2}],
                "status": "pending",
                "details": [],
            }
        ],
        "summary": {"create": 0, "update": 1, "delete": 0, "unchanged": 0},
        "refusals": [],
        "refusal_hint": "",
        "breaking": [],
        "remarks": [],
        "unreachable": {},
    }


def test_the_document_is_json_and_has_the_same_keys_when_there_is_nothing_to_do() -> None:
    empty = plan_document(_plan())
    assert set(empty) == set(plan_document(_plan(replace(LIVE, size=2))))
    assert json.loads(json.dumps(empty))["changes"] == []


def test_the_document_tells_what_became_of_each_change() -> None:
    plan = plan_for(Cloud(), [Function(region=region, name="places") for region in (EAST, WEST)])
    document = plan_document(plan, {"us-east-1/function/places": "done", "us-west-2/function/places": "failed"})
    assert [change["status"] for change in document["changes"]] == ["done", "failed"]


def test_markdown_is_a_table_with_a_row_for_each_change() -> None:
    plan = _plan(replace(LIVE, size=2))
    assert plan_markdown(plan).splitlines() == [
        f"### shop: plan `{plan.digest}`",
        "",
        "0 create, 1 update, 0 delete, 0 unchanged",
        "",
        "| region | action | resource | fields | status |",
        "|---|---|---|---|---|",
        "| us-east-1 | update | function/places | size: 1 → 2 | pending |",
    ]


def test_markdown_of_an_empty_plan_has_no_table() -> None:
    assert "|" not in plan_markdown(_plan())


def test_markdown_keeps_every_value_within_its_cell() -> None:
    text = plan_markdown(_plan(replace(LIVE, settings={"a": "b|c\nd", "e|f": ""})))
    row = text.splitlines()[-1]
    assert row.count("|") - row.count("\\|") == 6
    assert "settings.a: x → b\\|c d" in row
    assert "settings.e\\|f: ∅ → ∅" in row


def test_markdown_does_not_take_a_value_for_html() -> None:
    row = plan_markdown(_plan(replace(LIVE, settings={"a": "<img src=x> & more"}))).splitlines()[-1]
    assert "&lt;img src=x> &amp; more" in row


def test_markdown_shows_values_as_json_and_not_as_python() -> None:
    row = plan_markdown(_plan(replace(LIVE, settings={"a": {"on": True}}))).splitlines()[-1]
    assert 'settings.a: x → {"on": true}' in row


def test_no_secret_is_in_any_form() -> None:
    plan = _plan(replace(LIVE, environment={"TOKEN": "s3cret-2", "MORE": "s3cret-3"}))
    for text in (json.dumps(plan_document(plan)), plan_markdown(plan)):
        assert "environment.TOKEN" in text
        assert "s3cret" not in text


def test_what_is_refused_and_who_did_not_answer_stands_in_every_form() -> None:
    cloud = Cloud()
    cloud.down.add(WEST)
    cloud.standing["us-east-1/table/places"] = Table(region=EAST, name="places")
    plan = plan_for(cloud, [])
    refusal = refusal_of(plan, Allowed())
    (reason,) = refusal.reasons
    document, markdown = plan_document(plan, refusal=refusal), plan_markdown(plan, refusal=refusal)
    out = StringIO()
    show_plan(plan, Screen(out=out, err=StringIO()).result, refusal=refusal)
    assert document["refusals"] == [reason]
    assert set(document["unreachable"]) == {WEST}
    for text in (markdown, out.getvalue()):
        assert reason in text
        assert refusal.hint in text
        assert "us-west-2 did not answer, so nothing is planned there" in text
    assert plan_document(plan, refusal=refusal_of(plan, Allowed(delete=("table/places",))))["refusals"] == []
