"""A process that has imported all that a sandbox needs; each sandbox that tests start is a copy of it.

Importing costs 0.3 s of processor time, a copy 0.02 s. A copy runs the same `main` with a command line, an environment,
a folder and a log of its own. What only a process of its own has is held by tests that start one, by `process.start` as
it is or by the command line: `sandbox/test_process.py`, `sandbox/test_alone.py`, and the sandbox behind
`command_line_home`.

As a program it is that process: it takes what to start on standard input, one line of JSON each, and says on standard
output which process does it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from backendctl.sandbox import __main__, process, service_models
from backendctl.sandbox.ownership import start_time

_DEPLOYED = ("apigateway", "dynamodb", "events", "iam", "lambda", "logs", "route53", "ssm", "sts")
"""Services whose descriptions a first deploy reads."""

_LOCK = threading.Lock()
_TEMPLATES: list[subprocess.Popen[str]] = []


class Copy:
    """A sandbox that was started as a copy, as `subprocess.Popen` shows one."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._started = start_time(pid)

    def poll(self) -> int | None:
        """None while it runs; nobody knows how it ended."""
        return None if self._started is not None and start_time(self.pid) == self._started else 1

    def kill(self) -> None:
        """End it at once."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Until it has ended."""
        while (ended := self.poll()) is None:
            time.sleep(0.01)
        return ended


def copied(line: list[str], *, cwd: Path, env: dict[str, str], **_same: Any) -> Copy:
    """What `process.start` starts with `subprocess.Popen`, started as a copy.

    Args:
        line: the command line: the interpreter, "-m", the module and its arguments.
    """
    asked = {"arguments": line[3:], "folder": str(cwd), "environment": env}
    with _LOCK:
        template = _template(cwd, env) if not _TEMPLATES else _TEMPLATES[0]
        assert template.stdin is not None
        assert template.stdout is not None
        template.stdin.write(json.dumps(asked) + "\n")
        template.stdin.flush()
        return Copy(int(template.stdout.readline()))


def _template(folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    """One for the process of the tests, which ends with it: started as the first sandbox would be."""
    line = [sys.executable, "-m", "tests.functional.copied", str(folder)]  # the folder tells whose it is
    root = Path(__file__).parents[2]
    pipe = subprocess.PIPE
    _TEMPLATES.append(subprocess.Popen(line, stdin=pipe, stdout=pipe, text=True, env=environment, cwd=root))
    return _TEMPLATES[0]


def _serve() -> None:
    """Make copies until standard input ends; in a copy, be a sandbox."""
    importlib.import_module("backendctl.sandbox.server")
    for name in _DEPLOYED:
        service_models.service_model(name)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # none that has ended stays in the list of processes
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _become(**json.loads(line))
            __main__.main()
            return
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def _become(*, arguments: list[str], folder: str, environment: dict[str, str]) -> None:
    """Be what was asked for, as far as a process of its own would be it from its start."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.chdir(folder)
    for path, flags, numbers in (
        (Path(os.devnull), os.O_RDONLY, (0,)),
        (process.log_file(Path(folder)), os.O_WRONLY | os.O_APPEND, (1, 2)),
    ):
        descriptor = os.open(path, flags)
        for number in numbers:
            os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = ["backendctl.sandbox", *arguments]


if __name__ == "__main__":
    _serve()
