"""A build command ends in time, tells what it writes as it comes, and gives no secrets away."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from backendctl.package import PackageError, Packager, Source
from backendctl.package.command import run
from backendctl.secrets import of_environment

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "hunter22-and-more"
_PATIENCE = 10.0


def ends(pid: int) -> bool:
    """Whether a process that was killed ends: the signal is sent, but a busy machine carries it out later."""
    deadline = time.monotonic() + _PATIENCE
    while not _gone(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return _gone(pid)


def _gone(pid: int) -> bool:
    """Whether it has ended; one that nobody has waited for yet counts as ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stream:  # noqa: PTH123 - no path is kept
            return stream.read().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_command_that_does_not_end_is_ended_with_all_it_started(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="did not end within 1 s") as caught:
        run("echo begun; sleep 600 & echo $! > pid; wait", tmp_path, timeout=1)
    assert caught.value.faults == ("begun",)
    assert "build-timeout" in caught.value.hint
    assert ends(int((tmp_path / "pid").read_text()))


def test_what_a_command_leaves_behind_does_not_hold_it_up(tmp_path: Path) -> None:
    assert run("echo done; sleep 20 &", tmp_path, timeout=15) == "done\n"


def test_output_comes_while_the_command_runs(tmp_path: Path) -> None:
    told: list[str] = []
    seen = threading.Event()

    def tell(line: str) -> None:
        told.append(line)
        if line == "first":
            (tmp_path / "go").touch()
            seen.set()

    run("echo first; while [ ! -e go ]; do sleep 0.05; done; echo second >&2", tmp_path, timeout=60, tell=tell)
    assert seen.is_set()
    assert told[-2:] == ["first", "second"]


def test_nobody_to_tell_does_not_stop_a_command(tmp_path: Path) -> None:
    def tell(line: str) -> None:
        if not line.startswith("building"):
            raise BrokenPipeError

    assert run("seq 1 20000", tmp_path, timeout=60, tell=tell).endswith("20000\n")


def test_endless_output_is_kept_in_part(tmp_path: Path) -> None:
    assert len(run("seq 1 50000", tmp_path, timeout=60).splitlines()) == 1000


@pytest.mark.parametrize("command", ["echo $TOKEN; false", f"echo {SECRET}; false", "set -x; echo $TOKEN; false"])
def test_values_of_the_environment_are_not_shown(tmp_path: Path, command: str) -> None:
    told: list[str] = []
    before = os.environ.get("TOKEN")
    os.environ["TOKEN"] = SECRET
    try:
        with pytest.raises(PackageError) as caught:
            run(command, tmp_path, timeout=60, tell=told.append)
    finally:
        os.environ.pop("TOKEN") if before is None else os.environ.update(TOKEN=before)
    assert SECRET not in str(caught.value)
    assert SECRET not in "".join(told)
    assert "•••" in str(caught.value)


def test_a_value_of_several_lines_is_hidden_line_by_line() -> None:
    secrets = of_environment({"KEY": "-----BEGIN-----\nabcdefgh\n-----END-----", "PATH": "/usr/bin:/bin", "X": "true"})
    assert secrets.redact("abcdefgh true /usr/bin:/bin") == "••• true /usr/bin:/bin"


def test_the_packager_passes_on_what_is_written(tmp_path: Path) -> None:
    told: list[str] = []
    source = Source(path=tmp_path, build="echo compiled > app.py; echo compiled", cwd=tmp_path, build_timeout=60)
    made = Packager(tell=told.append).build(source)
    assert told == ["building: echo compiled > app.py; echo compiled", "compiled"]
    assert made.log == "compiled\n"
