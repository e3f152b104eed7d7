"""What a destroy ends with: what it did, and what is left."""

from __future__ import annotations

import json

import click

from backendctl.cli.applying import Outcome, show
from backendctl.cli.opening import Opened
from backendctl.engine.plan import Plan
from backendctl.engine.safety import Allowed, refusal_of
from backendctl.errors import Exit
from backendctl.sweep import Left, failed, sweep
from backendctl.ui.left_view import left_markdown, show_left
from backendctl.ui.plan_data import plan_document
from backendctl.ui.progress import busy
from backendctl.ui.summary import show_summary


class Sweeping:
    """The plan of a destroy on stdout, and with it, once it is done, what is left.

    Args:
        allowed: by the user. chosen: whether the user had only a part deleted.
        dry_run: nothing is done, so nothing is looked for.
    """

    def __init__(
        self, plan: Plan, opened: Opened, allowed: Allowed, *, chosen: bool, dry_run: bool, verbose: bool
    ) -> None:
        self._plan = plan
        self._opened = opened
        self._refusal = refusal_of(plan, allowed)
        self._chosen = chosen
        self._dry_run = dry_run
        self._verbose = verbose
        self._found: tuple[Left, ...] | None = None

    def draw(self, statuses: dict[str, str] | None) -> None:
        """The plan; as JSON and Markdown with what is left, where all of it was done."""
        done = not self._dry_run and set((statuses or {}).values()) == ({"done"} if self._plan.changes else set())
        if self._opened.format == "json" and done:
            document = plan_document(self._plan, statuses, refusal=self._refusal)
            click.echo(json.dumps({**document, "left": [left.data() for left in self._left()]}, indent=2))
            return
        show(
            self._plan,
            self._opened,
            verbose=self._verbose,
            statuses=statuses,
            refusal=self._refusal,
            judging=False,
        )
        if self._opened.format == "markdown" and done:
            click.echo(left_markdown(self._left()))

    def finish(self, outcome: Outcome | None) -> Exit:
        """What is left, as text; PARTIAL when something of it should have gone."""
        if self._opened.format == "text":
            if outcome is not None:
                show_summary(self._plan, [], self._opened.screen.result, seconds=outcome.seconds)
            show_left(self._left(), self._opened.screen.result)
        return Exit.PARTIAL if failed(self._left()) else Exit.OK

    def _left(self) -> tuple[Left, ...]:
        if self._found is None:
            screen = self._opened.screen
            with busy(screen.progress, "looking for what is left …", quiet=screen.quiet):
                self._found = sweep(self._opened.backend, self._plan, chosen=self._chosen)
        return self._found
