"""`cost` on the command line: what it prints, and how it ends; AWS is not called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backendctl.cli.main import cli, run
from backendctl.errors import Exit
from tests.unit.warmth.shop import EAST, WEST, Project, shop


def _run(folder: Path, *arguments: str) -> int:
    spec = Project(folder, shop()).spec
    line = ["cost", str(spec), *arguments]
    return run(lambda: cli.main(args=line, prog_name="backendctl", standalone_mode=False))


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("BACKENDCTL_SANDBOX", "BACKENDCTL_REGION", "BACKENDCTL_OUTPUT"):
        monkeypatch.delenv(name, raising=False)


def test_it_prints_one_json_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(tmp_path, "--requests", "1M", "--items", "orders:gb=1,writes=1k", "-o", "json") == Exit.OK
    document = json.loads(capsys.readouterr().out)
    assert (document["backend"], document["source"], document["regions"]) == ("shop", "spec", [EAST, WEST])
    assert document["classic"]["invocations"] == 8760
    assert document["classic"]["free_gb_seconds_left"] == 399_124
    requests = [line["quantity"] for line in document["lines"] if line["price"] == "api-requests"]
    assert requests == [500_000, 500_000]


def test_it_prints_tables_for_people_and_for_pull_requests(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(tmp_path, "--requests", "1M") == Exit.OK
    assert "Total: " in capsys.readouterr().out
    assert _run(tmp_path, "-o", "markdown", "-r", WEST) == Exit.OK
    told = capsys.readouterr().out
    assert f"| {WEST} * |" in told
    assert EAST not in [line.split(" | ")[0].strip("| ") for line in told.splitlines()]


def test_prices_come_from_the_option_or_else_from_the_config(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.yaml").write_text("monthly: {DAX: 7}")
    (tmp_path / "yours.yaml").write_text("monthly: {DAX: 9}")
    (tmp_path / "config.yaml").write_text("prices: mine.yaml")
    assert _run(tmp_path, "-o", "json") == Exit.OK
    assert json.loads(capsys.readouterr().out)["monthly"] == {"DAX": 7}
    assert _run(tmp_path, "-o", "json", "--prices", str(tmp_path / "yours.yaml")) == Exit.OK
    assert json.loads(capsys.readouterr().out)["monthly"] == {"DAX": 9}


def test_every_fault_is_told_and_it_ends_with_64(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.yaml").write_text("glbal: {}\n")
    options = ("--requests", "ten", "--duration", "serch=10", "--items", "order:gb=1", "--prices", "mine.yaml")
    assert _run(tmp_path, *options) == Exit.USAGE
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        "mine.yaml:1:1: 'glbal' is not a setting of a price file; did you mean 'global'?",
        "command line: --requests: 'ten' is not a number; write 250000, 250k, 10M or 1.5B",
        "command line: --duration: the spec names no function 'serch'; did you mean 'search'?",
        "command line: --items: the spec names no table 'order'; did you mean 'orders'?",
        "Error: 4 faults found; nothing has been touched",
    ]
