"""`warm-status` on the command line: what is refused before AWS is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from backendctl.cli.main import cli, run
from backendctl.errors import Exit
from tests.unit.warmth.shop import Project, shop


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings, and no credentials: whoever calls AWS ends with another code than 64."""
    monkeypatch.chdir(tmp_path)
    for name in ("SANDBOX", "REGION", "OUTPUT", "ENDPOINT_URL", "SPEC", "ENVIRONMENT", "PROFILE"):
        monkeypatch.delenv(f"BACKENDCTL_{name}", raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


def _run(*arguments: str) -> int:
    return run(lambda: cli.main(args=["warm-status", *arguments], prog_name="backendctl", standalone_mode=False))


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert _run(*arguments) == Exit.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    return err


@pytest.mark.parametrize("text", ["yesterday", "", "0h", "-1h", "24", "1h30m", "nan", "456d", "1e3s"])
def test_since_has_to_be_a_duration(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(capsys, str(Project(tmp_path, shop()).spec), "--since", text)
    assert "--since" in told
    assert "455 days" in told or "write for instance 90s, 30m, 24h or 7d" in told


def test_the_idle_time_has_to_be_a_duration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(capsys, str(Project(tmp_path, shop()).spec), "--idle-time", "long")
    assert "--idle-time 'long' is not a duration" in told


def test_an_unknown_function_is_told_with_the_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(capsys, str(Project(tmp_path, shop()).spec), "serch")
    assert "the spec names no function 'serch'; did you mean 'search'?" in told
    assert "search, orders, night" in told


@pytest.mark.parametrize("name", ["a:b:c", "arn:aws:lambda:us-east-1:1:function:x", "x y", "x:", ":live", "$LATEST"])
def test_a_function_in_aws_is_a_name_and_an_alias(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "write NAME or NAME:ALIAS" in refused(capsys, "--function", name, "-r", "us-east-1")


def test_a_function_in_aws_needs_a_region(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--function needs --region" in refused(capsys, "--function", "handmade:live")


def test_a_function_in_aws_goes_without_a_spec_and_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = str(Project(tmp_path, shop()).spec)
    for more in (spec, "search"):
        assert "leave out SPEC" in refused(capsys, more, "--function", "handmade", "-r", "us-east-1")


def test_a_chart_has_an_ending_that_somebody_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(capsys, str(Project(tmp_path, shop()).spec), "--chart", "warm.jpg")
    assert ".svg" in told
    assert "--watch" in refused(capsys, str(Project(tmp_path, shop()).spec), "--chart", "warm.svg", "--watch")


def test_a_share_above_all_requests_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--max-cold" in refused(capsys, str(Project(tmp_path, shop()).spec), "--max-cold", "101")


def test_a_right_command_line_goes_on_to_aws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(str(Project(tmp_path, shop()).spec), "search", "--since", "1.5h") == Exit.ERROR
    assert "credentials" in capsys.readouterr().err
