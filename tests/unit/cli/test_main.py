"""The way in: what the help lists, which code each end has, and where errors go."""

from __future__ import annotations

import errno
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from backendctl import __version__
from backendctl.cli.catalogue import CATALOGUE, Entry, entries
from backendctl.cli.main import cli, main, run, tell
from backendctl.errors import (
    AwsError,
    BackendctlError,
    BugError,
    Exit,
    Fault,
    RefusedError,
    SpecError,
    UsageError,
    WaitTimeoutError,
)

_ROOT = Path(__file__).parents[3]
_HEAVY = ("boto3", "botocore", "rich", "jsonschema", "yaml", "moto", "ministack")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, so that no config.yaml is found, and no setting of the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("BACKENDCTL_SPEC", "BACKENDCTL_SANDBOX", "BACKENDCTL_ENVIRONMENT", "BACKENDCTL_OUTPUT"):
        monkeypatch.delenv(name, raising=False)


def _run(*arguments: str) -> int:
    return run(lambda: cli.main(args=list(arguments), prog_name="backendctl", standalone_mode=False))


def _raising(error: BaseException) -> Callable[[], object]:
    def body() -> object:
        raise error

    return body


def _python(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=_ROOT)
    return done.stdout


def test_help_lists_every_command_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--help") == Exit.OK
    out = capsys.readouterr().out
    for entry in entries().values():
        assert any(entry.name in line and entry.help[:30] in line for line in out.splitlines()), entry
    assert all(f"{title}:" in out for title in CATALOGUE)


@pytest.mark.parametrize("entry", entries().values(), ids=lambda entry: entry.name)
def test_every_command_of_the_catalogue_exists_under_its_name(entry: Entry) -> None:
    command = importlib.import_module(f"backendctl.cli.{entry.module}").command
    assert isinstance(command, click.Command)
    assert command.name == entry.name


@pytest.mark.parametrize("name", entries())
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(name, "--help") == Exit.OK
    assert f"Usage: backendctl {name}" in capsys.readouterr().out


def test_nothing_that_sync_warmers_deletes_has_to_be_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    _run("sync-warmers", "--help")
    assert "--allow-delete" not in capsys.readouterr().out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("--version") == Exit.OK
    assert capsys.readouterr().out == f"backendctl {__version__}\n"


