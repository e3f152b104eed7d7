"""Who is first gets an entry of the log; the others are told whose it is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from backendctl.aws.connection import Access, Aws
from backendctl.errors import BackendctlError
from backendctl.resources.ssm import release_claim, release_log
from backendctl.resources.ssm.release_claim import Announce, Conclude
from backendctl.resources.ssm.release_record import Event, Record, State, token_of
from tests.unit.resources.lambda_helpers import EAST, WEST, emulated

BOTH = (EAST, WEST)
_PATIENCE = 10.0
MINE = Record(
    index=1,
    number=1,
    event=Event.DEPLOY,
    token="3f2a1c9d",
    targets=("prodv1",),
    regions=BOTH,
    time="2026-11-28T14:00:00Z",
    operator="ann@laptop",
)
THEIRS = replace(MINE, token="99999999", operator="bob@desk")


@pytest.fixture
def aws() -> Iterator[Aws]:
    with emulated() as made:
        yield made


def announce(entry: Record, *, joins: bool = False) -> Announce:
    return Announce(name=f"v{entry.number}", entries=dict.fromkeys(BOTH, entry), joins=joins)


def test_an_announcement_stands_in_every_region_and_is_read_back(aws: Aws) -> None:
    announce(MINE).run(aws)
    for region in BOTH:
        found = release_log.read(aws, region)
        assert found.entries == {1: MINE}
        assert found.entries[1].touched > 0


def test_an_entry_that_does_not_fit_a_standard_parameter_is_refused_before_it_is_written(aws: Aws) -> None:
    versions = {f"shop-{token_of(n)}{token_of(n, 1)}:live": str(n) for n in range(1000)}
    with pytest.raises(BackendctlError, match=r"v1 does not fit .* its 1000 functions take \d+ bytes, .* 4096"):
        release_log.claim(aws, EAST, replace(MINE, versions=versions))
    assert release_log.read_now(aws, EAST).entries == {}
    release_log.claim(aws, EAST, MINE)
    (found,) = aws.ssm(EAST).describe_parameters()["Parameters"]
    assert found["Tier"] == "Standard"


def test_what_has_ended_in_one_region_comes_to_another_whatever_came_after_it_there(aws: Aws) -> None:
    release_log.claim(aws, EAST, replace(MINE, state=State.DONE))
    release_log.claim(aws, EAST, replace(MINE, index=2, event=Event.SHIFT, state=State.DONE))
    announce(MINE, joins=True).run(aws)
    assert list(release_log.read_now(aws, EAST).entries) == [1, 2]
    assert list(release_log.read_now(aws, WEST).entries) == [1]


def test_the_second_operator_is_told_whose_the_release_is_and_nothing_is_written(aws: Aws) -> None:
    announce(THEIRS).run(aws)
    with pytest.raises(BackendctlError, match=r"v1 \(deploy\) by bob from desk is in progress, started .* ago"):
        announce(MINE).run(aws)
    assert [release_log.read_now(aws, region).entries[1].token for region in BOTH] == ["99999999"] * 2


def test_who_was_first_in_the_first_region_goes_on_and_the_other_withdraws(aws: Aws) -> None:
    release_log.claim(aws, WEST, THEIRS)
    with pytest.raises(BackendctlError, match="by bob"):
        announce(MINE).run(aws)
    assert release_log.read_now(aws, EAST).entries[1].state is State.WITHDRAWN


def test_once_one_region_has_it_the_others_are_written_at_once(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = threading.Barrier(2)
    claimed: list[str] = []
    claim = release_log.claim

    def meet(aws: Aws, region: str, entry: Record) -> Record | None:
        if claimed:
            meeting.wait(_PATIENCE)  # neither of the others waits for the other
        claimed.append(region)
        return claim(aws, region, entry)

    monkeypatch.setattr(release_log, "claim", meet)
    regions = (EAST, WEST, "eu-west-1")
    Announce(name="v1", entries=dict.fromkeys(regions, MINE)).run(aws)
    assert claimed[0] == EAST
    assert all(release_log.read_now(aws, region).entries == {1: MINE} for region in regions)


def test_what_has_ended_in_a_region_is_not_withdrawn_there_when_another_was_first_elsewhere(aws: Aws) -> None:
    release_log.claim(aws, EAST, replace(MINE, state=State.DONE))
    release_log.claim(aws, WEST, THEIRS)
    with pytest.raises(BackendctlError, match="by bob"):
        announce(MINE, joins=True).run(aws)
    assert release_log.read_now(aws, EAST).entries[1].state is State.DONE


def test_what_another_part_of_the_same_release_has_noted_meanwhile_is_kept(aws: Aws) -> None:
    announce(MINE).run(aws)
    release_log.renew(aws, EAST, 1)
    release_claim.ready(aws, EAST, replace(MINE, versions={"shop-a:live": "1"}), adds=True)
    release_claim.ready(aws, EAST, replace(MINE, versions={"shop-b:live": "2"}), adds=True, renewed=True)
    assert release_log.read_now(aws, EAST).entries[1].versions == {"shop-a:live": "1", "shop-b:live": "2"}


def test_a_log_that_is_known_is_asked_again_for_what_could_have_come_since(aws: Aws) -> None:
    for number in range(1, 13):
        release_log.claim(aws, EAST, replace(MINE, index=number, number=number, state=State.DONE))
    release_log.read(aws, EAST)
    other = Aws(Access(keys=("testing", "testing"), time_scale=0.0), backend=aws.backend)
    release_log.rewrite(other, EAST, replace(MINE, index=12), lambda there: replace(there, operator="bob@desk"))
    release_log.claim(other, EAST, replace(THEIRS, index=13, number=13))
    asked: list[str] = []
    aws.ssm(EAST).meta.events.register("before-call.ssm", lambda model, **_: asked.append(model.name))
    found = release_log.renew(aws, EAST, 12)
    assert asked == ["GetParameters"]
    assert list(found.entries) == list(range(1, 14))
    assert (found.entries[12].operator, found.entries[13].token) == ("bob@desk", THEIRS.token)
    assert release_log.read(aws, EAST) == found


def test_an_entry_that_is_gone_by_now_is_not_there_any_more(aws: Aws) -> None:
    announce(MINE).run(aws)
    aws.ssm(EAST).delete_parameter(Name=f"{release_log.root(aws.backend)}1")
    assert release_log.renew(aws, EAST, 1).entries == {}


def test_the_same_command_of_the_same_operator_goes_on(aws: Aws) -> None:
    release_log.claim(aws, EAST, MINE)
    announce(replace(MINE, time="2026-11-28T15:00:00Z")).run(aws)
    assert [release_log.read_now(aws, region).entries[1].operator for region in BOTH] == ["ann@laptop"] * 2


def test_the_same_command_of_another_operator_is_told_unless_it_joins(aws: Aws) -> None:
    other = replace(MINE, operator="bob@desk")
    release_log.claim(aws, EAST, MINE)
    with pytest.raises(BackendctlError, match="by ann from laptop"):
        announce(other).run(aws)
    announce(other, joins=True).run(aws)
    assert release_log.read_now(aws, EAST).entries[1].operator == "bob@desk"


def test_a_canary_that_is_resumed_begins_when_it_is_resumed(aws: Aws) -> None:
    canary = replace(MINE, event=Event.CANARY, percent=10.0)
    release_log.claim(aws, EAST, canary)
    later = replace(canary, time="2026-11-28T15:00:00Z")
    announce(later).run(aws)
    assert release_log.read_now(aws, EAST).entries[1].time == "2026-11-28T15:00:00Z"


def test_a_release_that_was_taken_over_goes_no_further(aws: Aws) -> None:
    announce(MINE).run(aws)
    release_log.claim(aws, EAST, replace(THEIRS, index=2, number=2))
    with pytest.raises(BackendctlError, match=r"v1 .* cannot continue in us-east-1: v2 .* by bob"):
        release_claim.ready(aws, EAST, MINE)
    assert release_log.read_now(aws, EAST).entries[1].state is State.CLAIMED
    release_claim.ready(aws, WEST, MINE)
    assert release_log.read_now(aws, WEST).entries[1].state is State.READY


def test_what_is_concluded_is_over_and_again_is_unchanged(aws: Aws) -> None:
    announce(MINE).run(aws)
    conclude = Conclude(region=EAST, name="v1", entry=MINE)
    assert conclude.read(aws) != ()
    conclude.run(aws)
    aws.forget()
    assert conclude.read(aws) == ()
    assert release_log.read_now(aws, EAST).entries[1].is_over


def test_damaged_entries_are_passed_over_and_their_place_is_never_used_again(aws: Aws) -> None:
    announce(MINE).run(aws)
    aws.ssm(EAST).put_parameter(Name=f"{release_log.root(aws.backend)}7", Value="hello", Type="String")
    aws.ssm(EAST).put_parameter(Name=f"{release_log.root(aws.backend)}notes", Value="hello", Type="String")
    found = release_log.read_now(aws, EAST)
    assert (list(found.entries), found.damaged, found.top) == ([1], frozenset({7}), 7)


def log_of(*entries: Record) -> release_log.RegionLog:
    return release_log.RegionLog(region=EAST, entries={entry.index: entry for entry in entries})


def test_records_of_long_ago_go_but_what_a_stage_has_served_last_stays() -> None:
    dev = replace(MINE, targets=("dev",), state=State.DONE)
    rest = [replace(MINE, index=n, number=n, state=State.DONE) for n in range(2, 60)]
    gone = release_log.expendable(log_of(dev, *rest))
    assert 1 not in gone
    assert gone == list(range(2, 60 - release_log.KEPT))


def test_aborted_canaries_have_not_lived() -> None:
    first = replace(MINE, state=State.DONE)
    canary = replace(MINE, index=2, number=2, event=Event.CANARY, state=State.DONE)
    abort = replace(canary, index=3, event=Event.ABORT)
    assert [e.number for e in log_of(first, canary, abort).lived("prodv1")] == [1]
    promote = replace(canary, index=3, event=Event.PROMOTE)
    assert [e.number for e in log_of(first, canary, promote).lived("prodv1")] == [1, 2]


def test_a_stage_that_goes_takes_its_records_with_it_and_leaves_those_of_others(aws: Aws) -> None:
    announce(replace(MINE, targets=("dev", "prodv1"))).run(aws)
    release_log.claim(aws, EAST, replace(MINE, index=2, number=2, targets=("dev",)))
    release_log.forget_stage(aws, EAST, "dev", left=["prodv1"])
    assert list(release_log.read_now(aws, EAST).entries) == [1]
    release_log.forget_stage(aws, EAST, "prodv1", left=[])
    assert list(release_log.read_now(aws, EAST).entries) == []
