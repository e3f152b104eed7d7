"""What is worth saying of a resource that stays as it is."""

from __future__ import annotations

from io import StringIO
from typing import Any

from backendctl.engine.plan import Plan
from backendctl.resources.events.warmer import Warmer
from backendctl.survey import survey
from backendctl.ui.console import Screen
from backendctl.ui.matrix import show_matrix, survey_document, survey_markdown
from backendctl.ui.plan_data import plan_document, plan_markdown
from backendctl.ui.plan_text import show_plan

EAST = "us-east-1"
LIVE = Warmer(region=EAST, name="places", owner="shop", note="disabled by hand, and left so")
PLAN = Plan(backend="shop", regions=(EAST,), changes=(), unchanged=(LIVE,))
SAID = f"{EAST}/warmer/places is disabled by hand, and left so"


def shown(draw: Any, what: Any) -> str:
    out = StringIO()
    draw(what, Screen(out=out, err=StringIO()).result)
    return out.getvalue()


def test_a_plan_tells_it_although_there_is_nothing_to_do() -> None:
    assert shown(show_plan, PLAN).splitlines()[1:] == [f"note: {SAID}"]
    assert plan_document(PLAN)["notes"] == [{"address": f"{EAST}/warmer/places", "note": LIVE.note}]
    assert plan_markdown(PLAN).endswith(f"> {SAID}")


def test_a_plan_without_notes_has_no_such_key() -> None:
    assert "notes" not in plan_document(Plan(backend="shop", regions=(EAST,), changes=()))


def test_status_tells_it_and_is_in_sync() -> None:
    found = survey(PLAN)
    assert found.in_sync
    assert f"note: {SAID}" in shown(show_matrix, found)
    assert survey_document(found)["regions"][EAST]["resources"]["warmer/places"]["detail"] == LIVE.note
    assert f"- {SAID}" in survey_markdown(found)
