"""`backendctl game-day`."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from backendctl.cli.options import Options, common_with_names
from backendctl.cli.result_files import check_writable, write_result

if TYPE_CHECKING:
    from backendctl.cli.opening import Opened
    from backendctl.draining.game_day import GameDay


@click.command(name="game-day")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Write the report there, as Markdown.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask; against AWS real users are sent elsewhere.")
@partial(common_with_names, metavar="[REGION] [SPEC]")
def command(*, options: Options, names: tuple[str, ...], report: Path | None, yes: bool) -> int:
    """Rehearse the loss of a region, by default the first: failure, failover, recovery; then a drain and a restore.

    In the sandbox, clients in several places send requests and a fault takes the region down. Against AWS the region
    is only drained and restored, with your real users. Exit 3: clients stayed, did not come back, or requests failed.
    """
    from backendctl.cli.playing import play
    from backendctl.cli.region_verbs import opened_everywhere, single
    from backendctl.nearest import refuse_unknown
    from backendctl.ui.game_day_view import game_day_markdown

    if report is not None:
        check_writable("--report", report)
    ready = opened_everywhere(options)
    regions = ready.backend.spec.all_regions
    region = single(names) if names else regions[0]
    refuse_unknown("REGION", [region], regions)
    found = play(ready, region, port=options.port, yes=yes)
    _tell(ready, found)
    if report is not None:
        write_result(report, game_day_markdown(found) + "\n")
    return found.exit_code


def _tell(ready: Opened, found: GameDay) -> None:
    from backendctl.ui.game_day_view import game_day_document, game_day_markdown, show_game_day

    if ready.format == "json":
        click.echo(json.dumps(game_day_document(found), indent=2))
    elif ready.format == "markdown":
        click.echo(game_day_markdown(found))
    else:
        show_game_day(found, ready.screen.result)
