"""The walls between the parts, read from the source alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_PACKAGE = _ROOT / "backendctl"


@dataclass(frozen=True, kw_only=True, slots=True)
class Import:
    """One import statement's target.

    Attributes:
        file: the file's path below the repository. module: dotted name; `from a import b` gives a.b.
        typing: it stands under `if TYPE_CHECKING`.
    """

    file: str
    line: int
    module: str
    typing: bool

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"

    def is_of(self, *packages: str) -> bool:
        """Whether it is one of these packages, or something in them."""
        return any(self.module == package or self.module.startswith(f"{package}.") for package in packages)


@cache
def _trees() -> dict[str, ast.Module]:
    """Every source file of the package, parsed, by its path below the repository."""
    return {
        file.relative_to(_ROOT).as_posix(): ast.parse(file.read_text(encoding="utf-8"))
        for file in sorted(_PACKAGE.rglob("*.py"))
    }


@cache
def _nodes() -> dict[str, list[ast.AST]]:
    """All that stands in each of them."""
    return {file: list(ast.walk(tree)) for file, tree in _trees().items()}


@pytest.fixture(scope="module", autouse=True)
def nothing_parsed_stays() -> Iterator[None]:
    """It is a hundred MB, and no other file wants it."""
    yield
    _trees.cache_clear()
    _nodes.cache_clear()


@cache
def _imports() -> tuple[Import, ...]:
    return tuple(found for file, tree in _trees().items() for found in _walk(file, tree, typing=False))


def _walk(file: str, node: ast.AST, *, typing: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(file=file, line=child.lineno, module=alias.name, typing=typing)
        elif isinstance(child, ast.ImportFrom):
            for alias in child.names:
                yield Import(file=file, line=child.lineno, module=_from(file, child, alias.name), typing=typing)
        elif isinstance(child, ast.If) and _is_for_types(child.test):
            for statement in child.body:
                yield from _walk(file, ast.Module(body=[statement], type_ignores=[]), typing=True)
            for statement in child.orelse:
                yield from _walk(file, ast.Module(body=[statement], type_ignores=[]), typing=typing)
        else:
            if isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and child.func.id == "lazily":
                (name,) = [one.value for one in child.args if isinstance(one, ast.Constant)]
                yield Import(file=file, line=child.lineno, module=str(name), typing=typing)
            yield from _walk(file, child, typing=typing)


def _is_for_types(test: ast.expr) -> bool:
    return isinstance(test, ast.Name | ast.Attribute) and ast.unparse(test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def _from(file: str, node: ast.ImportFrom, name: str) -> str:
    """The dotted name that `from … import name` reaches; a relative import is resolved."""
    base = file.split("/")[: -node.level] if node.level else []
    return ".".join([*base, *([node.module] if node.module else []), name])


def _in(part: str) -> list[Import]:
    return [found for found in _imports() if found.file.startswith(f"backendctl/{part}/")]


def _outside(*parts: str) -> list[Import]:
    return [found for found in _imports() if not found.file.startswith(tuple(f"backendctl/{part}/" for part in parts))]


def _told(found: list[Import]) -> list[str]:
    return [str(item) for item in found]


def test_there_is_something_to_look_at() -> None:
    assert len(_trees()) > 50
    assert any(found.is_of("botocore") for found in _in("aws"))
    assert any(found.typing for found in _imports())
    assert any(found.is_of("yaml") and not found.typing for found in _in("spec"))  # made by `lazily`


def test_only_aws_and_the_sandbox_import_boto3_and_botocore() -> None:
    assert _told([found for found in _outside("aws", "sandbox") if found.is_of("boto3", "botocore")]) == []


def test_the_stubs_of_boto3_are_imported_for_types_only() -> None:
    stubs = [found for found in _imports() if found.module.startswith("mypy_boto3_")]
    assert _told([found for found in stubs if not found.typing]) == []


def test_only_ui_imports_rich() -> None:
    assert _told([found for found in _outside("ui") if found.is_of("rich")]) == []


def test_only_charts_import_matplotlib() -> None:
    assert _told([found for found in _outside("ui/charts") if found.is_of("matplotlib", "numpy")]) == []
    assert any(found.is_of("matplotlib") for found in _in("ui/charts"))


def test_only_cli_imports_click() -> None:
    assert _told([found for found in _outside("cli") if found.is_of("click")]) == []


def test_only_cli_imports_cli() -> None:
    outside = [found for found in _outside("cli") if found.file != "backendctl/__main__.py"]
    assert _told([found for found in outside if found.is_of("backendctl.cli")]) == []


def test_only_cli_and_ui_import_ui() -> None:
    assert _told([found for found in _outside("cli", "ui") if found.is_of("backendctl.ui")]) == []


def test_the_sandbox_imports_nothing_of_the_tool_it_judges() -> None:
    ours = [found for found in _in("sandbox") if found.is_of("backendctl")]
    assert _told([found for found in ours if not found.is_of("backendctl.sandbox")]) == []


def test_of_the_sandbox_only_cli_imports_anything_and_only_its_process() -> None:
    reaching = [found for found in _outside("sandbox") if found.is_of("backendctl.sandbox")]
    assert _told([found for found in reaching if not found.file.startswith("backendctl/cli/")]) == []
    assert _told([found for found in reaching if not found.is_of("backendctl.sandbox.process")]) == []


@pytest.mark.parametrize("part", ["openapi", "spec"])
def test_openapi_and_spec_know_nothing_of_aws(part: str) -> None:
    barred = ("backendctl.aws", "backendctl.engine", "backendctl.resources", "backendctl.app", "boto3", "botocore")
    assert _told([found for found in _in(part) if found.is_of(*barred)]) == []


def test_the_engine_imports_nothing_of_resources() -> None:
    assert _told([found for found in _in("engine") if found.is_of("backendctl.resources")]) == []


_BOUND = ("backendctl/resources/lambda_/", "backendctl/resources/dynamodb/", "backendctl/resources/deploy_context.py")
"""Where files still name each other for types: functions and the context they are made from, tables and replicas."""

_KNOWN = ("backendctl/sandbox/function_code.py", "backendctl/sandbox/corrections/__init__.py")
"""A file whose import of a part of that package runs what imports the file."""


def _runs(found: Import) -> Iterator[str]:
    """The files that an import runs: the module, or the package that has the name; and packages on the way to it.

    Not the packages that the importing file lies in: they are being run by then.
    """
    *way, last = found.module.split(".")
    holder = "/".join(way)
    for file in (f"{holder}/{last}.py", f"{holder}/{last}/__init__.py"):
        if file in _trees():
            yield file
            break
    else:
        yield f"{holder}.py"
        yield f"{holder}/__init__.py"
    for depth in range(1, len(way) + 1):
        package = "/".join(way[:depth])
        if not found.typing and not found.file.startswith(f"{package}/"):
            yield f"{package}/__init__.py"


def test_what_an_import_runs_is_known() -> None:
    def runs(file: str, module: str) -> set[str]:
        found = Import(file=f"backendctl/{file}", line=1, module=f"backendctl.{module}", typing=False)
        return {one.removeprefix("backendctl/") for one in _runs(found) if one in _trees()}

    assert runs("app.py", "spec.parse") == {"spec/__init__.py"}
    assert runs("app.py", "spec.build.build") == {"spec/build.py", "spec/__init__.py"}
    assert runs("spec/draft.py", "spec.build.build") == {"spec/build.py"}
    assert runs("spec/draft.py", "spec.parse") == {"spec/__init__.py"}
    assert runs("app.py", "resources.wafv2.web_acl") == {
        "resources/wafv2/web_acl.py",
        "resources/wafv2/__init__.py",
        "resources/__init__.py",
    }


def test_no_file_imports_what_imports_it_not_even_for_types() -> None:
    imported: dict[str, set[str]] = {file: set() for file in _trees()}
    for found in _imports():
        files = set(_runs(found)) & _trees().keys() - {found.file}
        files -= {_KNOWN[1]} if found.file == _KNOWN[0] else set()
        bound = found.file.startswith(_BOUND)
        imported[found.file] |= {file for file in files if not (bound and file.startswith(_BOUND))}
    TopologicalSorter(imported).prepare()  # a CycleError names the files


@cache
def _kind_names() -> frozenset[str]:
    """The names of all kinds, of resources and of operations, from their classes."""
    return frozenset(
        node.value.value
        for file, tree in _trees().items()
        if file.startswith("backendctl/resources/")
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign | ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        and {ast.unparse(target) for target in _targets(node)} & {"kind", "KIND"}
    )


def _targets(node: ast.AnnAssign | ast.Assign) -> list[ast.expr]:
    return [node.target] if isinstance(node, ast.AnnAssign) else node.targets


def _naming_kinds(root: ast.AST) -> Iterator[int]:
    known = _kind_names()
    for node in ast.walk(root):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in known:
            yield node.lineno


def test_kinds_are_found_by_the_names_in_their_classes() -> None:
    assert {"function", "log-group", "stage", "region-index", "canary", "release"} <= _kind_names()


@pytest.mark.parametrize("part", ["engine", "aws", "doctor"])
def test_what_knows_no_kind_names_none(part: str) -> None:
    found = [
        f"{file}:{line}"
        for file, tree in _trees().items()
        if file.startswith(f"backendctl/{part}/")
        for line in _naming_kinds(tree)
    ]
    assert found == []


def test_a_kind_is_one_file_and_one_line() -> None:
    """The worked example of CONTRIBUTING: nothing but the list of kinds knows it."""
    users = {found.file for found in _imports() if found.is_of("backendctl.resources.wafv2.web_acl")}
    assert users == {"backendctl/resources/__init__.py"}


_OTHER_WORDS = {
    "backendctl/sweep.py": "kinds of thing in ARNs, as the tagging service names them",
    "backendctl/cli/logs.py": "the kinds of a log's sources",
}
"""Where a comparison with such a word is about something else."""


def test_nothing_above_the_kinds_compares_with_the_name_of_one() -> None:
    """It asks the kind's traits, or names its class."""
    apart = tuple(f"backendctl/{part}/" for part in ("resources", "sandbox", "spec", "openapi", "package"))
    found = {
        file
        for file, nodes in _nodes().items()
        if not file.startswith(apart)
        for node in nodes
        if isinstance(node, ast.Compare) and any(_steers(side) for side in (node.left, *node.comparators))
        for _ in _naming_kinds(node)
    }
    assert found == set(_OTHER_WORDS)


