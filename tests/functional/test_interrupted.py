"""Killed, cut off or interrupted at any call: the same command finishes, nothing is there twice, users see no seam."""

from __future__ import annotations

import contextlib
import logging
import random
import re
import signal
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from backendctl.sandbox.process import default_data
from tests.functional.copied_command import Begun, begun
from tests.functional.marked import Users, write_release
from tests.functional.project import Project, environment, make_project
from tests.functional.proxy import CUT, Answer, Call, Cut, Proxy, proxying
from tests.functional.sandboxed import EAST, WEST, Sandbox
from tests.seed import SEED

pytestmark = pytest.mark.chaos

logger = logging.getLogger(__name__)

PARTS = 3
UNAVAILABLE = Answer(status=503, body='{"message": "Service Unavailable"}')


@dataclass(kw_only=True)
class Backend:
    """A backend whose answers say which code and which definition gave them, behind a proxy."""

    project: Project
    proxy: Proxy
    sandbox: Sandbox

    def release(self, number: int) -> None:
        """Write new code and a new definition."""
        write_release(self.project, number)

    def start(self, *options: str) -> Begun:
        """`backendctl deploy -y` as a process of its own."""
        line = ["deploy", str(self.project.folder / "spec.yaml"), "-y", "--sandbox", "--port", str(self.proxy.port)]
        return begun([*line, *options])

    def interrupt(self, number: int, what: signal.Signals, *, done: bool) -> tuple[int, str, str]:
        """Deploy, and send the process a signal at its n-th mutating call.

        Args:
            done: whether AWS gets that call; its answer is never heard when the signal kills.
        """
        process = self.start()
        moment = _Moment(number=number, act=lambda: process.send_signal(what))

        def before(call: Call) -> Cut | None:
            hit = not done and moment.passes(call)
            return CUT if hit and what is signal.SIGKILL else None

        def after(call: Call) -> Cut | None:
            hit = done and moment.passes(call)
            return CUT if hit and what is signal.SIGKILL else None

        with self.hooked(before=before, after=after):
            out, err = process.communicate(timeout=60)
        logger.warning("seed %s: %s at call %s, %s: %s", SEED, what.name, number, "done" if done else "cut", moment.hit)
        return process.wait(), out, err

    @contextlib.contextmanager
    def hooked(
        self,
        *,
        before: Callable[[Call], Answer | Cut | None] = lambda _: None,
        after: Callable[[Call], Cut | None] = lambda _: None,
    ) -> Iterator[None]:
        """The proxy does something for a while."""
        self.proxy.before, self.proxy.after = before, after
        try:
            yield
        finally:
            self.proxy.before, self.proxy.after = (lambda _: None), (lambda _: None)

    def assert_finished(self, *, versions: int) -> None:
        """The same command ends well, there is nothing left to do, and nothing is there twice."""
        self.project.deploy()
        self.project.assert_nothing_to_do()
        name = self.project.name
        for region in (EAST, WEST):
            assert len(self.project.apis(region)) == 1
            found = self.project.client("lambda", region).list_versions_by_function(FunctionName=f"{name}-one")
            assert [version["Version"] for version in found["Versions"][1:]] == [f"{n + 1}" for n in range(versions)]
        checks = self.project.client("route53", EAST).list_health_checks()["HealthChecks"]
        ours = [check for check in checks if check["CallerReference"].startswith(f"backendctl/{name}/")]
        assert len(ours) == len((EAST, WEST))


@dataclass(kw_only=True)
class _Moment:
    """The n-th mutating call, whichever thread makes it."""

    number: int
    act: Callable[[], None]
    hit: str = "never"
    _seen: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def passes(self, call: Call) -> bool:
        """Whether it is this call; then also act."""
        with self._lock:
            self._seen += call.mutating
            if not call.mutating or self._seen != self.number:
                return False
            self.hit = f"{call.region} {call.service} {call.operation}"
            self.act()
            return True


