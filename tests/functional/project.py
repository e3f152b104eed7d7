"""A small backend in a folder of its own, and the command line to run on it, as a user would."""

from __future__ import annotations

import contextlib
import io
import json
import os
import textwrap
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from backendctl.cli.main import cli, run
from backendctl.permissions.arns import Scope
from tests.functional.rights import scope_of
from tests.functional.sandboxed import arrived, stock_client

HANDLER = """
import functools
import json
import os

RELEASE = "{release}"


@functools.cache
def table():
    import boto3  # takes longer than all else here, and few calls need it

    return boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, context):
    if event.get("instruction") == "warmer":
        return {{"warmed": True}}
    if event["httpMethod"] == "PUT":
        table().put_item(Item=json.loads(event["body"]))
        return {{"statusCode": 201, "body": ""}}
    query = event["queryStringParameters"]
    found = table().get_item(Key={{"id": query["id"]}}) if query else {{}}
    answer = {{
        "function": "{name}",
        "release": RELEASE,
        "region": os.environ["AWS_REGION"],
        "greeting": os.environ.get("GREETING"),
        "item": found.get("Item"),
    }}
    return {{"statusCode": 200, "body": json.dumps(answer)}}
"""


SCOPES: list[Scope] = []
"""What the backends of this process have been like, for `rights`."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What stdout holds, as one JSON document."""
        return json.loads(self.out)

    def actions(self) -> dict[str, str]:
        """Address → action, of a plan or deploy in JSON."""
        return {change["address"]: change["action"] for change in self.json["changes"]}


