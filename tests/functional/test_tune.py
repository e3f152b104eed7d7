"""`tune` in a sandbox whose processor time follows memory, killed, interrupted and with a deploy beside it."""

from __future__ import annotations

import contextlib
import io
import signal
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from backendctl.cli.main import cli, run
from backendctl.resources.lambda_.releases import is_temporary
from backendctl.sandbox.process import default_data
from tests.functional.copied_command import begun
from tests.functional.project import Result, environment
from tests.functional.proxy import CUT, Call, Cut, Proxy, proxying
from tests.functional.sandboxed import EAST, WEST, Sandbox

COMPUTING = """
import time


def handler(event, context):
    end = time.process_time() + 0.06
    while time.process_time() < end:
        pass
"""
WAITING = """
import time


def handler(event, context):
    time.sleep(0.06)
    return {"statusCode": 404 if event.get("lost") else 200}
"""
RAISING = """
def handler(event, context):
    return event["httpMethod"]
"""
CODE = {"computing": COMPUTING, "waiting": WAITING, "raising": RAISING, "bare": WAITING}


@dataclass(frozen=True, kw_only=True)
class Shop:
    """Functions without an API, behind a proxy that sees every call."""

    name: str
    folder: Path
    proxy: Proxy
    sandbox: Sandbox

    @property
    def spec(self) -> Path:
        return self.folder / "spec.yaml"

    def line(self, *arguments: str) -> list[str]:
        return [arguments[0], str(self.spec), "--sandbox", "--port", str(self.proxy.port), *arguments[1:]]

    def run(self, *arguments: str, expect: int = 0) -> Result:
        """The command line."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(lambda: cli.main(args=self.line(*arguments), prog_name="backendctl", standalone_mode=False))
        assert code == expect, f"exit {code}\n{out.getvalue()[-3000:]}\n{err.getvalue()[-3000:]}"
        return Result(code=code, out=out.getvalue(), err=err.getvalue())

    def tune(self, function: str, *arguments: str, expect: int = 0) -> Result:
        return self.run("tune", function, "-y", "-o", "json", *arguments, expect=expect)

    def signalled(self, number: signal.Signals, function: str, moment: Callable[[Call], bool]) -> tuple[int, str]:
        """Tune in a process of its own, and send it a signal when a call has been done; exit code and stderr."""
        line = self.line("tune", function, "-y", "--memory", "256,512", "--runs", "5")
        process = begun(line)

        def send(call: Call) -> Cut | None:
            if not moment(call):
                return None
            process.send_signal(number)
            return CUT if number is signal.SIGKILL else None

        self.proxy.after = send
        try:
            _, told = process.communicate(timeout=120)
        finally:
            self.proxy.after = lambda _: None
        return process.wait(), told

    def latest(self, function: str) -> dict[str, Any]:
        """What AWS has as $LATEST, without what changes with every change."""
        found = self.sandbox.client("lambda").get_function_configuration(FunctionName=f"{self.name}-{function}")
        kept = ("MemorySize", "Timeout", "CodeSha256", "Description", "Handler", "Role", "State", "LastUpdateStatus")
        return {name: found.get(name) for name in kept} | {"Environment": found.get("Environment")}

    def temporary(self, function: str) -> list[str]:
        """Versions that a tuning has left."""
        pages = self.sandbox.client("lambda").get_paginator("list_versions_by_function")
        found = [one for page in pages.paginate(FunctionName=f"{self.name}-{function}") for one in page["Versions"]]
        return [one["Version"] for one in found if is_temporary(one.get("Description", ""))]


@pytest.fixture(scope="module")
def shop(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Deployed in two regions."""
    home = tmp_path_factory.mktemp("tuned")
    with (
        environment(XDG_DATA_HOME=str(home / "data"), XDG_STATE_HOME=str(home / "state")),
        proxying(Proxy(upstream=sandbox.url)) as proxy,
    ):
        data = default_data(proxy.port)
        data.parent.mkdir(parents=True)
        data.symlink_to(sandbox.data)
        made = Shop(name=f"u{uuid.uuid4().hex[:6]}", folder=home, proxy=proxy, sandbox=sandbox)
        functions = {}
        for name, code in CODE.items():
            (home / name).mkdir()
            (home / name / "app.py").write_text(code)
            settings = {"code": name, "runtime": "python3.13", "handler": "app.handler", "timeout": 20}
            functions[name] = settings | ({} if name == "bare" else {"aliases": ["live"], "environment": {"MODE": "b"}})
        made.spec.write_text(
            yaml.safe_dump({"backend": made.name, "regions": [EAST, WEST], "functions": functions}, sort_keys=False)
        )
        made.run("deploy", "-y", "-q")
        yield made


@pytest.fixture
def untouched(shop: Shop) -> Iterator[None]:
    """Whatever the test does, $LATEST is as before, and no version is left."""
    before = {name: shop.latest(name) for name in CODE}
    yield
    assert {name: shop.latest(name) for name in CODE} == before
    assert {name: shop.temporary(name) for name in CODE} == {name: [] for name in CODE}


