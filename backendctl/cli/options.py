"""The options every command has, merged: flag over environment over config.yaml over default."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from backendctl.cli.catalogue import entries
from backendctl.cli.current import command_name
from backendctl.cli.numbers import Number
from backendctl.cli.streams import styled
from backendctl.cli.verbosity import Verbosity, verbosity
from backendctl.errors import UsageError
from backendctl.hints import aim, aim_aws

if TYPE_CHECKING:
    from backendctl.backend import Settings
    from backendctl.spec.config import Config
    from backendctl.ui.console import Screen

F = TypeVar("F", bound=Callable[..., Any])

EVERYTHING = "*"  # what `engine.safety` calls so; that loads botocore, and --help stays instant
_SANDBOX_PORT = 4566
_TIMEOUT = 60.0
# What says where and as whom, and how it is typed.
_WHERE = {
    "config": "--config",
    "environment": "--environment",
    "profile": "--profile",
    "sandbox": "--sandbox",
    "port": "--port",
    "endpoint_url": "--endpoint-url",
    "regions": "--region",
}
_WITHOUT_SPEC = ("export-api",)
_YAML = (".yaml", ".yml")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the user asked for on any command, before config.yaml is looked at.

    Attributes:
        typed: names of the fields that stood on the command line.
        more: what -v and -vv tell.
    """

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
    verbosity: int
    max_parallel: int | None
    timeout: float
    environment: str | None
    no_journal: bool
    typed: frozenset[str] = frozenset()
    more: Verbosity

    @property
    def verbose(self) -> bool:
        """Whether to show more."""
        return self.verbosity > 0

    def load(self) -> Config:
        """config.yaml, with the environment over it."""
        from backendctl.spec.config import load_config

        config = load_config(self.config, os.environ)
        self.more.used["config"] = str(config.file or "none")
        return config if self.environment is None else config.for_environment(self.environment)

    def format(self, config: Config) -> str:
        """text, json or markdown."""
        return self.output or config.output

    def screen(self, config: Config) -> Screen:
        """Where to write."""
        from backendctl.ui.console import Screen

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
        self.more.used["spec"] = str(path)
        return path

    def in_sandbox(self, config: Config) -> bool:
        """Whether to use the local AWS."""
        return self.sandbox or config.sandbox

    def aim_hints(self) -> None:
        """Let hints repeat what was typed to say where and as whom; config.yaml and the environment stay."""
        told: list[str] = []
        for name, option in _WHERE.items():
            value = getattr(self, name)
            if name in self.typed and value:
                values = value if isinstance(value, tuple) else (value,)
                told += [option] if value is True else [word for one in values for word in (option, str(one))]
        spec = str(self.spec) if self.spec is not None and "spec" in self.typed else ""
        aim(entries().keys() - {"sandbox"}, told, spec=spec, without_spec=_WITHOUT_SPEC)

    def settings(self, config: Config, *, spec: Path | None = None) -> Settings:
        """Everything a use case needs; starts the sandbox when it is asked for and not up.

        Args:
            spec: stands for the spec where a command has none.
        """
        from backendctl.aws.connection import Access
        from backendctl.backend import Settings
        from backendctl.cli.asking import ask_for_code

        workers = self.max_parallel or config.max_parallel
        spec = spec or self.spec_path(config)
        journal = None if self.no_journal else state_folder() / "backendctl"
        hear = self.more.hear if self.verbose else None
        if self.in_sandbox(config):
            from backendctl.cli.local import sandbox_access

            access = replace(sandbox_access(self.port, workers=workers, quiet=self.quiet), command=command_name())
            aim_aws(endpoint=access.endpoint_url or "")
            self.more.used["sandbox"] = access.endpoint_url or ""
            return Settings(
                spec=spec,
                access=replace(access, hear=hear, timeout=self.timeout),
                regions=self.regions or config.regions or (),
                workers=workers,
                journal=journal and journal / f"sandbox-{self.port}",
            )
        profile, endpoint_url = self.profile or config.profile, self.endpoint_url or config.endpoint_url
        aim_aws(endpoint=endpoint_url or "", profile=profile or "")
        using = {"profile": profile, "role": config.role_arn, "endpoint": endpoint_url, "environment": self.environment}
        self.more.used.update({name: value for name, value in using.items() if value})
        access = Access(
            profile=profile,
            role_arn=config.role_arn,
            endpoint_url=endpoint_url,
            pool=max(10, workers),
            timeout=self.timeout,
            prompt=ask_for_code,
            command=command_name(),
            rates={(service, name): rate for service, rates in config.pacing.items() for name, rate in rates.items()},
            hear=hear,
        )
        return Settings(
            spec=spec,
            access=access,
            regions=self.regions or config.regions or (),
            accounts=config.accounts,
            workers=workers,
            journal=journal,
        )


