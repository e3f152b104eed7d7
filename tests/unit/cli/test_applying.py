"""Refuse, show, ask, do, tell: the second half of whatever changes something."""

from __future__ import annotations

import json
import signal
import sys
import threading
from dataclasses import replace
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from backendctl.aws.connection import Access
from backendctl.backend import Backend, Settings
from backendctl.cli.applying import Consent, Outcome, _question, confirm_and_apply, stop_on_interrupt, unreachable
from backendctl.cli.opening import Opened
from backendctl.cli.releasing import Doing
from backendctl.engine.plan import Plan
from backendctl.errors import AGAIN, AwsError, BackendctlError, Exit, OvertakenError, RefusedError, UsageError
from backendctl.release.rollout_events import Ended, Ending, Stepped
from backendctl.ui.console import Screen
from tests.unit.engine.things import EAST, WEST, Alias, Cloud, Function, Table, creating, deleting, plan_for, plan_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from backendctl.release.rollout_events import Answer, Event
    from backendctl.resources.deploy_context import DeployContext
    from backendctl.spec.config import Config
    from backendctl.spec.model import Spec

FUNCTION = Function(region=EAST, name="places", environment={"TOKEN": "s3cret"})
ALIAS = Alias(region=EAST, name="places:v1", requires=frozenset({"us-east-1/function/places"}))
ELSEWHERE = Function(region=WEST, name="places")
PLAN = plan_of(creating(FUNCTION), creating(ALIAS), creating(ELSEWHERE))


class Stage:
    """A cloud, and a screen whose two streams can be read back."""

    def __init__(self) -> None:
        self.cloud = Cloud()
        self.out, self.err = StringIO(), StringIO()

    def opened(self, form: str = "text") -> Opened:
        settings = Settings(spec=Path("shop.yaml"), access=Access(), workers=4)
        # Applying looks at the connection and the settings only.
        backend = Backend(
            settings=settings,
            spec=cast("Spec", SimpleNamespace(regions=(EAST, WEST))),
            aws=self.cloud,
            context=cast("DeployContext", None),
            unreachable={},
        )
        screen = Screen(out=self.out, err=self.err)
        return Opened(backend=backend, screen=screen, config=cast("Config", None), format=form, sandbox=False)

    def apply(self, plan: Plan = PLAN, *, form: str = "text", **consent: object) -> Outcome | None:
        allowed = {"dry_run": False, "yes": True, "plan_digest": None, "allow_delete": (), **consent}
        return confirm_and_apply(
            plan,
            self.opened(form),
            Consent(**allowed),  # type: ignore[arg-type]  # each test names the ones it needs
            verbose=False,
            again="the same command",
        )


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO(""))


def _fail() -> None:
    raise BackendctlError("no such thing")


def test_a_plan_that_is_carried_out_ends_with_0(stage: Stage) -> None:
    outcome = stage.apply()
    assert outcome is not None
    assert outcome.exit_code is Exit.OK
    assert set(outcome.statuses.values()) == {"done"}
    assert len(stage.cloud.log) == 3


def test_the_plan_is_on_stdout_and_the_progress_on_stderr(stage: Stage) -> None:
    stage.apply()
    assert "+ function" in stage.out.getvalue()
    assert "✓ us-east-1/function/places created in" in stage.err.getvalue()
    assert "✓" not in stage.out.getvalue()


