"""A "missing" that AWS says of one call is never taken for the calls around it; read from the source alone.

Role.delete once had five calls in one `try`: the first policy that was gone already ended the deletion, and the role
stayed although "role deleted" was told.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_PACKAGE = _ROOT / "backendctl"
_JUDGES = frozenset({"is_missing", "says", "code_of", "_is_gone"})
_GUARD = "gone_already"
_CLIENTS = frozenset(
    {"apigateway", "client", "dynamodb", "events", "iam", "lambda_", "logs", "route53", "s3", "scaling", "scheduler"}
    | {"ssm", "cloudwatch", "acm", "sts", "calling"}
)


def _dotted(node: ast.expr) -> str:
    return ast.unparse(node).rpartition(".")[2] if isinstance(node, ast.Name | ast.Attribute) else ""


def _makes_client(node: ast.AST) -> bool:
    """`aws.iam()`, `backend.aws.lambda_(region)`."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CLIENTS


def _root(node: ast.expr, clients: frozenset[str]) -> bool:
    """Whether a chain such as `aws.iam().get_paginator(…).paginate` begins at a client."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        if _makes_client(node):
            return True
        node = node.func if isinstance(node, ast.Call) else node.value
    return isinstance(node, ast.Name) and node.id in clients


def _asks_aws(call: ast.Call, clients: frozenset[str]) -> bool:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return (not _makes_client(call) and _root(call.func, clients)) or any(_dotted(each) == "aws" for each in given)


def _calls(node: ast.AST, clients: frozenset[str]) -> Iterator[str]:
    """What asks AWS in there; a chain counts once."""
    if isinstance(node, ast.Call):
        if _asks_aws(node, clients):
            yield ast.unparse(node.func)
        for each in [*node.args, *(keyword.value for keyword in node.keywords)]:
            yield from _calls(each, clients)
        return
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, clients)


def _guarded(tree: ast.AST) -> Iterator[tuple[int, Sequence[ast.stmt]]]:
    """Every block whose refusal is judged by what AWS says: line, statements."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Try):
            judged = {_dotted(each.func) for h in node.handlers for each in ast.walk(h) if isinstance(each, ast.Call)}
            if judged & _JUDGES:
                yield node.lineno, node.body
        elif isinstance(node, ast.With) and any(_GUARD in ast.unparse(item.context_expr) for item in node.items):
            yield node.lineno, node.body


def _clients(tree: ast.AST) -> frozenset[str]:
    """Names that a client, or pages of one, is given."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(_makes_client(each) for each in ast.walk(node.value)):
            found |= {name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return frozenset(found)


def _blocks(source: str) -> dict[int, list[str]]:
    """What asks AWS in each block whose refusal is judged, by its line."""
    if not any(word in source for word in (*_JUDGES, _GUARD)):
        return {}
    tree = ast.parse(source)
    clients = _clients(tree)
    return {
        line: list(dict.fromkeys(c for each in body for c in _calls(each, clients))) for line, body in _guarded(tree)
    }


def _crowded(blocks: dict[int, list[str]]) -> list[str]:
    return [f"line {line}: {', '.join(calls)}" for line, calls in blocks.items() if len(calls) > 1]


def _sources() -> list[Path]:
    return [file for file in sorted(_PACKAGE.rglob("*.py")) if "sandbox" not in file.relative_to(_PACKAGE).parts]


def test_each_call_has_a_try_of_its_own() -> None:
    found = {file.relative_to(_ROOT).as_posix(): _blocks(file.read_text(encoding="utf-8")) for file in _sources()}
    assert {file: _crowded(blocks) for file, blocks in found.items() if _crowded(blocks)} == {}
    assert sum(map(len, found.values())) > 30


@pytest.mark.parametrize(
    "source",
    [
        "iam = aws.iam()\ntry:\n    iam.delete_role_policy()\n    iam.delete_role()\nexcept E as e:\n    is_missing(e)",
        "try:\n    aws.x.ssm(r).a(N=_find(aws, r))\nexcept E as e:\n    if not says(e, 'X'):\n        raise",
        "with gone_already():\n    aws.ssm(r).get()\n    _drop(aws, r)",
    ],
)
def test_two_in_one_are_found(source: str) -> None:
    assert len(_crowded(_blocks(source))) == 1


def test_a_chain_is_one_call() -> None:
    source = "with gone_already():\n    found += aws.iam().get_paginator('a').paginate(R=role).search('x')"
    assert _crowded(_blocks(source)) == []
