"""Which files of a folder reach its archive."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from backendctl.package.tree import collect

if TYPE_CHECKING:
    from pathlib import Path


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def names(folder: Path, *include: Path) -> list[str]:
    tree = collect(folder, include)
    assert tree.faults == ()
    return [entry.name for entry in tree.entries]


def test_what_never_belongs_in_an_archive_stays_out(tmp_path: Path) -> None:
    files = [
        ".git/config",
        "__pycache__/app.cpython-313.pyc",
        "lib/old.pyc",
        "lib/.DS_Store",
        "app.py",
        "lib/x.py",
    ]
    write(tmp_path, dict.fromkeys(files, ""))
    assert names(tmp_path) == ["app.py", "lib/x.py"]


def test_no_rule_brings_back_what_never_belongs(tmp_path: Path) -> None:
    write(tmp_path, {".backendctlignore": "!*.pyc\n!.git\n", "a.pyc": "", ".git/HEAD": "", "app.py": ""})
    assert names(tmp_path) == ["app.py"]


def test_ignore_files_are_honoured_and_stay_out(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "*.log\n", ".backendctlignore": "tests/\n"})
    write(tmp_path, {"a.log": "", "tests/t.py": "", "app.py": ""})
    assert names(tmp_path) == ["app.py"]


def test_backendctlignore_brings_back_what_git_does_not_keep(tmp_path: Path) -> None:
    write(
        tmp_path,
        {".gitignore": "vendor/\n", ".backendctlignore": "!vendor/\n", "vendor/v.py": "", "app.py": ""},
    )
    assert names(tmp_path) == ["app.py", "vendor/v.py"]


def test_a_nested_ignore_file_overrules_the_one_above(tmp_path: Path) -> None:
    write(
        tmp_path,
        {".gitignore": "*.txt\n", "data/.gitignore": "!keep.txt\n", "data/keep.txt": "", "b.txt": ""},
    )
    assert names(tmp_path) == ["data/keep.txt"]


def test_nothing_below_an_ignored_folder_comes_back(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "out/\n!out/keep.py\n", "out/keep.py": "", "app.py": ""})
    assert names(tmp_path) == ["app.py"]


def test_ignore_files_above_the_folder_are_not_read(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "*\n", "dist/app.py": ""})
    assert names(tmp_path / "dist") == ["app.py"]


def test_included_folders_stand_under_their_own_names(tmp_path: Path) -> None:
    write(tmp_path, {"places/app.py": "", "common/db.py": "", "common/.gitignore": "*.md\n", "common/a.md": ""})
    assert names(tmp_path / "places", tmp_path / "common") == ["app.py", "common/db.py"]


def test_two_files_of_one_name_are_a_fault(tmp_path: Path) -> None:
    write(tmp_path, {"places/common/db.py": "1", "common/db.py": "2"})
    faults = collect(tmp_path / "places", (tmp_path / "common",)).faults
    assert len(faults) == 1
    assert "same name in the archive" in faults[0]


def test_a_missing_included_folder_is_a_fault(tmp_path: Path) -> None:
    write(tmp_path, {"places/app.py": ""})
    assert collect(tmp_path / "places", (tmp_path / "gone",)).faults == (f"{tmp_path / 'gone'}: does not exist",)


def test_links_that_stay_inside_are_followed(tmp_path: Path) -> None:
    write(tmp_path, {"lib/x.py": "x = 1"})
    (tmp_path / "alias.py").symlink_to("lib/x.py")
    (tmp_path / "again").symlink_to("lib", target_is_directory=True)
    assert names(tmp_path) == ["again/x.py", "alias.py", "lib/x.py"]


@pytest.mark.parametrize(
    ("target", "sentence"),
    [("../secret", "outside"), ("/", "outside"), ("gone", "nowhere"), (".", "holds it"), ("link", "nowhere")],
)
def test_links_that_lead_elsewhere_are_a_fault(tmp_path: Path, target: str, sentence: str) -> None:
    write(tmp_path, {"secret": "", "places/app.py": ""})
    (tmp_path / "places/link").symlink_to(target)
    faults = collect(tmp_path / "places").faults
    assert len(faults) == 1
    assert sentence in faults[0]


def test_a_link_to_a_sibling_with_a_longer_name_leads_outside(tmp_path: Path) -> None:
    write(tmp_path, {"places/app.py": "", "places-old/app.py": ""})
    (tmp_path / "places/old.py").symlink_to("../places-old/app.py")
    assert "outside" in collect(tmp_path / "places").faults[0]


def test_an_ignored_link_is_nobodys_business(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "link\n", "app.py": ""})
    (tmp_path / "link").symlink_to("/")
    assert names(tmp_path) == ["app.py"]


def test_a_pipe_is_a_fault(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert collect(tmp_path).faults == (f"{tmp_path / 'pipe'}: neither a file nor a folder",)


def test_a_name_that_is_not_utf8_is_a_fault(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.py")).touch()
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert "not UTF-8" in collect(tmp_path).faults[0]
