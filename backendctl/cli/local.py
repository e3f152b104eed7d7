"""Using the local AWS: start it when it is not up, and say how to reach it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from backendctl.aws.connection import Access
from backendctl.errors import BackendctlError
from backendctl.sandbox.process import SandboxError, default_data, start, status

# Where the local AWS takes no time at all: a wait is still a wait, or polling would be all this machine does.
_LEAST_TEMPO = 0.002


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
    tempo = max(now.time_scale, _LEAST_TEMPO)  # its quotas and its waits are those of AWS times its scale, so are ours
    minute = now.minute_seconds
    return Access(endpoint_url=now.url, keys=("sandbox", "sandbox"), tempo=tempo, minute=minute, pool=max(10, workers))


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
