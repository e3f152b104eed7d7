"""Not one failed request, and no request that meets a mix, whatever a release does and wherever it is killed."""

from __future__ import annotations

import json
import logging
import math
import os
import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from backendctl.sandbox.process import default_data
from tests.functional.killing import killed
from tests.functional.marked import Users, write_release
from tests.functional.project import Project, environment, make_project
from tests.functional.proxy import Answer, Call, Proxy, proxying
from tests.functional.sandboxed import EAST, WEST, Sandbox

pytestmark = pytest.mark.chaos

logger = logging.getLogger(__name__)
BOTH = (EAST, WEST)
PARTS = 4
"""Each takes every fourth call, so that several processes share the work."""
EVERY_CALL = bool(os.environ.get("BACKENDCTL_TEST_EVERY_CALL"))


@dataclass(kw_only=True)
class Backend:
    """One function behind one stage in two regions, behind a proxy that sees every call."""

    project: Project
    proxy: Proxy
    sandbox: Sandbox
    release: int = 1

    def write_next(self) -> None:
        """A release that is not out yet."""
        self.release += 1
        write_release(self.project, self.release)

    def run(self, verb: str, *arguments: str) -> None:
        """A verb that ends well."""
        self.project.run(verb, "-y", *arguments)

    def killed(self, moment: Callable[[Call], bool], *, done: bool, arguments: tuple[str, ...]) -> int:
        """Run a verb as a process of its own, and kill it at a call; its exit code.

        Args:
            done: whether AWS gets that call; its answer is never heard.
        """
        line = [arguments[0], str(self.project.folder / "spec.yaml"), "-y", *arguments[1:]]
        return killed(self.proxy, [*line, "--sandbox", "--port", str(self.proxy.port)], moment, done=done).code

    def users(self, *, each: int = 1, pause: float = 0.01) -> Users:
        """Who ask both regions."""
        return Users(url=self.sandbox.url, host=self.project.domain, each=each, pause=pause)

    def stage(self, region: str) -> dict[str, object]:
        """As AWS has it."""
        api = self.project.apis(region)[0]["id"]
        found: dict[str, object] = self.project.client("apigateway", region).get_stage(
            restApiId=api, stageName="prodv1"
        )
        return found


