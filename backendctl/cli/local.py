"""Using the local AWS: start it when it is not up, and say how to reach it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from backendctl.aws.connection import Access
from backendctl.cli.saying import warn
from backendctl.errors import BackendctlError
from backendctl.sandbox.process import SandboxError, Status, default_data, key, start, status

# Where the local AWS takes no time at all: a wait is still a wait, or polling would be all this machine does.
_LEAST_TIME_SCALE = 0.002

SETTING_UP = "sandbox-setup"
"""What the calls that furnish a sandbox say of themselves: a policy of `sandbox up --iam` is not about them."""


def sandbox_access(port: int, *, workers: int, quiet: bool) -> Access:
    """How to reach the sandbox of that port, up or not yet up.

    Raises:
        BackendctlError: it does not start; the message says why.
    """
    data = default_data(port)
    now = status(port, data)
    if not now.ready:
        if not quiet:
            click.echo(f"starting the sandbox on port {port} …", err=True)
        with sandbox_errors():
            now = start(port, data)
    warn_of_damage(now)
    with sandbox_errors():
        keys = (key(data), "sandbox")
    time_scale = max(
        now.time_scale, _LEAST_TIME_SCALE
    )  # its quotas and its waits are those of AWS times its scale, so are ours
    pool, minute = max(10, workers), now.minute_seconds
    return Access(endpoint_url=now.url, keys=keys, time_scale=time_scale, minute=minute, pool=pool)


def warn_of_damage(now: Status) -> None:
    """Say on stderr which state could not be loaded: everything in it is missing from the local AWS."""
    for file in now.damaged:
        lost = f"a part of the sandbox's state was damaged and could not be loaded; it is kept as {file}"
        warn(f"{lost} (remove it to end this warning)")


def idle_seconds(port: int) -> float:
    """After how long the sandbox of that port, up or not yet up, gives an unused environment up."""
    return status(port, default_data(port)).idle_minutes * 60


@contextmanager
def sandbox_errors() -> Iterator[None]:
    """The sandbox knows nothing of our errors: translate its own."""
    try:
        yield
    except SandboxError as error:
        raise BackendctlError(str(error)) from error
