"""What every command that needs AWS does first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from backendctl.app import Backend, Settings, open_api, open_backend
from backendctl.cli.options import Options
from backendctl.prerequisites import furnish
from backendctl.ui.progress import busy

if TYPE_CHECKING:
    from backendctl.spec.config import Config
    from backendctl.ui.console import Screen


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A backend with its screen and the operator's settings."""

    backend: Backend
    screen: Screen
    config: Config
    format: str
    sandbox: bool


def opened(options: Options) -> Opened:
    """Load, check, connect; in a sandbox also what a real account would have already."""
    ready = _opened(options, open_backend)
    if ready.sandbox:
        _furnish(ready, quiet=options.quiet)
    return ready


def opened_api(options: Options) -> Opened:
    """The same for what touches no function: no code is built, and nothing is taken for granted."""
    return _opened(options, open_api)


def _opened(options: Options, open_it: Callable[[Settings], Backend]) -> Opened:
    config = options.load()
    screen = options.screen(config)
    settings = options.settings(config)
    with busy(screen.progress, f"reading {settings.spec} and AWS …", quiet=options.quiet):
        backend = open_it(settings)
    return Opened(
        backend=backend,
        screen=screen,
        config=config,
        format=options.format(config),
        sandbox=options.in_sandbox(config),
    )


def _furnish(ready: Opened, *, quiet: bool) -> None:
    backend = ready.backend
    readable = tuple(region for region in backend.spec.regions if region not in backend.unreadable)
    for line in furnish(backend.spec.narrowed(readable), backend.aws):
        if not quiet:
            click.echo(f"sandbox: made a {line}, as a real account would have", err=True)
