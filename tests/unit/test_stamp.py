"""Who makes a release, read from git."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from backendctl.stamp import stamp


def _git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)  # noqa: S607


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    _git(tmp_path, "init", "--quiet")
    (tmp_path / "a.txt").write_text("one", encoding="utf-8")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "--quiet", "-m", "first")
    return tmp_path


def test_a_clean_tree_gives_commit_and_author(repository: Path) -> None:
    made = stamp(repository)
    assert len(made.commit) >= 7
    assert made.author == "Ada"
    assert not made.commit.endswith("+")


def test_a_changed_tree_is_marked(repository: Path) -> None:
    (repository / "a.txt").write_text("two", encoding="utf-8")
    assert stamp(repository).commit.endswith("+")


def test_a_file_that_git_does_not_know_is_no_change(repository: Path) -> None:
    (repository / "b.txt").write_text("new", encoding="utf-8")
    assert not stamp(repository).commit.endswith("+")


def test_outside_a_repository_there_is_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    made = stamp(tmp_path)
    assert (made.commit, made.author) == ("", "")


def test_without_git_there_is_neither(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    made = stamp(repository)
    assert (made.commit, made.author) == ("", "")


def test_the_time_is_utc_to_the_second(tmp_path: Path) -> None:
    made = datetime.strptime(stamp(tmp_path).time, "%Y-%m-%dT%H:%M:%S%z")
    assert made.utcoffset() is not None
