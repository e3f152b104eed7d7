"""What validate tells of code and of warnings, in text and in JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from backendctl.cli.main import cli, run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    for name in ("app.py", "tests/test_app.py", "tests/more.py", "__pycache__/app.pyc"):
        (tmp_path / "code" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "code" / name).write_text("def handler(e, c): ...")
    (tmp_path / "code/.backendctlignore").write_text("tests/\n")
    path = tmp_path / "shop.yaml"
    path.write_text(
        "backend: shop\nregions: [us-east-1, us-west-2]\nfunctions:\n"
        "  items: {code: {folder: code, build: echo compiling}, runtime: python3.99, handler: app.handler}\n"
    )
    return path


def validate(*arguments: str) -> int:
    return run(lambda: cli.main(args=["validate", *arguments], prog_name="backendctl", standalone_mode=False))


def test_files_and_what_left_others_out_are_told_per_function(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert validate(str(spec)) == 0
    said = capsys.readouterr()
    assert (
        "code of items: 1 file, 132 bytes, 2 left out by .backendctlignore, 2 left out by the built-in list" in said.out
    )
    assert f"warning: {spec}:4:65: 'python3.99' is not a known runtime" in said.err
    assert "compiling" in said.err


def test_json_has_code_and_warnings_on_stdout_alone(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert validate(str(spec), "-o", "json", "-q") == 0
    said = capsys.readouterr()
    told = json.loads(said.out)
    (code,) = told["code"]
    assert (code["function"], code["files"]) == ("items", 1)
    assert code["left_out"] == {".backendctlignore": 2, "the built-in list": 2}
    (warning,) = told["warnings"]
    assert (warning["file"], warning["line"], warning["column"]) == (str(spec), 4, 65)
    assert said.err == ""


def test_a_runtime_is_allowed_by_its_name_only(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(spec.read_text().replace("python3.99", "python3.6"))
    assert validate(str(spec)) == 64
    assert "--allow-runtime python3.6" in capsys.readouterr().err
    assert validate(str(spec), "--allow-runtime", "python3.6") == 0
