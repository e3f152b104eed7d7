"""$LATEST is changed to publish versions, and put back whatever happens."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

import pytest

from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_.releases import described_as_temporary, facts_of, is_temporary
from backendctl.warmth.tune.latest import VARIABLE, ChangedError, Latest, Note, StoppedError
from tests.unit.warmth.tune.fakes import NAME, STAMP, FakeLambda, aws_of

SIZES = (128, 512, 1024)


class KilledError(BaseException):
    """The process is gone."""


def latest(fake: FakeLambda, *, run: str = "run1", stop: threading.Event | None = None) -> Latest:
    return Latest(
        aws=aws_of(fake),
        region="us-east-1",
        physical=NAME,
        run=run,
        stamp=STAMP,
        stop=stop or threading.Event(),
    )


def once(operation: str, number: int, does: Callable[[], None]) -> Callable[[str], None]:
    """Do something before the nth call of an operation."""
    count = itertools.count(1)

    def before(called: str) -> None:
        if called == operation and next(count) == number:
            does()

    return before


def die() -> None:
    raise KilledError


def assert_as_before(fake: FakeLambda) -> None:
    assert fake.config["MemorySize"] == 1024
    assert fake.config["Environment"]["Variables"] == {"TABLE": "places"}


def test_every_size_gets_a_version_of_its_own_and_latest_is_put_back() -> None:
    fake = FakeLambda()
    made = latest(fake).publish(SIZES)
    assert {size: fake.versions[number]["MemorySize"] for size, number in made.items()} == {s: s for s in SIZES}
    assert len(set(made.values())) == 3
    assert all(is_temporary(version["Description"]) for version in fake.versions.values())
    assert_as_before(fake)


def test_the_size_that_latest_has_and_was_published_last_gets_a_fresh_version() -> None:
    fake = FakeLambda()
    fake.versions["6"] = {**fake.config, "Version": "6", "Description": "backendctl release=0123"}
    assert latest(fake).publish((1024,)) == {1024: "7"}


def test_the_versions_are_deleted_and_no_others() -> None:
    fake = FakeLambda()
    fake.versions["6"] = {**fake.config, "Version": "6", "Description": "backendctl release=0123"}
    one = latest(fake)
    one.publish(SIZES)
    assert one.delete_versions() == []
    assert list(fake.versions) == ["6"]


def test_a_version_that_an_alias_has_come_to_use_stays_and_is_told() -> None:
    fake = FakeLambda()
    one = latest(fake)
    made = one.publish(SIZES)
    fake.aliased = {made[512]}
    assert one.delete_versions() == [made[512]]
    assert list(fake.versions) == [made[512]]


@pytest.mark.parametrize("operation", ["UpdateFunctionConfiguration", "PublishVersion"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_next_run_puts_back_what_a_kill_left(operation: str, number: int) -> None:
    fake = FakeLambda()
    fake.before = once(operation, number, lambda: setattr(fake, "before", lambda _: die()))
    with pytest.raises(KilledError):
        latest(fake).publish(SIZES)
    fake.before = lambda _: None
    after = latest(fake, run="run2")
    after.put_back()
    after.delete_versions()
    assert_as_before(fake)
    assert fake.versions == {}
    assert after.put_back() is False


def test_the_note_and_the_memory_are_written_by_one_call() -> None:
    fake = FakeLambda()
    seen: list[tuple[int, bool]] = []
    fake.before = lambda _: seen.append(
        (fake.config["MemorySize"], VARIABLE in fake.config["Environment"]["Variables"])
    )
    latest(fake).publish((128, 512))
    assert set(seen) == {(1024, False), (128, True), (512, True)}


def test_a_stop_puts_back_at_once() -> None:
    fake, stop = FakeLambda(), threading.Event()
    fake.before = once("PublishVersion", 2, stop.set)
    with pytest.raises(StoppedError):
        latest(fake, stop=stop).publish(SIZES)
    assert fake.calls.count("PublishVersion") == 2
    assert_as_before(fake)


DEPLOYED = {"MemorySize": 2048, "Environment": {"Variables": {"TABLE": "other"}}, "CodeSha256": "code-2"}


@pytest.mark.parametrize("operation", ["UpdateFunctionConfiguration", "PublishVersion"])
@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("only", [tuple(DEPLOYED), ("MemorySize", "Environment")])
def test_a_deploy_meanwhile_stays_as_it_is(operation: str, number: int, only: tuple[str, ...]) -> None:
    fake = FakeLambda()
    deployed = {name: DEPLOYED[name] for name in only}
    fake.before = once(operation, number, lambda: fake.change(**deployed))
    with pytest.raises(ChangedError, match=r"changed by somebody else .* that change stays"):
        latest(fake).publish(SIZES)
    assert {name: fake.config[name] for name in only} == deployed


def test_a_deploy_that_sets_everything_as_it_was_is_noticed_too() -> None:
    fake = FakeLambda()
    fake.before = once(
        "PublishVersion", 2, lambda: fake.change(MemorySize=1024, Environment={"Variables": {"TABLE": "places"}})
    )
    with pytest.raises(ChangedError):
        latest(fake).publish(SIZES)
    assert_as_before(fake)


def test_a_setting_changed_by_hand_is_kept_and_the_memory_put_back() -> None:
    fake = FakeLambda()
    fake.before = once("PublishVersion", 2, lambda: fake.change(Timeout=99))
    with pytest.raises(ChangedError):
        latest(fake).publish(SIZES)
    assert fake.config["Timeout"] == 99
    assert_as_before(fake)


def test_memory_set_by_hand_since_is_not_put_back() -> None:
    fake = FakeLambda()
    fake.before = once("PublishVersion", 2, lambda: fake.change(MemorySize=333))
    with pytest.raises(ChangedError):
        latest(fake).publish(SIZES)
    assert fake.config["MemorySize"] == 333
    assert VARIABLE not in fake.config["Environment"]["Variables"]


def test_a_second_tuning_takes_over_and_the_first_stops() -> None:
    fake = FakeLambda()
    second = latest(fake, run="run2")

    def take_over() -> None:
        fake.before = lambda _: None
        assert second.put_back()
        second.publish((256,))

    fake.before = once("PublishVersion", 2, take_over)
    with pytest.raises(ChangedError):
        latest(fake).publish(SIZES)
    assert_as_before(fake)


def test_a_revision_that_moves_without_a_change_is_no_change() -> None:
    fake = FakeLambda()
    fake.before = once("UpdateFunctionConfiguration", 2, fake.change)
    assert set(latest(fake).publish(SIZES)) == set(SIZES)


def test_a_change_whose_answer_was_lost_is_no_change_of_somebody_else() -> None:
    fake = FakeLambda()
    note = Note(run="run1", memory=1024, size=128, time=STAMP.time)
    done = {"MemorySize": 128, "Environment": {"Variables": {"TABLE": "places", VARIABLE: str(note)}}}
    fake.before = once("UpdateFunctionConfiguration", 1, lambda: fake.change(**done))
    assert set(latest(fake).publish(SIZES)) == set(SIZES)
    assert_as_before(fake)


def test_temporary_versions_are_no_releases() -> None:
    fake = FakeLambda()
    fake.versions["6"] = {**fake.config, "Version": "6", "Description": "backendctl release=0123"}
    latest(fake).publish((128,))
    assert [one.number for one in lambda_reads.versions(aws_of(fake), "us-east-1", NAME)] == ["6"]
    assert [one.number for one in lambda_reads.temporary_versions(aws_of(fake), "us-east-1", NAME)] == ["7"]


def test_notes_survive_being_written_and_nonsense_is_no_note() -> None:
    note = Note(run="ab12cd34", memory=1024, size=128, time="2026-11-28T10:00:00Z")
    assert Note.of({"Environment": {"Variables": {VARIABLE: str(note)}}}) == note
    assert Note.of({"Environment": {"Variables": {VARIABLE: "memory=much"}}}) is None
    assert Note.of({}) is None


def test_the_description_tells_who_and_for_what() -> None:
    told = facts_of(described_as_temporary("ab12cd34", 512, STAMP))
    assert told == {"tuning": "ab12cd34", "memory": "512", "time": STAMP.time, "by": "Ann Onymous"}
