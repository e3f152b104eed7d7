"""Following a log: each event is told once, whatever the order in which CloudWatch shows them."""

from __future__ import annotations

import itertools
import random

import pytest

from backendctl.errors import UsageError
from backendctl.logs.following import LATE, RECENT, Asked, Batch, Follower
from backendctl.logs.reading import Scope, read
from backendctl.logs.sources import Kind, Source
from tests.unit.warmth.logs_service import REGION, Line, Logs

T = 1_800_000_000.0
GROUP = "/aws/lambda/corkhounds-places"
SOURCE = Source(region=REGION, group=GROUP, kind=Kind.FUNCTION, name="places", physical="corkhounds-places")


def follower(logs: Logs, *, since: float = T, skew: float = 0.0, until: float | None = None) -> Follower:
    """One whose own clock is off by `skew` seconds."""
    asked = Asked(since=int(since * 1000), until=None if until is None else int(until * 1000))
    return Follower(logs.aws(), [SOURCE], asked, workers=1, now=lambda: logs.now + skew)


def told(batch: Batch) -> list[str]:
    return [line.message for line in batch.lines]


def test_a_line_that_was_told_is_not_told_again() -> None:
    logs = Logs(now=T + 1)
    logs.put(GROUP, [T], "first")
    following = follower(logs)
    assert told(following.fresh()) == ["first"]
    logs.lines.append(Line(group=GROUP, at=T + 1, message="second"))
    assert told(following.fresh()) == ["second"]
    assert told(following.fresh()) == []


def test_lines_of_the_same_millisecond_across_a_page_end_come_once_each() -> None:
    logs = Logs(now=T + 1, page=3)
    logs.put(GROUP, [T] * 10, "line {n}")
    assert told(follower(logs).fresh()) == [f"line {n}" for n in range(10)]


def test_lines_that_appear_late_and_out_of_order_are_told() -> None:
    chance = random.Random(7)  # noqa: S311  # no secret
    logs = Logs(now=T, page=50)
    logs.groups.add(GROUP)
    for n in range(500):
        at = T + n * 0.4
        late = chance.choice([0, 0, 0, 1, 5, 60, 110])
        logs.lines.append(Line(group=GROUP, at=at, message=f"{n}", stream=f"[7]{n % 5}", shown=at + late))
    following, seen = follower(logs, skew=250.0), []
    for _ in range(350):
        logs.now += 1.0
        seen += told(following.fresh())
    assert sorted(seen, key=int) == [f"{n}" for n in range(500)]


def test_a_line_stamped_with_a_future_time_hides_none_that_follow() -> None:
    logs = Logs(now=T + 1)
    logs.put(GROUP, [T + 5000], "from a clock that is ahead")
    following = follower(logs)
    assert len(told(following.fresh())) == 1
    for _ in range(30):
        logs.now += 60
        logs.lines.append(Line(group=GROUP, at=logs.now - 0.5, message=f"at {logs.now}"))
        assert told(following.fresh()) == [f"at {logs.now}"]


def test_what_a_failed_reading_missed_comes_with_the_next() -> None:
    logs = Logs(now=T + 1, page=2)
    logs.put(GROUP, [T] * 6, "{n}")
    following = follower(logs)
    logs.fails = 2
    batch = following.fresh()
    assert (told(batch), list(batch.failed)) == ([], [SOURCE])
    logs.fails = None
    logs.now += 3600
    assert told(following.fresh()) == [f"{n}" for n in range(6)]


def test_most_readings_go_back_a_little_and_some_far() -> None:
    logs = Logs(now=T)
    logs.groups.add(GROUP)
    following = follower(logs, since=T - 1000)
    for _ in range(21):
        following.fresh()
    starts = [round(logs.now * 1000) - asked["startTime"] for asked in logs.asked["FilterLogEvents"]]
    assert starts[0] == 1_000_000
    assert starts[1:] == [RECENT] * 9 + [LATE] + [RECENT] * 9 + [LATE]


def test_a_missing_group_is_told_apart_from_a_silent_region() -> None:
    batch = follower(Logs(now=T)).fresh()
    assert (batch.missing, batch.failed, batch.count) == ((SOURCE,), {}, 1)


def test_readings_leave_half_of_the_rate_to_others() -> None:
    sources = [Source(region=REGION, group=f"/{n}", kind=Kind.FUNCTION, name="x") for n in range(10)]
    following = Follower(Logs().aws(), sources, Asked(since=0), workers=1)
    assert len(sources) / following.pause <= 2.5


def test_lines_of_several_logs_come_in_order_of_time() -> None:
    logs = Logs(now=T + 60)
    logs.put("/a", [T + 1, T + 3], "a{n}")
    logs.put("/b", [T + 2, T + 4], "b{n}")
    sources = [Source(region=REGION, group=name, kind=Kind.FUNCTION, name="x") for name in ("/a", "/b")]
    batch = Follower(logs.aws(), sources, Asked(since=int(T * 1000)), workers=1).fresh()
    assert told(batch) == ["a0", "b2", "a1", "b3"]


def test_a_group_is_read_to_its_end_although_a_page_is_empty() -> None:
    logs = Logs(now=T + 60, page=1)
    logs.put(GROUP, [T] * 3, "{n}")
    found = read(logs.aws(), Scope(region=REGION, group=GROUP, since=int(T * 1000)))
    assert found is not None
    assert len(found) == 3


def test_batches_come_one_after_the_other() -> None:
    logs = Logs(now=T + 1)
    logs.put(GROUP, [T], "x")
    counts = [len(batch.lines) for batch in itertools.islice(follower(logs).forever(), 3)]
    assert counts == [1, 0, 0]


def test_a_pattern_that_is_none_is_a_fault_of_the_command_line() -> None:
    from botocore.exceptions import ClientError  # noqa: PLC0415

    class Refusing(Logs):
        def _filter(self, params: dict[str, object]) -> dict[str, object]:
            del params
            error = {"Error": {"Code": "InvalidParameterException", "Message": "Invalid filter pattern"}}
            raise ClientError(error, "FilterLogEvents")  # type: ignore[arg-type]  # no more than AWS gives

    following = Follower(Refusing().aws(), [SOURCE], Asked(since=0, pattern="{"), workers=1)
    with pytest.raises(UsageError, match="--filter"):
        following.fresh()
