from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from backendctl.sandbox.corrections import function_shape
from backendctl.sandbox.runtime_api import RuntimeApi
from backendctl.sandbox.runtimes.choice import split, why_not
from backendctl.sandbox.runtimes.model import Launch, Setup
from backendctl.sandbox.runtimes.python import interpreter
from backendctl.sandbox.runtimes.variables import of_process


def _program(folder: Path, name: str, says: str) -> str:
    """A program on a PATH of its own, which says something; the PATH."""
    program = folder / name
    program.write_text(f"#!/bin/sh\n{says}\n")
    program.chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"Runtime": "python3.9"}, None),
        ({"Runtime": "provided.al2"}, None),
        ({"Runtime": "java21"}, "no java on PATH"),
        ({"Runtime": "nodejs24.x"}, "no node on PATH"),
        ({"Runtime": "ruby3.4"}, "the sandbox does not run ruby3.4"),
        ({"Runtime": "dotnet8"}, "the sandbox does not run dotnet8"),
        ({"PackageType": "Image"}, "the sandbox runs no container images"),
    ],
)
def test_what_a_machine_without_programs_cannot_run(config: dict[str, Any], reason: str | None, tmp_path: Path) -> None:
    assert why_not(config, path=str(tmp_path)) == reason


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ("echo 'openjdk version \"17.0.1\" 2021' >&2", None),
        ("echo 'java version \"1.8.0_292\"' >&2", "java on PATH is 8, and 11 or later is needed"),
        ("echo shim; exit 127", "{path}/java does not tell its version with -version"),
    ],
)
def test_a_java_is_asked_for_its_version(says: str, reason: str | None, tmp_path: Path) -> None:
    path = _program(tmp_path, "java", says)
    assert why_not({"Runtime": "java21"}, path=path) == (reason and reason.format(path=path))


def test_a_python_of_the_functions_version_is_taken_when_it_is_one(tmp_path: Path) -> None:
    path = _program(tmp_path, "python3.99", """echo '["/usr/bin/python3.99", "3.99"]'""")
    assert interpreter("3.99", path) == "/usr/bin/python3.99"
    other = tmp_path / "other"
    other.mkdir()
    assert interpreter("3.98", _program(other, "python3.98", """echo '["/usr/bin/python3.97", "3.97"]'""")) is None
    assert interpreter("3.97", str(tmp_path)) is None
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert interpreter(own, _program(tmp_path, f"python{own}", "exit 1")) is None, "the sandbox's own is as good"


@pytest.mark.parametrize(
    ("name", "parts"),
    [("nodejs22.x", ("nodejs", "22")), ("java8.al2", ("java", "8.al2")), ("provided.al2023", ("provided", "al2023"))],
)
def test_a_runtime_has_a_family_and_a_version(name: str, parts: tuple[str, str]) -> None:
    assert split(name) == parts


def test_search_paths_begin_with_what_layers_bring(tmp_path: Path) -> None:
    for folder in ("code/lib", "opt/bin", "opt/python"):
        (tmp_path / folder).mkdir(parents=True)
    layers = tmp_path / "opt"
    setup = Setup(code=tmp_path / "code", layers=layers, handler="a.b", memory=128, cache=tmp_path, path="/usr/bin")
    talk = RuntimeApi()
    paths = {"PYTHONPATH": [layers / "python", layers / "python/lib"]}
    launch = Launch(command=["x"], talk=talk, variables={"A": "1"}, paths=paths)
    found = of_process({"PATH": "/usr/bin", "PYTHONPATH": "/own"}, launch, setup)
    talk.close()
    assert found == {
        "PATH": f"{layers}/bin:/usr/bin",
        "LD_LIBRARY_PATH": f"{tmp_path}/code/lib",
        "PYTHONPATH": f"{layers}/python:/own",
        "LAMBDA_TASK_ROOT": f"{tmp_path}/code",
        "A": "1",
    }


def test_a_function_that_cannot_run_here_says_so_where_it_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    shown = function_shape.whole({"Runtime": "java21"}, region="us-east-1")["RuntimeVersionConfig"]
    assert shown["Error"] == {"ErrorCode": "Runtime.NotSupported", "Message": "no java on PATH"}
    assert shown["RuntimeVersionArn"].startswith("arn:aws:lambda:us-east-1::runtime:")
    assert "Error" not in function_shape.whole({"Runtime": "python3.13"}, region="us-east-1")["RuntimeVersionConfig"]