@pytest.mark.full
@pytest.mark.usefixtures("untouched")
def test_a_computing_handler_wants_one_processor(shop: Shop) -> None:
    found = shop.tune("computing", "--memory", "442,1769,3538", "--runs", "5").json
    (region,) = found["regions"]
    assert (found["status"], region["region"], region["memory_now"]) == ("measured", EAST, 1024)
    assert region["recommended"]["speed"]["memory"] == 1769
    assert region["recommended"]["balanced"] == {"memory": 1769, "sure": True, "no_clear_difference": []}
    times = {size["memory"]: size["warm"]["duration_ms"]["value"] for size in region["sizes"]}
    assert 60 <= times[1769] < 120
    assert times[442] > 2 * times[1769]
    for size in region["sizes"]:
        assert size["warm"]["calls"] == 5
        assert size["cold"]["calls"] >= 1
        assert size["cold"]["init_ms"] > 0
    assert shop.run("plan", "-o", "json").json["changes"] == []


@pytest.mark.usefixtures("untouched")
def test_a_waiting_handler_wants_the_smallest_size(shop: Shop) -> None:
    found = shop.tune("waiting", "--memory", "256,1024", "--runs", "5").json
    recommended = found["regions"][0]["recommended"]
    assert {goal: one["memory"] for goal, one in recommended.items()} == dict.fromkeys(recommended, 256)
    assert recommended["cost"]["sure"]
    assert recommended["speed"]["no_clear_difference"] == [1024]


@pytest.mark.usefixtures("untouched")
def test_a_dry_run_changes_nothing_and_says_what_would_be_measured(shop: Shop) -> None:
    shop.proxy.calls.clear()
    found = shop.tune("waiting", "--dry-run", "-r", EAST, "-r", WEST)
    assert [call.operation for call in shop.proxy.calls if call.mutating and call.service == "lambda"] == []
    assert found.json["status"] == "planned"
    assert [region["region"] for region in found.json["regions"]] == [EAST, WEST]
    assert "This costs at most $0." in found.err


@pytest.mark.usefixtures("untouched")
def test_a_handler_that_does_not_understand_the_payload_is_told(shop: Shop) -> None:
    found = shop.tune("raising", "--memory", "256,512", "--runs", "5", expect=1)
    assert "fails on this payload at 512 MB: KeyError: 'httpMethod'" in found.err
    assert "--payload FILE" in found.err
    event = shop.folder / "event.json"
    event.write_text('{"httpMethod": "GET"}')
    found = shop.tune("raising", "--memory", "256", "--runs", "5", "--payload", str(event))
    assert found.json["payload"] == str(event)


@pytest.mark.usefixtures("untouched")
def test_an_error_that_the_handler_answers_is_told(shop: Shop) -> None:
    event = shop.folder / "lost.json"
    event.write_text('{"lost": true}')
    found = shop.tune("waiting", "--memory", "256", "--runs", "5", "--payload", str(event))
    assert any("answered 404" in note for note in found.json["regions"][0]["notes"])


@pytest.mark.usefixtures("untouched")
def test_what_users_call_as_it_is_is_refused(shop: Shop) -> None:
    found = shop.tune("bare", expect=1)
    assert "without an alias" in found.err
    client, name = shop.sandbox.client("lambda"), f"{shop.name}-waiting"
    client.create_alias(FunctionName=name, Name="raw", FunctionVersion="$LATEST")
    found = shop.tune("waiting", expect=1)
    client.delete_alias(FunctionName=name, Name="raw")
    assert "the alias raw" in found.err


@pytest.mark.usefixtures("untouched")
def test_reserved_concurrency_leaves_half_to_users(shop: Shop) -> None:
    client, name = shop.sandbox.client("lambda"), f"{shop.name}-waiting"
    try:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=4)
        found = shop.tune("waiting", "--memory", "256", "--runs", "5").json["regions"][0]
        assert found["cold_calls_at_once"] == 2
        assert any("at most 2 calls at once" in note for note in found["notes"])
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
        assert "reserved concurrency of 1" in shop.tune("waiting", expect=1).err
    finally:
        client.delete_function_concurrency(FunctionName=name)


def test_write_changes_the_spec_and_nothing_else_of_it(shop: Shop) -> None:
    before = shop.spec.read_text()
    try:
        found = shop.tune("waiting", "--memory", "256", "--runs", "5", "--write").json
        assert [(one["before"], one["after"]) for one in found["written"]] == [(None, 256)]
        lines = [line for line in shop.spec.read_text().splitlines(keepends=True) if line != "    memory: 256\n"]
        assert "".join(lines) == before
        assert yaml.safe_load(shop.spec.read_text())["functions"]["waiting"]["memory"] == 256
        changes = shop.run("plan", "-o", "json").json["changes"]
        assert {field["field"] for change in changes for field in change["fields"]} >= {"memory"}
    finally:
        shop.spec.write_text(before)


