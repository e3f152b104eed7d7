"""`backendctl test-replication`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from backendctl.cli.options import Options, common
from backendctl.errors import Exit, UsageError

if TYPE_CHECKING:
    from backendctl.cli.opening import Opened
    from backendctl.spec.model import TableSpec
    from backendctl.tables.replication import Lags


@click.command(name="test-replication")
@click.option("--table", "names", multiple=True, metavar="NAME", help="Only this table; may be repeated.")
@click.option("--minutes", type=click.IntRange(1, 1440), default=60, show_default=True, help="How far to look back.")
@click.option("--write", is_flag=True, help="Write a marker in each region and read it in all others; needs --table.")
@click.option("--rounds", type=click.IntRange(1, 100), default=5, show_default=True, help="Markers from each region.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before markers are written.")
@common
def command(*, options: Options, names: tuple[str, ...], minutes: int, write: bool, rounds: int, yes: bool) -> int:
    """Show how far each region lags behind another: by CloudWatch, which writes nothing, or by markers of our own.

    Exit 4 where nothing is known: nobody has written, or a marker was not seen within a minute.
    """
    from backendctl.cli.opening import opened_api

    ready = opened_api(options)
    tables = _tables(ready, names, write=write)
    if write:
        lags = _written(ready, tables[0], rounds=rounds, yes=yes, quiet=options.quiet)
    else:
        from backendctl.tables.replication import measured_lags

        lags = measured_lags(ready.backend.aws, tables, ready.backend.spec.regions, minutes=minutes)
    _show(ready, lags, minutes=minutes)
    if lags.unreachable:
        return Exit.PARTIAL
    return Exit.OK if lags.known else Exit.INCONCLUSIVE


def _tables(ready: Opened, names: tuple[str, ...], *, write: bool) -> list[TableSpec]:
    """The tables to look at, before anything is written.

    Raises:
        UsageError: there is no such table, or it is in one region alone; or not one was named for markers.
    """
    from backendctl.nearest import refuse_unknown

    spec = ready.backend.spec
    refuse_unknown("--table", names, [table.name for table in spec.tables])
    chosen = [table for table in spec.tables if not names or table.name in names]
    several = [table for table in chosen if len(set(table.regions) & set(spec.regions)) > 1]
    if alone := [table.name for table in chosen if names and table not in several]:
        raise UsageError(f"--table {alone[0]}: it is in one region alone, there is nothing to replicate")
    if not several:
        raise UsageError("no table of the spec is in more than one of these regions")
    if write and len(names) != 1:
        told = ", ".join(table.name for table in several)
        raise UsageError("--write needs one --table", hint=f"the tables in several regions are {told}")
    return several


def _written(ready: Opened, table: TableSpec, *, rounds: int, yes: bool, quiet: bool) -> Lags:
    from backendctl.cli.applying import Consent, ask
    from backendctl.tables.markers import Markers
    from backendctl.ui.lag_view import show_readers
    from backendctl.ui.progress import busy

    regions = [region for region in table.regions if region in ready.backend.spec.regions]
    markers = Markers(aws=ready.backend.aws, table=table, regions=regions)
    show_readers(markers.readers(), table.name, ready.screen.progress)
    ready.backend.aws.open_journal()
    consent = Consent(dry_run=False, yes=yes, plan_digest=None, allow_delete=())
    ask(consent, f"Write {rounds} markers into {table.physical} in each of {', '.join(regions)}, and remove them?")
    with busy(ready.screen.progress, "writing markers and waiting for them …", quiet=quiet):
        return markers.measure(rounds)


def _show(ready: Opened, lags: Lags, *, minutes: int) -> None:
    from backendctl.ui.lag_view import lags_markdown, show_lags

    if ready.format == "json":
        click.echo(json.dumps({"backend": ready.backend.spec.backend, **lags.data()}, indent=2))
    elif ready.format == "markdown":
        click.echo(lags_markdown(lags))
    else:
        show_lags(lags, ready.screen.result, minutes=minutes)