def test_names_that_only_kinds_have_are_nowhere_but_with_them_and_in_settings() -> None:
    """Such as "log-group"; "function" is a word that others use as well."""
    only = {name for name in _kind_names() if "-" in name}
    apart = tuple(f"backendctl/{part}/" for part in ("resources", "sandbox", "spec"))
    found = {
        file
        for file, nodes in _nodes().items()
        if not file.startswith(apart)
        for node in nodes
        if isinstance(node, ast.Constant) and node.value in only
    }
    assert found == {"backendctl/warmth/cost/usage.py"}  # an item of the price list


def _steers(side: ast.expr) -> bool:
    """`kind`, `change.kind`, `parts["kind"]`."""
    name = side.slice if isinstance(side, ast.Subscript) else side
    return ast.unparse(name).strip("'").rpartition(".")[2] == "kind"


def test_aws_imports_nothing_above_it() -> None:
    above = ("backendctl.engine", "backendctl.resources", "backendctl.spec", "backendctl.app", "backendctl.openapi")
    assert _told([found for found in _in("aws") if found.is_of(*above)]) == []


def test_one_place_alone_makes_pools_of_threads() -> None:
    pools = [found for found in _outside("sandbox") if found.is_of("concurrent.futures.ThreadPoolExecutor")]
    assert {found.file for found in pools} == {"backendctl/aws/crew.py"}


