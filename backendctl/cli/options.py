"""The options every command has, merged: flag over environment over config.yaml over default."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from backendctl.cli.streams import styled
from backendctl.errors import UsageError

if TYPE_CHECKING:
    from backendctl.app import Settings
    from backendctl.spec.config import Config
    from backendctl.ui.console import Screen

F = TypeVar("F", bound=Callable[..., Any])

_SANDBOX_PORT = 4566
_TIMEOUT = 60.0
_YAML = (".yaml", ".yml")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the user asked for on any command, before config.yaml is looked at."""

    spec: Path | None
    config: Path | None
    regions: tuple[str, ...]
    profile: str | None
    sandbox: bool
    port: int
    endpoint_url: str | None
    output: str | None
    no_color: bool
    quiet: bool
    verbose: bool
    max_parallel: int | None
    timeout: float
    environment: str | None

    def load(self) -> Config:
        """config.yaml, with the environment over it."""
        from backendctl.spec.config import load_config  # noqa: PLC0415  # start-up stays fast

        config = load_config(self.config, os.environ)
        return config if self.environment is None else config.for_environment(self.environment)

    def format(self, config: Config) -> str:
        """text, json or markdown."""
        return self.output or config.output

    def screen(self, config: Config) -> Screen:
        """Where to write."""
        from backendctl.ui.console import Screen  # noqa: PLC0415  # rich loads only when something is shown

        color = False if self.no_color or config.color is False else None
        return Screen(out=styled(sys.stdout), err=styled(sys.stderr), color=color, quiet=self.quiet)

    def spec_path(self, config: Config) -> Path:
        """The spec: the argument, or what config.yaml names.

        Raises:
            UsageError: neither says.
        """
        path = self.spec or config.spec
        if path is None:
            raise UsageError(
                "no SPEC given, and config.yaml names none",
                hint="backendctl COMMAND specs/my.yaml, or put `spec: specs/my.yaml` into config.yaml",
            )
        return path

    def in_sandbox(self, config: Config) -> bool:
        """Whether to use the local AWS."""
        return self.sandbox or config.sandbox

    def _aim_hints(self, config: Config, endpoint: str) -> None:
        """Let hints name the sandbox, as far as the environment and config.yaml do not."""
        from backendctl.cli.catalogue import entries  # noqa: PLC0415  # only with --sandbox
        from backendctl.hints import aim  # noqa: PLC0415  # the same

        given = [] if config.sandbox or os.environ.get("BACKENDCTL_SANDBOX") else ["--sandbox"]
        if self.port != _SANDBOX_PORT and "BACKENDCTL_SANDBOX_PORT" not in os.environ:
            given.append(f"--port {self.port}")
        aim(entries().keys() - {"sandbox"}, " ".join(given), endpoint=endpoint)

    def settings(self, config: Config, *, spec: Path | None = None) -> Settings:
        """Everything a use case needs; starts the sandbox when it is asked for and not up.

        Args:
            spec: stands for the spec where a command has none.
        """
        from backendctl.app import Settings  # noqa: PLC0415  # boto3 loads only when AWS is needed
        from backendctl.aws.connection import Access  # noqa: PLC0415  # the same
        from backendctl.cli.asking import ask_for_code  # noqa: PLC0415  # the same

        workers = self.max_parallel or config.max_parallel
        spec = spec or self.spec_path(config)
        journal = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "backendctl"
        if self.in_sandbox(config):
            from backendctl.cli.local import sandbox_access  # noqa: PLC0415  # only with --sandbox

            access = sandbox_access(self.port, workers=workers, quiet=self.quiet)
            self._aim_hints(config, access.endpoint_url or "")
            return Settings(
                spec=spec,
                access=access,
                regions=self.regions or config.regions or (),
                workers=workers,
                journal=journal / f"sandbox-{self.port}",
            )
        access = Access(
            profile=self.profile or config.profile,
            role_arn=config.role_arn,
            endpoint_url=self.endpoint_url or config.endpoint_url,
            pool=max(10, workers),
            timeout=self.timeout,
            prompt=ask_for_code,
            rates={(service, name): rate for service, rates in config.pacing.items() for name, rate in rates.items()},
        )
        return Settings(
            spec=spec,
            access=access,
            regions=self.regions or config.regions or (),
            accounts=config.accounts,
            workers=workers,
            journal=journal,
        )


