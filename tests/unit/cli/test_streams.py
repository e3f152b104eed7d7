"""The outermost layer: encodings, closed and full outputs, control characters, secrets."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from backendctl.cli.saying import tell
from backendctl.cli.streams import Guard, OutputError
from backendctl.errors import BackendctlError
from backendctl.secrets import KNOWN
from backendctl.ui.console import Screen

_ROOT = Path(__file__).parents[3]
_SPEC = "backend: shop\nregions: [us-east-1]\ntables: {places: {key: {hash: id S}}}\n"


def _module(*arguments: str, shell: str = "", folder: Path, **environ: str) -> subprocess.CompletedProcess[bytes]:
    """`python -m backendctl`, with stdout or stderr redirected by a shell."""
    command = ["/bin/sh", "-c", f'exec "$@" {shell}', "sh", sys.executable, "-m", "backendctl", *arguments]
    given = {**os.environ, "PYTHONPATH": str(_ROOT), **environ}
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, check=False, timeout=120)


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(_SPEC, encoding="utf-8")
    return tmp_path


def test_the_module_is_the_command(folder: Path) -> None:
    done = _module("validate", "shop.yaml", "-o", "json", folder=folder)
    assert done.returncode == 0
    assert json.loads(done.stdout)["valid"] is True


@pytest.mark.parametrize(
    ("shell", "code", "words"),
    [
        (">&-", 0, b""),
        ("2>&-", 0, b""),
        (">/dev/full", 1, b"Error: cannot write the result: No space left on device\n"),
        ("2>/dev/full", 0, b""),
        ("<&-", 0, b""),
    ],
)
def test_a_closed_or_full_output_ends_without_a_traceback(folder: Path, shell: str, code: int, words: bytes) -> None:
    done = _module("validate", "shop.yaml", shell=shell, folder=folder)
    assert (done.returncode, done.stderr) == (code, words)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8"])
def test_any_encoding_of_stdout_gets_replacement_signs(encoding: str) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    guard = Guard(stream, required=True)
    screen = Screen(out=guard.styled, err=io.StringIO())  # type: ignore[arg-type]  # it is a text stream
    screen.result.print("✓ done → ••• é")
    guard.write("✓ done → ••• é\n")
    guard.flush()
    assert raw.getvalue().decode(encoding).count("done") == 2


def test_control_characters_are_shown_and_line_feeds_kept() -> None:
    stream = io.StringIO()
    Guard(stream, required=True).write("a\x1b[2J\x1b]0;title\x07\tb\n\x9bc\u202e")
    assert stream.getvalue() == "a\\x1b[2J\\x1b]0;title\\x07\tb\n\\x9bc\\u202e"


def test_control_characters_in_what_is_drawn_are_shown_and_the_drawing_keeps_its_own() -> None:
    stream = io.StringIO()
    screen = Screen(out=stream, err=io.StringIO())
    screen.result.print("[green]\x1b[2Jx[/]")
    assert stream.getvalue() == "\\x1b[2Jx\n"


def test_an_error_shows_no_control_characters_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    KNOWN.add("hunter2hunter2")
    tell(BackendctlError("AWS said \x1b[31mhunter2hunter2", hint="look at \x07"))
    assert capsys.readouterr().err == "Error: AWS said \\x1b[31m•••\nNext:  look at \\x07\n"


def test_a_long_error_is_wrapped_between_words_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("LINES", "25")
    words = ["word" + str(number) for number in range(40)]
    tell(BackendctlError("create us-east-1/function/places: " + " ".join(words)))
    lines = terminal.getvalue().splitlines()
    assert max(len(line.replace("\x1b[31m\x1b[1mError: \x1b[0m", "Error: ")) for line in lines) <= 60
    assert all(any(word in line.split() for line in lines) for word in words)


def test_a_result_that_cannot_be_written_is_an_error_and_progress_is_not() -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            del text
            raise OSError(28, "No space left on device")

    Guard(Full(), required=False).write("x")
    with pytest.raises(OutputError):
        Guard(Full(), required=True).write("x")


def test_a_guard_takes_text_only_which_is_how_click_tells_streams_apart() -> None:
    with pytest.raises(TypeError):
        Guard(io.StringIO(), required=True).write(b"")  # type: ignore[arg-type]  # that is the question


def test_a_shell_is_given_its_completions(tmp_path: Path) -> None:
    environ = {"_BACKENDCTL_COMPLETE": "bash_complete", "COMP_WORDS": "backendctl dep", "COMP_CWORD": "1"}
    script = "from backendctl.cli.main import main; import sys; sys.argv = ['backendctl']; main()"
    done = subprocess.run(  # noqa: PLW1510  # its code is looked at
        [sys.executable, "-c", script], env={**os.environ, **environ}, capture_output=True, cwd=tmp_path
    )
    assert (done.stdout.decode().strip(), done.stderr) == ("plain,deploy", b"")


_QUESTION = """
import click
from backendctl.cli.streams import guarded
with guarded():
    print(click.confirm("Apply this plan?", abort=True, err=True))
"""


def test_a_question_is_asked_and_answered_on_a_terminal() -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(_ROOT)
        os.execv(sys.executable, [sys.executable, "-c", _QUESTION])  # noqa: S606  # its own interpreter, no shell
    told = b""
    with contextlib.suppress(OSError):  # the end of a terminal is an error on Linux
        while piece := os.read(terminal, 4096):
            told += piece
            if told.rstrip().endswith(b"[y/N]:"):
                os.write(terminal, b"y\n")
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    assert b"True" in told