@pytest.mark.full
@pytest.mark.chaos
@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("operation", "number"),
    [("UpdateFunctionConfiguration", 1), ("PublishVersion", 2), ("Invoke", 3)],
)
def test_after_a_kill_the_same_command_is_as_undisturbed(shop: Shop, operation: str, number: int) -> None:
    code, _ = shop.signalled(signal.SIGKILL, "waiting", nth(operation, number))
    assert code == -signal.SIGKILL
    assert shop.temporary("waiting") or shop.latest("waiting")["MemorySize"] != 1024
    found = shop.tune("waiting", "--memory", "256", "--runs", "5").json
    assert (found["status"], found["regions"][0]["memory_now"]) == ("measured", 1024)


@pytest.mark.full
@pytest.mark.chaos
@pytest.mark.usefixtures("untouched")
def test_after_a_kill_deploy_and_prune_leave_no_version_of_it(shop: Shop) -> None:
    code, _ = shop.signalled(signal.SIGKILL, "waiting", nth("PublishVersion", 2))
    assert code == -signal.SIGKILL
    assert (shop.latest("waiting")["MemorySize"], len(shop.temporary("waiting"))) == (512, 2)
    shop.run("deploy", "-y", "-q")
    shop.run("prune", "-y", "-q")
    assert shop.run("plan", "-o", "json").json["changes"] == []
    shop.tune("waiting", "--memory", "512", "--runs", "5")  # nobody is served from $LATEST: the next run puts it back


@pytest.mark.full
@pytest.mark.chaos
@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("operation", ["PublishVersion", "Invoke"])
def test_an_interrupt_puts_everything_back_at_once(shop: Shop, operation: str) -> None:
    code, told = shop.signalled(signal.SIGINT, "waiting", nth(operation, 1))
    assert code == 130
    assert "everything is as before" in told


@pytest.mark.chaos
def test_a_deploy_meanwhile_is_told_and_stays(shop: Shop) -> None:
    client, name = shop.sandbox.client("lambda"), f"{shop.name}-waiting"
    publish = nth("PublishVersion", 1)

    def deploy(call: Call) -> None:
        if publish(call):
            client.update_function_configuration(
                FunctionName=name, MemorySize=2048, Environment={"Variables": {"MODE": "c"}}
            )

    shop.proxy.after = deploy
    try:
        found = shop.tune("waiting", "--memory", "256,512", expect=1)
    finally:
        shop.proxy.after = lambda _: None
    assert "changed by somebody else" in found.err
    now = shop.latest("waiting")
    assert (now["MemorySize"], now["Environment"]) == (2048, {"Variables": {"MODE": "c"}})
    assert shop.temporary("waiting") == []
    shop.run("deploy", "-y", "-q")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("waiting", "--memory", "64,256"), "--memory: 64 is not a valid memory size"),
        (("waiting", "--memory", "256,10241"), "--memory: 10241 is not a valid memory size"),
        (("waiting", "--memory", "256,half"), "--memory: half is not a valid memory size"),
        (("waiting", "--memory", "256,,512"), "--memory: nothing is not a valid memory size"),
        (("waiting", "--memory", "256,512,256"), "--memory: 256 is given twice"),
        (("waiting", "--runs", "2"), "2 is not in the range"),
        (("waiting", "--payload", "missing.json"), "--payload missing.json: it cannot be read"),
        (("watering",), "the spec has no function 'watering'; did you mean 'waiting'?"),
        (("waiting", "computing"), "tune takes one function, and got 2"),
        ((), "tune takes one function, and got 0"),
        (("waiting", "-r", "eu-west-1"), f"--region eu-west-1: the spec names {EAST}, {WEST}"),
    ],
)
def test_nonsense_is_one_sentence_and_nothing_is_changed(shop: Shop, arguments: tuple[str, ...], told: str) -> None:
    shop.proxy.calls.clear()
    found = shop.run("tune", *arguments, "-y", expect=64)
    assert told in found.err
    assert [call.operation for call in shop.proxy.calls if call.mutating and call.service == "lambda"] == []


@pytest.mark.parametrize("text", ["{not json", '{"a": }'])
def test_a_payload_that_is_no_json_is_told_with_its_place(shop: Shop, text: str) -> None:
    file = shop.folder / "bad.json"
    file.write_text(text)
    assert f"--payload {file}:1:" in shop.run("tune", "waiting", "-y", "--payload", str(file), expect=64).err


def test_nobody_is_asked_who_is_not_there(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert "--yes" in shop.run("tune", "waiting", expect=64).err


def nth(operation: str, number: int) -> Callable[[Call], bool]:
    """Whether this is the nth call of that operation."""
    seen: list[str] = []

    def is_it(call: Call) -> bool:
        if _named(call) == operation:
            seen.append(call.path)
            return len(seen) == number
        return False

    return is_it


def _named(call: Call) -> str:
    """Lambda's operations, which only method and path tell."""
    if call.service != "lambda":
        return ""
    for method, ending, name in (
        ("PUT", "/configuration", "UpdateFunctionConfiguration"),
        ("POST", "/versions", "PublishVersion"),
        ("POST", "/invocations", "Invoke"),
    ):
        if call.method == method and call.path.partition("?")[0].endswith(ending):
            return name
    return "DeleteFunction" if call.method == "DELETE" else ""
