"""`backendctl logs`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from backendctl.cli.options import Options, common_with_names
from backendctl.errors import BackendctlError, Exit, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.cli.opening import Opened
    from backendctl.logs.following import Batch
    from backendctl.logs.lines import Line
    from backendctl.logs.sources import Source


@click.command(name="logs")
@click.option("-f", "--follow", is_flag=True, help="Follow new lines until Ctrl-C.")
@click.option(
    "--since", default="15m", show_default=True, metavar="TIME", help="From when: 90s, 15m, 24h, 7d, or an ISO time."
)
@click.option("--until", metavar="TIME", help="To when, written the same way [now].")
@click.option(
    "--filter", "pattern", default="", metavar="PATTERN", help="Only lines that match this CloudWatch filter pattern."
)
@click.option("--api", is_flag=True, help="Also the access and execution logs of the API's stages and canaries.")
@click.option("--canary", is_flag=True, help="Only logs of the running canary.")
@click.option("--request", metavar="ID", help="Everything about one request: an id of Lambda, API Gateway or X-Ray.")
@common_with_names
def command(
    *,
    options: Options,
    names: tuple[str, ...],
    follow: bool,
    since: str,
    until: str | None,
    pattern: str,
    api: bool,
    canary: bool,
    request: str | None,
) -> int:
    """Show the logs of functions and the API, merged over functions and regions; NAME chooses functions.

    START, END and REPORT of a request are one line, unless -v. Exit 5 when a log group or a region cannot be read.
    """
    if request is not None and (follow or pattern or canary):
        raise UsageError("--request finds the lines of one request: leave out --follow, --filter and --canary")
    if follow and until is not None:
        raise UsageError("--follow has no end: leave out --until")
    window = _Window.of(since, until)

    from backendctl.cli.opening import opened_api
    from backendctl.logs.following import Asked, Follower
    from backendctl.logs.sources import Wanted, find

    ready = opened_api(options)
    with_api = api or (request is not None and ready.backend.spec.api is not None)
    found = find(ready.backend, Wanted(functions=names, api=with_api, canary=canary))
    shown = _Shown(ready=ready, verbose=options.verbose)
    shown.failed_regions(found.unreachable)
    if not request:
        shown.notes(found.notes)
    _tell_cost(ready, found.sources, window)
    if request is not None:
        return _one_request(shown, found.sources, request.strip(), window)
    asked = Asked(
        since=window.since_ms,
        until=None if until is None else window.until_ms,
        pattern=pattern,
        whole=options.verbose,
    )
    workers = ready.backend.settings.workers
    follower = Follower(ready.backend.aws, found.sources, asked, workers=workers)
    for batch in follower.forever() if follow else [follower.fresh()]:
        shown.batch(batch)
    return shown.end()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Window:
    """Seconds since the epoch."""

    since: float
    until: float

    @classmethod
    def of(cls, since: str, until: str | None) -> _Window:
        """What the options say.

        Raises:
            UsageError: a time that is none, that is in the future, or an end before the beginning.
        """
        from backendctl.warmth.durations import moment_of

        now = time.time()
        try:
            begin = moment_of(since, now=now)
        except ValueError as error:
            raise UsageError(f"--since {error}") from None
        try:
            end = now if until is None else moment_of(until, now=now)
        except ValueError as error:
            raise UsageError(f"--until {error}") from None
        if end <= begin:
            raise UsageError(f"--until {until} is not after --since {since}")
        return cls(since=begin, until=end)

    @property
    def since_ms(self) -> int:
        return int(self.since * 1000)

    @property
    def until_ms(self) -> int:
        return int(self.until * 1000)


@dataclass(kw_only=True)
class _Shown:
    """Writes lines, and each thing that is wrong once."""

    ready: Opened
    verbose: bool
    read: bool = False
    silent: bool = False

    def __post_init__(self) -> None:
        self._told: set[str] = set()
        self._unreachable: dict[str, BackendctlError] = {}
        self._write: Callable[[Sequence[Line]], None] | None = None

    @property
    def exit_code(self) -> int:
        """OK, partial, or an error when nothing at all could be read."""
        if not self.silent:
            return Exit.OK
        return Exit.PARTIAL if self.read else Exit.ERROR

    def lines(self, lines: Sequence[Line]) -> None:
        """On stdout, in the form that was asked for."""
        from backendctl.ui.logs_view import writer

        if self._write is None:
            self._write = writer(self.ready.format, self.ready.screen.result, click.echo)
        self._write(lines)

    def notes(self, notes: Sequence[str]) -> None:
        """What is worth knowing, on stderr."""
        for note in notes:
            self._once(note, BackendctlError(note))

    def failed_regions(self, failed: Mapping[str, BackendctlError]) -> None:
        """Regions whose log groups could not be found."""
        for region, error in failed.items():
            self._unreachable.setdefault(region, error)
            self._trouble(error)

    def batch(self, batch: Batch) -> None:
        """What one reading found."""
        self.sources(batch.missing, batch.failed)
        self.read = self.read or len(batch.missing) + len(batch.failed) < batch.count
        self.lines(batch.lines)

    def sources(self, missing: Sequence[Source], failed: Mapping[Source, BackendctlError]) -> None:
        """Log groups that are not there or could not be read."""
        for source in missing:
            told = f"there is no log group {source.group} in {source.region}"
            if source.kind == "function":
                self._trouble(BackendctlError(told, hint="a deploy or the first invocation creates it"))
            elif not source.canary:
                self.notes([f"{told} yet: the first request creates it"])
        for source, error in failed.items():
            self._unreachable.setdefault(source.region, error)
            self._trouble(error)

    def end(self) -> int:
        """The last line for programs, where something could not be read, and the exit code."""
        if self._unreachable and self.ready.format == "json":
            from backendctl.ui.logs_view import unreachable_document

            click.echo(json.dumps(unreachable_document(self._unreachable)))
        return self.exit_code

    def _trouble(self, error: BackendctlError) -> None:
        self.silent = True
        self._once(error.message, error)

    def _once(self, key: str, error: BackendctlError) -> None:
        from backendctl.cli.saying import warn

        if key not in self._told:
            self._told.add(key)
            warn(error.message, error.hint)


def _tell_cost(ready: Opened, sources: Sequence[Source], window: _Window) -> None:
    from backendctl.logs.volume import reading_cost
    from backendctl.warmth.cost.prices import load_prices

    prices = load_prices(ready.config.prices)
    told = reading_cost(ready.backend.aws, sources, prices, since=window.since, until=window.until)
    if told:
        click.echo(told, err=True)


def _one_request(shown: _Shown, sources: Sequence[Source], given: str, window: _Window) -> int:
    from backendctl.logs.one_request import gather

    backend = shown.ready.backend
    found = gather(
        backend.aws,
        sources,
        given,
        since=window.since_ms,
        until=window.until_ms,
        whole=shown.verbose,
        workers=backend.settings.workers,
    )
    shown.sources(found.missing, found.failed)
    if not found.lines:
        hint = "look further back with --since 24h; with an access log the id of API Gateway leads to the function"
        raise BackendctlError(f"no line of these logs contains {given}", hint=hint)
    shown.read = True
    shown.lines(found.lines)
    return shown.end()
