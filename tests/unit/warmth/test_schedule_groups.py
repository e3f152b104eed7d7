"""Schedules of EventBridge Scheduler, as warm-status reads them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backendctl.aws.connection import Aws
from backendctl.resources.deploy_context import DeployContext
from backendctl.resources.events.schedule import Schedule
from backendctl.spec.warming import build_warm
from backendctl.warmth.rules import wanted_schedules
from backendctl.warmth.subject import Rule
from tests.unit.resources.lambda_helpers import EAST, PLACES, changed, emulated, staged_context

GROUP = "corkhounds-warm-places"


@pytest.fixture
def aws() -> Iterator[Aws]:
    with emulated() as made:
        yield made


def office() -> DeployContext:
    return staged_context(changed(PLACES, warm=build_warm({"only": "Mon-Fri 07:00-20:00 Europe/Dublin"})))


def looked_at(aws: Aws) -> Rule:
    aws.forget()
    return wanted_schedules(aws, EAST, GROUP, physical=PLACES.physical)


def test_a_group_that_is_not_there_is_told_as_such(aws: Aws) -> None:
    found = looked_at(aws)
    assert (found.is_there, found.told) == (False, f"schedule group {GROUP}")


def test_a_group_is_one_rule_that_calls_what_its_schedules_call(aws: Aws) -> None:
    next(iter(Schedule.desired(office()))).create(aws)
    found = looked_at(aws)
    assert (found.is_there, found.is_enabled, found.is_permitted, found.is_schedule) == (True, True, True, True)
    assert (found.targets, found.all_targets) == ({"version1-a": 2, "version1-b": 2}, 4)
    assert found.schedule == "cron(55 6 ? * MON-FRI *), cron(0/5 7-19 ? * MON-FRI *), Europe/Dublin"
    assert found.interval is None


def test_a_group_is_off_when_all_its_schedules_are(aws: Aws) -> None:
    context = staged_context(
        changed(PLACES, warm=build_warm({"only": "Mon-Fri 07:00-20:00 Europe/Dublin", "enabled": False}))
    )
    next(iter(Schedule.desired(context))).create(aws)
    assert not looked_at(aws).is_enabled
