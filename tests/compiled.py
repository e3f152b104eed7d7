"""Bytecode of the package and of the tests, made once for a run and not once by each of its processes."""

from __future__ import annotations

import compileall
import contextlib
import importlib.util
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
_PATIENCE = 120.0
"""Seconds after which a worker compiles by itself what another one should have."""


def keep_bytecode() -> None:
    """Let this process and those it starts keep what they compile, whatever the environment says."""
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def compile_package() -> None:
    """Compile what each sandbox and process of the command line would: a sandbox itself keeps no bytecode."""
    compileall.compile_dir(_HERE.parent / "backendctl", quiet=2)


def compile_share(config: pytest.Config) -> None:
    """In a worker of a whole run, compile a part of the tests, and wait until the others have done theirs.

    pytest rewrites the assertions of each file before it compiles it, which takes longer than all else before the
    first test, and every worker imports every file.
    """
    told = config.workerinput  # type: ignore[attr-defined]  # xdist puts it there
    if not any(_HERE.is_relative_to(Path(one).resolve()) for one in config.args):
        return
    worker, workers = int(told["workerid"].removeprefix("gw")), int(told["workercount"])
    for path in sorted(_HERE.rglob("test_*.py"))[worker::workers]:
        _import_once(path)
    done = _done(config)
    done.mkdir(exist_ok=True)
    (done / str(worker)).touch()
    deadline = time.monotonic() + _PATIENCE
    while len(list(done.iterdir())) < workers and time.monotonic() < deadline:
        time.sleep(0.1)


def leave_no_trace(config: pytest.Config) -> None:
    """At the end of a worker; all of them have long passed the wait by then."""
    shutil.rmtree(_done(config), ignore_errors=True)


def _done(config: pytest.Config) -> Path:
    """The folder in which each worker of this run says that its part is compiled."""
    run = config.workerinput["testrunuid"]  # type: ignore[attr-defined]  # xdist puts it there
    return Path(tempfile.gettempdir()) / f"backendctl-compiled-{run}"


def _import_once(path: Path) -> None:
    """Import a file by pytest's own importer, which keeps its bytecode, and forget it; the collection tells errors."""
    specs = (finder.find_spec(path.stem, [str(path.parent)]) for finder in sys.meta_path)
    spec = next((found for found in specs if found is not None and found.loader is not None), None)
    if spec is None or spec.loader is None:
        return
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    with contextlib.suppress(Exception):
        spec.loader.exec_module(module)
    del sys.modules[path.stem]
