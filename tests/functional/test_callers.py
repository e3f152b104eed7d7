"""What callers of an API get: pages of other origins, keys that open every region, a library for the shared name."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import subprocess
import threading
import urllib.error
import urllib.request
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.functional.project import Project, environment, make_project

EAST, WEST = "us-east-1", "us-west-2"
BROWSER = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)
NODE = shutil.which("node")
GIVEN = "a-callers-key-that-nobody-may-read"
SILENT = 'return {"statusCode": 200, "body": json.dumps(answer)}'
SPEAKING = """headers = {
        "Access-Control-Allow-Origin": (event.get("headers") or {}).get("Origin", ""),
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin",
    }
    return {"statusCode": 200, "headers": headers, "body": json.dumps(answer)}"""
PAGE = """<!doctype html><title>page</title><script src="/apigClient.js"></script><script>
const told = {urls: []};
const reach = (url, options) => {
  told.urls.push(url);
  return fetch(url.replace("https://DOMAIN", "http://DOMAIN:PORT"), {...options, credentials: "include"});
};
async function tried(name, doing) {
  try { told[name] = await doing(); } catch (error) { told[name] = String(error.status || error); }
}
(async () => {
  const client = apigClientFactory.newClient({apiKey: "KEY", fetch: reach});
  const unknown = apigClientFactory.newClient({apiKey: "none", fetch: (url, options) =>
    fetch(url.replace("https://DOMAIN", "http://DOMAIN:PORT"), options)});
  await tried("one", async () => (await client.oneGet({})).data.function);
  await tried("error", async () => (await unknown.oneGet({})).status);
  await fetch("/told", {method: "POST", body: JSON.stringify(told)});
})();
</script>"""


class Page(http.server.ThreadingHTTPServer):
    """Serves files of a page on a port of its own, and keeps what the page tells."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.told: dict[str, Any] = {}
        self.done = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Page

    def do_GET(self) -> None:
        self._answer(self.server.files.get(self.path, b""), "text/javascript" if "js" in self.path else "text/html")

    def do_POST(self) -> None:
        self.server.told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(b"", "text/html")
        self.server.done.set()

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", f"{len(body)}")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    served = Page()
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield served
    served.shutdown()
    served.server_close()


class Shop(Project):
    """Whose GET and PUT /one ask for a key."""

    def definition(self) -> dict[str, Any]:
        document = super().definition()
        document["components"] = {
            "securitySchemes": {"api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}
        }
        for operation in document["paths"]["/one"].values():
            operation["security"] = [{"api_key": []}]
        return document


@pytest.fixture(scope="module")
def shop(command_line_home: int, tmp_path_factory: pytest.TempPathFactory, page: Page) -> Iterator[Shop]:
    """Deployed to two regions."""
    made = make_project(
        tmp_path_factory.mktemp("shop"), name=f"c{uuid.uuid4().hex[:6]}", port=command_line_home, regions=[EAST, WEST]
    )
    shop = Shop(folder=made.folder, name=made.name, port=made.port, spec=made.spec, domain=made.domain)
    shop.routes = made.routes
    shop.spec["api"] |= {
        "cors": {"origins": [f"http://page.example:{page.port}", "capacitor://localhost"], "credentials": True},
        "keys": {"app": {}, "partner": {"value": '{{ must_env "PARTNER_KEY" }}'}},
        "usage-plans": {
            "gold": {
                "stages": {"prodv1": {"PUT /one": {"rate": 50, "burst": 50}}},
                "keys": ["app"],
                "throttling": {"rate": 100, "burst": 100},
            },
            "tin": {"stages": ["prodv1"], "keys": ["partner"], "quota": {"limit": 2, "per": "day"}},
        },
    }
    shop.save()
    with environment(PARTNER_KEY=GIVEN):
        silent = shop.run("deploy", "-y", expect=None)
        shop.silent = silent.code, silent.out  # type: ignore[attr-defined]
        for name in ("one", "two"):
            code = shop.folder / "functions" / name / "app.py"
            code.write_text(code.read_text().replace(SILENT, SPEAKING))
        shop.deploy()
        yield shop


def call(shop: Shop, path: str, region: str, **headers: str) -> tuple[int, dict[str, str]]:
    """A request near that region: status and headers."""
    method = headers.pop("method", "GET")
    given = {"Host": shop.domain, "X-Sandbox-Region": region, **headers}
    request = urllib.request.Request(shop.url + path, method=method, headers=given)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}
    except urllib.error.HTTPError as error:
        return error.code, {name.lower(): value for name, value in error.headers.items()}


