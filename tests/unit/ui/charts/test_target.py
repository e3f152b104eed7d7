"""Where a chart may be written, told before anything is called."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from backendctl.errors import BackendctlError, Exit, UsageError
from backendctl.ui.charts.target import check_ending, write
from backendctl.ui.charts.writing import write_timelines


@pytest.mark.parametrize("name", ["chart.svg", "chart.png", "chart.html", "CHART.SVG"])
def test_three_endings_are_known(name: str, tmp_path: Path) -> None:
    check_ending(tmp_path / name)


@pytest.mark.parametrize("name", ["chart.pdf", "chart", "chart.svg.gz", ".svg"])
def test_any_other_ending_is_refused_with_the_three(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.svg, \.png or \.html") as refusal:
        check_ending(tmp_path / name)
    assert refusal.value.exit_code is Exit.USAGE


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "charts.svg").mkdir()
    with pytest.raises(UsageError, match="is a directory"):
        check_ending(tmp_path / "charts.svg")


def test_the_directory_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere does not exist"):
        check_ending(tmp_path / "nowhere" / "chart.svg")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_without_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="no permission"):
        check_ending(tmp_path / "chart.svg")


def test_without_matplotlib_the_extra_is_named_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UsageError, match="not written") as refusal:
        write_timelines([], tmp_path / "chart.svg", title="t")
    assert "pip install '.[charts]'" in refusal.value.hint
    assert list(tmp_path.iterdir()) == []


def test_what_the_file_system_refuses_later_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BackendctlError, match=r"cannot write .*: Is a directory"):
        write(tmp_path, b"")
