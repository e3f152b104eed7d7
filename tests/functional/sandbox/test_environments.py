from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
import threading
import time
import uuid
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from backendctl.sandbox import cpu, environments
from backendctl.sandbox.bootstrap import is_foreign_name, is_local
from backendctl.sandbox.environment import Environment, Outcome
from backendctl.sandbox.environments import Environments, Place
from backendctl.sandbox.talk import Asked
from tests.functional.sandboxed import archive, eventually

if TYPE_CHECKING:
    from tests.functional.sandboxed import Sandbox

CODE = """
import os, socket, subprocess, sys, time
SEEN = []
def handler(event, context):
    SEEN.append(event)
    what, value = event["what"], event.get("value")
    if what == "wait": time.sleep(value)
    if what == "raise": raise LookupError(value)
    if what == "exit": sys.exit(value)
    if what == "end": os._exit(value)
    if what == "child": return subprocess.Popen(["sleep", "60"]).pid
    if what == "variables": return dict(os.environ)
    if what == "return": return eval(value)
    if what == "remaining": return context.get_remaining_time_in_millis()
    if what == "burn":
        end = time.process_time() + value
        while time.process_time() < end: pass
    if what == "connect":
        try: socket.create_connection(tuple(value), timeout=2)
        except OSError as problem: return str(problem)
        return "connected"
    if what == "datagram":
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", tuple(value))
    if what == "print": print(value)
    return {"calls": len(SEEN), "pid": os.getpid()}
"""


def _config(**more: Any) -> dict[str, Any]:
    basic = {
        "FunctionName": "f",
        "Version": "1",
        "Handler": "app.handler",
        "Runtime": "python3.13",
        "MemorySize": 1769,
        "Timeout": 20,
        "CodeSha256": "a",
    }
    return basic | more


def _call(kept: Environments, what: str, value: Any = None, *, code: str = CODE, **config: Any) -> Outcome:
    setup = _config(**config)
    with kept.lease(Place.of(setup, region="us-east-1"), setup, archive(code)) as leased:
        event = {"what": what, "value": value}
        return leased.call(Asked(request_id=str(uuid.uuid4()), event=event, arn="arn:of:f"))


def _result(outcome: Outcome) -> Any:
    assert outcome.error is None
    return json.loads(outcome.result or "null")


def _pid(outcome: Outcome) -> int:
    pid: int = _result(outcome)["pid"]
    return pid


def _is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_an_environment_is_used_again_and_only_its_first_call_is_cold(kept: Environments) -> None:
    first, second = _call(kept, "count"), _call(kept, "count")
    assert _result(second) == {"calls": 2, "pid": _pid(first)}
    assert first.init_seconds is not None
    assert first.init_seconds > 0
    assert second.init_seconds is None


def test_code_behind_a_link_runs(kept: Environments) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr(zipfile.ZipInfo("lib/real.py"), "def handler(event, context): return __file__[-7:]")
        link = zipfile.ZipInfo("app.py")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(link, "lib/real.py")
    setup = _config(CodeSha256="link")
    with kept.lease(Place.of(setup, region="us-east-1"), setup, buffer.getvalue()) as leased:
        outcome = leased.call(Asked(request_id=str(uuid.uuid4()), event={}, arn="arn:of:f"))
    assert _result(outcome) == "/app.py"


def test_calls_at_the_same_time_have_environments_of_their_own(kept: Environments) -> None:
    with ThreadPoolExecutor() as pool:
        pids = {_pid(outcome) for outcome in pool.map(lambda _: _call(kept, "wait", 1), range(3))}
    assert len(pids) == 3
    assert _pid(_call(kept, "count")) in pids


@pytest.mark.parametrize(
    "change", [{"CodeSha256": "b"}, {"MemorySize": 512}, {"Environment": {"Variables": {"A": "1"}}}]
)
def test_new_code_and_new_configuration_have_new_environments(kept: Environments, change: dict[str, Any]) -> None:
    before = _pid(_call(kept, "count"))
    after = _call(kept, "count", **change)
    assert _pid(after) != before
    assert after.init_seconds is not None
    assert not _is_alive(before)


def test_versions_do_not_share(kept: Environments) -> None:
    first, second = _pid(_call(kept, "count")), _pid(_call(kept, "count", Version="2"))
    assert first != second
    assert _pid(_call(kept, "count")) == first
    kept.discard(region="us-east-1", function="f", version="1")
    assert not _is_alive(first)
    assert _pid(_call(kept, "count", Version="2")) == second


def test_an_idle_environment_expires(kept: Environments) -> None:
    pid = _pid(_call(kept, "count"))
    kept.expire()
    assert _is_alive(pid)
    kept.idle_minutes = 0.005
    time.sleep(0.4)
    kept.expire()
    assert not _is_alive(pid)
    assert _call(kept, "count").init_seconds is not None


