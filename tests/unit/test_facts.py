"""Every fact about AWS that the code cites is one that docs/aws-facts.md states."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import backendctl

_PACKAGE = Path(backendctl.__file__).parent
_SHEET = _PACKAGE.parent / "docs" / "aws-facts.md"
_STATED = re.compile(r"^- ([A-K]\d{1,3})\. ", re.MULTILINE)
_RULES = re.compile(r"noqa: \S+")
_CITED = re.compile(r"(?<![\w.:/-])([A-K][1-9]\d{0,2})(?![\w/:-])")


@cache
def _stated() -> frozenset[str]:
    return frozenset(_STATED.findall(_SHEET.read_text(encoding="utf-8")))


def _docstrings(source: str) -> list[tuple[int, str]]:
    """The strings that stand alone as statements: docstrings, and those below an attribute."""
    return [
        (node.lineno, node.value.value)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]


def _comments(source: str) -> list[tuple[int, str]]:
    """What stands behind a `#`, without the names of rules that a `noqa` switches off."""
    lines = source.splitlines()
    return [(number, _RULES.sub("", line.partition("# ")[2])) for number, line in enumerate(lines, 1)]


def _citations(file: Path) -> list[tuple[int, str]]:
    source = file.read_text(encoding="utf-8")
    return [(line, number) for line, text in _comments(source) + _docstrings(source) for number in _CITED.findall(text)]


def test_the_sheet_states_each_number_once() -> None:
    numbers = _STATED.findall(_SHEET.read_text(encoding="utf-8"))
    assert len(numbers) > 300
    assert sorted(numbers) == sorted(set(numbers))


def test_every_cited_number_is_stated_by_the_sheet() -> None:
    cited = [(file, line, number) for file in sorted(_PACKAGE.rglob("*.py")) for line, number in _citations(file)]
    assert len(cited) > 500
    unknown = [f"{file}:{line}: {number}" for file, line, number in cited if number not in _stated()]
    assert unknown == []
