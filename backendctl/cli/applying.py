"""The second half of whatever changes something: refuse danger, show, ask, do, tell."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

import click

from backendctl.app import carry_out
from backendctl.cli.opening import Opened
from backendctl.cli.saying import tell
from backendctl.engine.events import Done, Event, Failed, Noted, Skipped
from backendctl.engine.plan import Change, Plan
from backendctl.engine.resource import GLOBAL
from backendctl.engine.safety import Allowed, Refusal, refusal_of, refuse_danger
from backendctl.engine.traits import traits_of
from backendctl.errors import AwsError, BackendctlError, Exit, OvertakenError, UsageError
from backendctl.ui.plan_data import plan_document, plan_markdown
from backendctl.ui.plan_text import show_plan
from backendctl.ui.progress import Progress

_INTERRUPTED = 130


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """What the user allows.

    Attributes:
        plan_digest: of the reviewed plan. allow_delete, adopt: addresses.
    """

    dry_run: bool
    yes: bool
    plan_digest: str | None
    allow_delete: tuple[str, ...]
    adopt: tuple[str, ...] = ()
    allow_breaking: bool = False

    @property
    def allowed(self) -> Allowed:
        """What may be done beside the harmless."""
        return Allowed(delete=self.allow_delete, adopt=self.adopt, breaking=self.allow_breaking)


@dataclass(kw_only=True, slots=True)
class Outcome:
    """What became of a plan.

    Attributes:
        remarks: what the user should know of it, without a failure.
        silent: regions that stopped answering meanwhile.
    """

    statuses: dict[str, str]
    errors: list[BackendctlError]
    remarks: list[str] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)
    seconds: float = 0.0
    interrupted: bool = False

    @property
    def exit_code(self) -> Exit:
        """OK, ERROR when nothing was done, PARTIAL when some was."""
        if set(self.statuses.values()) <= {"done"}:
            return Exit.OK
        return Exit.PARTIAL if "done" in self.statuses.values() else Exit.ERROR


def show(
    plan: Plan,
    opened: Opened,
    *,
    verbose: bool,
    statuses: dict[str, str] | None = None,
    refusal: Refusal,
    judging: bool = True,
) -> None:
    """The plan on stdout, in the form asked for.

    Args:
        refusal: why it would be refused.
        judging: whether text says so; whoever refuses says so itself.
    """
    if opened.format == "json":
        click.echo(json.dumps(plan_document(plan, statuses, refusal=refusal), indent=2))
    elif opened.format == "markdown":
        click.echo(plan_markdown(plan, statuses, refusal=refusal))
    else:
        show_plan(plan, opened.screen.result, verbose=verbose, refusal=refusal if judging else None)


def unreachable(plan: Plan, *, outcome: Outcome | None = None) -> bool:
    """Tell of regions that did not answer; see `tell_left`."""
    for error in plan.unreachable.values():
        tell(error)
    tell_left(plan.unreachable, outcome)
    return bool(plan.unreachable)


def _unknown(plan: Plan) -> Iterator[str]:
    """What a sentence about all regions does not hold for."""
    if plan.left_out:
        yield f"This is not known of {', '.join(plan.left_out)}, where nothing answered."


def tell_left(silent: Iterable[str], outcome: Outcome | None) -> None:
    """How regions that did not answer get what all others have, once the others have it.

    Args:
        outcome: None when nothing was carried out, so that nothing is left behind.
    """
    regions = sorted(set(silent) - {GLOBAL})
    if regions and outcome is not None and outcome.exit_code is Exit.OK:
        click.echo(left(regions), err=True)


def without(silent: Sequence[str], others: Sequence[str], again: str) -> str:
    """How to go on in the other regions while some do not answer."""
    only = " ".join(f"-r {region}" for region in others)
    return f"To continue without {' and '.join(silent)}: {again} with only {only}. {_later(silent)}"


def left(silent: Sequence[str]) -> str:
    """What becomes of regions that did not answer, where all others are done."""
    return f"{', '.join(silent)} stays as it was. {_later(silent)}"


def _later(silent: Sequence[str]) -> str:
    told = " and ".join(silent)
    verb = "answers" if len(silent) == 1 else "answer"
    return f"Once {told} {verb} again: the same command finishes the rest"


def exit_after(outcome: Outcome | None, *, silent: bool) -> Exit:
    """The exit code of a command that carried out one plan.

    Args:
        outcome: None when there was nothing to do, or it was a dry run.
        silent: whether a region did not answer, so that nothing is known of it.
    """
    if silent:
        return Exit.PARTIAL
    return Exit.OK if outcome is None else outcome.exit_code


Shown = Callable[[dict[str, str] | None], None]
"""Draws a plan, with what became of its changes once they are done."""


def confirm_and_apply(
    plan: Plan,
    opened: Opened,
    consent: Consent,
    *,
    verbose: bool,
    again: str,
    shown: Shown | None = None,
    first: Callable[[], None] | None = None,
    idle: str = "",
) -> Outcome | None:
    """Do the plan if it may be done.

    Args:
        again: the command that finishes what was interrupted or failed.
        shown: draws the plan in place of `show`.
        first: done once the user has agreed, before anything is changed.
        idle: what to say of a plan of nothing at all, neither to be done nor done already.

    Returns:
        What became of it; None when there was nothing to do, or it was a dry run.
    """
    text = opened.format == "text"
    if text and idle and not (plan.changes or plan.unchanged):
        click.echo("\n".join([idle, *_unknown(plan)]))
        return None
    draw = shown or (
        lambda statuses: show(
            plan,
            opened,
            verbose=verbose,
            statuses=statuses,
            refusal=refusal_of(plan, consent.allowed),
            judging=False,
        )
    )
    if text or consent.dry_run or not plan.changes:
        draw(None)
    refuse_danger(plan, consent.allowed, plan_digest=consent.plan_digest)
    if consent.dry_run or not plan.changes:
        return None
    opened.backend.aws.open_journal(allowed=consent.allow_delete)
    ask(consent, _question(plan))
    if first is not None:
        first()
    outcome = _apply(plan, opened)
    if not text:
        draw(outcome.statuses)
    _tell_outcome(outcome, _how(outcome, again, plan, opened))
    return outcome


def _question(plan: Plan) -> str:
    """Whoever agrees knows what the plan leaves out."""
    if not plan.left_out:
        return "Apply this plan?"
    return f"{', '.join(plan.left_out)} did not answer and stays as it is. Apply this plan without it?"


def ask(consent: Consent, question: str) -> None:
    """Go on only when the user agrees.

    Raises:
        UsageError: stdin is not a TTY. click.Abort: the answer is no.
    """
    if consent.yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("refusing to prompt: stdin is not a TTY", hint="add --yes to skip the prompt")
    click.confirm(question, abort=True, err=True)


def _apply(plan: Plan, opened: Opened) -> Outcome:
    outcome = Outcome(statuses={}, errors=[])
    started = time.monotonic()
    progress = Progress(plan, opened.screen.progress, quiet=opened.screen.quiet)
    with stop_on_interrupt(going=lambda: _outlasting(progress.under_way())) as stop, progress:
        for event in carry_out(plan, opened.backend, stop=stop):
            progress.show(event)
            _note(event, outcome)
        outcome.interrupted = stop.is_set()
    outcome.seconds = time.monotonic() - started
    journal = opened.backend.aws.journal
    if journal is not None and journal.trouble:
        outcome.remarks.append(journal.trouble)
    return outcome


def _outlasting(changes: Iterable[Change]) -> list[str]:
    told = [(change.address, traits_of(change.resource).outlasts) for change in changes]
    return [
        f"{address}: AWS continues with {what}; the same command waits for it again" for address, what in told if what
    ]


def _note(event: Event, outcome: Outcome) -> None:
    address = event.change.address
    match event:
        case Done():
            outcome.statuses[address] = "done"
        case Failed(error=error):
            outcome.statuses[address] = "failed"
            outcome.errors.append(error)
            if isinstance(error, AwsError) and error.silent and event.change.region != GLOBAL:
                outcome.silent.add(event.change.region)
        case Skipped():
            outcome.statuses[address] = "skipped"
        case Noted(message=message, lasting=True) if message not in outcome.remarks:
            outcome.remarks.append(message)


def _how(outcome: Outcome, again: str, plan: Plan, opened: Opened) -> str:
    """How to go on after what was not finished; empty where the errors have said it."""
    if outcome.errors and all(isinstance(error, OvertakenError) for error in outcome.errors):
        return ""
    if not all(error.passes or (isinstance(error, AwsError) and error.silent) for error in outcome.errors):
        return f"Fix the errors above; then {again} continues from here"
    if not outcome.silent:
        return f"To continue: {again}"
    silent = sorted(outcome.silent)
    others = [r for r in opened.backend.spec.regions if r in plan.regions and r not in outcome.silent]
    waiting = {address.partition("/")[0] for address, status in outcome.statuses.items() if status != "done"}
    if not waiting & set(others):
        return _later(silent)
    return without(silent, others, again)


def _tell_outcome(outcome: Outcome, how: str) -> None:
    """What went wrong, what is done, and how to go on."""
    for message in outcome.remarks:
        click.echo(f"Warning: {message}", err=True)
    for error in outcome.errors:
        tell(error)
    if outcome.exit_code is Exit.OK:
        return
    counts = {word: list(outcome.statuses.values()).count(word) for word in ("done", "failed", "skipped")}
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    click.echo(f"{'Interrupted' if outcome.interrupted else 'Not finished'}: {said}. {how}".rstrip(), err=True)


@contextmanager
def stop_on_interrupt(
    leave: Callable[[int], object] = os._exit, *, going: Callable[[], list[str]] = list
) -> Iterator[threading.Event]:
    """The first Ctrl-C lets what is under way finish; the second leaves at once.

    Leaving is by os._exit: the pool would wait for its threads, and a kill is safe anywhere.

    Args:
        going: what AWS goes on with by itself whether we wait or leave, one sentence each.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def handle(number: int, frame: FrameType | None) -> None:
        del number, frame
        if stop.is_set():
            leave(_INTERRUPTED)
            return
        stop.set()
        click.echo(
            "\nstopping: calls in progress finish, nothing new is started (Ctrl-C again to exit at once)", err=True
        )
        for line in going():
            click.echo(line, err=True)

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