@dataclass(kw_only=True)
class Project:
    """A spec, its definition and its handlers in `folder`; change `spec` and call `save`."""

    folder: Path
    name: str
    port: int
    spec: dict[str, Any] = field(default_factory=dict)
    routes: dict[str, str] = field(default_factory=dict)
    scopes: list[Scope] = field(default_factory=lambda: SCOPES)
    domain: str = ""

    @property
    def url(self) -> str:
        """The sandbox."""
        return f"http://127.0.0.1:{self.port}"

    def write_function(self, name: str, release: str = "1") -> None:
        """The code of one function."""
        folder = self.folder / "functions" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "app.py").write_text(HANDLER.format(name=name, release=release))

    def save(self) -> None:
        """Write the spec and the definition."""
        (self.folder / "spec.yaml").write_text(yaml.safe_dump(self.spec, sort_keys=False))
        (self.folder / "api.yaml").write_text(yaml.safe_dump(self.definition(), sort_keys=False))

    def definition(self) -> dict[str, Any]:
        """One aws_proxy GET and PUT per route, through the stage variable <function>Alias."""
        return {
            "openapi": "3.0.1",
            "info": {"title": self.name, "version": "1"},
            "paths": {
                path: {method: self._operation(function) for method in ("get", "put")}
                for path, function in self.routes.items()
            },
        }

    def _operation(self, function: str) -> dict[str, Any]:
        target = (
            "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:"
            f"{self.name}-{function}:${{stageVariables.{function}Alias}}"
        )
        service = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31"
        uri = f"{service}/functions/{target}/invocations"
        return {
            "responses": {"200": {"description": "an answer"}},
            "x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": uri},
        }

    def run(self, *arguments: str, expect: int | None = 0) -> Result:
        """`backendctl --sandbox --port … ARGUMENTS spec.yaml`; the exit code is held when `expect` is given."""
        return self.command(arguments[0], str(self.folder / "spec.yaml"), *arguments[1:], expect=expect)

    def command(self, *arguments: str, expect: int | None = 0) -> Result:
        """`backendctl ARGUMENTS --sandbox --port …`, without the spec; `sandbox …` takes its port alone."""
        if (scope := scope_of(self.folder / "spec.yaml")) is not None and scope not in self.scopes:
            self.scopes.append(scope)
        out, err = io.StringIO(), io.StringIO()
        reached = ["--port", str(self.port)] if arguments[0] == "sandbox" else ["--sandbox", "--port", str(self.port)]
        line = [*arguments, *reached]
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(lambda: cli.main(args=line, prog_name="backendctl", standalone_mode=False))
        result = Result(code=code, out=out.getvalue(), err=err.getvalue())
        assert expect is None or code == expect, f"exit {code}\n{result.out[-3000:]}\n{result.err[-3000:]}"
        return result

    def deploy(self, *arguments: str, expect: int | None = 0) -> Result:
        """Deploy without being asked, in JSON, and wait until callers see it."""
        result = self.run("deploy", "-y", "-o", "json", *arguments, expect=expect)
        arrived(self.url)
        return result

    def plan(self, *arguments: str) -> Result:
        """Plan in JSON."""
        return self.run("plan", "-o", "json", *arguments)

    def assert_nothing_to_do(self) -> None:
        """The second plan is empty."""
        assert self.plan().json["changes"] == []

    def client(self, service: str, region: str) -> Any:
        """A stock boto3 client."""
        return stock_client(self.url, service, region)

    def apis(self, region: str) -> list[Any]:
        """The APIs of this backend's name, from every page (A45)."""
        pages = self.client("apigateway", region).get_paginator("get_rest_apis").paginate()
        return [api for page in pages for api in page["items"] if api["name"] == self.name]

    def functions(self, region: str) -> list[str]:
        """The functions whose names begin with this backend's, from every page (B63)."""
        pages = self.client("lambda", region).get_paginator("list_functions").paginate()
        names = [function["FunctionName"] for page in pages for function in page["Functions"]]
        return [name for name in names if name.startswith(f"{self.name}-")]

    def get(self, path: str, region: str, *, host: str | None = None) -> tuple[int, Any]:
        """GET through the custom domain of that region."""
        return self.request("GET", path, region, host=host)

    def request(
        self, method: str, path: str, region: str, *, body: Mapping[str, Any] | None = None, host: str | None = None
    ) -> tuple[int, Any]:
        """A request through the custom domain, as if made near that region."""
        request = urllib.request.Request(  # noqa: S310  # always http to loopback
            self.url + path,
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Host": host or self.domain, "X-Sandbox-Region": region},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # the same
                text = answer.read().decode()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


def make_project(folder: Path, *, name: str, port: int, regions: list[str]) -> Project:
    """Two functions, one table with an index, an API with one stage, and a domain."""
    domain = f"api.{name}.example"
    project = Project(folder=folder, name=name, port=port, routes={"/one": "one", "/two": "two"}, domain=domain)
    functions = {
        function: {
            "code": f"functions/{function}",
            "runtime": "python3.13",
            "handler": "app.handler",
            "timeout": 20,
            "environment": {"TABLE": '{{ table "things" }}'},
            "warm": {"every": "5 minutes", "input": {"instruction": "warmer"}},
        }
        for function in ("one", "two")
    }
    project.spec = {
        "backend": name,
        "regions": regions,
        "functions": functions,
        "tables": {
            "things": {"key": {"hash": "id S"}, "indexes": {"by-owner": {"hash": "owner S"}}, "billing": "on-demand"}
        },
        "api": {
            "definition": "api.yaml",
            "stages": {"prodv1": {"path": "v1", "variables": {"oneAlias": "version1", "twoAlias": "version1"}}},
        },
        "domain": {
            "name": domain,
            "zone": f"{name}.example",
            "routing": "latency",
            "health-check": {"path": "/v1/one"},
        },
    }
    for function in ("one", "two"):
        project.write_function(function)
    project.save()
    return project


@contextlib.contextmanager
def environment(**values: str) -> Iterator[None]:
    """Environment variables, put back afterwards."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def dedent(text: str) -> str:
    """Without the indentation of the test that holds it."""
    return textwrap.dedent(text).lstrip("\n")