@pytest.fixture(scope="module")
def backend(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """Release 1 is live."""
    home = tmp_path_factory.mktemp("released")
    with (
        environment(XDG_DATA_HOME=str(home / "data"), XDG_STATE_HOME=str(home / "state")),
        proxying(Proxy(upstream=sandbox.url)) as proxy,
    ):
        data = default_data(proxy.port)
        data.parent.mkdir(parents=True)
        data.symlink_to(sandbox.data)
        folder = home / "project"
        folder.mkdir()
        project = make_project(folder, name=f"l{uuid.uuid4().hex[:6]}", port=proxy.port, regions=list(BOTH))
        del project.spec["functions"]["two"]
        project.spec["api"]["stages"]["prodv1"]["variables"] = {"oneAlias": "version1"}
        write_release(project, 1)
        project.deploy()
        yield Backend(project=project, proxy=proxy, sandbox=sandbox)


@pytest.mark.full
def test_under_load_no_request_fails_or_meets_a_mix_and_the_share_is_what_was_asked(backend: Backend) -> None:
    users = backend.users(each=2, pause=0.005)
    with users.asking():
        backend.write_next()
        backend.run("publish")
        backend.run("start-canary", "--percent", "20")
        backend.sandbox.arrived()
        users.fresh_counts()
        asked = users.asked
        while users.asked < asked + 800:
            time.sleep(0.05)
        counts = users.fresh_counts()
        backend.run("promote-canary", "--to", "50", "--ignore-verdict")
        backend.run("abort-canary")
        backend.run("start-canary", "--percent", "5")
        backend.run("promote-canary", "--full", "--ignore-verdict")
        backend.run("rollback")
        backend.run("deploy")
    logger.warning("%d requests, %d failed or mixed, shares at 20 %%: %s", users.asked, len(users.complaints), counts)
    assert users.complaints == []
    for region in BOTH:
        assert_share(counts[region], new=f"r{backend.release}", share=0.2)


def assert_share(counts: Counter[str], *, new: str, share: float) -> None:
    """Within four standard deviations of what was asked."""
    requests = sum(counts.values())
    assert abs(counts[new] - share * requests) < 4 * math.sqrt(requests * share * (1 - share))


@pytest.mark.full
@pytest.mark.parametrize("part", range(PARTS))
def test_a_promotion_killed_at_any_call_is_finished_by_the_same_command(part: int, backend: Backend) -> None:
    users = backend.users()
    kills: list[str] = []
    with users.asking():
        number, done = 1 + part, False
        start(backend)
        while True:
            seen: list[Call] = []
            code = backend.killed(
                nth(number, seen), done=done, arguments=("promote-canary", "--full", "--ignore-verdict")
            )
            if code == 0:
                break
            assert code == -signal.SIGKILL
            kills.append(f"{seen[-1].region} {seen[-1].operation} {'done' if done else 'cut'}")
            if any(call.mutating for call in seen[: len(seen) if done else -1]):
                finish(backend)
                start(backend)
            mutating = seen[-1].mutating
            number, done = (number, True) if mutating and not done else (number + PARTS, False)
        finish(backend)
    complaints = users.complaints
    logger.warning("killed at %s; %d requests, %d failed or mixed", ", ".join(kills), users.asked, len(complaints))
    assert len(kills) > 3
    assert complaints == []


def test_a_region_that_fails_stops_the_waves_after_it_and_the_same_command_goes_on(backend: Backend) -> None:
    start(backend)
    backend.proxy.before = refusing_turns(WEST)
    try:
        result = backend.project.run("promote-canary", "-y", "--full", "--ignore-verdict", expect=5)
    finally:
        backend.proxy.before = lambda _: None
    assert f"update {WEST}/stage/prodv1" in result.err
    assert f"{EAST}/stage/prodv1 not tried: {WEST}/stage/prodv1" in result.err
    assert [bool(backend.stage(region).get("canarySettings")) for region in BOTH] == [True, True]
    finish(backend)


@pytest.mark.full
def test_while_a_region_is_silent_no_wave_goes_past_it_and_the_exit_code_tells(backend: Backend) -> None:
    start(backend)
    down = Answer(status=503, body='{"message": "Service Unavailable"}')
    backend.proxy.before = lambda call: down if call.region == WEST else None
    try:
        result = backend.project.run("promote-canary", "-y", "--full", "--ignore-verdict", expect=5)
    finally:
        backend.proxy.before = lambda _: None
    assert f"read {WEST}/canary" in result.err
    assert f"To continue without {WEST}: " in result.err
    assert f"only -r {EAST}. Once {WEST} answers again" in result.err
    assert "Promoted" not in result.out
    assert [bool(backend.stage(region).get("canarySettings")) for region in BOTH] == [True, True]
    finish(backend)


def refusing_turns(region: str) -> Callable[[Call], Answer | None]:
    """That region's stages cannot be changed."""
    refused = Answer(
        status=403,
        body='{"message": "not allowed"}',
        headers={"x-amzn-ErrorType": "AccessDeniedException", "Content-Type": "application/json"},
    )

    def answer(call: Call) -> Answer | None:
        return refused if call.region == region and call.service == "apigateway" and call.method == "PATCH" else None

    return answer


def nth(number: int, seen: list[Call]) -> Callable[[Call], bool]:
    """Whether it is the n-th call worth a kill.

    All that change something are, and some of the reads before them: a kill at a later read leaves AWS as the kill
    after the change before it. BACKENDCTL_TEST_EVERY_CALL=1 takes every single call.
    """
    worth: list[Call] = []

    def is_it(call: Call) -> bool:
        seen.append(call)
        changed = any(earlier.mutating for earlier in seen)
        if call.mutating or EVERY_CALL or (not changed and len(seen) % 7 == 1):
            worth.append(call)
            return len(worth) == number
        return False

    return is_it


def start(backend: Backend) -> None:
    backend.write_next()
    backend.run("start-canary", "--percent", "30")


def finish(backend: Backend) -> None:
    """The same command ends well, and leaves the new release, no canary, and nothing to do."""
    backend.run("promote-canary", "--full", "--ignore-verdict")
    for region in BOTH:
        assert "canarySettings" not in backend.stage(region)
    assert json.loads(backend.project.run("plan", "-o", "json").out)["changes"] == []
