"""Marks of drained regions: the same everywhere, and the newest counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from backendctl.aws.connection import Aws
from backendctl.resources.ssm.drain_mark import DrainMark, Means, Phase, drained, marks, root, write
from backendctl.resources.ssm.release_parameters import ReleaseLog
from backendctl.spec.callers import Throttling
from tests.unit.resources.api_helpers import EAST, WEST, mocked

BOTH = (EAST, WEST)
MARK = DrainMark(
    region=WEST, phase=Phase.DRAINING, serial=1, time="2026-11-28T10:00:00Z", operator="ada@desk", reason="x"
)


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mocked() as connection:
        yield connection


def test_a_mark_is_read_as_it_was_written(aws: Aws) -> None:
    mark = MARK.using(Means.HEALTH_CHECK).using(Means.THROTTLE, Throttling(rate=5, burst=10))
    write(aws, BOTH, mark)
    assert marks(aws, [WEST]) == {WEST: mark}


def test_a_reason_may_hold_what_ssm_takes_for_a_reference(aws: Aws) -> None:
    write(aws, BOTH, replace(MARK, reason="{{ssm:x}} {{"))
    assert marks(aws, BOTH)[WEST].reason == "{{ssm:x}} {{"


def test_the_newest_mark_counts_wherever_it_lies(aws: Aws) -> None:
    write(aws, BOTH, replace(MARK, phase=Phase.DRAINED))
    write(aws, [EAST], replace(MARK, phase=Phase.RESTORED, serial=2))
    assert drained(aws, BOTH) == {}
    aws.forget()
    assert drained(aws, [WEST])[WEST].phase is Phase.DRAINED


def test_what_was_noted_of_the_limits_first_stays(aws: Aws) -> None:
    del aws
    mark = MARK.using(Means.THROTTLE, Throttling(rate=5, burst=10))
    assert mark.using(Means.THROTTLE, Throttling(rate=0, burst=0)) == mark


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"phase": "gone", "serial": 1}', '{"phase": "drained", "serial": "x"}']
)
def test_what_another_hand_wrote_is_no_mark(aws: Aws, text: str) -> None:
    aws.ssm(EAST).put_parameter(Name=f"{root(aws.backend)}{WEST}", Value=text or " ", Type="String")
    assert marks(aws, BOTH) == {}


def test_a_destroy_finds_marks(aws: Aws) -> None:
    write(aws, BOTH, MARK)
    (found,) = ReleaseLog.owned(aws, EAST)
    assert found.parameters == (f"{root(aws.backend)}{WEST}",)
    found.delete(aws)
    aws.forget()
    assert marks(aws, [EAST]) == {}
