"""Every fact about AWS that the code cites is one that docs/aws-facts.md states, and no user reads its number."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import backendctl

_PACKAGE = Path(backendctl.__file__).parent
_SHEET = _PACKAGE.parent / "docs" / "aws-facts.md"
_STATED = re.compile(r"^- ([A-K]\d{1,3})\. ", re.MULTILINE)
_RULES = re.compile(r"noqa: \S+")
_NUMBER = r"([A-K])([1-9]\d{0,2})"
_RANGE = re.compile(rf"\b{_NUMBER} ?(?:-| to )\s?([A-K])?([1-9]\d{{0,2}})\b")
_CITED = re.compile(rf"(?<![\w./-])({_NUMBER})(?![\w/-])")


@cache
def _stated() -> frozenset[str]:
    return frozenset(_STATED.findall(_SHEET.read_text(encoding="utf-8")))


@pytest.fixture(scope="module", autouse=True)
def nothing_parsed_stays() -> Iterator[None]:
    """It is two hundred MB, and no other file wants it."""
    yield
    _nodes.cache_clear()


@cache
def _nodes(source: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(source)))


def _docstrings(source: str) -> list[tuple[int, str]]:
    """The strings that stand alone as statements: docstrings, and those below an attribute."""
    return [
        (node.lineno, node.value.value)
        for node in _nodes(source)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]


def _comments(source: str) -> list[tuple[int, str]]:
    """What stands behind a `#`, without the names of rules that a `noqa` switches off."""
    lines = source.splitlines()
    return [(number, _RULES.sub("", line.partition("# ")[2])) for number, line in enumerate(lines, 1)]


def _numbers(text: str) -> list[str]:
    """The facts that a text cites; of a range ("A31-A35", "A20 to A25") each."""
    found = [
        f"{letter}{number}"
        for letter, first, _, last in _RANGE.findall(text)
        for number in range(int(first), int(last) + 1)
    ]
    return found + [number for number, _, _ in _CITED.findall(_RANGE.sub(" ", text))]


def _citations(file: Path) -> list[tuple[int, str]]:
    source = file.read_text(encoding="utf-8")
    told = _comments(source) + _docstrings(source) + _fields(source)
    return [(line, number) for line, text in told for number in _numbers(text)]


def _fields(source: str) -> list[tuple[int, str]]:
    """Numbers that stand alone: the field of a refusal of the API's definition, for the eyes of its tests."""
    return [(node.lineno, node.value) for node in _nodes(source) if _is_number(node)]  # type: ignore[attr-defined]


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(_CITED.fullmatch(node.value))


def _told_to_users(source: str) -> Iterator[tuple[int, str]]:
    """The texts of a module that are neither docstrings nor such a number; help is the docstring of a command."""
    is_help = {id(node.body[0].value) for node in _nodes(source) if _is_command(node)}  # type: ignore[attr-defined]
    unsaid = {id(node.value) for node in _nodes(source) if isinstance(node, ast.Expr)} - is_help
    for node in _nodes(source):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in unsaid
            and not _is_number(node)
        ):
            yield node.lineno, node.value


def _is_command(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.FunctionDef)
        and ast.get_docstring(node) is not None
        and any("command" in ast.unparse(one) or "group" in ast.unparse(one) for one in node.decorator_list)
    )


def test_the_sheet_states_each_number_once() -> None:
    numbers = _STATED.findall(_SHEET.read_text(encoding="utf-8"))
    assert len(numbers) > 300
    assert sorted(numbers) == sorted(set(numbers))


def test_every_cited_number_is_stated_by_the_sheet() -> None:
    cited = [(file, line, number) for file in sorted(_PACKAGE.rglob("*.py")) for line, number in _citations(file)]
    assert len(cited) > 500
    unknown = [f"{file}:{line}: {number}" for file, line, number in cited if number not in _stated()]
    assert unknown == []


def test_each_number_of_a_range_is_cited() -> None:
    assert _numbers("(A9-A11, B56)") == ["A9", "A10", "A11", "B56"]
    assert _numbers("A20 to A22; A54") == ["A20", "A21", "A22", "A54"]
    assert _numbers("eu-west-1, x86/E4, a utf-8, C4-like") == []


def test_no_message_and_no_help_carries_the_number_of_a_fact() -> None:
    sources = {file: file.read_text(encoding="utf-8") for file in sorted(_PACKAGE.rglob("*.py"))}
    told = [(file, line, text) for file, source in sources.items() for line, text in _told_to_users(source)]
    assert len(told) > 5000
    assert [f"{file}:{line}: {text}" for file, line, text in told if _numbers(text)] == []


def test_what_a_command_says_of_itself_is_looked_at_too() -> None:
    source = '@click.command()\ndef one() -> None:\n    """Deploy (A66)."""\n\ndef two():\n    """A67."""\n'
    assert [text for _, text in _told_to_users(source)] == ["Deploy (A66)."]


def test_no_page_for_users_carries_the_number_of_a_fact() -> None:
    root = _PACKAGE.parent
    pages = [root / "README.md", root / "CHANGELOG.md", *sorted((root / "docs").glob("*.md"))]
    schema = _PACKAGE / "spec" / "schema.json"  # editors show its sentences
    found = [
        f"{page}:{line}: {number}"
        for page in [*pages, schema]
        if page != _SHEET
        for line, text in enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
        for number in _numbers(text)
    ]
    assert found == []
