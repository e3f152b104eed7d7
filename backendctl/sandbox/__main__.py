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

from backendctl.sandbox import process, world
from backendctl.sandbox.timing import TimeScale


def main() -> None:
    """Prepare the data directory and the environment, then serve until told to end."""
    arguments = _arguments()
    data: Path = arguments.data.expanduser().resolve()
    shutil.rmtree(data / "tmp", ignore_errors=True)  # unpacked handlers of the last run
    for part in ("home", "tmp", "state", "s3"):
        (data / part).mkdir(parents=True, exist_ok=True)
    # The services copy this environment into every handler: it is swapped before any of them is imported.
    scrubbed = world.environment(port=arguments.port, data=data)
    os.environ.clear()
    os.environ.update(scrubbed)
    tempfile.tempdir = None
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    pid_file = process.pid_file(data)
    pid_file.write_text(str(os.getpid()), encoding="ascii")
    try:
        from backendctl.sandbox.server import serve  # noqa: PLC0415 - needs the scrubbed environment

        scale = TimeScale.default() if arguments.time_scale is None else TimeScale(factor=arguments.time_scale)
        asyncio.run(serve(port=arguments.port, data=data, scale=scale, quotas=arguments.quotas))
    except OSError as problem:
        sys.exit(f"the sandbox cannot listen on port {arguments.port}: {problem}")
    finally:
        pid_file.unlink(missing_ok=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m backendctl.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=process.DEFAULT_PORT)
    parser.add_argument("--data", type=Path, default=None, help="directory of the state, the log and the pid file")
    parser.add_argument("--time-scale", type=_factor, default=None, help="1 is AWS's own pace, 0 waits for nothing")
    parser.add_argument("--quotas", action="store_true", help="throttle as AWS does, at the time scale")
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
