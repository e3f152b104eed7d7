"""How large the house is, and how it is cut; `python -m tests.bench.house [--packages]`.

Lines are all lines of a file, statements are counted by `ast`, so that packing lines is no gain. A function is typed
when it has a return annotation and each argument but self and cls has one. p95 is the length that 95 % do not exceed.
`tests/unit/test_house.py` holds the largest file and function, and the number of exceptions from ruff.
"""

from __future__ import annotations

import argparse
import ast
import re
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
_NOQA = re.compile(r"#\s*noqa\b")
_HEADS = ("lines", "statements", "files", "med", "p95", "max", "functions", "med", "p95", "max", "typed", "noqa")


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One file. functions: "name:line" → lines. typed: how many of them are."""

    path: str
    lines: int
    statements: int
    noqa: int
    functions: dict[str, int] = field(default_factory=dict)
    typed: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """Several files together; med, p95 and max of lines."""

    lines: int
    statements: int
    files: tuple[float, int, int, int]
    functions: tuple[float, int, int, int]
    typed: float
    noqa: int

    def row(self) -> list[str]:
        """As the table shows it."""
        count, *files = self.files
        many, *functions = self.functions
        numbers = [self.lines, self.statements, count, *files, many, *functions]
        return [*(f"{number:,.0f}" for number in numbers), f"{self.typed:.0%}", f"{self.noqa}"]


@cache
def sources(root: Path = ROOT, *, folders: tuple[str, ...] = ("backendctl", "tests")) -> tuple[Source, ...]:
    """Every Python file of the tool and of its tests; what others wrote or machines made is not among them."""
    return tuple(_source(file, root) for folder in folders for file in sorted((root / folder).rglob("*.py")))


def _source(file: Path, root: Path) -> Source:
    text = file.read_text(encoding="utf-8")
    nodes = list(ast.walk(ast.parse(text)))
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return Source(
        path=file.relative_to(root).as_posix(),
        lines=len(text.splitlines()),
        statements=sum(isinstance(node, ast.stmt) for node in nodes),
        noqa=len(_NOQA.findall(text)),
        functions={f"{node.name}:{node.lineno}": (node.end_lineno or 0) - node.lineno + 1 for node in functions},
        typed=sum(_is_typed(node) for node in functions),
    )


def _is_typed(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    given = node.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
    return node.returns is not None and all(
        one.annotation is not None for one in named if one.arg not in {"self", "cls"}
    )


def size_of(files: Iterable[Source]) -> Size:
    """Of these together."""
    chosen = list(files)
    lengths = [length for one in chosen for length in one.functions.values()]
    return Size(
        lines=sum(one.lines for one in chosen),
        statements=sum(one.statements for one in chosen),
        files=_spread([one.lines for one in chosen]),
        functions=_spread(lengths),
        typed=sum(one.typed for one in chosen) / max(1, len(lengths)),
        noqa=sum(one.noqa for one in chosen),
    )


def _spread(lengths: Sequence[int]) -> tuple[float, int, int, int]:
    """How many, med, p95 and max."""
    if not lengths:
        return 0, 0, 0, 0
    ordered = sorted(lengths)
    return len(ordered), round(statistics.median(ordered)), ordered[round(0.95 * (len(ordered) - 1))], ordered[-1]


def parts(root: Path = ROOT) -> dict[str, list[Source]]:
    """The tool without its sandbox, the sandbox, and the tests."""
    found: dict[str, list[Source]] = {"tool": [], "sandbox": [], "tests": []}
    for one in sources(root):
        name = "tests" if one.path.startswith("tests/") else "tool"
        found["sandbox" if one.path.startswith("backendctl/sandbox/") else name].append(one)
    return found


def packages(root: Path = ROOT) -> dict[str, list[Source]]:
    """The folders of the tool, with its files that lie in none as "."."""
    found: dict[str, list[Source]] = {}
    for one in sources(root):
        top, *rest = one.path.split("/")
        if top == "backendctl":
            found.setdefault(rest[0] if len(rest) > 1 else ".", []).append(one)
    return dict(sorted(found.items()))


def _table(rows: dict[str, list[Source]]) -> Iterable[str]:
    cells = [["", *_HEADS], *([name, *size_of(files).row()] for name, files in rows.items())]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield "  ".join(
            cell.ljust(width) if not at else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )


def main() -> None:
    """Print the tables."""
    reader = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    reader.add_argument("--packages", action="store_true", help="also each folder of the tool")
    told = parts()
    lines = list(_table(told))
    source = size_of(told["tool"] + told["sandbox"])
    lines.append(f"tests/src: {size_of(told['tests']).lines / source.lines:.2f} of lines")
    if reader.parse_args().packages:
        lines += ["", *_table(packages())]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
