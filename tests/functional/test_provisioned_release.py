"""Provisioned concurrency and SnapStart through releases: nobody meets a cold environment, a rollback neither."""

from __future__ import annotations

import base64
import json
import signal
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import urllib3

from backendctl.sandbox.process import default_data
from tests.functional.copied_command import begun
from tests.functional.project import Project, environment, make_project
from tests.functional.proxy import CUT, Call, Cut, Proxy, proxying
from tests.functional.sandboxed import EAST, Sandbox, arrived, eventually

CODE = """
import json
import os

RELEASE = "r{release}"
KIND = os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]


def handler(event, context):
    return {{"statusCode": 200, "body": json.dumps({{"release": RELEASE, "kind": KIND}})}}
"""
BROKEN = """
raise RuntimeError("not today")


def handler(event, context):
    return {}
"""
KEPT = "provisioned-concurrency"
Made = Callable[..., Project]


def write(project: Project, release: int) -> None:
    """Other code of "one"."""
    (project.folder / "functions" / "one" / "app.py").write_text(CODE.format(release=release))


def only_one(project: Project, warm: Any) -> Project:
    """The project with one function, which is kept warm so."""
    del project.spec["functions"]["two"], project.spec["domain"], project.spec["tables"], project.routes["/two"]
    project.spec["functions"]["one"] |= {"warm": warm, "environment": {}}
    project.spec["api"]["stages"]["prodv1"] = {"variables": {"oneAlias": "version1"}}
    write(project, 1)
    project.save()
    return project


@pytest.fixture
def live(new_project: Made) -> Project:
    """Release 1 is live in one region, with two environments provisioned."""
    project = only_one(new_project(regions=[EAST]), {"provisioned": 2})
    project.deploy()
    write(project, 2)
    return project


def host(project: Project) -> str:
    """The stage's own host name."""
    return f"{project.apis(EAST)[0]['id']}.execute-api.{EAST}.localhost"


def answer(url: str, host: str) -> tuple[str, str]:
    """One request: release and kind of initialization; ("", status) when it failed."""
    found = urllib3.request("GET", f"{url}/prodv1/one", headers={"Host": host}, retries=False)
    return tuple(found.json().values()) if found.status == 200 else ("", str(found.status))


@dataclass(kw_only=True)
class Load:
    """Requests one after the other, counted by release and kind of initialization."""

    url: str
    host: str
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self._stop.wait(0.01):
            self.seen[answer(self.url, self.host)] += 1

    def end(self) -> None:
        self._stop.set()


@contextmanager
def load(project: Project) -> Iterator[Load]:
    users = Load(url=project.url, host=host(project))
    thread = threading.Thread(target=users.run)
    thread.start()
    try:
        yield users
    finally:
        users.end()
        thread.join()


def configs(project: Project) -> dict[str, tuple[int, str]]:
    """Alias → environments asked for, and their status."""
    found = project.client("lambda", EAST).list_provisioned_concurrency_configs(FunctionName=f"{project.name}-one")
    return {
        one["FunctionArn"].rpartition(":")[2]: (one["RequestedProvisionedConcurrentExecutions"], one["Status"])
        for one in found["ProvisionedConcurrencyConfigs"]
    }


def hours_later(project: Project) -> None:
    """The log of releases says that the last one was some hours earlier than it was."""
    ssm, root = project.client("ssm", EAST), f"/backendctl/{project.name}/release-log/"
    newest = max(ssm.get_parameters_by_path(Path=root)["Parameters"], key=lambda one: int(one["Name"][len(root) :]))
    value = json.dumps({**json.loads(newest["Value"]), "time": "2026-01-01T00:00:00Z"})
    ssm.put_parameter(Name=newest["Name"], Value=value, Type="String", Overwrite=True)


def test_a_release_turns_to_ready_environments_and_gives_the_old_ones_back_after_the_bake_time(live: Project) -> None:
    with load(live) as users:
        live.deploy()
        eventually(lambda: answer(users.url, users.host)[0] == "r2")
    assert {kind for _, kind in users.seen} == {KEPT}
    assert {release for release, _ in users.seen} >= {"r1"}
    assert configs(live) == {"version1-a": (2, "READY"), "version1-b": (2, "READY")}
    kept = live.plan().json
    assert kept["changes"] == []
    (note,) = [one["note"] for one in kept["notes"] if one["address"] == f"{EAST}/provisioned/one:version1-a"]
    assert note.startswith("kept until 20")
    assert note.endswith("(bake-time 30 minutes)")
    hours_later(live)
    plan = live.plan().json
    assert {change["address"]: change["action"] for change in plan["changes"]} == {
        f"{EAST}/provisioned/one:version1-a": "delete"
    }
    assert "its bake time is over" in plan["notes"][0]["note"]
    live.deploy()
    assert configs(live) == {"version1-b": (2, "READY")}
    live.assert_nothing_to_do()


def test_a_rollback_within_the_bake_time_turns_at_once_and_nobody_meets_a_cold_environment(live: Project) -> None:
    live.deploy()
    with load(live) as users:
        result = live.run("rollback", "-y", "-o", "json")
        arrived(live.url)
        eventually(lambda: answer(users.url, users.host)[0] == "r1")
    assert {kind for _, kind in users.seen} == {KEPT}
    assert "version1-a has 2 provisioned environments READY" in result.out
    assert not [one for one in result.actions() if "/provisioned/" in one]


