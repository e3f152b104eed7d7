"""A drain and a restore that are killed at any call are finished by the same command, and nothing is lost."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from backendctl.sandbox.process import default_data
from tests.functional.drained import Clients, with_health_path
from tests.functional.killing import killed
from tests.functional.project import Project, environment, make_project
from tests.functional.proxy import Call, Proxy, proxying
from tests.functional.sandboxed import EAST, WEST, Sandbox

pytestmark = [pytest.mark.chaos, pytest.mark.full]
_LONGEST = 20
"""Mutating calls that a drain or a restore may make, at most."""


@dataclass(kw_only=True)
class Backend:
    """A backend behind a proxy that sees every call."""

    project: Project
    proxy: Proxy

    def kill(self, verb: str, number: int, *, done: bool) -> bool:
        """Kill a verb at its n-th mutating call; whether it made so many. done: whether AWS gets that call."""
        seen: list[Call] = []

        def moment(call: Call) -> bool:
            if not call.mutating or not call.service:
                return False
            seen.append(call)
            return len(seen) == number

        line = [verb, WEST, str(self.project.folder / "spec.yaml"), "-y", "--sandbox", "--port", str(self.proxy.port)]
        return killed(self.proxy, line, moment, done=done).code < 0

    def phase(self) -> str:
        """What the newest mark says; "" without one."""
        found: list[dict[str, Any]] = []
        for region in (EAST, WEST):
            path = f"/backendctl/{self.project.name}/drained/"
            listed = self.project.client("ssm", region).get_parameters_by_path(Path=path)["Parameters"]
            found += [json.loads(one["Value"]) for one in listed]
        return str(max(found, key=lambda one: one["serial"], default={"phase": ""})["phase"])

    def flags(self) -> set[tuple[bool, bool]]:
        """Inverted and Disabled of the region's health check."""
        checks = self.project.client("route53", EAST).list_health_checks()["HealthChecks"]
        mark = f"backendctl/{self.project.name}/{WEST}/"
        ours = [one["HealthCheckConfig"] for one in checks if one["CallerReference"].startswith(mark)]
        return {(bool(one.get("Inverted")), bool(one.get("Disabled"))) for one in ours}


@pytest.fixture(scope="module")
def backend(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """Two regions that serve."""
    home = tmp_path_factory.mktemp("killed")
    with (
        environment(XDG_DATA_HOME=str(home / "data"), XDG_STATE_HOME=str(home / "state")),
        proxying(Proxy(upstream=sandbox.url)) as proxy,
    ):
        data = default_data(proxy.port)
        data.parent.mkdir(parents=True)
        data.symlink_to(sandbox.data)
        folder = home / "project"
        folder.mkdir()
        name = f"k{uuid.uuid4().hex[:6]}"
        project = with_health_path(make_project(folder, name=name, port=proxy.port, regions=[EAST, WEST]))
        project.deploy()
        yield Backend(project=project, proxy=proxy)


@pytest.mark.parametrize("done", [False, True])
def test_killed_at_every_call_it_is_finished_by_the_same_command(backend: Backend, *, done: bool) -> None:
    project, clients = backend.project, Clients(project=backend.project)
    with clients.load(places=(EAST, WEST), pause=0.2).running() as load:
        for verb, finished, forced in (("drain", "drained", True), ("restore", "restored", False)):
            for number in _until_it_ends(partial(backend.kill, verb, done=done)):
                result = project.run(verb, WEST, "-y", expect=None)
                over = "is drained already" if verb == "drain" else "is not drained"
                assert result.code == 0 or over in result.err, (number, result.err)
                assert backend.phase() == finished
                assert backend.flags() == {(forced, forced)}
                project.run("restore" if verb == "drain" else "drain", WEST, "-y")
            project.run(verb, WEST, "-y", expect=None)
    assert [one for one in load.samples if one.failed] == []
    project.assert_nothing_to_do()


def _until_it_ends(kill: Callable[[int], bool]) -> Iterator[int]:
    """Each call at which it was killed, until it makes no more calls."""
    for number in range(1, _LONGEST):
        if not kill(number):
            return
        yield number
    raise AssertionError("it never ends")
