"""Which files of a folder reach its archive."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from backendctl.package import limits, walk
from backendctl.package.tree import BUILT_IN, Tree, collect


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


def test_what_lambda_never_needs_stays_out(tmp_path: Path) -> None:
    files = [".git/config", "lib/__pycache__/app.cpython-313.pyc", "lib/.DS_Store", ".venv/bin/python", ".gitignore"]
    write(tmp_path, dict.fromkeys([*files, "app.py", "lib/x.py"], ""))
    assert names(tmp_path) == ["app.py", "lib/x.py"]
    assert collect(tmp_path).left_out == ((BUILT_IN, 5),)


@pytest.mark.parametrize("name", ["node_modules/x/index.js", "lib/native.so", "build/out.js", "only.pyc", "dist/a.js"])
@pytest.mark.parametrize("where", ["", "lib/", "node_modules/", "node_modules/x/", "dist/"])
def test_a_gitignore_leaves_nothing_out_wherever_it_lies(tmp_path: Path, name: str, where: str) -> None:
    write(tmp_path, {f"{where}.gitignore": "*\nnode_modules/\n*.so\n", name: "", "app.py": ""})
    assert name in names(tmp_path)


def test_the_ignore_file_at_the_root_counts_and_tells_how_many(tmp_path: Path) -> None:
    write(tmp_path, {".backendctlignore": "*.log\ntests/\n", "a.log": "", "tests/t.py": "", "tests/u/v.py": ""})
    write(tmp_path, {"app.py": "", "deep/b.log": ""})
    assert names(tmp_path) == ["app.py"]
    assert dict(collect(tmp_path).left_out) == {".backendctlignore": 4, BUILT_IN: 1}


def test_an_ignore_file_further_down_is_left_out_and_means_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"app.py": "", "node_modules/x/.backendctlignore": "*", "node_modules/x/index.js": ""})
    assert names(tmp_path) == ["app.py", "node_modules/x/index.js"]


def test_the_ignore_file_brings_back_what_the_built_in_list_leaves_out(tmp_path: Path) -> None:
    write(tmp_path, {".backendctlignore": "!.gitignore\n", "template/.gitignore": "*", "app.py": ""})
    assert names(tmp_path) == ["app.py", "template/.gitignore"]


def test_no_pattern_brings_back_a_repository_or_the_ignore_file_itself(tmp_path: Path) -> None:
    write(tmp_path, {".backendctlignore": "!*\n!.git\n!.git/**\n", "app.py": "", ".git/HEAD": "", "x/.git": ""})
    assert names(tmp_path) == ["app.py"]


def test_nothing_below_an_ignored_folder_comes_back(tmp_path: Path) -> None:
    write(tmp_path, {".backendctlignore": "out/\n!out/keep.py\n", "out/keep.py": "", "app.py": ""})
    assert names(tmp_path) == ["app.py"]


def test_ignore_files_above_the_folder_are_not_read(tmp_path: Path) -> None:
    write(tmp_path, {".backendctlignore": "*\n", "dist/app.py": ""})
    assert names(tmp_path / "dist") == ["app.py"]


def test_included_folders_stand_under_their_own_names(tmp_path: Path) -> None:
    write(tmp_path, {"places/app.py": "", "common/db.py": "", "common/.backendctlignore": "*.md\n", "common/a.md": ""})
    assert names(tmp_path / "places", tmp_path / "common") == ["app.py", "common/db.py"]


def test_two_files_of_one_name_are_a_fault(tmp_path: Path) -> None:
    write(tmp_path, {"places/common/db.py": "1", "common/db.py": "2"})
    faults = collect(tmp_path / "places", (tmp_path / "common",)).faults
    assert len(faults) == 1
    assert "same name in the archive" in faults[0]


def test_a_missing_included_folder_is_a_fault(tmp_path: Path) -> None:
    write(tmp_path, {"places/app.py": ""})
    assert collect(tmp_path / "places", (tmp_path / "gone",)).faults == (f"{tmp_path / 'gone'}: does not exist",)


def links(tree: Tree) -> dict[str, str]:
    assert tree.faults == ()
    return {entry.name: entry.link for entry in tree.entries if entry.link is not None}


def test_links_that_stay_inside_stay_links(tmp_path: Path) -> None:
    write(tmp_path, {"node_modules/.pnpm/x@1/x/cli.js": "1", "lib/libz.so.1.3": "z"})
    (tmp_path / "node_modules/x").symlink_to(".pnpm/x@1/x", target_is_directory=True)
    (tmp_path / "node_modules/.bin").mkdir()
    (tmp_path / "node_modules/.bin/x").symlink_to("../x/cli.js")
    (tmp_path / "lib/libz.so.1").symlink_to("libz.so.1.3")
    (tmp_path / "lib/libz.so").symlink_to("libz.so.1")
    (tmp_path / "whole").symlink_to(tmp_path / "lib", target_is_directory=True)
    (tmp_path / "self").symlink_to(".")
    assert links(collect(tmp_path)) == {
        "node_modules/x": ".pnpm/x@1/x",
        "node_modules/.bin/x": "../.pnpm/x@1/x/cli.js",
        "lib/libz.so.1": "libz.so.1.3",
        "lib/libz.so": "libz.so.1.3",
        "whole": "lib",
        "self": ".",
    }


def test_a_link_into_an_included_folder_stays_a_link(tmp_path: Path) -> None:
    write(tmp_path, {"places/app.py": "", "common/db.py": ""})
    (tmp_path / "places/db.py").symlink_to("../common/db.py")
    assert links(collect(tmp_path / "places", (tmp_path / "common",))) == {"db.py": "common/db.py"}


def test_a_link_to_what_is_left_out_is_a_fault(tmp_path: Path) -> None:
    write(tmp_path, {".backendctlignore": "data/\n", "data/a.txt": "", "app.py": ""})
    (tmp_path / "a.txt").symlink_to("data/a.txt")
    (fault,) = collect(tmp_path).faults
    assert "which is left out" in fault


@pytest.mark.parametrize(
    ("target", "sentence"),
    [("../secret", "outside"), ("/", "outside"), ("gone", "nowhere"), ("link", "nowhere")],
)
def test_links_that_lead_elsewhere_are_a_fault_with_the_way_round(tmp_path: Path, target: str, sentence: str) -> None:
    write(tmp_path, {"secret": "", "places/app.py": ""})
    (tmp_path / "places/link").symlink_to(target)
    (fault,) = collect(tmp_path / "places").faults
    assert sentence in fault
    assert ".backendctlignore" in fault
    assert ("follow-links: true" in fault) is (sentence == "outside")


def test_a_link_that_leaves_the_folder_is_copied_from_within_the_project_on_request(tmp_path: Path) -> None:
    write(tmp_path, {"places/app.py": "", "shared/db.py": "db", "shared/more/x.py": "x", "one.py": "1"})
    (tmp_path / "places/shared").symlink_to("../shared", target_is_directory=True)
    (tmp_path / "places/one.py").symlink_to("../one.py")
    (tmp_path / "shared/again.py").symlink_to("db.py")
    tree = collect(tmp_path / "places", within=tmp_path)
    assert links(tree) == {"shared/again.py": "db.py"}
    assert [entry.name for entry in tree.entries] == [
        "app.py",
        "one.py",
        "shared/again.py",
        "shared/db.py",
        "shared/more/x.py",
    ]


@pytest.mark.parametrize(("target", "sentence"), [("/etc", "outside the project"), ("..", "a folder that holds it")])
def test_following_ends_at_the_project_and_at_loops(tmp_path: Path, target: str, sentence: str) -> None:
    write(tmp_path, {"project/places/app.py": ""})
    (tmp_path / "project/places/link").symlink_to(target)
    (fault,) = collect(tmp_path / "project/places", within=tmp_path / "project").faults
    assert sentence in fault


def test_a_link_to_a_sibling_with_a_longer_name_leads_outside(tmp_path: Path) -> None:
    write(tmp_path, {"places/app.py": "", "places-old/app.py": ""})
    (tmp_path / "places/old.py").symlink_to("../places-old/app.py")
    assert "outside" in collect(tmp_path / "places").faults[0]


def test_an_ignored_link_is_nobodys_business(tmp_path: Path) -> None:
    write(tmp_path, {".backendctlignore": "link\n", "app.py": ""})
    (tmp_path / "link").symlink_to("/")
    assert names(tmp_path) == ["app.py"]


def test_a_pipe_is_a_fault(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert collect(tmp_path).faults == (f"{tmp_path / 'pipe'}: neither a file nor a folder",)


def test_the_root_of_the_file_system_is_no_folder_of_code() -> None:
    assert collect(Path("/")).faults == ("/: is the root of the file system, and no folder of code",)


def test_devices_end_the_walk_after_so_many_faults() -> None:
    faults = collect(Path("/dev")).faults
    assert 1 <= len(faults) <= 21


def test_a_folder_of_too_many_files_is_not_walked_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MOST_FILES", 3)
    write(tmp_path, dict.fromkeys(("a/1", "b/2", "c/3", "d/4", "e/5"), ""))
    tree = collect(tmp_path)
    assert tree.faults == (f"{tmp_path}: {limits.too_many()}",)
    assert len(tree.entries) == 4


def test_what_the_system_refuses_is_a_fault() -> None:
    assert 1 <= len(collect(Path("/proc")).faults) <= 21


def test_folders_without_end_are_a_fault(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*"d" * 400)
    deep.mkdir(parents=True)
    (deep / "app.py").touch()
    (fault,) = collect(tmp_path).faults
    assert "more than 100 folders deep" in fault


def test_a_socket_is_a_fault(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "s"))
        assert collect(tmp_path).faults == (f"{tmp_path / 's'}: neither a file nor a folder",)


def test_a_name_that_is_not_utf8_is_a_fault(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.py")).touch()
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert "not UTF-8" in collect(tmp_path).faults[0]
