"""`python -m backendctl.sandbox`: the sandbox in the foreground, for use with any AWS tool."""

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
from backendctl.sandbox.iam.policy import Policy
from backendctl.sandbox.keys import SECRET, Keys, read_keys, require_keys
from backendctl.sandbox.timing import TimeScale

_DESCRIPTION = """\
A local AWS on 127.0.0.1, in the foreground until Ctrl-C: API Gateway REST APIs whose requests reach real Lambda
handlers, DynamoDB, EventBridge, Route 53, IAM, S3, CloudWatch and what belongs to them, in every region at once.
Any AWS tool reaches it through --endpoint-url or AWS_ENDPOINT_URL, with any credentials."""
_EPILOG = """\
The state is kept in --data, and is there again at the next start; to forget it, end the server and delete that
directory. While it runs, faults are turned on and off with HTTP requests to /_sandbox/faults. docs/local-aws.md in the
repository shows the first steps, docs/sandbox.md what is emulated and what is not."""
_MOST_PORT = 65535


def main() -> None:
    """Take the data directory, then serve until told to end.

    What is in the directory stays untouched unless its lock is ours.
    """
    arguments = _arguments()
    if arguments.iam is not None:
        arguments.iam = _checked_policy(arguments.iam)
    data: Path = private.folder(arguments.data.expanduser().resolve())
    os.umask(private.UMASK)
    try:
        process.check_installed()
        if arguments.require_token is not None:
            require_keys(data, required=arguments.require_token)
        keys = read_keys(data)
        environment = world.environment(port=arguments.port, data=data, key=None if keys is None else keys.handlers)
        _scrub(environment, data, started_with_it=arguments.scrubbed)
        ownership.own(data)  # until this process has ended altogether
        process.check_port(arguments.port)
    except (ownership.BusyError, OSError, ValueError, process.SandboxError) as problem:
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
                ready=lambda: _say_how_to_reach(arguments.port, data, keys),
            )
        )
    except OSError as problem:
        sys.exit(f"the sandbox cannot listen on port {arguments.port}: {problem}")
    finally:
        pid_file.unlink(missing_ok=True)


def _say_how_to_reach(port: int, data: Path, keys: Keys | None) -> None:
    sys.stdout.write(
        f"The local AWS answers at {world.url_of(port)}. Ctrl-C ends it; its state stays in {data}.\n"
        "In the shell of your AWS tools:\n"
        f"  export AWS_ENDPOINT_URL={world.url_of(port)}\n"
        f"  export AWS_REGION={world.DEFAULT_REGION} AWS_DEFAULT_REGION={world.DEFAULT_REGION}\n"
        f"  export AWS_ACCESS_KEY_ID={'test' if keys is None else '…'} AWS_SECRET_ACCESS_KEY={SECRET}\n"
        + ("" if keys is None else f'The access key id is "client" in {data / "access-keys.json"}.\n')
    )
    sys.stdout.flush()


def _checked_policy(path: Path) -> Path:
    try:
        Policy.read(path)
    except ValueError as problem:
        sys.exit(str(problem))
    return path.resolve()


def _scrub(environment: dict[str, str], data: Path, *, started_with_it: bool) -> None:
    """Go on with exactly this environment; start anew with it unless that is done.

    Deleting variables would not do: /proc shows the environment with which a program was started. The directory is
    named, because the default one would be looked for below another HOME.
    """
    if not started_with_it:
        line = [sys.executable, "-m", "backendctl.sandbox", *sys.argv[1:], "--data", str(data), process.SCRUBBED]
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
    parser = argparse.ArgumentParser(
        prog="python -m backendctl.sandbox",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--port", type=_port, default=process.DEFAULT_PORT, metavar="N", help="port on 127.0.0.1 [%(default)s]")
    add("--data", type=Path, metavar="DIR", help="directory for the state [~/.local/share/backendctl/sandbox-N]")
    add(
        "--time-scale",
        type=_factor,
        metavar="X",
        help="how long AWS's waits take, from 0 (none) to 1 (as long as on AWS) [0.01]",
    )
    add("--quotas", action="store_true", help="throttle calls at AWS's rates, divided by the time scale")
    add("--iam", type=Path, metavar="POLICY.json", help="refuse calls which this IAM policy does not allow")
    add(
        "--require-token",
        action=argparse.BooleanOptionalAction,
        help="answer only calls signed with the access key id that stands in DIR/access-keys.json [as last time; no]",
    )
    add(process.SCRUBBED, dest="scrubbed", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.data is None:
        arguments.data = process.default_data(arguments.port)
    return arguments


def _port(text: str) -> int:
    if not (text.isdecimal() and 0 < int(text) <= _MOST_PORT):
        raise argparse.ArgumentTypeError(f"{text} is not a port, a number from 1 to {_MOST_PORT}")
    return int(text)


def _factor(text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = -1.0
    if not 0 <= factor <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to 1")
    return factor


if __name__ == "__main__":
    main()