_COMMON = (
    click.option("-c", "--config", type=click.Path(path_type=Path), help="Operator's settings [./config.yaml]."),
    click.option("-r", "--region", "regions", multiple=True, help="Only this region; may be repeated."),
    click.option(
        "--environment", metavar="NAME", envvar="BACKENDCTL_ENVIRONMENT", help="One of config.yaml's environments."
    ),
    click.option("--profile", help="AWS profile."),
    click.option("--sandbox", is_flag=True, envvar="BACKENDCTL_SANDBOX", help="Use the local AWS; start it if needed."),
    click.option(
        "--port",
        type=click.IntRange(1, 65535),
        default=_SANDBOX_PORT,
        envvar="BACKENDCTL_SANDBOX_PORT",
        show_default=True,
        help="The sandbox's port.",
    ),
    click.option("--endpoint-url", help="Send every AWS call there."),
    click.option("-o", "--output", type=click.Choice(["text", "json", "markdown"]), help="Form of the result."),
    click.option("--no-color", is_flag=True, help="Never colour (also: NO_COLOR)."),
    click.option("-q", "--quiet", is_flag=True, help="No progress."),
    click.option("-v", "--verbose", is_flag=True, help="Show more."),
    click.option(
        "--timeout",
        type=click.FloatRange(1),
        default=_TIMEOUT,
        envvar="BACKENDCTL_TIMEOUT",
        show_default=True,
        metavar="SECONDS",
        help="How long one call to AWS may wait for an answer.",
    ),
    click.option("--max-parallel", type=click.IntRange(1, 256), help="Calls at once, over all regions [16]."),
)
_CHANGING = (
    click.option("--dry-run", is_flag=True, help="Show the plan and stop."),
    click.option("-y", "--yes", is_flag=True, help="Do not ask."),
    click.option("--expect", metavar="DIGEST", help="Apply only the plan that was reviewed."),
    click.option(
        "--allow-delete",
        multiple=True,
        metavar="ADDRESS",
        help="Let this table, replica or domain be deleted; may be repeated.",
    ),
)
_RUNTIMES = (
    click.option(
        "--allow-runtime",
        "allow_runtimes",
        multiple=True,
        metavar="NAME",
        help="Try this runtime although AWS has named a day for the end of its updates; may be repeated.",
    ),
)
_BREAKING = (click.option("--allow-breaking", is_flag=True, help="Go ahead although callers of the API may break."),)
_PUTTING = (
    click.option("--backup-dir", type=click.Path(path_type=Path), help="Where the API that is overwritten is kept."),
)
_TAKING_OVER = (
    click.option("--take-over", is_flag=True, help="Go ahead although somebody else has a release under way."),
)
_CHOOSING = (
    click.option("--only", multiple=True, metavar="KIND[/NAME]", help="Only these resources; may be repeated."),
    click.option("--skip", multiple=True, metavar="KIND[/NAME]", help="Not these resources; may be repeated."),
)


def common(function: F) -> Callable[..., Any]:
    """SPEC and the global options; the command gets one `options: Options` in their place."""
    spec = click.argument("spec", required=False, type=click.Path(path_type=Path))
    return spec(_gathered(function))


def common_with_names(function: F, *, metavar: str = "[SPEC] [NAME]...") -> Callable[..., Any]:
    """The same for a command that takes names: it gets `names: tuple[str, ...]` too; a YAML file among them is SPEC.

    Args:
        metavar: how the usage line shows both.
    """

    @wraps(function)
    def split(*args: Any, words: tuple[str, ...], options: Options, **given: Any) -> Any:
        specs = [word for word in words if word.endswith(_YAML)]
        if len(specs) > 1:
            raise UsageError(f"more than one SPEC: {', '.join(specs)}")
        names = tuple(word for word in words if not word.endswith(_YAML))
        options = replace(options, spec=Path(specs[0]) if specs else options.spec)
        return function(*args, names=names, options=options, **given)

    return click.argument("words", nargs=-1, metavar=metavar)(without_spec(split))


def without_spec(function: F) -> Callable[..., Any]:
    """The same for a command that needs no spec."""
    return _gathered(function, spec=None)


def _gathered(function: F, **fixed: Any) -> Callable[..., Any]:
    names = set(Options.__dataclass_fields__) - fixed.keys()

    @wraps(function)
    def wrapper(*args: Any, **given: Any) -> Any:
        options = Options(**{name: inherited(name, given.pop(name)) for name in names}, **fixed)
        return function(*args, options=options, **given)

    return everywhere(wrapper)


def everywhere(function: F) -> F:
    """The global options; the group takes them too, so they may stand before the command or after it."""
    return _stack(function, _COMMON)


def inherited(name: str, value: Any) -> Any:
    """What was given after the command, else what was given before it, else the default."""
    context = click.get_current_context()
    if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
        return value
    root = context.find_root()
    if root.get_parameter_source(name) is ParameterSource.COMMANDLINE:
        return root.params[name]
    return value


def choosing(function: F) -> F:
    """--only and --skip."""
    return _stack(function, _CHOOSING)


def runtimes(function: F) -> F:
    """--allow-runtime."""
    return _stack(function, _RUNTIMES)


def breaking(function: F) -> F:
    """--allow-breaking, of whatever puts a definition, and of what shows it."""
    return _stack(function, _BREAKING)


def putting(function: F) -> F:
    """The options of whatever puts a definition."""
    return _stack(function, (*_BREAKING, *_PUTTING))


def taking_over(function: F) -> F:
    """--take-over, of whatever releases."""
    return _stack(function, _TAKING_OVER)


def changing(function: F) -> F:
    """The options of whatever changes something."""
    return _stack(function, _CHANGING)


def _stack(function: F, options: tuple[Callable[[F], F], ...]) -> F:
    for option in reversed(options):
        function = option(function)
    return function
