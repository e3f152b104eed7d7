"""A spec with its code: everything that can be found without AWS is found at once."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from backendctl.checking import check_spec
from backendctl.errors import SpecError, UsageError
from tests.unit.package.zipped import zipped

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 28)
PYTHON = {"app.py": "def handler(event, context): ...\n"}


def project(root: Path, function: str, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / "code" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    spec = root / "shop.yaml"
    spec.write_text(f"backend: shop\nregions: [us-east-1, us-west-2]\nfunctions:\n  items: {{{function}}}\n")
    return spec


def faults(spec: Path, **more: Any) -> list[str]:
    with pytest.raises(SpecError) as caught:
        check_spec(spec, today=TODAY, **more)
    return [str(fault) for fault in caught.value.faults]


def test_a_retired_runtime_is_a_fault_at_its_place_unless_it_is_allowed(tmp_path: Path) -> None:
    spec = project(tmp_path, "code: code, runtime: python3.6, handler: app.handler", PYTHON)
    (fault,) = faults(spec)
    assert fault.startswith(f"{spec}:4:32: Lambda takes no updates of functions with the runtime 'python3.6'")
    checked = check_spec(spec, today=TODAY, allow_runtimes=("python3.6",))
    assert "creates no new functions" in checked.warnings[0].message
    assert check_spec(spec, today=TODAY, allow_runtimes=None).spec.backend == "shop"


def test_a_runtime_that_is_allowed_for_nothing_is_refused(tmp_path: Path) -> None:
    spec = project(tmp_path, "code: code, runtime: python3.13, handler: app.handler", PYTHON)
    with pytest.raises(UsageError, match=r"no function with that runtime; did you mean 'python3\.13'\?"):
        check_spec(spec, today=TODAY, allow_runtimes=("python3.12",))


def test_an_unknown_runtime_is_a_warning_told_once_for_all_regions(tmp_path: Path) -> None:
    spec = project(tmp_path, "code: code, runtime: python3.31, handler: app.handler", PYTHON)
    (warning,) = check_spec(spec, today=TODAY).warnings
    assert "not a known runtime" in warning.message


@pytest.mark.parametrize(
    ("function", "files"),
    [
        ("runtime: nodejs22.x, handler: index.main", {"index.js": "exports.handler = 1"}),
        ("runtime: java21, handler: shop.Main", {"shop/Other.class": ""}),
        ("runtime: provided.al2023, handler: x", {"main": ""}),
        ("runtime: ruby3.4, handler: app.main", {"main.rb": ""}),
        ("runtime: dotnet8, handler: Shop", {"main.dll": ""}),
    ],
)
@pytest.mark.parametrize("code", ["code", "{folder: code, build: 'true'}"])
def test_the_handler_of_every_family_is_looked_for(
    tmp_path: Path, code: str, function: str, files: dict[str, str]
) -> None:
    assert len(faults(project(tmp_path, f"code: {code}, {function}", files))) == 1


def test_a_damaged_archive_is_a_fault_at_the_code(tmp_path: Path) -> None:
    spec = project(tmp_path, "code: app.zip, runtime: python3.13, handler: app.handler", {})
    zipped(tmp_path / "app.zip", {"../app.py": ""})
    (fault,) = faults(spec)
    assert fault.startswith(f"{spec}:4:17: ")
    assert "leads out of the archive" in fault


def test_links_are_followed_on_request_within_the_project(tmp_path: Path) -> None:
    spec = project(tmp_path, "code: code, runtime: python3.13, handler: app.handler", PYTHON)
    (tmp_path / "shared.py").write_text("x = 1")
    (tmp_path / "code/shared.py").symlink_to("../shared.py")
    assert "follow-links: true" in faults(spec)[0]
    text = spec.read_text().replace("code: code", "code: {folder: code, follow-links: true}")
    spec.write_text(text)
    artefact = check_spec(spec, today=TODAY).artefacts["us-east-1", "items"]
    assert artefact.member("shared.py") == b"x = 1"


def test_a_build_is_heard_and_ended_in_time(tmp_path: Path) -> None:
    code = "code: {folder: code, build: 'echo hello; sleep 60', build-timeout: 1}"
    spec = project(tmp_path, f"{code}, runtime: python3.13, handler: app.handler", PYTHON)
    told: list[str] = []
    with pytest.raises(Exception, match="did not end within 1 s"):
        check_spec(spec, today=TODAY, tell=told.append)
    assert told == ["building: echo hello; sleep 60", "hello"]
