"""The sandbox by itself: nothing of backendctl beside it, started as its page says, used with stock tools."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.sandboxed import Sandbox, eventually, free_port

_ROOT = Path(__file__).parents[3]
_PAGE = (_ROOT / "docs" / "local-aws.md").read_text(encoding="utf-8")
_HANDLER = "def handler(event, _context):\n    return {'statusCode': 200, 'body': 'hello'}\n"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A server in the foreground, from a folder that has `backendctl/sandbox` and no other package of backendctl."""
    folder = tmp_path_factory.mktemp("alone")
    shutil.copytree(
        _ROOT / "backendctl" / "sandbox",
        folder / "backendctl" / "sandbox",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    (folder / "backendctl" / "__init__.py").touch()
    port = free_port()
    running = Sandbox(port=port, data=folder / "data" / "backendctl" / f"sandbox-{port}")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_DATA_HOME": str(folder / "data")}
    with (folder / "output").open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "backendctl.sandbox", "--port", str(port)],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        eventually(lambda: b"AWS_SECRET_ACCESS_KEY" in (folder / "output").read_bytes() or server.poll() is not None)
        assert server.poll() is None, (folder / "output").read_text(encoding="utf-8")
        yield running
    finally:
        server.terminate()
        assert server.wait(timeout=60) == 0


def test_it_runs_functions_and_apis_without_the_rest_of_backendctl(alone: Sandbox) -> None:
    arn = alone.function("alone", _HANDLER)
    gateway = alone.client("apigateway")
    integration = {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations",
    }
    responses = {"200": {"description": "fine"}}
    root = {"get": {"responses": responses, "x-amazon-apigateway-integration": integration}}
    document = {"openapi": "3.0.1", "info": {"title": "alone", "version": "1"}, "paths": {"/": root}}
    api = gateway.import_rest_api(body=json.dumps(document))["id"]
    gateway.create_deployment(restApiId=api, stageName="live")
    alone.client("lambda").add_permission(
        FunctionName="alone", StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
    )
    alone.arrived()
    assert alone.get(f"/_aws/execute-api/{api}/live/") == (200, "hello")


def test_its_state_is_where_the_first_line_says(alone: Sandbox) -> None:
    said = (alone.data.parents[2] / "output").read_text(encoding="utf-8")
    assert said.startswith(f"The local AWS answers at {alone.url}. Ctrl-C ends it; its state stays in {alone.data}.\n")
    assert (alone.data / "state").is_dir()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--port", "0"], "0 is not a port, a number from 1 to 65535"),
        (["--time-scale", "fast"], "fast is not a number from 0 to 1"),
        (["--iam", "/there/is/none"], "/there/is/none cannot be read"),
    ],
)
def test_a_bad_option_is_refused_in_one_sentence(options: list[str], text: str, tmp_path: Path) -> None:
    line = [sys.executable, "-m", "backendctl.sandbox", "--data", str(tmp_path / "data"), *options]
    done = subprocess.run(line, capture_output=True, check=False, text=True, cwd=_ROOT)
    assert done.returncode in {1, 2}
    assert text in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_taken_port_is_said_and_nobody_is_told_that_it_answers(alone: Sandbox, tmp_path: Path) -> None:
    line = [sys.executable, "-m", "backendctl.sandbox", "--data", str(tmp_path / "data"), "--port", str(alone.port)]
    done = subprocess.run(line, capture_output=True, check=False, text=True, cwd=_ROOT)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"port {alone.port} is taken by something else" in done.stderr


@pytest.mark.full
def test_the_page_can_be_followed_to_the_letter(alone: Sandbox, tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None or shutil.which("aws") is None or shutil.which("curl") is None:
        pytest.skip("there is no bash, no AWS CLI or no curl on PATH")
    page = _PAGE.replace(":4566", f":{alone.port}")
    script = "\n".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL))
    done = subprocess.run(
        [bash, "-eu", "-c", script],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_PAGER": ""},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("hello, Ada\n") == 2
    assert '"hello, you\\n"' in done.stdout
    assert json.loads((tmp_path / "exported.json").read_text(encoding="utf-8"))["openapi"].startswith("3.0")


@pytest.mark.full
def test_the_lines_of_python_on_the_page_run(alone: Sandbox) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", _PAGE.replace(":4566", f":{alone.port}"), re.DOTALL)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, text=True)
    assert (done.returncode, done.stderr) == (0, "")