def test_some_done_and_some_failed_ends_with_5_and_says_how_to_go_on(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.cloud.during["us-east-1/function/places"] = _fail
    outcome = stage.apply()
    assert outcome is not None
    assert outcome.exit_code is Exit.PARTIAL
    assert outcome.statuses == {
        "us-east-1/function/places": "failed",
        "us-east-1/alias/places:v1": "skipped",
        "us-west-2/function/places": "done",
    }
    told = capsys.readouterr()
    assert "Error: no such thing" in told.err
    assert "Not finished: 1 done, 1 failed, 1 skipped. Fix the errors above; then the same command" in told.err
    assert told.out == ""


def test_where_somebody_else_was_first_nothing_has_to_be_corrected(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    def overtaken() -> None:
        raise OvertakenError("not begun: v9 (deploy) by ann is under way", hint="wait until it has ended")

    stage.cloud.during["us-east-1/function/places"] = overtaken
    stage.apply()
    told = capsys.readouterr().err
    assert "Next:  wait until it has ended" in told
    assert told.endswith("Not finished: 1 done, 1 failed, 1 skipped.\n")


def test_the_same_command_is_told_only_after_what_passes_by_itself(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    def busy() -> None:
        raise BackendctlError("somebody else changes it", hint=f"{AGAIN}; it continues where this stopped")

    stage.cloud.during["us-east-1/function/places"] = busy
    stage.apply()
    assert "To continue: the same command" in capsys.readouterr().err
    stage.cloud.during["us-west-2/function/places"] = _fail
    stage.apply()
    told = capsys.readouterr().err
    assert "To continue" not in told
    assert "Fix the errors above" in told


def test_a_promotion_tells_nothing_done_from_some_of_it(stage: Stage) -> None:
    doing = Doing(opened=stage.opened(), dry_run=False, yes=True, verbose=False)
    stage.cloud.during["us-east-1/function/places"] = _fail
    plans = (plan_of(creating(FUNCTION), creating(ALIAS)), PLAN, plan_of(creating(ELSEWHERE)))
    answers: list[Answer] = []

    def rollout() -> Generator[Event, Answer, None]:
        for plan in plans:
            answer = yield Stepped(plan=plan, before=lambda: None)
            answers.append(answer)
        yield Ended(backend="shop", ending=Ending.PROMOTED)

    doing.follow(rollout())
    assert answers == [Exit.ERROR, Exit.PARTIAL, Exit.OK]


def _silent() -> None:
    raise AwsError("down", doing="update", code="ServiceUnavailable", hint=AGAIN)


def test_with_a_region_down_the_command_for_the_others_is_told_where_they_are_not_finished(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = Alias(region=EAST, name="places:v1", requires=frozenset({"us-west-2/function/places"}))
    stage.cloud.during["us-west-2/function/places"] = _silent
    stage.apply(plan_of(creating(FUNCTION), creating(waiting), creating(ELSEWHERE)))
    assert (
        "To continue without us-west-2: the same command with only -r us-east-1. "
        "Once us-west-2 answers again: the same command finishes the rest"
    ) in capsys.readouterr().err


def test_with_a_region_down_and_all_others_finished_the_same_command_finishes_the_rest(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.cloud.during["us-west-2/function/places"] = _silent
    stage.apply()
    told = capsys.readouterr().err
    assert "1 failed. Once us-west-2 answers again: the same command finishes the rest" in told
    assert "-r " not in told


def test_a_region_that_was_left_out_is_finished_by_the_same_command(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = replace(PLAN, unreachable={WEST: AwsError("no", doing="read", code="NoAnswer")})
    unreachable(plan, outcome=stage.apply())
    told = capsys.readouterr().err
    assert "us-west-2 stays as it was. Once us-west-2 answers again: the same command finishes the rest" in told


def test_whoever_is_asked_is_told_what_the_plan_leaves_out() -> None:
    silent = replace(PLAN, unreachable={WEST: AwsError("no", doing="read", code="NoAnswer")})
    assert _question(silent) == "us-west-2 did not answer and stays as it is. Apply this plan without it?"
    assert _question(PLAN) == "Apply this plan?"


def test_nothing_done_ends_with_1(stage: Stage) -> None:
    stage.cloud.during["us-east-1/function/places"] = _fail
    outcome = stage.apply(plan_of(creating(FUNCTION), creating(ALIAS)))
    assert outcome is not None
    assert outcome.exit_code is Exit.ERROR


def test_a_dry_run_shows_the_plan_and_does_nothing(stage: Stage) -> None:
    assert stage.apply(dry_run=True) is None
    assert PLAN.digest in stage.out.getvalue()
    assert stage.cloud.log == []


def test_a_dry_run_refuses_what_the_real_one_would(stage: Stage) -> None:
    with pytest.raises(RefusedError):
        stage.apply(plan_of(deleting(Table(region=EAST, name="places"))), dry_run=True)


def test_nothing_to_do_asks_nobody_and_says_so(stage: Stage, no_terminal: None) -> None:
    del no_terminal
    assert stage.apply(plan_of(), yes=False) is None
    assert "Nothing to do" in stage.out.getvalue()


def test_a_refused_plan_is_shown_and_nothing_is_done(stage: Stage) -> None:
    with pytest.raises(RefusedError):
        stage.apply(plan_of(creating(FUNCTION), deleting(Table(region=EAST, name="places"))))
    assert "- table" in stage.out.getvalue()
    assert stage.cloud.log == []


def test_a_delete_that_was_allowed_is_done(stage: Stage) -> None:
    stage.apply(plan_of(deleting(Table(region=EAST, name="places"))), allow_delete=("table/places",))
    assert stage.cloud.log == [("delete", "us-east-1/table/places")]


def test_another_plan_than_the_reviewed_one_is_not_done(stage: Stage) -> None:
    with pytest.raises(RefusedError):
        stage.apply(plan_digest="0123456789ab")
    stage.apply(plan_digest=PLAN.digest)
    assert len(stage.cloud.log) == 3


def test_without_a_terminal_and_without_yes_nothing_is_done(stage: Stage, no_terminal: None) -> None:
    del no_terminal
    with pytest.raises(UsageError) as refused:
        stage.apply(yes=False)
    assert "--yes" in refused.value.hint
    assert stage.cloud.log == []


def test_json_is_one_document_with_what_became_of_each_change(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.cloud.during["us-east-1/function/places"] = _fail
    stage.apply(form="json")
    document = json.loads(capsys.readouterr().out)
    assert {change["address"]: change["status"] for change in document["changes"]} == {
        "us-east-1/function/places": "failed",
        "us-east-1/alias/places:v1": "skipped",
        "us-west-2/function/places": "done",
    }


def test_json_of_a_dry_run_is_one_document_too(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.apply(form="json", dry_run=True)
    assert {change["status"] for change in json.loads(capsys.readouterr().out)["changes"]} == {"pending"}


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_no_secret_is_told_whatever_the_form(stage: Stage, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    stage.cloud.during["us-west-2/function/places"] = _fail
    stage.apply(form=form)
    told = capsys.readouterr()
    assert "s3cret" not in told.out + told.err + stage.out.getvalue() + stage.err.getvalue()


def test_regions_that_did_not_answer_are_told_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    cloud = Cloud()
    cloud.down.add(WEST)
    plan = plan_for(cloud, [FUNCTION])
    assert isinstance(plan.unreachable[WEST], AwsError)
    assert unreachable(plan)
    assert "Error: read us-west-2/" in capsys.readouterr().err
    assert not unreachable(plan_of())


def test_the_first_interrupt_lets_what_runs_finish(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    release = threading.Event()

    def interrupted() -> None:
        signal.raise_signal(signal.SIGINT)
        release.wait(0.2)

    stage.cloud.during["us-east-1/function/places"] = interrupted
    outcome = stage.apply(plan_of(creating(FUNCTION), creating(ALIAS)))
    assert outcome is not None
    assert outcome.statuses == {"us-east-1/function/places": "done", "us-east-1/alias/places:v1": "skipped"}
    assert outcome.exit_code is Exit.PARTIAL
    told = capsys.readouterr().err
    assert "stopping: calls in progress finish" in told
    assert "Interrupted: 1 done, 1 skipped. To continue: the same command" in told


def test_the_second_interrupt_leaves_at_once_and_the_handler_is_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    left: list[int] = []
    with stop_on_interrupt(leave=left.append) as stop:
        signal.raise_signal(signal.SIGINT)
        assert (stop.is_set(), left) == (True, [])
        signal.raise_signal(signal.SIGINT)
        assert left == [130]
    assert signal.getsignal(signal.SIGINT) is before
