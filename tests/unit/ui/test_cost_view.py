"""The estimate on a screen of 80 columns, as Markdown and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from backendctl.ui.console import _THEME
from backendctl.ui.cost_data import cost_document, cost_markdown
from backendctl.ui.cost_rows import money
from backendctl.ui.cost_view import show_cost
from backendctl.warmth.cost.estimate import Estimate, estimate
from backendctl.warmth.cost.prices import load_prices
from backendctl.warmth.cost.workload import FunctionLoad, RegionLoad, StageLoad, TableLoad, Workload

CLASSIC = "8,760 a month; 100 ms each = 876 s; 399,124 of the 400,000 free seconds left"


def _estimate(*, pings: float = 8760) -> Estimate:
    function = FunctionLoad(
        name="places", memory=1024, requests=5e6, ms=80, pings=pings, ping_ms=100, holds=1, log_kb=1
    )
    table = TableLoad(name="places", writes=1e6, replicated=1e6, index_writes=4e6, reads=9e6, gb=50, backup=True)
    region = RegionLoad(
        name="us-east-1",
        requests=5e6,
        stages=(StageLoad(name="prodv1"),),
        functions=(function, replace(function, name="checkins-of-all-kinds", architecture="arm64")),
        tables=(table,),
        check=30,
    )
    regions = (region, replace(region, name="ap-southeast-2"))
    workload = Workload(backend="shop", regions=regions, zones=1, queries=1e7, assumptions=("requests are even",))
    return estimate(workload, load_prices())


def _shown(found: Estimate, *, width: int = 80) -> str:
    stream = StringIO()
    show_cost(found, Console(file=stream, theme=_THEME, width=width, highlight=False))
    return stream.getvalue()


def test_it_is_readable_at_80_columns() -> None:
    shown = _shown(_estimate())
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= 80
    assert "…" not in shown
    assert "total at list prices" in shown


def test_a_region_of_another_list_is_labelled_in_its_row_and_above() -> None:
    shown = _shown(_estimate())
    assert "* ap-southeast-2 is priced as us-east-1" in shown
    assert any(line.strip().startswith("ap-southeast-2 * ") for line in shown.splitlines())
    assert "| ap-southeast-2 * |" in cost_markdown(_estimate())


def test_the_classic_figures_stand_beside_todays_pings() -> None:
    shown = " ".join(_shown(_estimate()).split())
    assert CLASSIC in shown
    assert "Pings here: 35,040 a month, 3,504 s, 3,504 GB-seconds; 396,496 of the 400,000 free" in shown
    assert CLASSIC in cost_markdown(_estimate())


def test_without_pings_the_classic_figures_stand_alone() -> None:
    shown = " ".join(_shown(_estimate(pings=0)).split())
    assert CLASSIC in shown
    assert "Pings here" not in shown


def test_what_is_unconfirmed_or_not_priced_is_told_apart() -> None:
    shown = " ".join(_shown(_estimate(), width=200).split())
    unconfirmed = shown.partition("Unconfirmed, in no total")[2].partition("Not priced:")[0]
    assert "logs ingest: 9.55 (no primary source, 2026-11-23)" in unconfirmed
    assert "route53 queries: 6.00" in unconfirmed
    assert "set 'dynamodb-backup-gb' in the price file" in shown.partition("Not priced:")[2]


def test_markdown_has_the_same_rows() -> None:
    told = cost_markdown(_estimate())
    assert "| a month, USD | API | Lambda | pings | DynamoDB | other | total |" in told
    assert "| one region more | +" in told
    assert "&nbsp;&nbsp;places" in told


def test_the_json_document_has_its_keys_for_ever() -> None:
    document = json.loads(json.dumps(cost_document(_estimate(), {})))
    assert set(document) == {
        "backend",
        "source",
        "month_minutes",
        "currency",
        "prices",
        "priced_as",
        "regions",
        "lines",
        "monthly",
        "free",
        "total",
        "total_with_free",
        "pings",
        "classic",
        "deltas",
        "memory",
        "assumptions",
        "not_priced",
        "unreachable",
    }
    assert set(document["lines"][0]) == {
        "region",
        "service",
        "item",
        "of",
        "quantity",
        "unit",
        "cost",
        "price",
        "priced_as",
        "confirmed",
        "counted",
        "source",
        "date",
    }
    assert set(document["deltas"][0]) == {"name", "change", "cost", "cost_with_free", "not_priced", "note"}
    assert set(document["free"][0]) == {"what", "region", "amount", "used", "left", "unit", "saves"}
    assert set(document["memory"][0]["sizes"][0]) == {"memory", "cost", "cost_with_free"}


def test_the_lines_of_the_document_add_up_to_its_total() -> None:
    document = cost_document(_estimate(), {})
    counted = sum(line["cost"] for line in document["lines"] if line["counted"])
    assert document["total"] == pytest.approx(counted, abs=1e-3)
    assert document["total_with_free"] == pytest.approx(
        counted - sum(one["saves"] for one in document["free"]), abs=1e-3
    )
    assert document["classic"]["free_gb_seconds_left"] == 399_124
    assert document["priced_as"] == {"ap-southeast-2": "us-east-1"}


@pytest.mark.parametrize(
    ("usd", "signed", "shown"),
    [
        (0.0, False, "·"),
        (0.001, False, "<0.01"),
        (1234.5, False, "1,234.50"),
        (-0.001, True, "\N{MINUS SIGN}<0.01"),
        (-3.0, True, "\N{MINUS SIGN}3.00"),
        (3.0, True, "+3.00"),
        (None, True, "not priced"),
    ],
)
def test_money_is_readable(usd: float | None, signed: bool, shown: str) -> None:  # noqa: FBT001  # a case
    assert money(usd, signed=signed) == shown
