"""`backendctl sync-api`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from backendctl.cli.options import Options, common
from backendctl.errors import Exit, UsageError

if TYPE_CHECKING:
    from backendctl.cli.opening import Opened
    from backendctl.sync.prepare import Sync
    from backendctl.sync.trial import Trial


@click.command(name="sync-api")
@click.option("--from", "source", metavar="REGION[/STAGE]", help="Take what is deployed there, not the spec's source.")
@click.option("--to", "targets", multiple=True, metavar="REGION", help="Only to this region; may be repeated.")
@click.option("--stage", metavar="STAGE", help="Only this stage of the spec.")
@click.option("--check", is_flag=True, help="Change nothing; exit 2 when anything differs, in any region.")
@click.option("--prune/--no-prune", "pruned", default=True, help="Delete old deployments but the last ten [prune].")
@click.option("--allow-breaking", is_flag=True, help="Go ahead although callers may break.")
@click.option(
    "--canary", type=click.FloatRange(0, 100), metavar="PERCENT", help="Give it to this much of the traffic only."
)
@click.option("--adopt", is_flag=True, help="Take over what exists under these names and is not ours.")
@click.option("--backup-dir", type=click.Path(path_type=Path), help="Where what is overwritten is kept.")
@click.option("--dry-run", is_flag=True, help="Show what would be done and stop.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--expect", metavar="DIGEST", help="Apply only the plan that was reviewed.")
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
    adopt: bool,
    backup_dir: Path | None,
    dry_run: bool,
    yes: bool,
    expect: str | None,
) -> int:
    """Bring one API definition to every region: with its stages, and the right to call each function it reaches.

    The source is the spec's: a file, or a live API that somebody built by hand and that stays as it is. What differs
    is shown by route; breaking changes stop it, and so does whatever would not work in a region. Doing it again changes
    nothing. With --check it is a nightly job's question: is every region the same?
    """
    from backendctl.cli.applying import Consent  # noqa: PLC0415  # start-up stays fast
    from backendctl.cli.opening import opened_api  # noqa: PLC0415  # the same
    from backendctl.sync.prepare import prepare  # noqa: PLC0415  # the same
    from backendctl.sync.request import Request, place  # noqa: PLC0415  # the same
    from backendctl.ui.progress import busy  # noqa: PLC0415  # the same

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
    with busy(ready.screen.progress, "comparing every region with the source …", quiet=options.quiet):
        sync = prepare(ready.backend, request)
    consent = Consent(dry_run=dry_run, yes=yes, expect=expect, allow_delete=(), adopt=adopt)
    run = _Run(ready=ready, sync=sync, verbose=options.verbose, quiet=options.quiet)
    return run.check() if check else run.carry_out(consent, backup_dir)


@dataclass(kw_only=True)
class _Run:
    """One prepared sync, shown or done."""

    ready: Opened
    sync: Sync
    verbose: bool
    quiet: bool
    backups: tuple[Path, ...] = ()
    statuses: dict[str, str] | None = None
    folder: Path = field(default_factory=Path)

    def check(self) -> Exit:
        """Say what differs."""
        from backendctl.cli.applying import unreachable  # noqa: PLC0415  # start-up stays fast

        self._draw_sync(check=True)
        self._draw_document(None)
        if unreachable(self.sync.plan):
            return Exit.PARTIAL
        return Exit.OK if self.sync.in_sync else Exit.PENDING

    def carry_out(self, consent: object, backup_dir: Path | None) -> Exit:
        """Refuse, show, ask, keep what is there, do, prove."""
        from backendctl.cli.applying import Consent, confirm_and_apply, unreachable  # noqa: PLC0415  # the same
        from backendctl.errors import RefusedError  # noqa: PLC0415  # the same

        assert isinstance(consent, Consent)  # noqa: S101  # its module loads late
        self.folder = backup_dir or self._default_folder()
        self._draw_sync(check=False)
        try:
            self.sync.refuse()
        except RefusedError:
            self._draw_document(None)
            raise
        outcome = confirm_and_apply(
            self.sync.plan,
            self.ready,
            consent,
            verbose=self.verbose,
            again="the same command",
            shown=self._draw_plan,
            first=self._keep,
        )
        silent = unreachable(self.sync.plan)
        if outcome is None:
            self._draw_document(None)
            return Exit.PARTIAL if silent else Exit.OK
        if outcome.exit_code is not Exit.OK:
            self._draw_document(None)
            return outcome.exit_code
        return self._prove(seconds=outcome.seconds, silent=silent)

    def _prove(self, *, seconds: float, silent: bool) -> Exit:
        from backendctl.sync.trial import trial  # noqa: PLC0415  # start-up stays fast
        from backendctl.ui.progress import busy  # noqa: PLC0415  # the same
        from backendctl.ui.summary import show_summary  # noqa: PLC0415  # the same
        from backendctl.ui.sync_text import show_trial  # noqa: PLC0415  # the same

        with busy(self.ready.screen.progress, "asking every region the same …", quiet=self.quiet):
            proof = trial(self.sync)
        if self.ready.format == "text":
            show_summary(self.sync.plan, [], self.ready.screen.result, seconds=seconds)
            show_trial(proof, self.ready.screen.result)
        self._draw_document(proof)
        if not proof.passed:
            return Exit.PARTIAL if proof.partly else Exit.ERROR
        return Exit.PARTIAL if silent else Exit.OK

    def _keep(self) -> None:
        from backendctl.sync.backup import keep  # noqa: PLC0415  # start-up stays fast

        self.backups = keep(self.sync, self.folder)
        if self.backups:
            click.echo(f"kept what is overwritten: {len(self.backups)} files in {self.folder}", err=True)

    def _default_folder(self) -> Path:
        state = self.ready.backend.settings.journal
        return (state or Path.cwd()) / "backups" / self.ready.backend.spec.backend

    def _draw_sync(self, *, check: bool) -> None:
        if self.ready.format == "text":
            from backendctl.ui.sync_text import show_sync  # noqa: PLC0415  # start-up stays fast

            show_sync(self.sync, self.ready.screen.result, check=check)

    def _draw_plan(self, statuses: dict[str, str] | None) -> None:
        """In text the plan; the one document of JSON and Markdown comes at the end, with the proof."""
        from backendctl.ui.plan_text import show_plan  # noqa: PLC0415  # start-up stays fast

        self.statuses = statuses
        if self.ready.format == "text" and self.sync.plan.changes:
            show_plan(self.sync.plan, self.ready.screen.result, verbose=self.verbose)

    def _draw_document(self, proof: Trial | None) -> None:
        from backendctl.ui.sync_data import sync_document, sync_markdown  # noqa: PLC0415  # start-up stays fast

        if self.ready.format == "json":
            document = sync_document(self.sync, statuses=self.statuses, proof=proof, backups=self.backups)
            click.echo(json.dumps(document, indent=2))
        elif self.ready.format == "markdown":
            click.echo(sync_markdown(self.sync, statuses=self.statuses, proof=proof))
