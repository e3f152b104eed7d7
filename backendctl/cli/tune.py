"""`backendctl tune`."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from backendctl.cli.options import Options, common_with_names
from backendctl.errors import BackendctlError, Exit, UsageError
from backendctl.warmth.tune.request import LEAST_RUNS, MOST_RUNS, SIZES, Goal, Request, payload_of, sizes_of

if TYPE_CHECKING:
    from backendctl.cli.opening import Opened
    from backendctl.spec.writing import Edit
    from backendctl.ui.tune_data import Tuning
    from backendctl.warmth.tune.run import Prices

_INTERRUPTED = 130


@click.command(name="tune")
@click.option("--memory", default=SIZES, show_default=True, metavar="MB,…", help="The sizes to measure.")
@click.option("--payload", type=click.Path(path_type=Path), metavar="FILE", help="JSON that every call gets [{}].")
@click.option(
    "--runs",
    type=click.IntRange(LEAST_RUNS, MOST_RUNS),
    default=20,
    show_default=True,
    help="Warm calls of each size.",
)
@click.option("--write", is_flag=True, help="Write the recommended size to the spec.")
@click.option(
    "--by",
    type=click.Choice([str(goal) for goal in Goal]),
    default=str(Goal.BALANCED),
    show_default=True,
    help="The recommendation that --write takes.",
)
@click.option("--prices", type=click.Path(path_type=Path), metavar="FILE", help="Prices over the built-in ones.")
@click.option(
    "--chart",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Draw cost against time: .svg, .png or .html; with several regions one file for each.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be measured and stop.")
@click.option("-y", "--yes", is_flag=True, help="Do not prompt for confirmation.")
@partial(common_with_names, metavar="FUNCTION [SPEC]")
def command(
    *,
    options: Options,
    names: tuple[str, ...],
    memory: str,
    payload: Path | None,
    runs: int,
    write: bool,
    by: str,
    prices: Path | None,
    chart: Path | None,
    dry_run: bool,
    yes: bool,
) -> int:
    """Measure FUNCTION at several memory sizes, and recommend one by cost, by speed and balanced.

    Invokes temporary versions that no alias points to, so users are not affected. Runs in the primary region, or in
    those given with --region. What an interrupted run left behind is restored first.
    """
    if len(names) != 1:
        raise UsageError(f"tune takes one function, and got {len(names)}", hint="backendctl tune FUNCTION [SPEC]")
    request = Request(function=names[0], sizes=sizes_of(memory), payload=payload_of(payload), runs=runs)

    if chart is not None:
        from backendctl.ui.charts.target import check_ending

        check_ending(chart)
    from backendctl.cli.applying import Consent, ask
    from backendctl.cli.opening import opened_api
    from backendctl.ui.tune_data import Tuning
    from backendctl.warmth.tune.run import targets_of

    rated = _rates(prices or options.load().prices)
    ready = opened_api(options)
    targets, failed = targets_of(ready.backend, request)
    if write:
        _edit(ready, request, tuple(targets), request.sizes[0])
    spec = ready.backend.spec
    tuning = Tuning(backend=spec.backend, request=request, status="planned", targets=targets, failed=failed)
    if targets and not options.quiet:
        _show_intention(tuning, ready, rated, planned=dry_run)
    if dry_run or not targets:
        return _ended(tuning, ready)
    ask(Consent(dry_run=dry_run, yes=yes, plan_digest=None, allow_delete=()), "Measure?")
    tuning = _measured(tuning, ready, rated)
    if write and tuning.status == "measured":
        tuning = _written(tuning, ready, Goal(by))
    if chart is not None:
        _draw(tuning, chart)
    return _ended(tuning, ready)


def _rates(prices: Path | None) -> Prices:
    from backendctl.warmth.cost.prices import load_prices
    from backendctl.warmth.tune.rates import rates_of

    return partial(rates_of, load_prices(prices))


def _show_intention(tuning: Tuning, ready: Opened, rated: Prices, *, planned: bool) -> None:
    """On stderr; where it is the result, on stdout."""
    from backendctl.ui.tune_view import show_intention
    from backendctl.warmth.tune.run import dearest

    known = [(target, rated(region, target.architecture)) for region, target in tuning.targets.items()]
    costs = [dearest(target, tuning.request, rates) for target, rates in known if rates is not None]
    console = ready.screen.result if planned and ready.format == "text" else ready.screen.progress
    show_intention(tuning, console, dearest=sum(costs))


def _measured(tuning: Tuning, ready: Opened, rated: Prices) -> Tuning:
    from backendctl.cli.applying import stop_on_interrupt
    from backendctl.ui.tune_view import TuneProgress
    from backendctl.warmth.tune.run import tune

    targets = tuple(tuning.targets.values())
    with (
        stop_on_interrupt() as stop,
        TuneProgress(ready.screen.progress, quiet=ready.screen.quiet) as progress,
    ):
        done, failed = tune(ready.backend, targets, tuning.request, prices=rated, stop=stop, tell=progress.tell)
        status = "interrupted" if stop.is_set() and len(done) < len(targets) else "measured"
    return replace(tuning, status=status, done=done, failed={**tuning.failed, **failed})


def _draw(tuning: Tuning, chart: Path) -> None:
    from backendctl.ui.charts.writing import write_memory_chart
    from backendctl.warmth.tune.chart import memory_chart

    for region, tuned in tuning.done.items():
        path = chart if len(tuning.done) == 1 else chart.with_stem(f"{chart.stem}-{region}")
        write_memory_chart(memory_chart(tuned), path)
        click.echo(f"wrote {path}", err=True)


def _written(tuning: Tuning, ready: Opened, goal: Goal) -> Tuning:
    """With the recommended size in the spec, if every region that was measured recommends the same."""
    best = {region: tuned.advice[goal].memory for region, tuned in tuning.done.items() if tuned.advice}
    if not best:
        return tuning
    if len(set(best.values())) > 1:
        told = ", ".join(f"{region} {memory} MB" for region, memory in best.items())
        error = BackendctlError(
            f"nothing is written: the regions want different sizes by {goal} ({told})",
            hint="tune one of them: --region REGION --write, after giving it a memory of its own under `regions`",
        )
        return replace(tuning, unwritten=error)
    try:
        edit = _edit(ready, tuning.request, tuple(best), next(iter(best.values())))
    except BackendctlError as error:  # the file has changed meanwhile; what was measured is not lost for that
        return replace(tuning, unwritten=error)
    if edit.before != edit.after:
        edit.write()
    place = f"{ready.backend.settings.spec}: {'.'.join(map(str, edit.way))}"
    return replace(tuning, written={place: (edit.before, edit.after)})


def _edit(ready: Opened, request: Request, regions: tuple[str, ...], memory: int) -> Edit:
    from backendctl.spec.writing import memory_edit

    return memory_edit(ready.backend.settings.spec, request.function, regions, memory)


def _ended(tuning: Tuning, ready: Opened) -> int:
    from backendctl.ui.tune_data import tuning_document, tuning_markdown
    from backendctl.ui.tune_view import show_tuning

    if ready.format == "json":
        click.echo(json.dumps(tuning_document(tuning), indent=2))
    elif ready.format == "markdown":
        click.echo(tuning_markdown(tuning))
    else:
        show_tuning(tuning, ready.screen.result)
    return _exit_code(tuning)


def _exit_code(tuning: Tuning) -> int:
    from backendctl.cli.saying import tell

    for error in (*tuning.failed.values(), *([tuning.unwritten] if tuning.unwritten else [])):
        tell(error)
    if tuning.status == "interrupted":
        click.echo("Interrupted: everything is as before. The same command measures again.", err=True)
        return _INTERRUPTED
    good = [region for region, tuned in tuning.done.items() if tuned.sizes]
    for region in tuning.done.keys() - set(good):
        click.echo(f"{region}: none of these sizes works", err=True)
    if tuning.unwritten:
        return Exit.ERROR
    if not tuning.failed and len(good) == len(tuning.done):
        return Exit.OK
    if good or (tuning.status == "planned" and tuning.targets):
        return Exit.PARTIAL
    return max((error.exit_code for error in tuning.failed.values()), default=Exit.ERROR)
