"""The matrix of regions: what each has, and whether they are the same."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO

from backendctl.engine.plan import Plan
from backendctl.engine.resource import GLOBAL, Resource
from backendctl.survey import Cell, State, Survey, survey
from backendctl.ui.console import Screen
from backendctl.ui.matrix import show_matrix, survey_document, survey_markdown
from tests.unit.engine.things import EAST, WEST, Cloud, Function, Role, Table, Thing, plan_for

FUNCTION = Function(region=EAST, name="places", size=1)
TABLE = Table(region=EAST, name="places", size=1)
WANTED: list[Resource] = [
    Role(region=GLOBAL, name="runner"),
    FUNCTION,
    TABLE,
    replace(FUNCTION, region=WEST),
    replace(TABLE, region=WEST),
]


def _plan(*, without: str = "", besides: tuple[Thing, ...] = (), down: str = "") -> Plan:
    """The plan of a context that is as wanted but for these."""
    cloud = Cloud()
    for thing in (*WANTED, *besides):
        assert isinstance(thing, Thing)
        cloud.standing[f"{thing.region}/{thing.kind}/{thing.name}"] = thing
    cloud.standing.pop(without, None)
    cloud.down = {down} - {""}
    return plan_for(cloud, WANTED)


def _shown(found: Survey, *, verbose: bool = False) -> str:
    out = StringIO()
    show_matrix(found, Screen(out=out, err=StringIO()).result, verbose=verbose)
    return out.getvalue()


def _rows(text: str) -> list[list[str]]:
    """The words of each line that tells of a resource."""
    return [line.split() for line in text.splitlines() if any(mark in line for mark in "✓≠✗+?")]


def test_a_context_as_wanted_is_in_sync() -> None:
    found = survey(_plan())
    assert found.in_sync
    assert found.regions == (GLOBAL, EAST, WEST)
    assert found.rows["function", "places"] == {EAST: Cell(state=State.OK), WEST: Cell(state=State.OK)}
    assert "In sync: all 2 regions are as specified." in _shown(found)


def test_what_belongs_to_a_function_or_a_table_shares_its_row() -> None:
    cells = {EAST: Cell(state=State.OK), WEST: Cell(state=State.OK)}
    rows = {
        ("function", "places"): cells,
        ("alias", "places:version1"): {**cells, WEST: Cell(state=State.MISSING)},
        ("table", "places"): {EAST: Cell(state=State.OK)},
        ("replica", "places"): {WEST: Cell(state=State.DIFFERS, fields=("billing",))},
    }
    found = Survey(backend="shop", regions=(EAST, WEST), rows=rows, unreachable={})
    assert _rows(_shown(found)) == [
        ["function", "places", "✓", "✗", "missing", "alias/places:version1"],
        ["table", "places", "✓", "≠", "billing"],
    ]
    assert len(_rows(_shown(found, verbose=True))) == 4


def test_rows_are_in_creation_order() -> None:
    assert list(survey(_plan()).rows) == [("role", "runner"), ("function", "places"), ("table", "places")]


def test_what_is_missing_differs_or_should_not_be_there_is_told_apart() -> None:
    plan = _plan(without="us-west-2/table/places", besides=(Function(region=EAST, name="old"),))
    differing = replace(FUNCTION, size=5)
    cloud = Cloud()
    cloud.standing["us-east-1/function/places"] = differing
    found = survey(replace(plan, changes=(*plan.changes, *plan_for(cloud, [FUNCTION]).changes)))
    assert found.rows["table", "places"][WEST].state is State.MISSING
    assert found.rows["function", "old"] == {EAST: Cell(state=State.EXTRA)}
    assert found.rows["function", "places"][EAST] == Cell(state=State.DIFFERS, fields=("size",))
    assert not found.in_sync
    assert not found.region_in_sync(EAST)


def test_one_region_out_of_step_does_not_make_the_other_look_so() -> None:
    found = survey(_plan(without="us-west-2/table/places"))
    assert found.region_in_sync(EAST)
    assert not found.region_in_sync(WEST)
    text = _shown(found)
    assert "✗ missing" in text
    assert "Not in sync: 1 in us-west-2. Next: backendctl plan" in text


def test_a_region_that_does_not_answer_is_unknown_and_not_empty() -> None:
    found = survey(_plan(down=WEST))
    assert found.regions == (GLOBAL, EAST, WEST)
    assert found.rows["function", "places"][WEST].state is State.UNREACHABLE
    assert WEST not in found.rows["role", "runner"]
    assert not found.in_sync
    assert not found.region_in_sync(WEST)
    text = _shown(found)
    assert "us-west-2 did not answer: read us-west-2/" in text
    assert "Not in sync: us-west-2 did not answer" in text
    assert "?" in text


def test_without_anything_global_there_is_no_such_column() -> None:
    cloud = Cloud()
    cloud.standing["us-east-1/function/places"] = FUNCTION
    assert survey(plan_for(cloud, [FUNCTION], regions=(EAST,))).regions == (EAST,)


def test_the_document_tells_each_region_with_these_keys() -> None:
    document = survey_document(survey(_plan(without="us-west-2/table/places")))
    assert document == {
        "backend": "shop",
        "in_sync": False,
        "regions": {
            GLOBAL: {
                "in_sync": True,
                "reachable": True,
                "resources": {"role/runner": {"state": "ok", "detail": "", "fields": []}},
            },
            EAST: {
                "in_sync": True,
                "reachable": True,
                "resources": {
                    "function/places": {"state": "ok", "detail": "", "fields": []},
                    "table/places": {"state": "ok", "detail": "", "fields": []},
                },
            },
            WEST: {
                "in_sync": False,
                "reachable": True,
                "resources": {
                    "function/places": {"state": "ok", "detail": "", "fields": []},
                    "table/places": {"state": "missing", "detail": "", "fields": []},
                },
            },
        },
        "canaries": [],
        "telemetry": {region: {"functions": {}, "stages": {}} for region in (EAST, WEST)},
        "tables": [],
        "unreachable": {},
        "drained": {},
    }
    assert json.loads(json.dumps(document)) == document


def test_the_document_says_which_region_is_out_of_reach() -> None:
    document = survey_document(survey(_plan(down=WEST)))
    assert list(document["unreachable"]) == [WEST]
    regions = document["regions"]
    assert {region: one["reachable"] for region, one in regions.items()} == {
        GLOBAL: True,
        EAST: True,
        WEST: False,
    }


def test_markdown_is_a_table_with_one_column_for_each_region() -> None:
    assert survey_markdown(survey(_plan(without="us-west-2/table/places"))).splitlines() == [
        "| resource | global | us-east-1 | us-west-2 |",
        "|---|---|---|---|",
        "| role/runner | ✓ |  |  |",
        "| function/places |  | ✓ | ✓ |",
        "| table/places |  | ✓ | ✗ missing |",
        "",
        "Not in sync: 1 in us-west-2. Next: backendctl plan",
    ]


def test_markdown_keeps_every_detail_within_its_cell() -> None:
    rows = {("function", "a|b"): {EAST: Cell(state=State.OK, detail="x|y <z>")}}
    text = survey_markdown(Survey(backend="shop", regions=(EAST,), rows=rows, unreachable={}))
    assert "| function/a\\|b | ✓ x\\|y &lt;z> |" in text


def test_a_pipe_gets_every_column_of_five_regions_whole() -> None:
    regions = tuple(f"ap-southeast-{number}" for number in range(1, 6))
    cells = {region: Cell(state=State.OK, detail="v123 a1b2c3d4e5f6") for region in regions}
    rows = {("health-check", "api.corkhounds.example"): cells}
    text = _shown(Survey(backend="shop", regions=regions, rows=rows, unreachable={}))
    assert "…" not in text
    assert all(region in text for region in regions)
    assert "\x1b" not in text