def value_of(shop: Shop, name: str, region: str) -> str:
    items = shop.client("apigateway", region).get_api_keys(includeValues=True, nameQuery=f"{shop.name}-{name}")["items"]
    (value,) = [key["value"] for key in items]
    return str(value)


def test_a_handler_that_answers_without_the_header_is_named(shop: Shop) -> None:
    code, out = shop.silent  # type: ignore[attr-defined]
    assert code == 1
    assert "GET /one" in out
    first = shop.spec["api"]["cors"]["origins"][0]
    assert f"no Access-Control-Allow-Origin for {first} in {EAST}, {WEST}" in " ".join(out.split())


def test_the_second_plan_is_empty_and_sync_api_agrees(shop: Shop) -> None:
    shop.assert_nothing_to_do()
    shop.run("sync-api", "--check")


def test_cors_counts_where_somebody_redeploys_by_hand(shop: Shop) -> None:
    gateway = shop.client("apigateway", WEST)
    (api,) = shop.apis(WEST)
    deployment = gateway.create_deployment(restApiId=api["id"])["id"]
    operation = {"op": "replace", "path": "/deploymentId", "value": deployment}
    gateway.update_stage(restApiId=api["id"], stageName="prodv1", patchOperations=[operation])

    changes = shop.plan().json["changes"]
    named = {(one["kind"], one["region"]): {field["field"] for field in one["fields"]} for one in changes}
    assert named["stage", WEST] > {"release"}
    assert named["stage", EAST] == {"release"}  # one number in every region
    assert {kind for kind, _ in named} == {"release", "stage"}
    assert "callers of prodv1 would see" not in shop.run("plan").out
    shop.deploy()


@pytest.mark.parametrize("region", [EAST, WEST])
def test_a_preflight_needs_no_key_and_names_the_asking_origin(shop: Shop, region: str) -> None:
    status, headers = call(shop, "/v1/one", region, method="OPTIONS", Origin="capacitor://localhost")
    assert (status, headers["access-control-allow-origin"]) == (200, "capacitor://localhost")
    assert headers["vary"] == "Origin"
    assert headers["access-control-allow-methods"] == "GET,OPTIONS,PUT"
    assert "access-control-allow-origin" not in call(shop, "/v1/one", region, method="OPTIONS", Origin="https://x.y")[1]


def test_an_error_of_the_gateway_repeats_no_origin(shop: Shop) -> None:
    status, headers = call(shop, "/v1/one", EAST, Origin="https://evil.example")
    assert (status, headers["access-control-allow-origin"]) == (403, "*")
    assert "access-control-allow-credentials" not in headers


def test_one_key_opens_both_regions_and_no_key_none(shop: Shop) -> None:
    value = value_of(shop, "app", EAST)
    assert value == value_of(shop, "app", WEST)
    for region in (EAST, WEST):
        assert call(shop, "/v1/one", region)[0] == 403
        assert call(shop, "/v1/one", region, **{"x-api-key": "some-other-key-of-nobody"})[0] == 403
        assert call(shop, "/v1/one", region, **{"x-api-key": value})[0] == 200


def test_a_key_of_the_spec_opens_both_regions_within_its_quota(shop: Shop) -> None:
    for region in (EAST, WEST):
        statuses = [call(shop, "/v1/one", region, **{"x-api-key": GIVEN})[0] for _ in range(3)]
        assert statuses == [200, 200, 429]


def test_no_value_is_in_any_output_or_file_of_a_run(shop: Shop) -> None:
    values = {GIVEN, value_of(shop, "app", EAST)}
    said = (
        shop.run("plan", "-o", "json").out + shop.run("render").out + shop.run("status", "-o", "json", expect=None).out
    )
    journals = [path for path in Path(os.environ["XDG_STATE_HOME"]).rglob("*") if path.is_file()]
    assert any("CreateApiKey" in path.read_text(errors="replace") for path in journals)
    said += "".join(path.read_text(errors="replace") for path in journals)
    assert [value for value in values if value in said] == []


def test_deleting_a_key_has_to_be_said(shop: Shop) -> None:
    before = shop.spec["api"]
    shop.spec["api"] = {name: part for name, part in before.items() if name not in {"keys", "usage-plans"}}
    shop.save()
    try:
        refused = shop.run("deploy", "-y", expect=1)
        assert f"--allow-delete {EAST}/api-key/{shop.name}-app" in refused.err
    finally:
        shop.spec["api"] = before
        shop.save()
    assert value_of(shop, "app", EAST)


