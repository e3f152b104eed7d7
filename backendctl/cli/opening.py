"""What every command that needs AWS does first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import click

from backendctl.app import open_api, open_backend
from backendctl.backend import Backend, Settings
from backendctl.cli.code import code_lines, tell_warnings
from backendctl.cli.local import SETTING_UP
from backendctl.cli.options import Options
from backendctl.prerequisites import furnish
from backendctl.reading_ahead import everything, of_release
from backendctl.ui.build_output import build_output
from backendctl.ui.progress import busy

if TYPE_CHECKING:
    from backendctl.spec.config import Config
    from backendctl.ui.console import Screen


Planning = Literal["all", "release"]
_READS = {"all": everything, "release": of_release}


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A backend with its screen and the operator's settings."""

    backend: Backend
    screen: Screen
    config: Config
    format: str
    sandbox: bool


def opened(
    options: Options,
    *,
    allow_runtimes: tuple[str, ...] | None = (),
    stages: tuple[str, ...] = (),
    planning: Planning | None = None,
) -> Opened:
    """Load, check, connect; in a sandbox also what a real account would have already.

    Args:
        allow_runtimes, stages: as `Settings` has them.
        planning: what of the spec will be planned, whose reads then begin at once.
    """
    reads = None if planning is None else _READS[planning]

    def open_it(settings: Settings) -> Backend:
        return open_backend(replace(settings, allow_runtimes=allow_runtimes, stages=stages), planning=reads)

    ready = opened_by(options, open_it)
    if ready.sandbox:
        _furnish(ready, quiet=options.quiet)
    return ready


def opened_api(options: Options) -> Opened:
    """The same for what touches no function: no code is built, and nothing is taken for granted."""
    return opened_by(options, open_api)


def opened_by(options: Options, open_it: Callable[[Settings], Backend]) -> Opened:
    """Opened in whichever way, and nothing else done."""
    config = options.load()
    screen = options.screen(config)
    settings = options.settings(config)
    settings = replace(settings, environment=_meaning(options, settings))
    if not options.quiet:
        settings = replace(settings, tell=build_output(screen.progress))
    with busy(screen.progress, f"reading {settings.spec} and AWS …", quiet=options.quiet):
        backend = open_it(settings)
    tell_warnings(dict.fromkeys((*backend.spec.deprecated, *backend.warnings)))
    return Opened(
        backend=backend,
        screen=screen,
        config=config,
        format=options.format(config),
        sandbox=options.in_sandbox(config),
    )


def _meaning(options: Options, settings: Settings) -> dict[str, str]:
    """The variables that say where and as whom, as the options of this command do."""
    said: dict[str, str | None] = {
        "BACKENDCTL_SPEC": str(settings.spec.absolute()),
        "BACKENDCTL_ENVIRONMENT": options.environment,
        "BACKENDCTL_PROFILE": options.profile,
        "BACKENDCTL_ENDPOINT_URL": options.endpoint_url,
    }
    if options.sandbox:
        said |= {"BACKENDCTL_SANDBOX": "1", "BACKENDCTL_SANDBOX_PORT": str(options.port)}
    return {name: value for name, value in said.items() if value}


def tell_code(ready: Opened) -> None:
    """What went into the archives, on stderr."""
    if not ready.screen.quiet:
        for line in code_lines(ready.backend.spec, ready.backend.context.artefacts):
            click.echo(line, err=True)


def _furnish(ready: Opened, *, quiet: bool) -> None:
    backend = ready.backend
    readable = tuple(region for region in backend.spec.regions if region not in backend.unreachable)
    for line in furnish(backend.spec.narrowed(readable), backend.aws.as_command(SETTING_UP)):
        if not quiet:
            click.echo(f"sandbox: made a {line}, as a real account would have", err=True)