def test_one_place_alone_looks_for_the_word_that_was_meant() -> None:
    looking = [
        file
        for file, nodes in _nodes().items()
        for node in nodes
        if isinstance(node, ast.Attribute) and node.attr == "get_close_matches"
    ]
    assert looking == ["backendctl/nearest.py"]


@pytest.mark.parametrize("part", ["api", "aws", "engine", "resources", "spec", "openapi", "package"])
def test_nothing_below_the_use_cases_imports_them(part: str) -> None:
    assert _told([found for found in _in(part) if found.is_of("backendctl.app", "backendctl.survey")]) == []


def test_nothing_prints() -> None:
    calls = [
        f"{file}:{node.lineno}"
        for file, nodes in _nodes().items()
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert calls == []


def test_one_place_alone_puts_a_definition() -> None:
    callers = {
        file
        for file, nodes in _nodes().items()
        for node in nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"put_rest_api", "import_rest_api"}
        and not file.startswith("backendctl/sandbox/")
    }
    assert callers == {"backendctl/resources/apigateway/rest_api.py"}


def test_one_place_alone_makes_the_body_of_a_region() -> None:
    users = {
        found.file
        for found in _outside("openapi", "sandbox")
        if found.is_of("backendctl.openapi.localise.localise", "backendctl.openapi.localise.localised_digest")
    }
    assert users == {"backendctl/api/body.py"}