def state_folder() -> Path:
    """Where programs of this user keep what they remember, by the XDG base directories."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")


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
    click.option("--endpoint-url", help="Send every AWS call to this URL."),
    click.option("-o", "--output", type=click.Choice(["text", "json", "markdown"]), help="Output format."),
    click.option("--no-color", is_flag=True, help="No colours (also: NO_COLOR)."),
    click.option("-q", "--quiet", is_flag=True, help="No progress."),
    click.option(
        "-v",
        "--verbose",
        "verbosity",
        count=True,
        help="Show more, and on stderr which files, profile and endpoint were used and how many calls AWS got; "
        "-vv: also each call, with its time, outcome, duration and request id.",
    ),
    click.option(
        "--timeout",
        type=Number(1, 3600),
        default=_TIMEOUT,
        envvar="BACKENDCTL_TIMEOUT",
        show_default=True,
        metavar="SECONDS",
        help="How long one call to AWS may wait for an answer.",
    ),
    click.option("--no-journal", is_flag=True, help="Do not write the journal of calls that change something."),
    click.option("--max-parallel", type=click.IntRange(1, 256), help="Concurrent calls, over all regions [48]."),
)
_CHANGING = (
    click.option("--dry-run", is_flag=True, help="Show the plan and stop."),
    click.option("-y", "--yes", is_flag=True, help="Do not prompt for confirmation."),
    click.option("--plan-digest", metavar="DIGEST", help="Apply only if the plan has this digest."),
)
_DELETING = (
    click.option(
        "--allow-delete",
        multiple=True,
        metavar="ADDRESS",
        help="Allow this table, replica, domain, API key or log group to be deleted; may be repeated.",
    ),
)
_ADOPTING = (
    click.option(
        "--adopt",
        multiple=True,
        metavar="[ADDRESS]",
        help="Take over the existing resource at this address; may be repeated. Without ADDRESS: all that exist.",
    ),
)
_STAGES = (
    click.option(
        "--stage",
        "stages",
        multiple=True,
        metavar="NAME",
        help="Release only this stage and what it serves; nothing else is compared or changed. May be repeated.",
    ),
)
_RUNTIMES = (
    click.option(
        "--allow-runtime",
        "allow_runtimes",
        multiple=True,
        metavar="NAME",
        help="Allow this runtime although AWS ends its updates; may be repeated.",
    ),
)
_BREAKING = (click.option("--allow-breaking", is_flag=True, help="Apply changes that may break callers of the API."),)
_PUTTING = (
    click.option("--backup-dir", type=click.Path(path_type=Path), help="Where to save a copy of the overwritten API."),
)
_TAKING_OVER = (
    click.option("--take-over", is_flag=True, help="Continue although somebody else's release is in progress."),
)
_CHOOSING = (
    click.option("--only", multiple=True, metavar="KIND[/NAME]", help="Only these resources; may be repeated."),
    click.option("--skip", multiple=True, metavar="KIND[/NAME]", help="All but these resources; may be repeated."),
)


class Adopting(click.Command):
    """A command whose --adopt may stand alone, which click has no options for where arguments follow."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give an --adopt without an address the value that stands for everything."""
        return super().parse_args(ctx, [_with_value(word, after) for word, after in pairwise([*args, ""])])


def _with_value(word: str, after: str) -> str:
    is_address = "/" in after and not after.startswith("-") and not after.endswith(_YAML) and not Path(after).is_file()
    return f"--adopt={EVERYTHING}" if word == "--adopt" and not is_address else word


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
        if specs:
            options = replace(options, spec=Path(specs[0]), typed=options.typed | {"spec"})
            options.aim_hints()
        return function(*args, names=names, options=options, **given)

    return click.argument("words", nargs=-1, metavar=metavar)(without_spec(split))


def without_spec(function: F) -> Callable[..., Any]:
    """The same for a command that needs no spec."""
    return _gathered(function, spec=None)


def _gathered(function: F, **fixed: Any) -> Callable[..., Any]:
    names = set(Options.__dataclass_fields__) - fixed.keys() - {"typed", "more"}

    @wraps(function)
    def wrapper(*args: Any, **given: Any) -> Any:
        typed = frozenset(name for name in names if _typed(name))
        said = {name: inherited(name, given.pop(name)) for name in names}
        options = Options(**said, **fixed, typed=typed, more=verbosity(said["verbosity"]))
        options.aim_hints()
        with options.more.telling():
            return function(*args, options=options, **given)

    return everywhere(wrapper)


def everywhere(function: F) -> F:
    """The global options; the group takes them too, so they may stand before the command or after it."""
    return _stack(function, _COMMON)


def _typed(name: str) -> bool:
    context = click.get_current_context()
    return ParameterSource.COMMANDLINE in {one.get_parameter_source(name) for one in (context, context.find_root())}


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


def staged(function: F) -> F:
    """--stage."""
    return _stack(function, _STAGES)


def adopting(function: F) -> F:
    """--adopt, of a command of the class `Adopting`."""
    return _stack(function, _ADOPTING)


def deleting(function: F) -> F:
    """--allow-delete, of whatever shows a plan and changes nothing."""
    return _stack(function, _DELETING)


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
    return _stack(function, (*_CHANGING, *_DELETING))


def changing_what_holds_nothing(function: F) -> F:
    """The same where nothing that holds data or traffic can be deleted."""
    return _stack(function, _CHANGING)


def _stack(function: F, options: tuple[Callable[[F], F], ...]) -> F:
    for option in reversed(options):
        function = option(function)
    return function
