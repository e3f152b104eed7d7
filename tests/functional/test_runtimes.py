"""Functions of every runtime behind one API, deployed by the command line."""

from __future__ import annotations

import shutil
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.project import Project
from tests.functional.sandbox.java import jar
from tests.functional.sandboxed import EAST

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("python", "node", "shell", "java", "ruby")
PYTHON = """
def handler(event, context):
    return {"statusCode": 200, "body": '"python says ' + (event.get("httpMethod") or "hi") + '"'}
"""
NODE = """
exports.handler = async (event) => ({ statusCode: 200, body: JSON.stringify(`node says ${event.httpMethod}`) });
"""
RUBY = "def handler(event:, context:)\nend\n"
SHELL = """#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  id=$(curl -sS -D - -o /dev/null "$api/next" | tr -d '\\r' | sed -n 's/^lambda-runtime-aws-request-id: //Ip')
  curl -sS -o /dev/null -d '{"statusCode":200,"body":"\\"shell says hi\\""}' "$api/$id/response"
done
"""


def _function(runtime: str, handler: str, code: str) -> dict[str, Any]:
    warm = {"every": "5 minutes", "input": {"httpMethod": "warm"}}
    return {"code": code, "runtime": runtime, "handler": handler, "memory": 1024, "aliases": ["live"], "warm": warm}


@pytest.mark.skipif(
    not all(shutil.which(program) for program in ("node", "javac", "java", "curl")), reason="not every runtime is here"
)
def test_the_four_runtimes_answer_requests_and_what_cannot_run_is_told_and_no_failed_deploy(
    command_line_home: int, tmp_path: Path
) -> None:
    name = f"m{uuid.uuid4().hex[:6]}"
    project = Project(folder=tmp_path, name=name, port=command_line_home)
    files = {"python/app.py": PYTHON, "node/app.js": NODE, "shell/bootstrap": SHELL, "ruby/app.rb": RUBY}
    for file, text in files.items():
        path = tmp_path / file
        path.parent.mkdir()
        path.write_text(text)
        path.chmod(0o755)
    (tmp_path / "java.jar").write_bytes(jar(tmp_path / "java"))
    project.routes = {f"/{one}": one for one in NAMES}
    project.spec = {
        "backend": name,
        "regions": [EAST],
        "functions": {
            "python": _function("python3.13", "app.handler", "python"),
            "node": _function("nodejs22.x", "app.handler", "node"),
            "shell": _function("provided.al2023", "bootstrap", "shell"),
            "java": _function("java17", "example.Api::handleRequest", "java.jar"),
            "ruby": _function("ruby3.3", "app.handler", "ruby"),
        },
        "api": {
            "definition": "api.yaml",
            "stages": {"prodv1": {"variables": {f"{one}Alias": "live" for one in NAMES}}},
        },
    }
    project.save()
    told = project.deploy()
    assert [line for line in told.err.splitlines() if "will answer 502" in line] == [
        f"Warning: calls to {name}-ruby will answer 502 here: the sandbox does not run ruby3.3"
    ]
    project.assert_nothing_to_do()
    api = project.apis(EAST)[0]["id"]
    stage = f"/_aws/execute-api/{api}/prodv1"
    asked = {path: project.get(f"{stage}{path}", EAST, host="localhost") for path in project.routes}
    assert asked["/python"] == (200, "python says GET")
    assert asked["/node"] == (200, "node says GET")
    assert asked["/shell"] == (200, "shell says hi")
    assert asked["/java"] == (200, "java says GET")
    assert asked["/ruby"][0] == 502
