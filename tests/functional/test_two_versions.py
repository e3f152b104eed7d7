"""Two versions of an API side by side: /v1 is pinned and fixed from its own branch while /v2 moves on."""

from __future__ import annotations

import contextlib
import copy
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml

from tests.functional.project import Project

EAST, WEST, EUROPE = "us-east-1", "us-west-2", "eu-west-1"
BOTH = (EAST, WEST)
ROOT = "/v1/one", "/v1/two"


@dataclass(kw_only=True)
class Load:
    """Callers of v1 who never stop asking.

    Attributes:
        answers: (region, path) → what was answered, each once, in order.
    """

    project: Project
    regions: tuple[str, ...] = BOTH
    asked: int = 0
    answers: dict[tuple[str, str], list[tuple[int, Any]]] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.over.is_set():
            for region in self.regions:
                for path in ROOT:
                    status, body = self.project.get(path, region)
                    told = (status, body["release"] if isinstance(body, dict) else body)
                    seen = self.answers.setdefault((region, path), [])
                    if told not in seen[-1:]:
                        seen.append(told)
                    self.asked += 1
            time.sleep(0.2)

    def releases(self, path: str) -> list[list[tuple[int, Any]]]:
        """What callers of a path were told, region by region; the same answer is told once."""
        return [self.answers[region, path] for region in self.regions]


@contextlib.contextmanager
def load(project: Project) -> Iterator[Load]:
    callers = Load(project=project)
    thread = threading.Thread(target=callers.run, daemon=True)
    thread.start()
    try:
        yield callers
    finally:
        callers.over.set()
        thread.join(60)


def serves(project: Project, path: str, release: str, *, regions: tuple[str, ...] = BOTH) -> None:
    for region in regions:
        status, body = project.get(path, region)
        assert (status, body["release"], body["region"]) == (200, release, region), (path, region, body)


def sha_behind(project: Project, function: str, alias: str, region: str) -> str:
    found: str = project.client("lambda", region).get_function_configuration(
        FunctionName=f"{project.name}-{function}", Qualifier=alias
    )["CodeSha256"]
    return found


def tag_of(project: Project, stage: str, region: str) -> str:
    (api,) = project.apis(region)
    found = project.client("apigateway", region).get_stage(restApiId=api["id"], stageName=stage)
    return str(found["variables"]["backendctlRelease"])


def newer(old: Project, project: Project) -> None:
    """The main branch: v1 is pinned, v2 has its own definition and aliases, a function and a table more."""
    project.name, project.domain = old.name, old.domain
    project.spec = copy.deepcopy(old.spec)
    project.routes = {"/one": "one", "/two": "two", "/three": "three"}
    functions = project.spec["functions"]
    functions["three"] = copy.deepcopy(functions["one"])
    project.spec["tables"]["more"] = {"key": {"hash": "id S"}, "billing": "on-demand"}
    stages = project.spec["api"]["stages"]
    stages["prodv1"] |= {"definition": "v1.yaml", "pinned": True}
    names = ("one", "two", "three")
    stages["prodv2"] = {"path": "v2", "variables": {f"{name}Alias": "version2" for name in names}}
    for name in names:
        project.write_function(name, "2")
    (project.folder / "v1.yaml").write_text(yaml.safe_dump(old.definition(), sort_keys=False))
    project.save()


@pytest.mark.full
def test_v1_keeps_its_answers_while_v2_moves_and_is_fixed_from_its_own_branch(
    new_project: Callable[..., Project],
) -> None:
    old, main = new_project(), new_project()
    old.deploy()
    serves(old, "/v1/one", "1")
    newer(old, main)
    with load(old) as callers:
        main.deploy()
        main.assert_nothing_to_do()
        serves(main, "/v2/one", "2")
        serves(main, "/v2/three", "2")
        for region in BOTH:
            assert main.get("/v1/three", region)[0] in {403, 404}, "v1 keeps its definition"
        notes = {one["address"]: one["note"] for one in main.plan().json["notes"]}
        assert notes[f"{WEST}/stage/prodv1"] == "pinned, serves v1"

        old.write_function("one", "1-fixed")
        fixed = old.deploy("--stage", "prodv1").actions()
        assert {address.split("/")[1] for address in fixed} <= {"function", "alias", "stage", "release", "permission"}
        assert not any("delete" in action for action in fixed.values())
        assert old.plan("--stage", "prodv1").json["changes"] == []
        main.assert_nothing_to_do()
        serves(main, "/v1/one", "1-fixed")
        serves(main, "/v2/one", "2")

        main.write_function("one", "3")
        main.routes["/four"] = "one"
        main.save()
        main.deploy()
        serves(main, "/v2/four", "3")
        main.assert_nothing_to_do()

        main.spec["regions"].append(EUROPE)
        main.save()
        main.deploy()
        main.assert_nothing_to_do()
        serves(main, "/v1/one", "1-fixed", regions=(EUROPE,))
        serves(main, "/v1/two", "1", regions=(EUROPE,))
        serves(main, "/v2/four", "3", regions=(EUROPE,))
        assert main.get("/v1/three", EUROPE)[0] in {403, 404}
        assert len({sha_behind(main, "one", "version1", region) for region in (*BOTH, EUROPE)}) == 1
        assert {tag_of(main, "prodv1", region) for region in (*BOTH, EUROPE)} == {tag_of(main, "prodv1", EAST)}
        assert {tag_of(main, "prodv2", region) for region in (*BOTH, EUROPE)} == {tag_of(main, "prodv2", EAST)}

        main.run("rollback", "-y", "--stage", "prodv2", "-r", EAST, "-r", WEST)
        serves(main, "/v2/one", "2")
    assert callers.asked > len(BOTH) * len(ROOT)
    assert callers.releases("/v1/one") == [[(200, "1"), (200, "1-fixed")]] * 2
    assert callers.releases("/v1/two") == [[(200, "1")]] * 2
