"""A handler Lambda would not find is seen before it is deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backendctl.package import Artefact, Source, Wanted, build, findings, handler_check
from tests.unit.package.zipped import zipped

if TYPE_CHECKING:
    from pathlib import Path


def artefact(folder: Path, files: dict[str, str]) -> Artefact:
    return build(Source(path=zipped(folder / "code.zip", files)))


def handler_faults(code: Artefact, *, runtime: str | None, handler: str | None) -> list[str]:
    with code.contents() as contents:
        return list(findings(contents, Wanted(runtime=runtime, handler=handler)).faults)


@pytest.mark.parametrize(
    "text",
    [
        "def handler(event, context): ...",
        "async def handler(event, context): ...",
        "class handler: ...",
        "handler = print",
        "handler: object = print",
        "other, handler = 1, 2",
        "from somewhere import handler",
        "from somewhere import run as handler",
        "from somewhere import *",
        "try:\n    import x as handler\nexcept ImportError:\n    def handler(e, c): ...",
        "if True:\n    pass\nelse:\n    handler = 1",
        "match 1:\n    case 1:\n        def handler(e, c): ...",
        "def __getattr__(name): ...",
        "def handler(:",
    ],
)
def test_a_handler_bound_at_the_top_level_is_found(tmp_path: Path, text: str) -> None:
    code = artefact(tmp_path, {"app.py": text})
    assert handler_faults(code, runtime="python3.13", handler="app.handler") == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "def main(e, c): ...",
        "def main():\n    handler = 1",
        "class A:\n    def handler(self): ...",
        "print(handler)",
    ],
)
def test_a_handler_that_is_not_at_the_top_level_is_a_fault(tmp_path: Path, text: str) -> None:
    code = artefact(tmp_path, {"app.py": text})
    assert handler_faults(code, runtime="python3.13", handler="app.handler") == [
        "handler 'app.handler': app.py defines no 'handler' at its top level"
    ]


@pytest.mark.parametrize(
    ("name", "handler"),
    [
        ("app/__init__.py", "app.handler"),
        ("pkg/app.py", "pkg.app.handler"),
        ("pkg/app.py", "pkg/app.handler"),
        ("app.cpython-313-x86_64-linux-gnu.so", "app.handler"),
    ],
)
def test_a_module_is_found_wherever_python_finds_it(tmp_path: Path, name: str, handler: str) -> None:
    code = artefact(tmp_path, {name: "def handler(event, context): ..."})
    assert handler_faults(code, runtime="python3.13", handler=handler) == []


def test_a_missing_module_is_a_fault_that_shows_where_it_is(tmp_path: Path) -> None:
    code = artefact(tmp_path, {"src/app.py": "def handler(event, context): ..."})
    (fault,) = handler_faults(code, runtime="python3.13", handler="app.handler")
    assert "holds neither app.py nor app/__init__.py" in fault
    assert "src/app.py" in fault


@pytest.mark.parametrize("handler", [None, "", "app", ".handler", "app."])
def test_a_handler_of_another_form_is_a_fault(tmp_path: Path, handler: str | None) -> None:
    code = artefact(tmp_path, {"app.py": "handler = 1"})
    (fault,) = handler_faults(code, runtime="python3.13", handler=handler)
    assert "module.function" in fault


@pytest.mark.parametrize("runtime", ["go1.x", "cobol85", None])
def test_runtimes_of_no_known_family_are_not_looked_into(tmp_path: Path, runtime: str | None) -> None:
    code = artefact(tmp_path, {"A.class": ""})
    assert handler_faults(code, runtime=runtime, handler="com.example.Handler::handle") == []


def test_a_handler_behind_links_is_found(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/app.py").write_text("def handler(event, context): ...")
    (tmp_path / "code").symlink_to("src", target_is_directory=True)
    (tmp_path / "main.py").symlink_to("code/app.py")
    code = build(Source(path=tmp_path))
    for handler in ("main.handler", "code.app.handler", "src.app.handler"):
        assert handler_faults(code, runtime="python3.13", handler=handler) == []
    assert len(handler_faults(code, runtime="python3.13", handler="code.other.handler")) == 1


def test_a_folder_is_checked_without_packaging(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def main(event, context): ...")
    source = Source(path=tmp_path)
    assert handler_check(source, Wanted(runtime="python3.13", handler="app.main")) == []
    assert len(handler_check(source, Wanted(runtime="python3.13", handler="app.handler"))) == 1


def test_code_that_is_still_to_be_built_is_not_judged(tmp_path: Path) -> None:
    source = Source(path=tmp_path, build="make")
    assert handler_check(source, Wanted(runtime="python3.13", handler="app.handler")) == []
