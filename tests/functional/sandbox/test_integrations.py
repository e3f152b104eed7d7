"""Integrations of a running sandbox: HTTP with an endpoint on this machine, and Lambda with templates."""

from __future__ import annotations

import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3

from tests.functional.sandboxed import ACCOUNT, EAST, Sandbox, eventually, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator


class Endpoint(BaseHTTPRequestHandler):
    """Answers with what it was asked; the path /status/N answers with N."""

    def do_GET(self) -> None:
        """Also for the other verbs."""
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        told = {
            "method": self.command,
            "path": url.path,
            "query": parse_qs(url.query),
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": body.decode(),
        }
        text = json.dumps(told).encode()
        self.send_response(int(url.path.rpartition("/")[2]) if url.path.startswith("/status/") else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("X-Twice", "1")
        self.send_header("X-Twice", "2")
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_GET  # noqa: N815 - the name the base class looks for

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the base class
        """Say nothing."""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture(scope="module")
def api(sandbox: Sandbox, endpoint: str) -> str:
    """The URL of a stage with a route per kind of integration."""
    taken = f"http://127.0.0.1:{free_port()}/"
    proxied = {
        "type": "http_proxy",
        "httpMethod": "ANY",
        "uri": "http://${stageVariables.host}/base/{proxy}",
        "requestParameters": {
            "integration.request.path.proxy": "method.request.path.proxy",
            "integration.request.header.X-Stage": "context.stage",
            "integration.request.querystring.fixed": "'1'",
        },
    }
    mapped = {
        "type": "http",
        "httpMethod": "POST",
        "uri": f"http://{endpoint}/status/{{code}}",
        "requestParameters": {
            "integration.request.path.code": "method.request.querystring.code",
            "integration.request.header.X-Name": "method.request.body.name",
            "integration.request.querystring.q": "method.request.multivaluequerystring.q",
        },
        "requestTemplates": {"application/json": '{"name": "$input.path(\'$.name\')"}'},
        "responses": {
            "2\\d{2}": {
                "statusCode": "201",
                "responseParameters": {
                    "method.response.header.X-Last": "integration.response.header.X-Twice",
                    "method.response.header.X-Both": "integration.response.multivalueheader.X-Twice",
                },
            },
            "default": {
                "statusCode": "502",
                "responseTemplates": {"application/json": "$input.path('$.method') failed"},
            },
        },
    }
    routes: dict[str, Any] = {
        "/p/{proxy+}": {"x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": proxied}},
        "/mapped": {"post": {"x-amazon-apigateway-integration": mapped}},
        "/nobody": {
            "get": {"x-amazon-apigateway-integration": {"type": "http_proxy", "httpMethod": "GET", "uri": taken}}
        },
    }
    document = {"openapi": "3.0.1", "info": {"title": "http", "version": "1"}, "paths": routes}
    client = sandbox.client("apigateway")
    made: str = client.import_rest_api(body=json.dumps(document))["id"]
    client.create_deployment(restApiId=made, stageName="live", variables={"host": endpoint})
    sandbox.arrived()
    return f"{sandbox.url}/_aws/execute-api/{made}/live"


def ask(method: str, url: str, **options: Any) -> urllib3.BaseHTTPResponse:
    return urllib3.request(method, url, retries=False, **options)


def test_a_proxy_passes_everything_on_and_back(api: str) -> None:
    answer = ask("POST", f"{api}/p/a/b?x=1&x=2", headers={"X-Own": "mine", "Content-Type": "text/plain"}, body=b"hello")
    got = answer.json()
    assert (answer.status, got["method"], got["path"], got["body"]) == (200, "POST", "/base/a/b", "hello")
    assert got["query"] == {"x": ["1", "2"], "fixed": ["1"]}
    assert (got["headers"]["x-own"], got["headers"]["x-stage"]) == ("mine", "live")
    assert got["headers"]["host"].startswith("127.0.0.1:")
    assert answer.headers["X-Twice"] == "1, 2"
    assert answer.headers["x-amzn-Remapped-Server"].startswith("BaseHTTP")


def test_a_mapped_request_carries_what_is_mapped_and_nothing_else(api: str) -> None:
    answer = ask("POST", f"{api}/mapped?code=200&q=1&q=2&other=x", headers={"X-Own": "mine"}, json={"name": "Rex"})
    got = answer.json()
    assert (answer.status, got["path"], got["body"]) == (201, "/status/200", '{"name": "Rex"}')
    assert got["query"] == {"q": ["1", "2"]}
    assert got["headers"]["x-name"] == "Rex"
    assert "x-own" not in got["headers"]
    assert (answer.headers["X-Last"], answer.headers["X-Both"]) == ("2", "1, 2")


def test_the_status_of_the_endpoint_picks_the_response(api: str) -> None:
    answer = ask("POST", f"{api}/mapped?code=404", json={"name": "Rex"})
    assert (answer.status, answer.data) == (502, b"POST failed")


def test_an_endpoint_that_nobody_serves_is_504(api: str) -> None:
    answer = ask("GET", f"{api}/nobody")
    assert (answer.status, answer.json()) == (504, {"message": "Network error communicating with endpoint"})


@pytest.fixture(scope="module")
def function(sandbox: Sandbox) -> tuple[str, str]:
    """A function which answers with its event, and the URL of a stage with POST /wait and POST /event for it."""
    name = f"plain-{uuid.uuid4().hex[:6]}"
    code = "def handler(event, context):\n    print('got', event['n'])\n    return {'doubled': 2 * event['n']}\n"
    arn = sandbox.function(name, code)
    plain = {
        "type": "aws",
        "httpMethod": "POST",
        "uri": f"arn:aws:apigateway:{EAST}:lambda:path/2015-03-31/functions/{arn}/invocations",
        "requestTemplates": {"application/json": "#set($n = $input.path('$.number') + 1){\"n\": $n}"},
        "responses": {
            "default": {"statusCode": "200", "responseTemplates": {"application/json": "$input.path('$.doubled')"}},
        },
    }
    event = {**plain, "requestParameters": {"integration.request.header.X-Amz-Invocation-Type": "'Event'"}}
    paths = {
        path: {"post": {"x-amazon-apigateway-integration": integration}}
        for path, integration in {"/wait": plain, "/event": event}.items()
    }
    client = sandbox.client("apigateway")
    document = {"openapi": "3.0.1", "info": {"title": name, "version": "1"}, "paths": paths}
    made: str = client.import_rest_api(body=json.dumps(document))["id"]
    client.create_deployment(restApiId=made, stageName="live")
    sandbox.client("lambda").add_permission(
        FunctionName=name,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{EAST}:{ACCOUNT}:{made}/*/*/*",
    )
    sandbox.arrived()
    return name, f"{sandbox.url}/_aws/execute-api/{made}/live"


def test_templates_stand_before_and_behind_a_function(function: tuple[str, str]) -> None:
    answer = ask("POST", f"{function[1]}/wait", json={"number": 20})
    assert (answer.status, answer.data) == (200, b"42")


def test_a_function_called_without_waiting_runs_later(sandbox: Sandbox, function: tuple[str, str]) -> None:
    answer = ask("POST", f"{function[1]}/event", json={"number": 6})
    assert (answer.status, answer.data) == (200, b"")
    logs = sandbox.client("logs")

    def has_run() -> bool:
        group = f"/aws/lambda/{function[0]}"
        if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            return False
        return any("got 7" in each["message"] for each in logs.filter_log_events(logGroupName=group)["events"])

    eventually(has_run)
