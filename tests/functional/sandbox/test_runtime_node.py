from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.sandbox.runtimes import call, config, packed, result

if TYPE_CHECKING:
    from backendctl.sandbox.environment import Outcome
    from backendctl.sandbox.environments import Environments

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js")

CODE = """
let calls = 0;
exports.handler = async (event, context) => {
  calls += 1;
  console.log("call", calls);
  switch (event.what) {
    case "raise": throw new RangeError("boom");
    case "later": setTimeout(() => { throw new Error("nobody caught"); }, 10); return new Promise(() => {});
    case "reject": Promise.reject(new Error("nobody waited")); return new Promise(() => {});
    case "exit": process.exit(4);
    case "forever": for (;;);
    case "log": console.error("two\\nlines", { a: 1 }); console.debug("quiet"); break;
    case "circle": { const self = {}; self.self = self; return self; }
    case "nothing": return undefined;
    case "variables": return process.env;
    case "context": return { ...context, left: context.getRemainingTimeInMillis() };
    case "burn": { const end = Date.now() + 1; let n = 0; while (process.cpuUsage().user < 1e6 * event.value) n += 1; }
  }
  return { calls, pid: process.pid };
};
exports.callback = (event, context, callback) => setTimeout(() => callback(null, { said: event.what }), 20);
exports.early = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = false;
  setInterval(() => {}, 1000);
  callback(null, "early");
};
exports.failing = (event, context, callback) => callback(new TypeError("called back"));
exports.nested = { inner: async () => "inner" };
"""


def _call(kept: Environments, what: str, value: Any = None, *, code: str = CODE, **more: Any) -> tuple[Outcome, str]:
    setup = config("nodejs22.x", **{"Handler": "app.handler", **more})
    return call(kept, setup, packed({"app.js": code}), {"what": what, "value": value})


def test_a_handler_runs_and_its_environment_is_kept(kept: Environments) -> None:
    first, second = _call(kept, "count")[0], _call(kept, "count")[0]
    assert result(second) == {"calls": 2, "pid": result(first)["pid"]}
    assert first.init_seconds is not None
    assert second.init_seconds is None
    assert first.peak > 20


@pytest.mark.parametrize(
    ("handler", "answer"),
    [("app.callback", {"said": "x"}), ("app.early", "early"), ("app.nested.inner", "inner")],
)
def test_every_style_of_a_handler_answers(kept: Environments, handler: str, answer: Any) -> None:
    assert result(_call(kept, "x", Handler=handler)[0]) == answer
    assert result(_call(kept, "x", Handler=handler)[0]) == answer


@pytest.mark.parametrize(
    ("files", "handler"),
    [
        ({"src/app.mjs": "export const handler = async () => 'esm';"}, "src/app.handler"),
        ({"app.cjs": "exports.handler = async () => 'esm';"}, "app.handler"),
        (
            {"package.json": '{"type": "module"}', "app.js": "export const handler = async () => await 'esm';"},
            "app.handler",
        ),
    ],
)
def test_modules_of_every_kind_are_loaded(kept: Environments, files: dict[str, str], handler: str) -> None:
    outcome, _ = call(kept, config("nodejs20.x", Handler=handler), packed(files), {})
    assert result(outcome) == "esm"


def test_an_error_is_told_as_aws_does_and_leaves_the_environment(kept: Environments) -> None:
    outcome, request_id = _call(kept, "raise")
    assert outcome.error is not None
    assert (outcome.error["errorType"], outcome.error["errorMessage"]) == ("RangeError", "boom")
    assert outcome.error["trace"][0] == "RangeError: boom"
    logged = outcome.lines[-1][1]
    assert re.match(rf"\d{{4}}-[^\t]+Z\t{request_id}\tERROR\tInvoke Error \t{{\"errorType\":\"RangeError\"", logged)
    assert outcome.logged
    assert result(_call(kept, "count")[0])["calls"] == 2
    assert _call(kept, "x", Handler="app.failing")[0].error["errorType"] == "TypeError"  # type: ignore[index]


