"""How many functions lie between a command and the call that it is about; `python -m tests.bench.hops`.

A sandbox is started, a backend deployed; then a changed `memory` is deployed and a canary promoted. At the moment of
UpdateFunctionConfiguration and of UpdateStage the functions of ours that stand on the stack are told, those of the
thread that carries out the change behind those of the thread that the command runs on.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

from backendctl import __file__ as ours
from backendctl.aws import connection
from backendctl.aws.call_log import Hear
from backendctl.sandbox.process import default_data, stop
from tests.functional.project import environment, make_project
from tests.functional.sandboxed import arrived, free_port

_PACKAGE = Path(ours).parent
_WANTED = {"deploy": "UpdateFunctionConfiguration", "promote-canary": "UpdateStage"}


def _stack(frame: FrameType | None) -> Iterator[str]:
    """Our functions on that stack, the innermost first."""
    while frame is not None:
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(_PACKAGE) and frame.f_code.co_name not in {"<listcomp>", "<genexpr>", "<lambda>"}:
            yield f"{file.relative_to(_PACKAGE).as_posix()}:{frame.f_code.co_qualname}"
        frame = frame.f_back


class Watching:
    """Takes the stacks of the first call of an operation."""

    def __init__(self) -> None:
        self.operation = ""
        self.found: list[str] = []

    def listen(self, session: Any, hear: Hear | None, **given: Any) -> None:
        """In the place of `call_log.listen`."""
        del hear, given
        session.register("provide-client-params", self.note)

    def note(self, *, model: Any, **_: Any) -> None:
        """Before a call is sent."""
        if model.name == self.operation and not self.found:
            caller = sys._current_frames().get(threading.main_thread().ident or 0)  # the only way
            worker = [*_stack(sys._getframe())] if threading.current_thread() is not threading.main_thread() else []
            self.found = [*reversed([*worker, *_stack(caller)])]


def main() -> None:
    """Print both ways."""
    watching, port = Watching(), free_port()
    connection.listen = watching.listen  # type: ignore[attr-defined]  # in the place of the one that it imports
    with tempfile.TemporaryDirectory() as home, environment(XDG_DATA_HOME=home, XDG_STATE_HOME=home):
        project = make_project(Path(home), name="hops", port=port, regions=["us-east-1", "us-west-2"])
        try:
            project.deploy()
            project.spec["functions"]["one"]["memory"] = 1536
            project.save()
            _tell(watching, "deploy", project.deploy)
            project.write_function("one", "2")
            project.run("start-canary", "-y", "--percent", "50")
            arrived(project.url)
            _tell(watching, "promote-canary", lambda: project.run("promote-canary", "-y", "--full", "--ignore-verdict"))
        finally:
            stop(port, default_data(port))


def _tell(watching: Watching, verb: str, run: Any) -> None:
    watching.operation, watching.found = _WANTED[verb], []
    run()
    parts = [one.partition("/")[0] for one in watching.found]
    crossed = sum(before != after for before, after in pairwise(parts))
    sys.stdout.write(
        f"{verb} to {watching.operation}: {len(watching.found)} functions, {crossed} times into another part\n"
    )
    sys.stdout.write("".join(f"  {one}\n" for one in watching.found))


if __name__ == "__main__":
    main()