@pytest.fixture(scope="module")
def proxy(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """A way to the sandbox on which calls can be counted and cut; `--sandbox --port` takes it for the sandbox."""
    home = tmp_path_factory.mktemp("interrupted")
    with (
        environment(XDG_DATA_HOME=str(home / "data"), XDG_STATE_HOME=str(home / "state")),
        proxying(Proxy(upstream=sandbox.url)) as running,
    ):
        data = default_data(running.port)
        data.parent.mkdir(parents=True)
        data.symlink_to(sandbox.data)
        yield running


def make_backend(folder: Path, proxy: Proxy, sandbox: Sandbox) -> Backend:
    """One function, one table, an API and a domain in two regions; not deployed."""
    folder.mkdir(exist_ok=True)
    project = make_project(folder, name=f"i{uuid.uuid4().hex[:6]}", port=proxy.port, regions=[EAST, WEST])
    del project.spec["functions"]["two"]
    project.spec["api"]["stages"]["prodv1"]["variables"] = {"oneAlias": "version1"}
    backend = Backend(project=project, proxy=proxy, sandbox=sandbox)
    backend.release(1)
    return backend


@pytest.fixture(scope="module")
def served(proxy: Proxy, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Backend:
    """Deployed without trouble."""
    backend = make_backend(tmp_path_factory.mktemp("served"), proxy, sandbox)
    backend.project.deploy()
    return backend


def somewhere(part: int, calls: int) -> tuple[int, bool]:
    """A call in that part of all calls, and whether it is to be done."""
    dice = random.Random(f"{SEED}/{part}/{calls}")  # noqa: S311  # no secret
    return 1 + (part * calls + dice.randrange(calls)) // PARTS, dice.random() < 0.5


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.full) for part in range(1, PARTS))])
def test_a_release_killed_at_any_call_is_finished_and_no_user_sees_a_mix(part: int, served: Backend) -> None:
    release = _next_release(served)
    users = Users(url=served.sandbox.url, host=served.project.domain)
    number, done = somewhere(part, 18)
    with users.asking():
        code, _, _ = served.interrupt(number, signal.SIGKILL, done=done)
        served.assert_finished(versions=release)
    assert code == -signal.SIGKILL
    assert users.complaints == []
    for seen in users.seen.values():  # in between both may take turns: hosts hear of a change one by one (A51, B43)
        assert (seen[0], seen[-1], len(set(seen))) == (f"r{release - 1}", f"r{release}", 2)


def _next_release(backend: Backend) -> int:
    """Write it; its number is that of the version it will be."""
    found = backend.project.client("lambda", EAST).list_versions_by_function(FunctionName=f"{backend.project.name}-one")
    number = len(found["Versions"])
    backend.release(number)
    return number


def silent(region: str, *, after: int = 0) -> Callable[[Call], Answer | None]:
    """A region that answers nothing but 503, from its n-th mutating call on."""
    seen: list[Call] = []

    def answer(call: Call) -> Answer | None:
        if call.region != region or call.service in {"route53", "iam"}:
            return None
        seen.extend([call] if call.mutating else [])
        return UNAVAILABLE if len(seen) >= after else None

    return answer


@pytest.mark.full
def test_while_one_region_is_down_the_other_is_released_and_the_same_command_finishes(served: Backend) -> None:
    release = _next_release(served)
    with served.hooked(before=silent(WEST)):
        result = served.project.run("deploy", "-y", expect=5)
    assert re.search(rf"Error: .*{WEST}.*\nNext: .*same command", result.err)
    assert " to delete" not in result.out
    served.sandbox.arrived()
    assert served.project.get("/v1/marked/x", EAST)[1]["code"] == f"r{release}"
    assert served.project.get("/v1/marked/x", WEST)[1]["code"] == f"r{release - 1}"
    served.assert_finished(versions=release)
    assert served.project.get("/v1/marked/x", WEST)[1]["code"] == f"r{release}"


def test_a_region_that_goes_down_in_the_middle_stops_only_itself(served: Backend) -> None:
    release = _next_release(served)
    with served.hooked(before=silent(WEST, after=8)):
        result = served.project.run("deploy", "-y", expect=5)
    assert f"{WEST}/" in result.err
    without = (
        f"To continue without {WEST}: the same command with only -r {EAST}. "  # where its rest waits for the other
    )
    later = f"Once {WEST} answers again: the same command finishes the rest"
    assert re.search(rf"skipped\. ({re.escape(without)})?{later}", result.err), result.err
    served.sandbox.arrived()
    assert served.project.get("/v1/marked/x", EAST)[1]["code"] == f"r{release}"
    served.assert_finished(versions=release)


def test_an_interrupt_lets_what_is_under_way_finish_and_says_what_is_left(served: Backend, tmp_path: Path) -> None:
    backend = make_backend(tmp_path, served.proxy, served.sandbox)
    code, _, err = backend.interrupt(20, signal.SIGINT, done=True)
    assert code == 5
    assert "calls in progress finish" in err
    last = err.strip().splitlines()[-1]
    assert re.fullmatch(r"Interrupted: \d+ done, \d+ skipped\. To continue: the same command", last)
    backend.assert_finished(versions=1)
