"""Where the harness works: a sandbox whose state can be put back, a proxy before it, and commands as processes."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backendctl.sandbox.process import default_data
from tests.chaos.state import whole_state
from tests.functional.copied_command import Begun, begun
from tests.functional.killing import Run, ended, killed
from tests.functional.marked import write_release
from tests.functional.project import Project, environment, make_project
from tests.functional.proxy import After, Before, Call, Proxy, proxying
from tests.functional.sandboxed import EAST, WEST, Sandbox, free_port, stock_client

BOTH = (EAST, WEST)


@dataclass(kw_only=True)
class Ground:
    """One backend in two regions.

    Attributes:
        project: its spec, definition and code. folder: where snapshots lie.
    """

    sandbox: Sandbox
    proxy: Proxy
    project: Project
    folder: Path

    def start(self, verb: str, *arguments: str, port: int = 0) -> Begun:
        """A command on the spec, in a process of its own.

        Args:
            port: of another proxy; 0 for the ground's own.
        """
        return begun(self._line(verb, arguments, port or self.proxy.port))

    def _line(self, verb: str, arguments: Sequence[str], port: int) -> list[str]:
        return [verb, str(self.project.folder / "spec.yaml"), *arguments, "--sandbox", "--port", str(port)]

    def run(self, verb: str, *arguments: str, before: Before | None = None, after: After | None = None) -> Run:
        """The same, to its end, with a proxy that meddles."""
        with self.meddling(before=before, after=after):
            return ended(self.start(verb, *arguments))

    def killed(self, verb: str, *arguments: str, number: int, done: bool) -> tuple[Run, Call | None]:
        """The same, killed at its n-th call that may change something, from 1; and that call.

        Args:
            done: whether AWS carries the call out. Its answer is never heard.
        """
        moment = Moment(number=number)
        run = killed(self.proxy, self._line(verb, arguments, self.proxy.port), moment.passes, done=done)
        return run, moment.hit

    @contextlib.contextmanager
    def meddling(self, *, before: Before | None = None, after: After | None = None) -> Iterator[None]:
        """The proxy does something for a while."""
        nothing: Callable[[Call], None] = lambda _: None  # noqa: E731  # both hooks take it
        self.proxy.before, self.proxy.after = before or nothing, after or nothing
        try:
            yield
        finally:
            self.proxy.before, self.proxy.after = nothing, nothing

    def state(self) -> dict[str, Any]:
        """See `whole_state`."""
        return whole_state(self.client, BOTH)

    def client(self, service: str, region: str) -> Any:
        """A stock client on the sandbox itself."""
        return stock_client(self.sandbox.url, service, region)

    def keep(self, name: str) -> None:
        """Remember AWS and the project's files under a name."""
        self.sandbox.stop()
        for source, kind in ((self.sandbox.data, "aws"), (self.project.folder, "project")):
            shutil.copytree(source, self.folder / name / kind, dirs_exist_ok=True, symlinks=True)
        self.sandbox.start()

    def put_back(self, name: str) -> None:
        """As it was when it was kept."""
        self.sandbox.stop()
        for target, kind in ((self.sandbox.data, "aws"), (self.project.folder, "project")):
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(self.folder / name / kind, target, symlinks=True)
        self.sandbox.start()

    def write(self, release: int, *, code: bool = True, definition: bool = True) -> None:
        """A release that is not out yet."""
        write_release(self.project, release, code=code, definition=definition)


@dataclass(kw_only=True)
class Moment:
    """The n-th call that may change something, whichever thread makes it."""

    number: int
    seen: int = 0
    hit: Call | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def passes(self, call: Call) -> bool:
        """Whether it is this call."""
        if not call.mutating:
            return False
        with self._lock:
            self.seen += 1
            if self.seen != self.number:
                return False
            self.hit = call
            return True


def told(call: Call | None) -> str:
    """A call in short."""
    return f"{call.region} {call.service} {call.operation.split('?')[0]}" if call else "never"


@contextlib.contextmanager
def prepared(home: Path, *, iam: Path | None = None, calls: Path | None = None) -> Iterator[Ground]:
    """An empty sandbox, and a project that is not deployed; everything lies in `home` and ends with the block.

    Args:
        iam, calls: as a `Sandbox` has them.
    """
    running = Sandbox(port=free_port(), data=home / "aws", iam=iam, calls=calls)
    (home / "project").mkdir(parents=True)
    running.start()
    with (
        environment(XDG_DATA_HOME=str(home / "data"), XDG_STATE_HOME=str(home / "state")),
        proxying(Proxy(upstream=running.url)) as proxy,
    ):
        data = default_data(proxy.port)
        data.parent.mkdir(parents=True)
        data.symlink_to(running.data)
        project = make_project(home / "project", name="chaos", port=proxy.port, regions=list(BOTH))
        del project.spec["functions"]["two"]
        project.spec["api"]["stages"]["prodv1"]["variables"] = {"oneAlias": "version1"}
        ground = Ground(sandbox=running, proxy=proxy, project=project, folder=home / "kept")
        ground.write(1)
        try:
            yield ground
        finally:
            running.stop()


def shown(lines: Sequence[str], most: int = 6) -> str:
    """The first few, one below the other."""
    more = f"\n      and {len(lines) - most} more" if len(lines) > most else ""
    return "".join(f"\n      {line}" for line in lines[:most]) + more


def cpu() -> float:
    """Seconds of CPU that this process and the commands it has waited for took."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
