"""Gitignore patterns leave out what git leaves out."""

from __future__ import annotations

import random
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from backendctl.package import ignore
from backendctl.package.tree import collect

if TYPE_CHECKING:
    from pathlib import Path

CASES = [
    # pattern, path, is a folder, left out
    ("*.log", "a.log", False, True),
    ("*.log", "deep/er/a.log", False, True),
    ("*.log", "a.logs", False, False),
    ("/a.log", "a.log", False, True),
    ("/a.log", "deep/a.log", False, False),
    ("deep/a.log", "deep/a.log", False, True),
    ("deep/a.log", "more/deep/a.log", False, False),
    ("build/", "build", True, True),
    ("build/", "deep/build", True, True),
    ("build/", "build", False, False),
    ("# note", "# note", False, False),
    (r"\#note", "#note", False, True),
    (r"\!note", "!note", False, True),
    ("name  ", "name", False, True),
    ("name\\ ", "name ", False, True),
    ("name\\ ", "name", False, False),
    ("name\r", "name", False, True),
    ("", "anything", False, False),
    ("/", "anything", True, False),
    ("**/cache", "cache", True, True),
    ("**/cache", "a/b/cache", True, True),
    ("a/**/z", "a/z", False, True),
    ("a/**/z", "a/b/c/z", False, True),
    ("a/**/z", "a/bz", False, False),
    ("a/**", "a/b/c", False, True),
    ("a/**", "a", True, False),
    ("a**z", "abcz", False, True),
    ("x/a**z", "x/a/z", False, False),
    ("a**/z", "ab/c/z", False, True),
    ("a?**/z", "ab/c/z", False, False),
    ("/*", "top", False, True),
    ("/*", "deep/top", False, False),
    ("?.py", "a.py", False, True),
    ("?.py", "ab.py", False, False),
    ("?.py", "é.py", False, True),
    ("a?b/c", "a/b/c", False, False),
    ("[ab].py", "b.py", False, True),
    ("[!ab].py", "b.py", False, False),
    ("[^ab].py", "c.py", False, True),
    ("[a-c].py", "b.py", False, True),
    ("[]-].py", "-.py", False, True),
    ("[[:digit:]].py", "7.py", False, True),
    ("[[:nothing:]].py", "7.py", False, False),
    ("x[!b]y/c", "x/y/c", False, False),
    ("[ab", "[ab", False, False),
    ("ends\\", "ends\\", False, False),
    ("a.b", "axb", False, False),
    ("A.py", "a.py", False, False),
]


def ignored(rules: list[ignore.Rule], path: str, *, is_folder: bool) -> bool:
    return ignore.deciding(rules, path, is_folder=is_folder) is not None


@pytest.mark.parametrize(("pattern", "path", "is_folder", "expected"), CASES)
def test_a_pattern_leaves_out_what_git_does(pattern: str, path: str, is_folder: bool, expected: bool) -> None:  # noqa: FBT001
    assert ignored(ignore.parse(pattern), path, is_folder=is_folder) is expected


def test_the_last_matching_rule_decides() -> None:
    rules = ignore.parse("*.txt\n!keep.txt\n")
    assert ignored(rules, "drop.txt", is_folder=False)
    assert not ignored(rules, "keep.txt", is_folder=False)


def test_stars_without_an_anchor_stay_within_a_name() -> None:
    rules = ignore.parse("ab**\n!ab\n")
    assert not ignored(rules, "ab/x", is_folder=False)


def test_the_rule_that_decided_tells_where_it_comes_from() -> None:
    rules = ignore.parse("*.txt", origin="first") + ignore.parse("a.*", origin="second")
    found = [ignore.deciding(rules, name, is_folder=False) for name in ("a.txt", "b.txt", "b.py")]
    assert [one and one.origin for one in found] == ["second", "first", None]


def test_a_byte_order_mark_is_no_part_of_the_first_pattern() -> None:
    assert ignored(ignore.parse("\ufeffa.txt"), "a.txt", is_folder=False)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is the judge here, and it is not installed")
@pytest.mark.parametrize("seed", range(25))
def test_random_trees_keep_the_same_files_as_git(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret
    _grow(tmp_path, dice)
    git = [shutil.which("git") or "git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    listing = [*git, "ls-files", "-oz", "--exclude-per-directory=.backendctlignore"]
    kept = subprocess.run(listing, check=True, capture_output=True, encoding="utf-8").stdout
    expected = {name for name in kept.split("\0") if name and name != ".backendctlignore"}
    assert {entry.name for entry in collect(tmp_path).entries} == expected


def _grow(root: Path, dice: random.Random) -> None:
    names = ["a", "b", "ab", "a.b", "-", "]", "a b", "[", "!a", "#a"]
    pieces = "a b ab . * ** / ? [ab] [!a] [a-b] [b-a] [[:alpha:]] \\a \\* ! # **/ /** /**/ [ ] - \\ [--a] ***"
    for _ in range(25):
        path = root.joinpath(*dice.choices(names, k=dice.randint(1, 4)))
        if not any(parent.is_file() for parent in path.parents) and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    patterns = ["".join(dice.choices(pieces.split(), k=dice.randint(1, 4))) for _ in range(6)]
    lines = [dice.choice(["", "", "!"]) + text + dice.choice(["", "", "/"]) for text in patterns]
    (root / ".backendctlignore").write_text("\n".join(lines))
