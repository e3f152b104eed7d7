from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backendctl.sandbox.process import default_data, stop
from backendctl.sandbox.world import url_of
from tests.functional import leftovers, rights
from tests.functional.project import SCOPES, Project, environment, make_project
from tests.functional.sandboxed import CALLS, Sandbox, free_port

_READ: dict[Path, int] = {}
"""Up to where each file of calls has been looked at."""

_SHARED: set[str] = set()
"""URLs of sandboxes that serve more than one file of tests."""


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One sandbox for the whole session: tests use names of their own in it."""
    running = Sandbox(port=free_port(), data=tmp_path_factory.mktemp("sandbox"))
    running.start()
    _SHARED.add(running.url)
    yield running
    running.stop()


@pytest.fixture
def fresh_sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """An empty sandbox for one test, which may also stop and start it."""
    running = Sandbox(port=free_port(), data=tmp_path / "data")
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def command_line_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a sandbox that the command line itself starts; its state and journal lie in folders of the test."""
    port = free_port()
    _SHARED.add(url_of(port))
    home = tmp_path_factory.mktemp("home")
    folders = {"XDG_DATA_HOME": str(home / "data"), "XDG_STATE_HOME": str(home / "state")}
    with environment(**folders, **{CALLS: str(home / "calls")}):
        yield port
        stop(port, default_data(port))


@pytest.fixture(autouse=True)
def within_the_policy(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test asked of AWS through the command line is allowed by the policy that `iam-policy` prints."""
    yield
    if "command_line_home" not in request.fixturenames:
        return
    file = Path(os.environ[CALLS])
    asked, _READ[file] = rights.calls_in(file, _READ.get(file, 0))
    request.node.user_properties.append(("rights", sorted(rights.used_rows(asked, SCOPES))))
    assert list(rights.outside(asked, SCOPES)) == []


@pytest.fixture(scope="module", autouse=True)
def nothing_left_running() -> Iterator[None]:
    """What the tests of a file have deployed for all of them costs the next file nothing."""
    yield
    for url in _SHARED:
        leftovers.quiet(url)


@pytest.fixture
def new_project(command_line_home: int, tmp_path: Path) -> Iterator[Callable[..., Project]]:
    """Makes a backend of its own name, by default in two regions; it is quiet when the test has ended."""
    made: list[Project] = []

    def make(*, regions: list[str] | None = None) -> Project:
        name = f"t{uuid.uuid4().hex[:6]}"
        folder = tmp_path / f"{len(made)}"
        folder.mkdir()
        project = make_project(folder, name=name, port=command_line_home, regions=regions or ["us-east-1", "us-west-2"])
        made.append(project)
        return project

    yield make
    for project in made:
        leftovers.quiet(project.url, backend=project.name)
