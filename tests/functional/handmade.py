"""An API made by hand in one region, call by call, with functions in three; and a spec that takes it for its source."""

from __future__ import annotations

import contextlib
import io
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from backendctl.cli.main import cli, run
from backendctl.sandbox.process import default_data
from tests.functional.project import Result, environment
from tests.functional.proxy import Call, Proxy, proxying
from tests.functional.sandboxed import ACCOUNT, EAST, WEST, Sandbox

EUROPE = "eu-west-1"
REGIONS = (EAST, WEST, EUROPE)
TARGETS = (WEST, EUROPE)
STAGE = "prodv1"
CODE = """
import json
import os


def handler(event, context):
    answer = {
        "function": os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        "region": os.environ["AWS_REGION"],
        "id": (event.get("pathParameters") or {}).get("id"),
        "mode": (event.get("stageVariables") or {}).get("mode"),
    }
    return {"statusCode": 200, "body": json.dumps(answer)}
"""


@dataclass(kw_only=True)
class Shop:
    """One hand-made API; its names are its own."""

    folder: Path
    proxy: Proxy
    sandbox: Sandbox
    name: str
    spec: dict[str, Any] = field(default_factory=dict)

    def functions(self, *names: str, regions: tuple[str, ...] = REGIONS) -> None:
        """Functions with an alias `live`."""
        for region in regions:
            client = self.sandbox.client("lambda", region)
            for name in names:
                self.sandbox.function(f"{self.name}-{name}", CODE, region=region)
                version = client.publish_version(FunctionName=f"{self.name}-{name}")["Version"]
                client.create_alias(FunctionName=f"{self.name}-{name}", Name="live", FunctionVersion=version)

    def gateway(self, region: str = EAST) -> Any:
        """API Gateway as any tool calls it."""
        return self.sandbox.client("apigateway", region)

    def api(self, region: str = EAST) -> str:
        """The id of the API of this name."""
        pages = self.gateway(region).get_paginator("get_rest_apis").paginate()
        (found,) = [api["id"] for page in pages for api in page["items"] if api["name"] == self.name]
        return str(found)

    def resources(self, region: str = EAST) -> dict[str, str]:
        """Path → id."""
        found = self.gateway(region).get_resources(restApiId=self.api(region), limit=500)["items"]
        return {item["path"]: item["id"] for item in found}

    def resource(self, path: str, region: str = EAST) -> str:
        """The id of a resource, made with all above it."""
        known = self.resources(region)
        if path in known:
            return known[path]
        above, _, part = path.rpartition("/")
        parent = self.resource(above or "/", region)
        made = self.gateway(region).create_resource(restApiId=self.api(region), parentId=parent, pathPart=part)
        return str(made["id"])

    def calls_function(self, verb: str, path: str, function: str, *, region: str = EAST, **method: Any) -> None:
        """A method that calls `<function>:${stageVariables.<function>Alias}`."""
        where = {"restApiId": self.api(region), "resourceId": self.resource(path, region), "httpMethod": verb}
        target = f"{self.name}-{function}:${{stageVariables.{function}Alias}}"
        arn = f"arn:aws:lambda:{region}:{ACCOUNT}:function:{target}"
        uri = f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations"
        client = self.gateway(region)
        client.put_method(**where, authorizationType="NONE", **method)
        client.put_integration(**where, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
        client.put_method_response(**where, statusCode="200", responseModels={"application/json": "Empty"})

    def deploy_by_hand(self, region: str = EAST, **variables: str) -> None:
        """As the console's button does it."""
        self.gateway(region).create_deployment(restApiId=self.api(region), stageName=STAGE, variables=variables)

    def patch_stage(self, region: str, **values: str) -> None:
        """Stage variables, set by hand."""
        operations = [{"op": "replace", "path": f"/variables/{key}", "value": value} for key, value in values.items()]
        self.gateway(region).update_stage(restApiId=self.api(region), stageName=STAGE, patchOperations=operations)

    def build(self) -> None:
        """GET /items, GET /items/{id} and POST /orders in the first region, deployed and permitted."""
        self.gateway().create_rest_api(
            name=self.name,
            endpointConfiguration={"types": ["REGIONAL"]},
            binaryMediaTypes=["image/png"],
            tags={"team": "shop"},
        )
        self.calls_function("GET", "/items", "items", requestParameters={"method.request.querystring.q": False})
        self.calls_function("GET", "/items/{id}", "items", requestParameters={"method.request.path.id": True})
        self.calls_function("POST", "/orders", "orders")
        self.deploy_by_hand(itemsAlias="live", ordersAlias="live", mode="full")
        settings = {"/*/*/throttling/rateLimit": "50", "/*/*/throttling/burstLimit": "100"}
        settings |= {"/~1items/GET/throttling/rateLimit": "5", "/tracingEnabled": "true"}
        operations = [{"op": "replace", "path": path, "value": value} for path, value in settings.items()]
        self.gateway().update_stage(restApiId=self.api(), stageName=STAGE, patchOperations=operations)

    def save(self) -> None:
        """Write the spec."""
        (self.folder / "spec.yaml").write_text(yaml.safe_dump(self.spec, sort_keys=False))

    def run(self, command: str, *arguments: str, expect: int | None = 0) -> Result:
        """A command on the spec, against the proxy."""
        out, err = io.StringIO(), io.StringIO()
        spec = [] if command == "export-api" else [str(self.folder / "spec.yaml")]
        line = [command, *spec, "--sandbox", "--port", str(self.proxy.port), *arguments]
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(lambda: cli.main(args=line, prog_name="backendctl", standalone_mode=False))
        result = Result(code=code, out=out.getvalue(), err=err.getvalue())
        assert expect is None or code == expect, f"exit {code}\n{result.out[-3000:]}\n{result.err[-3000:]}"
        return result

    def sync(self, *arguments: str, expect: int | None = 0) -> Result:
        """`sync-api -y -o json`."""
        return self.run("sync-api", "-y", "-o", "json", *arguments, expect=expect)

    def check(self, *arguments: str, expect: int | None = 0) -> Result:
        """`sync-api --check -o json`."""
        return self.run("sync-api", "--check", "-o", "json", *arguments, expect=expect)

    def get(self, path: str, region: str) -> tuple[int, Any]:
        """GET through the region's own endpoint."""
        host = f"{self.api(region)}.execute-api.{region}.localhost"
        return self.sandbox.get(f"/{STAGE}{path}", headers={"Host": host})

    @contextlib.contextmanager
    def calls(self) -> Iterator[list[Call]]:
        """The AWS calls made within, as they pass the proxy."""
        before = len(self.proxy.calls)
        seen: list[Call] = []
        yield seen
        seen += self.proxy.calls[before:]


@contextlib.contextmanager
def proxied(sandbox: Sandbox, home: Path) -> Iterator[Proxy]:
    """A way to the sandbox on which calls can be counted and cut; `--sandbox --port` takes it for the sandbox."""
    with (
        environment(XDG_DATA_HOME=str(home / "data"), XDG_STATE_HOME=str(home / "state")),
        proxying(Proxy(upstream=sandbox.url)) as running,
    ):
        data = default_data(running.port)
        data.parent.mkdir(parents=True)
        data.symlink_to(sandbox.data)
        yield running


def make_shop(folder: Path, proxy: Proxy, sandbox: Sandbox, *, smoke: Mapping[str, Any] | None = None) -> Shop:
    """Built, and with a spec whose source is the hand-made API."""
    shop = Shop(folder=folder, proxy=proxy, sandbox=sandbox, name=f"h{uuid.uuid4().hex[:6]}")
    shop.functions("items", "orders")
    shop.build()
    asked = smoke if smoke is not None else {"GET /items/{id}": {"path": {"id": "42"}, "expect": 200}}
    shop.spec = {
        "backend": shop.name,
        "regions": list(REGIONS),
        "api": {"definition": {"export": EAST, "stage": STAGE}, "smoke": dict(asked)},
    }
    shop.save()
    return shop


def told(found: list[Any]) -> list[str]:
    """Differences in short: action, method, path, aspect."""
    return [f"{one['action']} {one['method']} {one['path']} {one['aspect']}" for one in found]


def json_of(path: Path) -> Any:
    """A JSON file."""
    return json.loads(path.read_text())
