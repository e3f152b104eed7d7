"""`backendctl doctor`."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from backendctl.cli.options import Options, common
from backendctl.errors import UsageError

if TYPE_CHECKING:
    from backendctl.cli.opening import Opened
    from backendctl.doctor.finding import Diagnosis


@click.command(name="doctor")
@click.option("--fix", is_flag=True, help="Mend what takes nothing away: missing permissions, log groups, warmers.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before --fix changes anything.")
@common
def command(*, options: Options, fix: bool, yes: bool) -> int:
    """Look for what is wrong, or will be, in every region: each with why it matters and the next command.

    Exit 0: nothing is bad; 3: something is; 4: something could not be looked at; 5: a region did not answer.
    """
    if yes and not fix:
        raise UsageError("--yes belongs to --fix: without it nothing is changed")

    from backendctl.cli.opening import opened
    from backendctl.cli.releasing import tell_silent

    ready = opened(options, allow_runtimes=None, planning="all")
    found = _looked(ready, quiet=options.quiet)
    fixed: list[str] = []
    if fix and any(one.fixable for one in found.findings):
        fixed = _fix(ready, yes=yes, verbose=options.verbose)
        ready.backend.aws.forget()
        found = _looked(ready, quiet=options.quiet)
    elif fix:
        click.echo("There is nothing that --fix may do.", err=True)
    _tell(ready, found, fixed, verbose=options.verbose)
    tell_silent(found.unreachable)
    return found.exit_code


def _looked(ready: Opened, *, quiet: bool) -> Diagnosis:
    from backendctl.app import plan_changes
    from backendctl.doctor.case import Case
    from backendctl.doctor.run import diagnose
    from backendctl.ui.progress import busy

    with busy(ready.screen.progress, "looking …", quiet=quiet):
        now = time.time()
        changes = plan_changes(ready.backend)
        today = datetime.fromtimestamp(now, UTC).date()
        return diagnose(Case(backend=ready.backend, changes=changes, today=today, now=now))


def _fix(ready: Opened, *, yes: bool, verbose: bool) -> list[str]:
    """Show and carry out the safe part of the plan; one sentence for each thing done."""
    from backendctl.app import plan_changes
    from backendctl.cli.applying import Consent, confirm_and_apply
    from backendctl.doctor.fixing import safe_part

    consent = Consent(dry_run=False, yes=yes, plan_digest=None, allow_delete=())
    plan = safe_part(plan_changes(ready.backend).plan)
    outcome = confirm_and_apply(
        plan,
        ready,
        consent,
        verbose=verbose,
        again="backendctl doctor --fix",
        shown=None if ready.format == "text" else lambda _: None,  # the result is one document
    )
    done = [f"{address}: {status}" for address, status in (outcome.statuses if outcome else {}).items()]
    for line in done:
        click.echo(f"fixed: {line}", err=True)
    return done


def _tell(ready: Opened, found: Diagnosis, fixed: list[str], *, verbose: bool) -> None:
    from backendctl.ui.annotations import wanted
    from backendctl.ui.doctor_view import (
        annotation_lines,
        diagnosis_document,
        diagnosis_markdown,
        show_diagnosis,
    )

    if ready.format == "json":
        click.echo(json.dumps(diagnosis_document(found, fixed), indent=2))
        return
    if ready.format == "markdown":
        click.echo(diagnosis_markdown(found))
    else:
        show_diagnosis(found, ready.screen.result, verbose=verbose)
    if wanted(os.environ):
        for line in annotation_lines(found, str(ready.backend.spec.file)):
            click.echo(line)