def test_an_environment_that_was_idle_too_long_serves_nobody_even_before_it_is_looked_for(kept: Environments) -> None:
    first = _pid(_call(kept, "count"))
    kept.idle_minutes = 1e-9
    assert _pid(_call(kept, "count")) != first


def test_those_which_waited_longest_are_given_up_when_too_many_wait(kept: Environments) -> None:
    kept.most_idle = 2
    pids = {version: _pid(_call(kept, "count", Version=version)) for version in ("1", "2", "3")}
    assert [_is_alive(pid) for pid in pids.values()] == [False, True, True]
    assert _pid(_call(kept, "count", Version="2")) == pids["2"]


@pytest.mark.parametrize(("given", "minutes"), [("0.5", 0.5), ("", 7), (None, 7), ("soon", 7), ("-1", 7)])
def test_the_idle_minutes_are_a_number_above_nothing(given: str | None, minutes: float) -> None:
    assert environments.idle_minutes(given) == minutes


def test_a_discarded_environment_at_work_comes_to_its_end(kept: Environments) -> None:
    with ThreadPoolExecutor() as pool:
        running = pool.submit(_call, kept, "wait", 1)
        time.sleep(0.7)
        kept.discard(region="us-east-1", function="f")
        pid = _pid(running.result())
    assert not _is_alive(pid)


def test_an_environment_is_frozen_between_calls(kept: Environments) -> None:
    code = CODE + "\nimport threading\ndef tick():\n    while True: SEEN.append(0); time.sleep(0.01)\n"
    code += "threading.Thread(target=tick, daemon=True).start()\n"
    before = _result(_call(kept, "count", code=code))["calls"]
    time.sleep(1)
    assert _result(_call(kept, "count", code=code))["calls"] < before + 50


def test_an_exception_is_told_as_aws_does_and_leaves_the_environment(kept: Environments) -> None:
    pid = _pid(_call(kept, "count"))
    error = _call(kept, "raise", "boom").error
    assert error is not None
    assert (error["errorType"], error["errorMessage"]) == ("LookupError", "boom")
    assert len(error["stackTrace"]) == 1
    assert error["stackTrace"][0].startswith('  File "/var/task/app.py", line 8, in handler\n')
    assert _pid(_call(kept, "count")) == pid


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("import nosuch", "Runtime.ImportModuleError", "Unable to import module 'app': No module named 'nosuch'"),
        ("def handler(", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app': "),
        ("other = 1", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        ("raise ValueError('early')", "ValueError", "early"),
    ],
)
def test_what_cannot_be_loaded_says_why(kept: Environments, code: str, kind: str, words: str) -> None:
    outcome = _call(kept, "count", code=code)
    assert outcome.error is not None
    assert outcome.error["errorType"] == kind
    assert outcome.error["errorMessage"].startswith(words)
    assert outcome.status == "error"


@pytest.mark.parametrize(
    ("what", "value", "words"),
    [
        ("exit", 3, "Runtime exited with error: exit status 3"),
        ("end", 0, "Runtime exited without providing a reason"),
    ],
)
def test_a_handler_which_ends_its_process_costs_the_environment(
    kept: Environments, what: str, value: int, words: str
) -> None:
    outcome = _call(kept, what, value)
    assert outcome.error is not None
    assert outcome.error["errorType"] == "Runtime.ExitError"
    assert words in outcome.error["errorMessage"]
    assert _call(kept, "count").init_seconds is not None


def test_answers_which_are_no_json_or_too_large_are_errors(kept: Environments) -> None:
    for value, kind in (("{1, 2}", "Runtime.MarshalError"), ("'x' * 7_000_000", "Function.ResponseSizeTooLarge")):
        error = _call(kept, "return", value).error
        assert error is not None
        assert error["errorType"] == kind


