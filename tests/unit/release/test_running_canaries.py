"""A canary that is on when one is to be started."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from backendctl.errors import UsageError
from backendctl.release.log_reading import Logs
from backendctl.release.running_canaries import Running
from backendctl.resources.apigateway.canary import Canary
from backendctl.resources.ssm.release_log import RegionLog
from backendctl.resources.ssm.release_record import Event, Record, State

EAST, WEST = "us-east-1", "us-west-2"
MINE = Record(
    index=3,
    number=2,
    event=Event.CANARY,
    token="3f2a1c9d",
    targets=("prodv1",),
    regions=(EAST,),
    percent=30.0,
    state=State.DONE,
)
OTHER = replace(MINE, index=4, number=3, token="99999999")


def canary(tag: str = MINE.tag, *, percent: float = 30.0, region: str = EAST) -> Canary:
    return Canary(region=region, name="prodv1", owner="shop", api="shop", tag=tag, percent=percent)


def running(*on: Canary | None, mine: Record | None = MINE, percent: float | None = None) -> Running:
    places = zip((EAST, WEST), on, strict=False)
    return Running(canaries=[(region, "prodv1", one) for region, one in places], mine=mine, percent=percent)


@pytest.mark.parametrize("percent", [None, 30.0])
def test_the_same_canary_said_again_holds_when_it_is_on_everywhere(percent: float | None) -> None:
    assert running(canary(), canary(region=WEST), percent=percent).holds()


def test_it_holds_at_any_share_it_was_shifted_to_but_for_one_that_was_asked_for() -> None:
    assert running(canary(percent=60), canary(percent=60)).holds()
    with pytest.raises(UsageError, match="v2 is running as a canary, with 60 %, not with 30 %") as refused:
        running(canary(percent=60), canary(percent=60), percent=30.0).holds()
    assert refused.value.hint == "shift it: backendctl promote-canary --to 30"


@pytest.mark.parametrize(
    "found",
    [
        running(None, None),
        running(canary(), None),
        running(canary(), canary(OTHER.tag)),
        running(canary(), canary(), mine=None),
        running(canary(), canary(), mine=replace(MINE, state=State.READY)),
        running(),
    ],
)
def test_it_does_not_hold_where_it_is_not_on_is_another_or_has_not_ended(found: Running) -> None:
    assert not found.holds()


def test_another_canary_is_refused_with_where_it_is_on() -> None:
    with pytest.raises(UsageError, match=r"^a canary \(v2\) is on us-east-1/stage/prodv1, with 30 %$"):
        running(canary(), None, mine=None).refuse(OTHER)
    running(canary(), None, mine=None).refuse(MINE)
    running(None, None, mine=None).refuse(OTHER)


def test_a_canary_that_was_begun_is_not_finished_with_another_share_than_its_own() -> None:
    with pytest.raises(UsageError, match="v2 was begun with 30 %, and is finished with that, not with 50 %"):
        running(None, None, percent=50.0).refuse(MINE)
    running(None, None, percent=30.0).refuse(MINE)
    running(None, None, percent=50.0).refuse(replace(MINE, percent=None))


def test_a_canary_that_is_on_in_one_region_comes_to_the_other_under_its_own_number() -> None:
    found = running(canary(), None).begun_elsewhere((EAST, WEST))
    assert found == replace(MINE, regions=(EAST, WEST))
    assert running(canary(), canary()).begun_elsewhere((EAST, WEST)) is None
    assert running(None, None).begun_elsewhere((EAST, WEST)) is None, "one that was ended begins anew"
    assert running(canary(), None, mine=None).begun_elsewhere((EAST, WEST)) is None
    assert running(canary(OTHER.tag), None).begun_elsewhere((EAST, WEST)) is None


def test_a_start_has_not_ended_while_one_region_has_not_noted_its_end() -> None:
    ready = replace(MINE, state=State.READY)
    entries = {EAST: MINE, WEST: ready}
    logs = Logs(regions={region: RegionLog(region=region, entries={3: one}) for region, one in entries.items()})
    asking: Any = SimpleNamespace(context=SimpleNamespace(stamp=SimpleNamespace(operator=MINE.operator)))
    assert Running.read((), logs, asking, percent=None, token=MINE.token).mine == ready