def test_a_rollback_after_the_bake_time_turns_at_once_or_waits_when_asked(live: Project) -> None:
    live.deploy()
    hours_later(live)
    live.run("prune", "-y")
    assert configs(live) == {"version1-b": (2, "READY")}
    at_once = live.run("rollback", "--dry-run")
    assert "the stage is switched at once, and calls may be cold until then" in at_once.out
    with load(live) as users:
        live.run("rollback", "-y", "--wait-warm")
        arrived(live.url)
        eventually(lambda: answer(users.url, users.host)[0] == "r1")
    assert {kind for _, kind in users.seen} == {KEPT}
    assert configs(live)["version1-a"] == (2, "READY")


def test_a_canary_begins_on_ready_environments(live: Project) -> None:
    with load(live) as users:
        live.run("start-canary", "-y", "--percent", "50")
        arrived(live.url)
        eventually(lambda: answer(users.url, users.host)[0] == "r2")
    assert {kind for _, kind in users.seen} == {KEPT}
    assert configs(live)["version1-b"] == (2, "READY")


@pytest.mark.full
def test_a_number_set_by_hand_is_left_and_goes_with_the_release(live: Project) -> None:
    live.client("lambda", EAST).put_provisioned_concurrency_config(
        FunctionName=f"{live.name}-one", Qualifier="version1-a", ProvisionedConcurrentExecutions=3
    )
    eventually(lambda: configs(live)["version1-a"] == (3, "READY"))
    write(live, 1)
    told = live.plan().json
    assert told["changes"] == []
    assert [one["note"].partition(",")[0] for one in told["notes"]] == ["set to 3 by hand"]
    write(live, 2)
    live.deploy()
    assert configs(live)["version1-b"] == (3, "READY")
    live.assert_nothing_to_do()


@pytest.mark.full
def test_what_the_spec_does_not_know_is_neither_taken_nor_lost(live: Project) -> None:
    live.spec["functions"]["one"]["warm"] = False
    live.save()
    live.deploy()  # with other code as well: what the spec wants no more forbids no turn
    assert configs(live) == {}
    live.assert_nothing_to_do()
    live.client("lambda", EAST).put_provisioned_concurrency_config(
        FunctionName=f"{live.name}-one", Qualifier="version1-b", ProvisionedConcurrentExecutions=1
    )
    live.assert_nothing_to_do()
    write(live, 3)
    refused = live.deploy(expect=1)
    assert "say `warm: {provisioned: 1}` in the spec" in refused.err
    assert configs(live).keys() == {"version1-b"}


@pytest.mark.full
def test_a_handler_that_cannot_be_loaded_is_told_and_gets_no_traffic(live: Project) -> None:
    (live.folder / "functions" / "one" / "app.py").write_text(BROKEN)
    result = live.deploy(expect=None)
    assert result.code != 0
    assert "could not make 2 environments" in result.err
    assert "FUNCTION_ERROR_INIT_FAILURE" in result.err
    assert answer(live.url, host(live)) == ("r1", KEPT)


@pytest.mark.full
def test_more_than_the_account_has_is_refused_before_the_first_call(live: Project) -> None:
    live.spec["functions"]["one"]["warm"] = {"provisioned": 950}
    live.save()
    refused = live.deploy(expect=1)
    assert "of which 100 must stay unreserved" in refused.err
    assert configs(live) == {"version1-a": (2, "READY")}


def test_snapstart_restores_new_environments_of_published_versions(new_project: Made) -> None:
    project = only_one(new_project(regions=[EAST]), "snapstart")
    project.deploy()
    write(project, 2)
    project.deploy()
    functions = project.client("lambda", EAST)
    found = functions.get_function_configuration(FunctionName=f"{project.name}-one", Qualifier="version1-b")
    assert (found["State"], found["SnapStart"]["OptimizationStatus"]) == ("Active", "On")
    told = functions.invoke(FunctionName=f"{project.name}-one", Qualifier="version1-b", LogType="Tail")
    report = base64.b64decode(told["LogResult"]).decode()
    assert "Restore Duration: " in report
    assert "Init Duration" not in report
    assert answer(project.url, host(project)) == ("r2", "snap-start")
    project.assert_nothing_to_do()


@pytest.mark.full
@pytest.mark.chaos
@pytest.mark.parametrize(
    ("method", "path", "done"),
    [
        ("PUT", "/provisioned-concurrency", False),
        ("PUT", "/provisioned-concurrency", True),
        ("PATCH", "/stages/", True),
    ],
)
def test_killed_in_between_the_same_command_finishes(
    method: str, path: str, *, done: bool, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("killed")
    with (
        environment(XDG_DATA_HOME=str(home / "data"), XDG_STATE_HOME=str(home / "state")),
        proxying(Proxy(upstream=sandbox.url)) as proxy,
    ):
        data = default_data(proxy.port)
        data.parent.mkdir(parents=True)
        data.symlink_to(sandbox.data)
        made = make_project(home, name=f"k{uuid.uuid4().hex[:6]}", port=proxy.port, regions=[EAST])
        project = only_one(made, {"provisioned": 1})
        project.deploy()
        write(project, 2)
        _kill(project, proxy, lambda call: call.method == method and path in call.path, done=done)
        project.deploy()
        assert configs(project) == {"version1-a": (1, "READY"), "version1-b": (1, "READY")}
        assert answer(sandbox.url, host(project)) == ("r2", KEPT)
        project.assert_nothing_to_do()


def _kill(project: Project, proxy: Proxy, moment: Callable[[Call], bool], *, done: bool) -> None:
    line = ["deploy", str(project.folder / "spec.yaml"), "-y", "--sandbox", "--port", str(project.port)]
    process = begun(line)

    def kill(call: Call) -> Cut | None:
        if not moment(call):
            return None
        process.send_signal(signal.SIGKILL)
        return CUT

    setattr(proxy, "after" if done else "before", kill)
    assert process.wait(timeout=120) == -signal.SIGKILL
    proxy.before = proxy.after = lambda _: None
