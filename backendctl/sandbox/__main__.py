"""`python -m backendctl.sandbox --port N --data DIR`: the sandbox in the foreground."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path

from backendctl.sandbox import ownership, private, process, world
from backendctl.sandbox.keys import read_keys
from backendctl.sandbox.timing import TimeScale


def main() -> None:
    """Take the data directory, then serve until told to end.

    What is in the directory stays untouched unless its lock is ours.
    """
    arguments = _arguments()
    data: Path = private.folder(arguments.data.expanduser().resolve())
    os.umask(private.UMASK)
    try:
        keys = read_keys(data)
        environment = world.environment(port=arguments.port, data=data, key=None if keys is None else keys.handlers)
        _scrub(environment, started_with_it=arguments.scrubbed)
        ownership.own(data)  # until this process has ended altogether
    except (ownership.BusyError, OSError, ValueError) as problem:
        sys.exit(str(problem))
    _prepare(data)
    pid_file = process.pid_file(data)
    pid_file.write_text(str(os.getpid()), encoding="ascii")  # for people; no command reads it
    try:
        from backendctl.sandbox.server import serve  # noqa: PLC0415 - needs the scrubbed environment

        scale = TimeScale.default() if arguments.time_scale is None else TimeScale(factor=arguments.time_scale)
        asyncio.run(
            serve(
                port=arguments.port,
                data=data,
                scale=scale,
                quotas=arguments.quotas,
                keys=keys,
                policy=arguments.iam,
            )
        )
    except OSError as problem:
        sys.exit(f"the sandbox cannot listen on port {arguments.port}: {problem}")
    finally:
        pid_file.unlink(missing_ok=True)


def _scrub(environment: dict[str, str], *, started_with_it: bool) -> None:
    """Go on with exactly this environment; start anew with it unless that is done.

    Deleting variables would not do: /proc shows the environment with which a program was started.
    """
    if not started_with_it:
        line = [sys.executable, "-m", "backendctl.sandbox", *sys.argv[1:], process.SCRUBBED]
        os.execve(sys.executable, line, environment)  # noqa: S606 - ourselves
    os.environ.clear()  # the interpreter may have added some, e.g. LC_CTYPE
    os.environ.update(environment)


def _prepare(data: Path) -> None:
    shutil.rmtree(data / "tmp", ignore_errors=True)  # unpacked handlers of the last run
    for part in ("home", "tmp", "state", "s3"):
        private.folder(data / part)
    for part in ("state", "s3"):  # an older version may have left them open
        private.close_to_others(data / part)
    tempfile.tempdir = None
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m backendctl.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=process.DEFAULT_PORT)
    parser.add_argument("--data", type=Path, default=None, help="directory of the state, the log and the pid file")
    parser.add_argument("--time-scale", type=_factor, default=None, help="1 is AWS's own pace, 0 waits for nothing")
    parser.add_argument("--quotas", action="store_true", help="throttle as AWS does, at the time scale")
    parser.add_argument("--iam", type=Path, default=None, help="refuse what this policy does not allow an operator")
    parser.add_argument(process.SCRUBBED, dest="scrubbed", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.data is None:
        arguments.data = process.default_data(arguments.port)
    return arguments


def _factor(text: str) -> float:
    factor = float(text)
    if not 0 <= factor <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to 1")
    return factor


if __name__ == "__main__":
    main()