@pytest.fixture(scope="module")
def library(shop: Shop) -> Path:
    """The folder of the unpacked JavaScript library."""
    file = shop.folder / "client.zip"
    said = shop.run("sdk", "--type", "javascript", "--file", str(file), "-o", "json")
    assert (said.json["url"], said.json["shared"], said.err) == (f"https://{shop.domain}/v1", True, "")
    zipfile.ZipFile(file).extractall(shop.folder / "sdk")
    return shop.folder / "sdk" / "apiGateway-js-sdk"


def test_a_library_for_a_stage_that_is_not_there_is_bad_input(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "none.zip"
    told = shop.run("sdk", "--type", "javascript", "--stage", "prdov1", "--file", str(file), expect=64).err
    assert "--stage prdov1: the spec names prodv1; did you mean 'prodv1'?" in told
    assert not file.exists()


def test_with_a_region_the_library_calls_that_one(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "west.zip"
    said = shop.run("sdk", "-r", WEST, "--type", "javascript", "--file", str(file), "-o", "json").json
    (api,) = shop.apis(WEST)
    assert said["url"] == f"https://{api['id']}.execute-api.{WEST}.amazonaws.com/prodv1"
    assert said["shared"] is False
    assert said["url"] in zipfile.ZipFile(file).read("apiGateway-js-sdk/apigClient.js").decode()


@pytest.mark.skipif(NODE is None, reason="there is no node on PATH")
def test_the_library_calls_the_shared_name_in_node(shop: Shop, library: Path, tmp_path: Path) -> None:
    """As the README says it."""
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    script = text.partition("```js\n")[2].partition("```")[0]
    assert "newClient({ fetch })" in script
    script = script.replace("newClient({ fetch })", "newClient({ fetch, apiKey: process.env.KEY })")
    script = script.replace("healthzGet()", "oneGet()")
    shutil.copytree(library, tmp_path / "apiGateway-js-sdk")
    (tmp_path / "call.js").write_text(script)
    environ = {**os.environ, "KEY": value_of(shop, "app", EAST), "BACKENDCTL_SANDBOX_PORT": str(shop.port)}
    told = subprocess.run(
        [str(NODE), "call.js"], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert (told.stdout.split(), told.stderr) == (["200", EAST], "")


@contextmanager
def browsing(url: str, domain: str, profile: Path) -> Iterator[None]:
    line = [
        str(BROWSER),
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--no-proxy-server",
        "--disable-dev-shm-usage",
        f"--user-data-dir={profile}",
        f"--host-resolver-rules=MAP page.example 127.0.0.1, MAP {domain} 127.0.0.1",
        url,
    ]
    browser = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        browser.kill()
        browser.wait()


@pytest.mark.skipif(BROWSER is None, reason="there is no chromium on PATH to open a web page with")
def test_a_page_of_another_origin_calls_the_api_with_the_library(
    shop: Shop, library: Path, page: Page, tmp_path: Path
) -> None:
    text = PAGE.replace("DOMAIN", shop.domain).replace("PORT", str(shop.port))
    page.files = {
        "/": text.replace("KEY", value_of(shop, "app", EAST)).encode(),
        "/apigClient.js": (library / "apigClient.js").read_bytes(),
    }
    with browsing(f"http://page.example:{page.port}/", shop.domain, tmp_path / "profile"):
        assert page.done.wait(120)

    assert page.told["urls"] == [f"https://{shop.domain}/v1/one"]
    assert (page.told["one"], page.told["error"]) == ("one", "403")


def test_bad_input_touches_nothing(shop: Shop) -> None:
    file = shop.folder / "bad.yaml"
    spec = yaml.safe_load((shop.folder / "spec.yaml").read_text())
    spec["api"]["cors"]["origins"] = ["*"]
    spec["api"]["usage-plans"]["gold"]["stages"] = ["prodv9"]
    spec["api"]["usage-plans"]["tin"]["keys"] = ["partner", "app"]
    file.write_text(yaml.safe_dump(spec, sort_keys=False))
    refused = shop.command("deploy", str(file), "-y", expect=64).err
    for part in (
        "'*' with credentials",
        "there is no stage 'prodv9'",
        "the usage plan 'gold' has the key 'app' already",
    ):
        assert part in refused
    assert "nothing has been touched" in refused