def test_a_handler_is_killed_at_its_timeout_with_its_children(kept: Environments) -> None:
    child = _result(_call(kept, "child", Timeout=1))
    assert _is_alive(child)
    outcome = _call(kept, "wait", 30, Timeout=1)
    assert outcome.error is not None
    assert outcome.error["errorType"] == "Sandbox.Timedout"
    assert outcome.error["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert (outcome.status, outcome.seconds) == ("timeout", 1)
    assert outcome.lines[-1][1].endswith(" Task timed out after 1.00 seconds")
    eventually(lambda: not _is_alive(child))  # the signal is on its way, and nobody waits for a child of a child


def test_the_remaining_time_is_of_the_timeout(kept: Environments) -> None:
    assert 15_000 < _result(_call(kept, "remaining")) <= 20_000


def test_large_events_and_much_output_pass(kept: Environments) -> None:
    outcome = _call(kept, "print", "y" * 3_000_000)
    assert [len(text) for _, text in outcome.lines] == [3_000_000]
    assert _result(outcome)["calls"] == 1


def test_memory_used_is_real(kept: Environments) -> None:
    before = _call(kept, "count").peak
    assert 5 < before < 60
    assert _call(kept, "return", "len(bytearray(100 * 1024 * 1024))").peak >= before + 95


def test_nothing_of_the_host_is_visible(kept: Environments) -> None:
    function = {"Variables": {"TABLE": "places", "AWS_REGION": "mars"}}
    seen = _result(_call(kept, "variables", Environment=function))
    assert "SECRET_OF_THE_HOST" not in seen
    assert seen["TABLE"] == "places"
    assert seen["AWS_REGION"] == "us-east-1"
    assert seen["AWS_LAMBDA_FUNCTION_VERSION"] == "1"
    assert not [name for name in seen if name.startswith(("MINISTACK", "BACKENDCTL", "DOCKER"))]


@pytest.mark.parametrize("address", [["192.0.2.1", 80], ["2001:db8::1", 80], ["example.com", 443]])
def test_there_is_no_way_out(kept: Environments, address: list[Any]) -> None:
    said = _result(_call(kept, "connect", address))
    assert "a sandbox " in said
    assert address[0] in said


def test_no_datagram_leaves(kept: Environments) -> None:
    error = _call(kept, "datagram", ["192.0.2.1", 53]).error
    assert error is not None
    assert "Network is unreachable" in error["errorMessage"]


def test_the_loopback_interface_is_open(kept: Environments) -> None:
    import socket  # noqa: PLC0415 - nothing else here needs it

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert _result(_call(kept, "connect", ["127.0.0.1", port])) == "connected"
        assert _result(_call(kept, "connect", ["localhost", port])) == "connected"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "api.localhost", "", None, b"localhost"]
)
def test_hosts_at_home(host: object) -> None:
    assert is_local(host)
    assert not is_foreign_name(host)


@pytest.mark.parametrize("host", ["127.0.0.1.example.com", "localhost.example.com", "169.254.169.254", "10.0.0.1"])
def test_hosts_abroad(host: str) -> None:
    assert not is_local(host)


@pytest.mark.full
@pytest.mark.skipif(cpu.used(os.getpid()) is None, reason="the system does not tell the processor time of others")
def test_processor_time_follows_memory(kept: Environments) -> None:
    """A tenth of a second of work takes a seventh of a processor seven tenths; a whole one is not held back."""
    for memory in (256, 1024):
        _call(kept, "count", MemorySize=memory, Version=str(memory))
    small, large = (
        min(_call(kept, "burn", 0.2, MemorySize=memory, Version=str(memory)).seconds for _ in range(3))
        for memory in (256, 1024)
    )
    assert 0.2 / cpu.share(256) * 0.8 < small
    assert 0.2 / cpu.share(1024) * 0.8 < large
    assert large < small


def test_other_programs_do_not_make_a_handler_slower(kept: Environments) -> None:
    _call(kept, "count")
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        began = time.monotonic()
        seconds = [_call(kept, "burn", 0.1).seconds for _ in range(3)]
        whole = time.monotonic() - began
    finally:
        for other in busy:
            other.kill()
            other.wait()
    assert min(seconds) < 0.15
    assert sum(seconds) < 0.8 * whole


def test_waiting_is_not_held_back(kept: Environments) -> None:
    _call(kept, "count", MemorySize=128)
    assert _call(kept, "wait", 0.3, MemorySize=128).seconds < 0.3 / cpu.share(128)


def test_ending_ends_calls_too(kept: Environments) -> None:
    outcomes: list[Outcome] = []
    caller = threading.Thread(target=lambda: outcomes.append(_call(kept, "wait", 15)))
    caller.start()
    time.sleep(1)
    kept.end()
    caller.join(timeout=5)
    assert [outcome.status for outcome in outcomes] == ["error"]


def test_an_environment_never_called_ends_quietly(tmp_path: Path) -> None:
    unused = Environment(config=_config(), region="us-east-1", code=tmp_path, base={})
    unused.end()
    assert unused.pid is None


def test_aliases_of_one_version_share_its_environments(sandbox: Sandbox) -> None:
    name, client = f"function-{uuid.uuid4().hex[:8]}", sandbox.client("lambda")
    sandbox.function(name, CODE)
    client.publish_version(FunctionName=name)
    for alias in ("a", "b"):
        client.create_alias(FunctionName=name, Name=alias, FunctionVersion="1")

    def pid(qualifier: str) -> int:
        answer = client.invoke(FunctionName=name, Qualifier=qualifier, Payload=b'{"what": "count"}')
        found: int = json.loads(answer["Payload"].read())["pid"]
        return found

    assert pid("a") == pid("b") == pid("1")
    assert pid("$LATEST") != pid("a")
    client.delete_function(FunctionName=name)


def test_handlers_end_with_a_sandbox_that_is_killed(fresh_sandbox: Sandbox) -> None:
    fresh_sandbox.function("f", CODE)
    answer = fresh_sandbox.client("lambda").invoke(FunctionName="f", Payload=b'{"what": "count"}')
    handler = json.loads(answer["Payload"].read())["pid"]
    server = fresh_sandbox.start().pid
    assert server is not None
    os.kill(server, 9)
    eventually(lambda: not _is_alive(handler))