@pytest.mark.parametrize(("typed", "meant"), [("depoly", "deploy"), ("plna", "plan"), ("stauts", "status")])
def test_an_unknown_command_suggests_the_nearest(typed: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(typed) == Exit.USAGE
    told = capsys.readouterr()
    assert f"No such command '{typed}'; did you mean '{meant}'?" in told.err
    assert told.out == ""


def test_a_command_unlike_any_other_gets_no_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("xyzzy") == Exit.USAGE
    assert "did you mean" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "--nonsense"],
        ["plan", "--output", "xml"],
        ["plan", "--max-parallel", "0"],
        ["plan", "a.yaml", "b.yaml"],
        ["sandbox", "sideways"],
        ["sandbox", "status", "--port", "0"],
    ],
)
def test_a_wrong_command_line_ends_with_64(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(*arguments) == Exit.USAGE
    told = capsys.readouterr()
    assert "Error: " in told.err
    assert told.out == ""


@pytest.mark.parametrize("command", ["validate", "render", "plan", "deploy", "destroy", "status"])
def test_without_a_spec_the_error_says_how_to_name_one(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(command) == Exit.USAGE
    told = capsys.readouterr()
    assert told.err.startswith("Error: no SPEC given")
    assert "Next:  backendctl COMMAND specs/my.yaml" in told.err
    assert told.out == ""


@pytest.mark.parametrize("command", ["validate", "plan", "deploy"])
def test_a_spec_that_is_not_there_is_a_fault_of_the_command_line(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(command, "nowhere.yaml") == Exit.USAGE
    told = capsys.readouterr()
    assert "nowhere.yaml" in told.err
    assert "Traceback" not in told.err


def test_a_faulty_spec_is_told_by_file_line_and_column_and_nothing_is_called(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shop.yaml").write_text("backend: shop\nregoins: [us-east-1]\n", encoding="utf-8")
    assert _run("validate", "shop.yaml") == Exit.USAGE
    told = capsys.readouterr()
    assert "shop.yaml:2:1: " in told.err
    assert "regions" in told.err
    assert told.out == ""


def test_validate_speaks_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "backend: shop\nregions: [us-east-1, us-west-2]\ntables: {places: {key: {hash: id S}}}\n"
    (tmp_path / "shop.yaml").write_text(text, encoding="utf-8")
    assert _run("validate", "shop.yaml", "-o", "json") == Exit.OK
    assert json.loads(capsys.readouterr().out) == {
        "backend": "shop",
        "valid": True,
        "regions": ["us-east-1", "us-west-2"],
        "code": [],
        "warnings": [],
    }


def test_validate_tells_faults_in_json_on_stdout_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shop.yaml").write_text("backend: shop\nregoins: [us-east-1]\n", encoding="utf-8")
    assert _run("validate", "shop.yaml", "-o", "json") == Exit.USAGE
    told = capsys.readouterr()
    document = json.loads(told.out)
    assert document["valid"] is False
    assert {"file": "shop.yaml", "line": 2, "column": 1} in [
        {key: fault[key] for key in ("file", "line", "column")} for fault in document["faults"]
    ]
    assert "shop.yaml:2:1: " in told.err


@pytest.mark.parametrize(
    ("result", "code"),
    [(None, 0), (Exit.OK, 0), (Exit.PENDING, 2), (Exit.FAILED_VERDICT, 3), (Exit.PARTIAL, 5), ("text", 0)],
)
def test_a_command_ends_with_the_code_it_returns(result: object, code: int) -> None:
    assert run(lambda: result) == code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BackendctlError("no"), 1),
        (RefusedError(["no"]), 1),
        (AwsError("no", doing="x", code="y"), 1),
        (BugError("no", trace="t"), 1),
        (WaitTimeoutError("no"), 4),
        (UsageError("no"), 64),
        (SpecError([]), 64),
        (click.UsageError("no"), 64),
        (click.ClickException("no"), 1),
        (click.Abort(), 130),
        (click.exceptions.Exit(3), 3),
        (NoCredentialsError(), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_failure_has_its_exit_code(error: Exception, code: int) -> None:
    assert run(_raising(error)) == code


def test_a_bug_is_not_dressed_up_as_an_expected_failure() -> None:
    with pytest.raises(KeyError):
        run(_raising(KeyError("arn")))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EMFILE])
def test_what_this_machine_refuses_is_a_sentence(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(_raising(OSError(number, os.strerror(number), "/tmp/x"))) == Exit.ERROR  # noqa: S108  # nothing is made
    told = capsys.readouterr().err
    assert told.startswith(f"Error: the operating system reported an error /tmp/x: {os.strerror(number)}\nNext:  ")


def test_a_folder_that_is_gone_is_a_sentence_and_a_file_that_nobody_expected_is_a_bug(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = FileNotFoundError(errno.ENOENT, "No such file or directory")
    with pytest.raises(FileNotFoundError):
        run(_raising(missing))
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert run(_raising(missing)) == Exit.ERROR
    assert capsys.readouterr().err.startswith("Error: the current directory no longer exists\n")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("line", ["plan --timeout nan", "start-canary --percent nan", "plan --timeout inf"])
def test_what_is_no_number_is_refused(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(*line.split()) == Exit.USAGE
    assert "Invalid value for" in capsys.readouterr().err


def test_main_exits_with_the_code() -> None:
    with pytest.raises(SystemExit) as left:
        main(["xyzzy"])
    assert left.value.code == Exit.USAGE


def test_an_error_of_aws_that_nobody_explained_still_becomes_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    error = ClientError({"Error": {"Code": "ExpiredToken", "Message": "The token has expired"}}, "GetCallerIdentity")
    assert run(_raising(error)) == Exit.ERROR
    told = capsys.readouterr().err
    assert told.startswith("Error: ask AWS: ExpiredToken: The token has expired\n")
    assert "Next:  sign in again" in told


def test_errors_go_to_stderr_and_leave_stdout_to_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    tell(RefusedError(["us-east-1/table/places holds data"], hint="add --allow-delete"))
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        "Error: refused, nothing has been changed:\n  us-east-1/table/places holds data\nNext:  add --allow-delete\n"
    )


def test_an_error_without_a_hint_has_no_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    tell(BackendctlError("no"))
    assert capsys.readouterr().err == "Error: no\n"


def test_every_fault_of_a_spec_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    faults = [Fault(file="a.yaml", line=line, column=3, message=f"fault {line}") for line in (2, 7)]
    tell(SpecError(faults))
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == ["a.yaml:2:3: fault 2", "a.yaml:7:3: fault 7"]
    assert lines[2] == "Error: 2 faults found; nothing has been touched"


def test_a_bug_met_in_a_worker_shows_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    tell(BugError("create x: KeyError: 'arn'", trace="Traceback (most recent call last):\n  deep inside"))
    told = capsys.readouterr().err
    assert told.index("deep inside") < told.index("Error: create x")
    assert "report it" in told


@pytest.mark.parametrize("arguments", ["'--help'", "'--version'", "'plan', '--help'", "'deploy', '--help'", "'depoly'"])
def test_help_imports_nothing_heavy(arguments: str) -> None:
    code = (
        "import sys\n"
        "from backendctl.cli.main import cli, run\n"
        f"run(lambda: cli.main(args=[{arguments}], standalone_mode=False))\n"
        "sys.stdout.write('\\nLOADED ' + ' '.join(sorted(sys.modules)))\n"
    )
    loaded = _python(code).rpartition("LOADED ")[2].split()
    assert "click" in loaded
    assert sorted({name.partition(".")[0] for name in loaded} & set(_HEAVY)) == []


def test_importing_the_package_imports_nothing_at_all() -> None:
    code = "import sys; before = set(sys.modules); import backendctl; print(*sorted(set(sys.modules) - before))"
    assert _python(code).split() == ["backendctl"]


def test_the_command_can_be_started(tmp_path: Path) -> None:
    code = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from backendctl.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "plan"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == Exit.USAGE
    assert done.stdout == ""
    assert done.stderr.startswith("Error: no SPEC given")
