"""From the command line of `warm-status` to what it looks at: of a spec, or of functions named by hand."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from backendctl.account import refuse_account
from backendctl.aws.connection import Aws
from backendctl.aws.crew import both
from backendctl.cli.opening import opened_api
from backendctl.cli.options import Options
from backendctl.errors import UsageError
from backendctl.resources.ssm.drain_mark import drained
from backendctl.spec import Offline, parse
from backendctl.spec.function_names import check_functions, known_functions
from backendctl.ui.progress import busy
from backendctl.warmth.cost.prices import PriceList, load_prices
from backendctl.warmth.counting import Window
from backendctl.warmth.durations import KEPT, seconds_of
from backendctl.warmth.logs import LogReader
from backendctl.warmth.look import Prepared, Request, WarmStatus, look, prepare
from backendctl.warmth.subject import Subject
from backendctl.warmth.subjects import Named, of_named, of_spec

if TYPE_CHECKING:
    from backendctl.ui.console import Screen

_NAMED = re.compile(r"(?P<name>[a-zA-Z0-9_-]{1,64})(?::(?P<alias>\$LATEST|[a-zA-Z0-9_-]{1,128}))?")
_IDLE = "7m"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """The command line: see the options of the command."""

    names: tuple[str, ...]
    named: tuple[str, ...]
    since: str
    idle: str | None
    allowed: float
    metrics_only: bool


@dataclass(frozen=True, kw_only=True)
class Looking:
    """A look that may be repeated."""

    aws: Aws
    backend: str
    regions: tuple[str, ...]
    names: Sequence[Any]
    subjects_of: Callable[[str, Any], Sequence[Subject]]
    since: float
    idle: float
    asked: Asked
    workers: int
    screen: Screen
    format: str
    quiet: bool
    verbose: bool
    prices: PriceList
    reader: LogReader = field(default_factory=LogReader)

    def look(self) -> WarmStatus:
        """Read everything now."""
        self.aws.forget()
        now = time.time()
        request = Request(
            window=Window(since=now - self.since, until=now),
            idle=self.idle,
            allowed=self.asked.allowed,
            metrics_only=self.asked.metrics_only,
            workers=self.workers,
            prices=self.prices,
        )
        with busy(self.screen.progress, "reading rules and metrics …", quiet=self.quiet):
            preparing = partial(prepare, self.aws, self.regions, self.names, self.subjects_of, request)
            prepared, marks = both(preparing, lambda: drained(self.aws, self.regions) if self.backend else {})
        self._tell_cost(prepared)
        with busy(self.screen.progress, "reading logs …", quiet=self.quiet):
            found = look(self.aws, prepared, request, self.reader, backend=self.backend)
        return replace(found, drained={region: mark.told for region, mark in marks.items()})

    def _tell_cost(self, prepared: Prepared) -> None:
        for reading in prepared.readings.values():
            if told := reading.told(self.prices):
                click.echo(told, err=True)


def open_looking(options: Options, asked: Asked) -> Looking:
    """Check the command line, connect, and find the rows.

    Raises:
        UsageError: a duration, function or alias that is none; names with both a spec and --function.
    """
    since, idle = _duration("--since", asked.since), _duration("--idle-time", asked.idle or _idle(options))
    if since > KEPT:
        raise UsageError(f"--since {asked.since}: CloudWatch keeps metrics for 455 days")
    return _of_functions(options, asked, since, idle) if asked.named else _of_spec(options, asked, since, idle)


def _of_spec(options: Options, asked: Asked, since: float, idle: float) -> Looking:
    if asked.names:  # before the first call
        check_functions(parse(options.spec_path(options.load()), elsewhere=True).expand(Offline()), asked.names)
    ready = opened_api(options)
    backend = ready.backend
    return Looking(
        aws=backend.aws,
        backend=backend.spec.backend,
        regions=backend.spec.regions,
        names=asked.names or known_functions(backend.spec),
        subjects_of=lambda region, name: of_spec(backend, region, name),
        since=since,
        idle=idle,
        asked=asked,
        workers=backend.settings.workers,
        screen=ready.screen,
        format=ready.format,
        quiet=options.quiet,
        verbose=options.verbose,
        prices=load_prices(ready.config.prices),
    )


def _of_functions(options: Options, asked: Asked, since: float, idle: float) -> Looking:
    if asked.names or options.spec is not None:
        raise UsageError("--function names functions in AWS, without a spec: leave out SPEC and other names")
    named = [_named(text) for text in asked.named]
    config = options.load()
    settings = options.settings(config, spec=Path())
    if not settings.regions:
        raise UsageError("--function needs --region", hint="backendctl warm-status --function NAME:ALIAS -r us-east-1")
    aws = Aws(settings.access, backend="")
    refuse_account(aws, settings.regions, allowed=settings.accounts)
    return Looking(
        aws=aws,
        backend="",
        regions=settings.regions,
        names=named,
        subjects_of=lambda region, one: of_named(aws, region, one),
        since=since,
        idle=idle,
        asked=asked,
        workers=settings.workers,
        screen=options.screen(config),
        format=options.format(config),
        quiet=options.quiet,
        verbose=options.verbose,
        prices=load_prices(config.prices),
    )


def _named(text: str) -> Named:
    found = _NAMED.fullmatch(text)
    if found is None:
        raise UsageError(f"--function {text}: write NAME or NAME:ALIAS")
    alias = found["alias"]
    return Named(physical=found["name"], alias=None if alias == "$LATEST" else alias)


def _duration(option: str, text: str) -> float:
    try:
        return seconds_of(text)
    except ValueError as error:
        raise UsageError(f"{option} {error}") from None


def _idle(options: Options) -> str:
    """AWS's, or that of the sandbox in use."""
    if not options.in_sandbox(options.load()):
        return _IDLE
    from backendctl.cli.local import idle_seconds

    return f"{idle_seconds(options.port):g}s"
