"""A release has a number: whatever kills a verb, the same command ends as if nothing had, alike in every region."""

from __future__ import annotations

import json
import logging
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from backendctl.resources.apigateway.deployments import definition_of
from tests.functional.marked import write_release
from tests.functional.proxy import Answer, Call
from tests.functional.sandboxed import WEST
from tests.functional.test_release_interrupted import BOTH, Backend, backend
from tests.seed import SEED

__all__ = ["backend"]
pytestmark = pytest.mark.chaos

T = TypeVar("T")
logger = logging.getLogger(__name__)
EVERY_CALL = bool(os.environ.get("BACKENDCTL_TEST_EVERY_CALL"))
RACES = int(os.environ.get("BACKENDCTL_TEST_RACES") or 1)
TREE = os.environ.get("BACKENDCTL_TEST_TREE") or random.Random(SEED).choice(("clean", "unclean", "none"))  # noqa: S311
"""The folder of the spec: a git checkout that is clean, one with changes, or none."""
KILLS = int(os.environ.get("BACKENDCTL_TEST_KILLS") or 0)
"""Kills of each verb, unless every call is taken; 0 is one kill of each of some verbs, drawn by the seed."""
SOME = "some"
WHO = ("a@desk-a", "b@desk-b")
DOWN = Answer(status=503, body='{"message": "Service Unavailable"}')


@dataclass(frozen=True, kw_only=True)
class Verb:
    """One verb of a release.

    Attributes:
        before: brings about what it begins from. line: its command line.
        numbers: by how much it raises the number that serves. canary: whether one is on afterwards.
    """

    before: Callable[[Backend], None]
    line: tuple[str, ...]
    numbers: int
    canary: bool = False


@pytest.fixture(autouse=True, scope="module")
def tree(backend: Backend) -> None:
    """The spec lies in a checkout, or in none."""
    if TREE != "none":
        git(backend, "init", "-q")
        git(backend, "add", "spec.yaml")
        git(backend, "commit", "-q", "-m", "1")


