"""Files that a command writes at its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from backendctl.cli.result_files import check_writable, write_result
from backendctl.errors import BackendctlError, UsageError


def test_folders_that_are_not_there_are_made(tmp_path: Path) -> None:
    path = tmp_path / "reports" / "today" / "tests.xml"
    check_writable("--junit", path)
    write_result(path, "<a/>")
    assert path.read_text() == "<a/>"


def test_a_directory_and_a_folder_below_a_file_are_refused_before_anything_is_called(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a directory"):
        check_writable("--junit", tmp_path)
    with pytest.raises(UsageError, match="--report: cannot make the folder"):
        check_writable("--report", tmp_path / "file" / "report.md")


def test_a_full_disk_is_one_sentence() -> None:
    if Path("/dev/full").exists():
        with pytest.raises(BackendctlError, match="cannot write /dev/full"):
            write_result(Path("/dev/full"), "x")
