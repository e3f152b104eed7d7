"""What the verbs of a release share."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from backendctl.cli.applying import Consent, confirm_and_apply, left, without
from backendctl.cli.saying import label, tell
from backendctl.errors import Exit
from backendctl.hints import runnable
from backendctl.release.rollout_events import Answer, Ended, Ending, Event, Looked, Stepped, exit_of
from backendctl.release.steps import held_back
from backendctl.ui.plan_data import plan_document

if TYPE_CHECKING:
    from backendctl.cli.opening import Opened
    from backendctl.errors import BackendctlError
    from backendctl.release.judging import Judged

_MARKS = {"pass": ("✓", "green"), "fail": ("✗", "red"), "inconclusive": ("?", "yellow")}
_ENDINGS = {
    Ending.NOTHING: "No canary is running; nothing to do.",
    Ending.SHIFTED: "Shifted. Next: backendctl canary-status --watch; then backendctl promote-canary",
    Ending.PROMOTED: "Promoted: all traffic goes to the new release. To undo: backendctl rollback",
    Ending.ABORTED: "Aborted: all traffic goes to the previous release. The failed release is kept: backendctl history",
    Ending.REFUSED: "Not shifted: the verdict is fail. Next: backendctl abort-canary, or add --ignore-verdict",
    Ending.HELD: "Not shifted: the verdict is inconclusive. Next: wait and run it again, or add --ignore-verdict",
    Ending.BAKING: (
        "Not shifted: the verdict is pass, but the bake time (canary.bake-time) is not over. "
        "Next: wait and run it again, or add --ignore-verdict or --to PERCENT"
    ),
    Ending.STEPPED_DOWN: (
        "Stepped down: the verdict is inconclusive, and canary.on-inconclusive says step-down. "
        "Next: backendctl canary-status; run it again to go on, or backendctl abort-canary"
    ),
    Ending.ENDED_UNJUDGED: (
        "Aborted: the verdict is inconclusive, and canary.on-inconclusive says abort. "
        "All traffic goes to the previous release"
    ),
}


@dataclass(kw_only=True)
class Doing:
    """Carries out the plans of one command, and keeps them for its document."""

    opened: Opened
    dry_run: bool
    yes: bool
    verbose: bool
    documents: list[dict[str, Any]] = field(default_factory=list)

    def follow(self, events: Generator[Event, Answer, None]) -> Ended:
        """Draw a rollout and carry out its steps, until it ends."""
        event = next(events)
        while not isinstance(event, Ended):
            answer = None
            match event:
                case Looked(judged=judged, when=when):
                    tell_verdicts(judged, when, self.opened)
                case Stepped():
                    answer = self._carry_out(event)
            event = events.send(answer)
        return event

    def _carry_out(self, step: Stepped) -> Answer:
        """Show, ask and do."""
        plan = step.plan
        consent = Consent(dry_run=self.dry_run, yes=self.yes, plan_digest=None, allow_delete=())
        draw = None if self.opened.format == "text" else silently
        outcome = confirm_and_apply(
            plan, self.opened, consent, verbose=self.verbose, again="the same command", shown=draw, first=step.before
        )
        self.documents.append(plan_document(plan, None if outcome is None else outcome.statuses))
        tell_silent(plan.unreachable)
        if plan.unreachable and not self.dry_run and (outcome is None or outcome.exit_code is Exit.OK):
            return Exit.PARTIAL if plan.regions else Exit.ERROR  # what was to be done there is not known
        return None if outcome is None else outcome.exit_code


def silently(statuses: dict[str, str] | None) -> None:
    """Draw no plan: the command has a document of its own."""
    del statuses


def tell_verdicts(judged: Sequence[Judged], when: str, opened: Opened) -> None:
    """One line per canary on stderr, then its reasons."""
    if opened.screen.quiet:
        return
    for one in judged:
        mark, colour = _MARKS[str(one.verdict.outcome)]
        label(f"  {mark} ", colour, bold=False)
        click.echo(f"{one.one.region}/{one.one.stage} at {when}: {one.verdict.outcome}", err=True)
        for reason in (*one.verdict.reasons, *one.verdict.notes):
            click.echo(f"      {reason}", err=True)


def _tell_ending(ending: Ending, target_percent: float | None) -> None:
    """The last line.

    Args:
        target_percent: of the requests that still go to a canary which is not known to be good; None without one.
    """
    if ending in _ENDINGS:
        click.echo(runnable(_ENDINGS[ending]))
    if target_percent is not None and ending in {Ending.HELD, Ending.REFUSED, Ending.STEPPED_DOWN}:
        click.echo(f"{target_percent:g} % of the traffic still goes to a canary that has not passed")


def tell_traces(commands: Sequence[str], opened: Opened) -> None:
    """How to look at the logs of what was aborted, on stderr."""
    if commands and not opened.screen.quiet:
        click.echo("The failed release is kept for investigation. Its logs:", err=True)
        for command in commands:
            click.echo(f"  {command}", err=True)


def tell_rollout(ended: Ended, doing: Doing) -> Exit:
    """How a rollout has ended, and its exit code."""
    opened = doing.opened
    silent = tell_silent(ended.unreachable)
    _tell_how_to_go_on(ended, opened)
    if opened.format == "text" and not doing.dry_run and not silent:
        _tell_ending(ended.ending, ended.target_percent)
    if opened.format != "text":
        click.echo(json.dumps({**ended.document, "plans": doing.documents}, indent=2))
    tell_traces(ended.traces, opened)
    code = exit_of(ended.ending)
    return Exit.PARTIAL if silent and code is Exit.OK else code


def _tell_how_to_go_on(ended: Ended, opened: Opened) -> None:
    """After a rollout that some regions did not answer: what is left to do there, and in those that waited for them."""
    spec, silent = opened.backend.spec, sorted(ended.unreachable)
    if not silent or ended.ending not in {Ending.NOTHING, Ending.SHIFTED, Ending.PROMOTED}:
        return
    behind = held_back(spec.canary.waves, silent=silent)
    others = [region for region in spec.regions if region not in silent]
    if others and behind & set(others):
        click.echo(without(silent, others, "the same command"), err=True)
    elif ended.ending is not Ending.NOTHING:
        click.echo(left(silent), err=True)


def tell_silent(failed: Mapping[str, BackendctlError]) -> bool:
    """Tell of regions that did not answer; whether there are any."""
    for error in failed.values():
        tell(error)
    return bool(failed)