def git(backend: Backend, *arguments: str) -> None:
    who = ["-c", "user.name=ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(backend.project.folder), *who, *arguments], check=True)  # noqa: S607


def next_deployed(backend: Backend) -> None:
    """What is live has a release before it."""
    next_written(backend)
    backend.run("deploy")


def old_ones_left(backend: Backend) -> None:
    """What is live has two releases before it, of which one is the way back."""
    next_deployed(backend)
    if not backend.project.run("prune", "--keep", "1", "--dry-run", "-o", "json").json["changes"]:
        next_deployed(backend)


def next_written(backend: Backend) -> None:
    quiet(backend)
    backend.write_next()
    committed(backend)


def next_code(backend: Backend) -> None:
    quiet(backend)
    backend.release += 1
    write_release(backend.project, backend.release, definition=False)
    committed(backend)


def committed(backend: Backend) -> None:
    """What has been written, where the checkout is to be clean."""
    if TREE == "clean":
        git(backend, "add", "-A")
        git(backend, "commit", "-q", "-m", str(backend.release))
    elif TREE == "unclean":
        (backend.project.folder / "spec.yaml").open("a").write("# changed\n")


def canary_on(backend: Backend) -> None:
    next_written(backend)
    backend.run("start-canary", "--percent", "30")


def quiet(backend: Backend) -> None:
    """No canary."""
    if any("canarySettings" in backend.stage(region) for region in BOTH):
        backend.project.run("abort-canary", "-y")


VERBS = {
    "publish": Verb(before=next_code, line=("publish",), numbers=0),
    "publish-alias": Verb(before=next_code, line=("publish", "--alias", "version1"), numbers=1),
    "deploy": Verb(before=next_written, line=("deploy",), numbers=1),
    "start": Verb(before=next_written, line=("start-canary", "--percent", "30"), numbers=0, canary=True),
    "shift": Verb(before=canary_on, line=("promote-canary", "--to", "60", "--ignore-verdict"), numbers=0, canary=True),
    "promote": Verb(before=canary_on, line=("promote-canary", "--full", "--ignore-verdict"), numbers=1),
    "abort": Verb(before=canary_on, line=("abort-canary",), numbers=0),
    "rollback": Verb(before=next_deployed, line=("rollback",), numbers=1),
    "prune": Verb(before=old_ones_left, line=("prune", "--keep", "1"), numbers=0),
}

DOWNED = ["rollback", "promote", "abort", "deploy"]
"""Verbs during which a region is down."""


def numbers(backend: Backend) -> list[int]:
    """What each region's stage serves."""
    return [int(str(variables(backend, region)["backendctlRelease"]).partition("-")[0]) for region in BOTH]


def variables(backend: Backend, region: str) -> dict[str, str]:
    found: dict[str, str] = backend.stage(region)["variables"]  # type: ignore[assignment]
    return found


def history(backend: Backend) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(backend.project.run("history", "-o", "json").out)["releases"]
    return found


def assert_ended(backend: Backend, verb: Verb, *, served: int, began: list[dict[str, Any]]) -> None:
    """As undisturbed: the same number everywhere, a true history, and nothing left to be done."""
    first, second = numbers(backend)
    assert first == second
    assert (first > served) is bool(verb.numbers)
    assert [bool(backend.stage(region).get("canarySettings")) for region in BOTH] == [verb.canary] * 2
    told = history(backend)
    live = [release["release"] for release in told if any(one["live"] for one in release["regions"].values())]
    assert live == [first]
    assert all(one["finished"] for release in told for one in release["regions"].values())
    assert len(told) <= len(began) + 1, "one release, whatever it took"
    for region in BOTH:
        aliases = backend.project.client("lambda", region).list_aliases(FunctionName=f"{backend.project.name}-one")
        pointed = {alias["Name"]: alias["FunctionVersion"] for alias in aliases["Aliases"]}
        assert pointed["version1"] == pointed[variables(backend, region)["oneAlias"]]
        assert_no_orphans(backend, region)
    assert_said_again(backend, verb)


def assert_no_orphans(backend: Backend, region: str) -> None:
    """No version is published twice, and no deployment is made twice for one definition."""
    pages = backend.project.client("lambda", region).get_paginator("list_versions_by_function")
    versions = [v for page in pages.paginate(FunctionName=f"{backend.project.name}-one") for v in page["Versions"]]
    codes = Counter(v["CodeSha256"] for v in versions if v["Version"] != "$LATEST")
    assert max(codes.values()) == 1, codes
    api = backend.project.apis(region)[0]["id"]
    made = backend.project.client("apigateway", region).get_deployments(restApiId=api, limit=500)["items"]
    definitions = Counter(digest for d in made if (digest := definition_of(d.get("description"))))
    assert max(definitions.values()) == 1, definitions


def assert_said_again(backend: Backend, verb: Verb) -> None:
    """Whoever did not hear that it has ended says it again: nothing changes, and that is told."""
    before = stages(backend), history(backend)
    backend.project.run(verb.line[0], "-y", *verb.line[1:])
    assert (stages(backend), history(backend)) == before


def stages(backend: Backend) -> list[dict[str, object]]:
    return [{**backend.stage(region), "ResponseMetadata": None} for region in BOTH]


def calls_of(backend: Backend, verb: Verb) -> int:
    """How many calls that change something it makes, undisturbed."""
    verb.before(backend)
    before = len(backend.proxy.calls)
    backend.project.run(verb.line[0], "-y", *verb.line[1:])
    return sum(call.mutating for call in backend.proxy.calls[before:])


def nth_mutating(number: int) -> Callable[[Call], bool]:
    seen = 0

    def is_it(call: Call) -> bool:
        nonlocal seen
        seen += call.mutating
        return call.mutating and seen == number

    return is_it


@pytest.mark.full
@pytest.mark.parametrize("name", list(VERBS) if EVERY_CALL or KILLS else [SOME])
def test_killed_before_or_after_a_call_the_same_command_finishes_that_release(backend: Backend, name: str) -> None:
    for one in drawn(list(VERBS), 3) if name == SOME else [name]:
        kill_and_finish(backend, one)


def drawn(names: list[T], count: int) -> list[T]:
    """So many of them; not by parameters, which all processes of a run have to agree on."""
    return random.Random(f"{SEED}-{count}").sample(names, count)  # noqa: S311  # no secret


def kill_and_finish(backend: Backend, name: str) -> None:
    verb = VERBS[name]
    count = calls_of(backend, verb)
    moments = [(number, done) for number in range(1, count + 1) for done in (False, True)]
    chosen = moments if EVERY_CALL else random.Random(f"{SEED}-{name}").sample(moments, KILLS or 1)  # noqa: S311
    for number, done in chosen:
        verb.before(backend)
        served, began = numbers(backend)[0], history(backend)
        code = backend.killed(nth_mutating(number), done=done, arguments=verb.line)
        backend.project.run(verb.line[0], "-y", *verb.line[1:], expect=None if code == 0 else 0)
        if code == 0:  # it took fewer calls this time, and has ended
            continue
        assert code == -signal.SIGKILL
        assert_ended(backend, verb, served=served, began=began)
        logger.info("%s killed %s change %d of %d", name, "after" if done else "before", number, count)
    logger.warning("seed %s, tree %s: %s killed %d times, of %d calls", SEED, TREE, name, len(chosen), count)


@pytest.mark.full
@pytest.mark.parametrize("name", DOWNED if EVERY_CALL or KILLS else [SOME])
def test_a_region_that_is_down_meanwhile_is_finished_by_the_same_command(backend: Backend, name: str) -> None:
    for one in drawn(DOWNED, 2) if name == SOME else [name]:
        finish_after_a_region_was_down(backend, one)


def finish_after_a_region_was_down(backend: Backend, name: str) -> None:
    verb = VERBS[name]
    verb.before(backend)
    served, began = numbers(backend)[0], history(backend)
    backend.proxy.before = lambda call: DOWN if call.region == WEST and call.mutating else None
    try:
        backend.project.run(verb.line[0], "-y", *verb.line[1:], expect=5)
        backend.project.run(verb.line[0], "-y", *verb.line[1:], expect=None)
    finally:
        backend.proxy.before = lambda _: None
    backend.project.run(verb.line[0], "-y", *verb.line[1:])
    assert_ended(backend, verb, served=served, began=began)


PAIRS = [
    ("promote", "abort"),
    ("deploy", "promote"),
    ("rollback", "promote"),
    ("promote", "promote"),
    ("deploy", "deploy"),
    ("deploy", "rollback"),
    ("rollback", "rollback"),
    ("start", "deploy"),
    ("shift", "abort"),
    ("start", "rollback"),
]


@pytest.mark.full
@pytest.mark.parametrize("pair", PAIRS if RACES > 1 else [SOME])
def test_of_two_at_once_one_wins_and_all_regions_end_alike(backend: Backend, pair: tuple[str, str] | str) -> None:
    for one in [pair] if isinstance(pair, tuple) else drawn(PAIRS, 2):
        race_each_other(backend, one)


def race_each_other(backend: Backend, pair: tuple[str, str]) -> None:
    users = backend.users()
    outcomes = []
    with users.asking():
        for race in range(RACES):
            quiet(backend)
            needs_canary = {"promote", "abort", "shift"} & set(pair)
            (canary_on if needs_canary else next_written)(backend)
            folder = another_spec(backend) if pair == ("deploy", "deploy") and race % 2 else backend.project.folder
            processes = [begin(backend, VERBS[pair[0]].line, who=WHO[0], folder=backend.project.folder)]
            time.sleep(random.Random(f"{SEED}-{pair}-{race}").uniform(0, 1.5))  # noqa: S311  # a race of a test
            processes.append(begin(backend, VERBS[pair[1]].line, who=WHO[1], folder=folder))
            told = [process.communicate(timeout=180) for process in processes]
            codes = [process.returncode for process in processes]
            outcomes.append(codes)
            logger.info("%s, race %d: exit codes %s: %s", pair, race, codes, [err[-300:] for _, err in told])
            first, second = numbers(backend)
            assert first == second, (codes, told)
            assert len({bool(backend.stage(region).get("canarySettings")) for region in BOTH}) == 1, (codes, told)
            assert 0 in codes or all(code in {1, 5, 64} for code in codes), (codes, told)
            for verb, who, code, said in zip(pair, WHO, codes, told, strict=True):
                assert_told_truly(backend, verb, who=who, code=code, said=said)
    logger.warning("seed %s: %s: exit codes %s; %d requests, %s", SEED, pair, outcomes, users.asked, users.complaints)
    assert users.complaints == []


def assert_told_truly(backend: Backend, verb: str, *, who: str, code: int, said: tuple[str, str]) -> None:
    """Who is told of a success has had one, by the release log; who lost was told why."""
    if code:
        assert "Error: " in said[1], said
        assert "Traceback" not in said[1], said
        return
    if any(
        words in said[0] for words in ("Nothing to", "No canary is running", "serves already", "running as a canary")
    ):
        return
    events = {"start": "canary", "deploy": "deploy", "rollback": "rollback"}
    told = history(backend)
    if verb in events:
        assert any((one["event"], one["operator"]) == (events[verb], who) for one in told), (verb, said, told[:3])
    else:
        ends = {"promote": "canary, promoted", "abort": "canary, aborted", "shift": "canary"}
        assert any(one["what"].startswith(ends[verb]) for one in told[:2]), (verb, said, told[:3])


def another_spec(backend: Backend) -> Path:
    """The same backend from another folder, whose code and definition are of a release of its own."""
    folder = backend.project.folder.parent / "another"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(backend.project.folder, folder)
    write_release(replace(backend.project, folder=folder), backend.release + 10_000)
    return folder


def begin(backend: Backend, line: tuple[str, ...], *, who: str, folder: Path) -> subprocess.Popen[str]:
    """A verb as a process of its own, by an operator of that name."""
    words = [line[0], str(folder / "spec.yaml"), "-y", "--sandbox", "--port", str(backend.proxy.port)]
    return subprocess.Popen(
        [sys.executable, "-c", "from backendctl.cli.main import main; main()", *words, *line[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "BACKENDCTL_OPERATOR": who},
    )


@pytest.mark.full
def test_the_way_back_outlives_many_aborted_canaries(backend: Backend) -> None:
    quiet(backend)
    count = 30 if EVERY_CALL else 3
    served = []
    for _ in range(count):
        backend.write_next()
        backend.run("start-canary", "--percent", "10")
        backend.run("abort-canary")
        write_release(backend.project, backend.release)
        backend.run("deploy")
        served.append((numbers(backend)[0], backend.release))
    for number, release in reversed(served[-10:]):
        backend.run("rollback", "--to", f"v{number}")
        backend.sandbox.arrived()
        for region in BOTH:
            assert backend.project.get("/v1/marked/x", region)[1]["code"] == f"r{release}"