@pytest.mark.parametrize(
    ("what", "kind", "words"),
    [
        ("later", "Error", "nobody caught"),
        ("reject", "Runtime.UnhandledPromiseRejection", "Error: nobody waited"),
        ("circle", "Runtime.MarshalError", "Unable to stringify response body"),
    ],
)
def test_what_nobody_caught_is_the_calls_error(kept: Environments, what: str, kind: str, words: str) -> None:
    outcome, _ = _call(kept, what)
    assert outcome.error is not None
    assert outcome.error["errorType"] == kind
    assert outcome.error["errorMessage"].startswith(words)
    assert result(_call(kept, "count")[0])["calls"] == (2 if what == "circle" else 1)


@pytest.mark.parametrize(
    ("code", "handler", "kind", "words"),
    [
        ("require('nosuch')", "app.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'nosuch'"),
        ("", "other.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'other'"),
        ("exports.handler = (", "app.handler", "Runtime.UserCodeSyntaxError", "SyntaxError: "),
        ("exports.x = 1", "app.handler", "Runtime.HandlerNotFound", "app.handler is undefined or not exported"),
        ("throw new TypeError('early')", "app.handler", "TypeError", "early"),
    ],
)
def test_what_cannot_be_loaded_says_why(kept: Environments, code: str, handler: str, kind: str, words: str) -> None:
    outcome, _ = _call(kept, "x", code=code, Handler=handler)
    assert outcome.error is not None
    assert outcome.error["errorType"] == kind
    assert outcome.error["errorMessage"].startswith(words)
    assert outcome.status == "error"


def test_console_lines_have_time_request_id_and_level(kept: Environments) -> None:
    outcome, request_id = _call(kept, "log")
    texts = [text.split("\t", 1)[1] for _, text in outcome.lines]
    assert texts == [
        f"{request_id}\tINFO\tcall 1",
        f"{request_id}\tERROR\ttwo\nlines {{ a: 1 }}",
        f"{request_id}\tDEBUG\tquiet",
    ]


def test_console_lines_are_objects_where_json_is_asked_for(kept: Environments) -> None:
    outcome, request_id = _call(kept, "log", LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "INFO"})
    lines = [json.loads(text) for _, text in outcome.lines]
    assert [(line["level"], line["message"], line["requestId"]) for line in lines] == [
        ("INFO", "call 1", request_id),
        ("ERROR", "two\nlines { a: 1 }", request_id),
    ]


def test_an_exit_and_a_timeout_end_the_environment(kept: Environments) -> None:
    outcome, request_id = _call(kept, "exit")
    assert outcome.error == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {request_id} Error: Runtime exited with error: exit status 4",
    }
    outcome, _ = _call(kept, "forever", Timeout=1)
    assert (outcome.status, outcome.seconds) == ("timeout", 1)


def test_context_and_variables_are_lambdas(kept: Environments) -> None:
    outcome, request_id = _call(kept, "context")
    seen = result(outcome)
    assert (seen["awsRequestId"], seen["invokedFunctionArn"], seen["functionName"]) == (request_id, "arn:of:f", "f")
    assert 15_000 < seen["left"] <= 20_000
    variables = result(_call(kept, "variables")[0])
    assert "SECRET_OF_THE_HOST" not in variables
    assert variables["_HANDLER"] == "app.handler"
    assert result(_call(kept, "nothing")[0]) is None


def test_modules_of_layers_and_of_the_archive_are_found(kept: Environments) -> None:
    files = {
        "app.js": "exports.handler = async () => [require('own'), require('shared')];",
        "node_modules/own/index.js": "module.exports = 'own';",
    }
    layer = packed({"nodejs/node_modules/shared/index.js": "module.exports = 'shared';"})
    outcome, _ = call(kept, config("nodejs22.x", Layers=[{"Arn": "one"}]), packed(files), {}, [layer])
    assert result(outcome) == ["own", "shared"]
