"""`backendctl sync-api`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from backendctl.cli.numbers import Number
from backendctl.cli.options import Adopting, Options, adopting, common, putting
from backendctl.cli.writing_api import Writing, after
from backendctl.errors import Exit, UsageError

if TYPE_CHECKING:
    from backendctl.api.smoke_test import SmokeTest
    from backendctl.cli.applying import Consent
    from backendctl.cli.opening import Opened
    from backendctl.engine.safety import Allowed
    from backendctl.sync.prepare import Sync


@click.command(name="sync-api", cls=Adopting)
@click.option("--from", "source", metavar="REGION[/STAGE]", help="Take what is deployed there, not the spec's source.")
@click.option("--to", "targets", multiple=True, metavar="REGION", help="Only to this region; may be repeated.")
@click.option("--stage", metavar="STAGE", help="Only this stage of the spec.")
@click.option("--check", is_flag=True, help="Change nothing; exit 2 when anything differs, in any region.")
@click.option("--prune/--no-prune", "pruned", default=True, help="Delete old deployments except the last ten [prune].")
@click.option(
    "--canary", type=Number(0, 100), metavar="PERCENT", help="Start as a canary with this percentage of the traffic."
)
@adopting
@click.option("--dry-run", is_flag=True, help="Show what would be done and stop.")
@click.option("-y", "--yes", is_flag=True, help="Do not prompt for confirmation.")
@click.option("--plan-digest", metavar="DIGEST", help="Apply only if the plan has this digest.")
@putting
@common
def command(
    *,
    options: Options,
    source: str | None,
    targets: tuple[str, ...],
    stage: str | None,
    check: bool,
    pruned: bool,
    allow_breaking: bool,
    canary: float | None,
    adopt: tuple[str, ...],
    backup_dir: Path | None,
    dry_run: bool,
    yes: bool,
    plan_digest: str | None,
) -> int:
    """Deploy one API definition to every region, with its stages and the permissions to invoke its functions.

    The source is the spec's: a file, or a live API that was built by hand and is not changed. Differences are shown by
    route; breaking changes are refused, and so is whatever would not work in a region. Run again, it changes nothing.
    --check only compares, for example every night.
    """
    from backendctl.cli.applying import Consent
    from backendctl.cli.opening import opened_api
    from backendctl.selecting import Selection
    from backendctl.sync.prepare import prepare
    from backendctl.sync.request import Request, place
    from backendctl.ui.progress import busy

    if check and (yes or dry_run):
        raise UsageError("--check changes nothing: leave out --yes and --dry-run")
    request = Request(
        source=place(source) if source else None,
        targets=targets,
        stage=stage,
        pruned=pruned,
        allow_breaking=allow_breaking,
        canary=canary,
    )
    ready = opened_api(options)
    (selection := Selection(adopt=adopt)).check()
    with busy(ready.screen.progress, "comparing every region with the source …", quiet=options.quiet):
        sync = prepare(ready.backend, request)
    selection.refuse_unmatched(sync.plan)
    consent = Consent(
        dry_run=dry_run, yes=yes, plan_digest=plan_digest, allow_delete=(), adopt=adopt, allow_breaking=allow_breaking
    )
    writing = Writing.of_sync(sync, ready, folder=backup_dir, quiet=options.quiet)
    run = _Run(ready=ready, sync=sync, verbose=options.verbose, writing=writing, allowed=consent.allowed)
    return run.check() if check else run.carry_out(consent)


@dataclass(kw_only=True)
class _Run:
    """One prepared sync, shown or done."""

    ready: Opened
    sync: Sync
    verbose: bool
    writing: Writing
    allowed: Allowed
    statuses: dict[str, str] | None = None

    def check(self) -> Exit:
        """Say what differs."""
        from backendctl.cli.applying import unreachable

        self._draw_sync(check=True)
        self._draw_document(None)
        if unreachable(self.sync.plan):
            return Exit.PARTIAL
        return Exit.OK if self.sync.in_sync else Exit.PENDING

    def carry_out(self, consent: Consent) -> Exit:
        """Refuse, show, ask, keep what is there, do, prove."""
        from backendctl.cli.applying import confirm_and_apply, unreachable
        from backendctl.errors import RefusedError

        self._draw_sync(check=False)
        try:
            outcome = confirm_and_apply(
                self.sync.plan,
                self.ready,
                consent,
                verbose=self.verbose,
                again="the same command",
                shown=self._draw_plan,
                first=self.writing.keep,
            )
        except RefusedError:
            self._draw_document(None)
            raise
        silent = unreachable(self.sync.plan)
        if outcome is None:
            self._draw_document(None)
            return Exit.PARTIAL if silent else Exit.OK
        if outcome.exit_code is not Exit.OK:
            self._draw_document(None)
            return outcome.exit_code
        return self._prove(seconds=outcome.seconds, silent=silent)

    def _prove(self, *, seconds: float, silent: bool) -> Exit:
        from backendctl.ui.summary import show_summary
        from backendctl.ui.sync_text import show_smoke_test

        sync = self.sync
        if self.ready.format == "text":
            show_summary(sync.plan, [], self.ready.screen.result, seconds=seconds)
        regions = tuple(r for r in sync.regions if r in sync.reviews and r not in sync.plan.unreachable)
        smoke_test = self.writing.smoke_test(
            {region: sync.lambda_targets[region].variables for region in regions}, regions
        )
        if self.ready.format == "text" and smoke_test is not None and not smoke_test.rows:
            show_smoke_test(smoke_test, self.ready.screen.result)
        self._draw_document(smoke_test)
        return after(smoke_test, Exit.PARTIAL if silent else Exit.OK)

    def _draw_sync(self, *, check: bool) -> None:
        if self.ready.format == "text":
            from backendctl.ui.sync_text import show_sync

            show_sync(self.sync, self.ready.screen.result, check=check, verbose=self.verbose)

    def _draw_plan(self, statuses: dict[str, str] | None) -> None:
        """In text the plan; the one document of JSON and Markdown comes at the end, with the smoke test."""
        from backendctl.ui.plan_text import show_plan

        self.statuses = statuses
        if self.ready.format == "text" and self.sync.plan.changes:
            show_plan(self.sync.plan, self.ready.screen.result, verbose=self.verbose)

    def _draw_document(self, smoke_test: SmokeTest | None) -> None:
        from backendctl.engine.safety import refusal_of
        from backendctl.ui.sync_data import sync_document, sync_markdown

        refusal = refusal_of(self.sync.plan, self.allowed)
        if self.ready.format == "json":
            backups = self.writing.backups
            document = sync_document(self.sync, refusal, statuses=self.statuses, smoke_test=smoke_test, backups=backups)
            click.echo(json.dumps(document, indent=2))
        elif self.ready.format == "markdown":
            click.echo(sync_markdown(self.sync, refusal, statuses=self.statuses, smoke_test=smoke_test))
