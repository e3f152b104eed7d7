"""What every command that puts a definition does around it: a copy kept before, requests made after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from backendctl.errors import Exit

if TYPE_CHECKING:
    from backendctl.api.body import Wanted
    from backendctl.api.look import Look
    from backendctl.api.smoke_test import SmokeTest
    from backendctl.app import Changes
    from backendctl.cli.opening import Opened
    from backendctl.engine.plan import Plan
    from backendctl.resources.deploy_context import DeployContext
    from backendctl.sync.prepare import Sync


@dataclass(kw_only=True)
class Writing:
    """One plan that may put a definition.

    Attributes:
        look: what the regions served before; None where the plan has nothing to do with the API.
        folder: --backup-dir.
        backups: the copies that were kept.
    """

    ready: Opened
    plan: Plan
    wanted: Wanted | None
    look: Look | None
    folder: Path | None = None
    quiet: bool = False
    backups: tuple[Path, ...] = field(default=())

    @classmethod
    def of(cls, changes: Changes, ready: Opened, *, folder: Path | None, quiet: bool) -> Writing:
        """The writing of a plan of the whole backend."""
        wanted = ready.backend.wanted
        return cls(ready=ready, plan=changes.plan, wanted=wanted, look=changes.look, folder=folder, quiet=quiet)

    @classmethod
    def of_sync(cls, sync: Sync, ready: Opened, *, folder: Path | None, quiet: bool) -> Writing:
        """The writing of a plan of the API alone."""
        return cls(ready=ready, plan=sync.plan, wanted=sync.wanted, look=sync.look, folder=folder, quiet=quiet)

    @property
    def puts(self) -> tuple[str, ...]:
        """The regions whose API is put."""
        from backendctl.resources.apigateway.rest_api import RestApi

        changes = self.plan.changes
        found = {change.region for change in changes if change.kind == RestApi.kind and change.desired is not None}
        return tuple(region for region in self.plan.regions if region in found)

    def keep(self) -> None:
        """Write down what is about to be overwritten, and say where."""
        from backendctl.api.copies import keep

        if self.look is None:
            return
        backend = self.ready.backend
        folder = self.folder or (backend.settings.journal or Path.cwd()) / "backups" / backend.spec.backend
        stamp = backend.context.stamp.time
        self.backups = keep(backend.aws, self.plan, self.look.reviews, folder=folder, time=stamp)
        if self.backups:
            click.echo(f"kept what is overwritten: {len(self.backups)} files in {folder}", err=True)

    def smoke_test(
        self, variables: Mapping[str, Mapping[str, Mapping[str, str]]], regions: tuple[str, ...]
    ) -> SmokeTest | None:
        """Make the same requests in these regions.

        Args:
            variables: region → stage → the stage's variables.
        """
        from backendctl.api.smoke_test import Tried, run_smoke_test
        from backendctl.ui.progress import busy
        from backendctl.ui.sync_text import show_smoke_test

        given = self.wanted
        if given is None or not regions:
            return None
        asked = Tried(api=given.api, regions=regions, variables=variables, source=given.source)
        backend = self.ready.backend
        with busy(self.ready.screen.progress, "running the smoke test in every region …", quiet=self.quiet):
            smoke_test = run_smoke_test(backend.aws, asked, workers=backend.settings.workers)
        if self.ready.format == "text" and smoke_test.rows:
            show_smoke_test(smoke_test, self.ready.screen.result)
        return smoke_test


def variables_of(context: DeployContext) -> dict[str, dict[str, dict[str, str]]]:
    """Region → stage → the variables it is to have."""
    from backendctl.resources.apigateway.stage import Stage

    found: dict[str, dict[str, dict[str, str]]] = {}
    for stage in Stage.desired(context):
        found.setdefault(stage.region, {})[stage.name] = dict(stage.variables or {})
    return found


def after(smoke_test: SmokeTest | None, code: Exit) -> Exit:
    """The exit code of a command whose changes ended with `code`."""
    if smoke_test is None or smoke_test.passed:
        return code
    return Exit.PARTIAL if smoke_test.partly else Exit.ERROR
