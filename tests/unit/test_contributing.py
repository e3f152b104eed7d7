"""What CONTRIBUTING says of the code is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = re.findall(
    r"^\| (.+) \| `(backendctl/\S+)` \| `(\S+)` \|$", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE
)


def names_in(tree: ast.AST, within: str = "") -> set[str]:
    """Classes, functions, methods ("Class.method") and module constants."""
    found: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found |= {within + node.name, *names_in(node, f"{within}{node.name}.")}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(within + node.target.id)
    return found


def test_the_table_answers_more_than_a_dozen_questions() -> None:
    assert len(ROWS) > 12


def test_the_glossary_has_ten_words_at_most() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    words = text.partition("## Words of this code")[2].partition("\n## ")[0]
    assert 1 < words.count("\n| ") - 1 <= 10


@pytest.mark.parametrize(("question", "file", "name"), ROWS)
def test_where_is(question: str, file: str, name: str) -> None:
    assert name in names_in(ast.parse((ROOT / file).read_text(encoding="utf-8"))), question


PATHS = re.findall(r"`([a-z][\w./-]*\.(?:py|json|yaml|md))`", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted(set(PATHS)))
def test_every_file_that_is_named_is_there(path: str) -> None:
    """From the root, in the package, or by its name alone where the sentence says in which folder."""
    by_name = [] if "/" in path else [*(ROOT / "backendctl").rglob(path), *(ROOT / "tests").rglob(path)]
    assert by_name or (ROOT / path).exists() or (ROOT / "backendctl" / path).exists()
