"""What `warm` shows."""

from __future__ import annotations

from io import StringIO

from backendctl.errors import BackendctlError
from backendctl.ui.console import Screen
from backendctl.ui.warmed import show_warming, warming_document, warming_markdown
from backendctl.warmth.calling import Warmed, Warming

ROWS = (
    Warmed(
        region="us-east-1",
        function="places",
        qualifier="version1-a",
        stages=("prodv1",),
        requested=3,
        answered=3,
        environments=3,
        cold=2,
        init_ms=412.4,
        cold_ms=81.0,
        warm_ms=76.2,
        holds=True,
    ),
    Warmed(
        region="us-east-1",
        function="search",
        qualifier="live",
        requested=2,
        answered=2,
        environments=1,
        cold=0,
        warm_ms=1.8,
        holds=False,
    ),
)
WARMING = Warming(backend="shop", rows=ROWS, unreachable={"us-west-2": BackendctlError("no answer")})


def test_the_table_fits_80_columns_and_says_what_is_wrong() -> None:
    out = StringIO()
    show_warming(WARMING, Screen(out=out, err=StringIO()).result)
    lines = out.getvalue().splitlines()
    table = [line for line in lines if line.startswith((" us-", " region"))]
    assert all(len(line.rstrip()) <= 80 for line in table)
    assert table[1].split() == [
        "us-east-1",
        "places:version1-a",
        "✓",
        "3",
        "of",
        "3",
        "2",
        "412",
        "81",
        "cold,",
        "76",
        "warm",
    ]
    assert "✗ ≥ 1 of 2" in table[2]
    assert any(line.startswith("us-east-1 search:live: the handler returns before") for line in lines)


def test_markdown_has_the_same_rows() -> None:
    text = warming_markdown(WARMING)
    assert "| us-east-1 | places:version1-a | ✓ 3 of 3 | 2 | 412 | 81 cold, 76 warm |" in text
    assert "search:live: the handler returns before" in text


def test_the_document_has_these_keys_and_no_others() -> None:
    document = warming_document(WARMING)
    assert set(document) == {"backend", "functions", "unreachable"}
    assert document["unreachable"] == {"us-west-2": "no answer"}
    assert document["functions"][0] == {
        "region": "us-east-1",
        "function": "places",
        "alias": "version1-a",
        "stages": ["prodv1"],
        "requested": 3,
        "answered": 3,
        "environments": 3,
        "proven": True,
        "cold": 2,
        "init_ms": 412.4,
        "cold_ms": 81.0,
        "warm_ms": 76.2,
        "holds": True,
        "errors": [],
        "reason": "",
    }
