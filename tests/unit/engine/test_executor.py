"""Walking the plan: everything at once that can be, nothing before its time, every change answered once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import ClassVar

import pytest

from backendctl.aws.progress import note
from backendctl.aws.wait import settle
from backendctl.engine.events import Done, Event, Failed, Noted, Skipped, Started
from backendctl.engine.executor import apply
from backendctl.engine.plan import Plan
from backendctl.engine.resource import GLOBAL
from backendctl.engine.traits import Traits
from backendctl.errors import AwsError, BackendctlError, BugError, WaitTimeoutError
from tests.unit.engine.things import (
    EAST,
    ORDER,
    WEST,
    Alias,
    Cloud,
    Function,
    RegionIndex,
    Role,
    Stage,
    Table,
    Thing,
    creating,
    deleting,
    plan_of,
    updating,
)

_PATIENCE = 10.0
F_EAST, F_WEST = "us-east-1/function/f", "us-west-2/function/f"


def _walk(plan: Plan, cloud: Cloud, *, workers: int = 8, stop: threading.Event | None = None) -> list[Event]:
    return list(apply(plan, aws=cloud, order=ORDER, workers=workers, stop=stop or threading.Event()))


def _ends(events: list[Event]) -> dict[str, str]:
    """How each address ended: "done", "failed", or why it was skipped."""
    found: dict[str, str] = {}
    for event in events:
        match event:
            case Done():
                found[event.change.address] = "done"
            case Failed():
                found[event.change.address] = "failed"
            case Skipped(because=because):
                found[event.change.address] = because
    return found


def _raising(error: Exception) -> Callable[[], None]:
    def body() -> None:
        raise error

    return body


def _function(region: str = EAST, name: str = "f", *, needs: str = "") -> Function:
    return Function(region=region, name=name, requires=frozenset({needs} - {""}))


def _alias(region: str = EAST) -> Alias:
    return Alias(region=region, name="f:v1", requires=frozenset({f"{region}/function/f"}))


def test_an_empty_plan_tells_nothing() -> None:
    assert _walk(plan_of(), Cloud()) == []


def test_each_action_calls_its_verb() -> None:
    cloud = Cloud()
    plan = plan_of(creating(_function(name="a")), updating(_function(name="b")), deleting(_function(name="c")))
    _walk(plan, cloud)
    assert sorted(cloud.log) == [
        ("create", "us-east-1/function/a"),
        ("delete", "us-east-1/function/c"),
        ("update", "us-east-1/function/b"),
    ]


def test_everything_independent_runs_at_once_in_every_region() -> None:
    cloud = Cloud()
    functions = [_function(region, name) for region in (EAST, WEST) for name in ("a", "b", "c")]
    all_there = threading.Barrier(len(functions), timeout=_PATIENCE)
    plan = plan_of(*[creating(function) for function in functions])
    cloud.during = {change.address: lambda: void(all_there.wait()) for change in plan.changes}
    assert set(_ends(_walk(plan, cloud, workers=len(functions))).values()) == {"done"}


def void(_: object) -> None:
    """Drop a value."""


def test_no_more_run_at_once_than_there_are_workers() -> None:
    cloud, lock = Cloud(), threading.Lock()
    now, most = [0], [0]

    def body() -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.005)
        with lock:
            now[0] -= 1

    plan = plan_of(*[creating(_function(name=f"f{number}")) for number in range(12)])
    cloud.during = {change.address: body for change in plan.changes}
    _walk(plan, cloud, workers=3)
    assert most[0] <= 3


def test_a_dependent_starts_only_when_what_it_needs_is_done() -> None:
    cloud = Cloud()
    events = _walk(plan_of(creating(_alias()), creating(_function())), cloud)
    assert [(type(event), event.change.kind) for event in events] == [
        (Started, "function"),
        (Done, "function"),
        (Started, "alias"),
        (Done, "alias"),
    ]


def test_a_chain_is_not_held_up_by_a_slow_stranger() -> None:
    cloud, alias_made = Cloud(), threading.Event()
    cloud.during = {
        "us-west-2/table/t": lambda: void(alias_made.wait(_PATIENCE)),
        "us-east-1/alias/f:v1": alias_made.set,
    }
    plan = plan_of(creating(Table(region=WEST, name="t")), creating(_function()), creating(_alias()))
    events = _walk(plan, cloud, workers=2)
    assert [event.change.kind for event in events if isinstance(event, Done)] == ["function", "alias", "table"]


def test_a_failure_skips_all_that_needs_it_and_names_the_root() -> None:
    cloud = Cloud()
    cloud.during[F_EAST] = _raising(BackendctlError("no"))
    stage = Stage(region=EAST, name="s", requires=frozenset({"us-east-1/alias/f:v1"}))
    changes = [creating(_function()), creating(_alias()), creating(stage), creating(Table(region=EAST, name="t"))]
    assert _ends(_walk(plan_of(*changes), cloud)) == {
        F_EAST: "failed",
        "us-east-1/alias/f:v1": F_EAST,
        "us-east-1/stage/s": F_EAST,
        "us-east-1/table/t": "done",
    }


def test_a_failure_in_one_region_leaves_the_others_alone() -> None:
    cloud = Cloud()
    cloud.during[F_EAST] = _raising(BackendctlError("no"))
    changes = [change for region in (EAST, WEST) for change in (creating(_function(region)), creating(_alias(region)))]
    ends = _ends(_walk(plan_of(*changes, deleting(Stage(region=WEST, name="old"))), cloud))
    assert {address: end for address, end in ends.items() if address.startswith(WEST)} == {
        F_WEST: "done",
        "us-west-2/alias/f:v1": "done",
        "us-west-2/stage/old": "done",
    }


def test_nothing_is_deleted_where_an_update_failed() -> None:
    cloud = Cloud()
    cloud.during[F_EAST] = _raising(BackendctlError("no"))
    ends = _ends(_walk(plan_of(updating(_function()), deleting(Stage(region=EAST, name="old"))), cloud))
    assert ends["us-east-1/stage/old"] == F_EAST
    assert cloud.log == []


def test_deletes_come_after_updates_and_in_reverse_creation_order() -> None:
    cloud = Cloud()
    gone = [Table(region=EAST, name="t"), Function(region=EAST, name="old"), Stage(region=EAST, name="s")]
    _walk(plan_of(*[deleting(thing) for thing in gone], updating(_function())), cloud)
    assert cloud.log == [
        ("update", F_EAST),
        ("delete", "us-east-1/stage/s"),
        ("delete", "us-east-1/table/t"),
        ("delete", "us-east-1/function/old"),
    ]


def test_a_region_is_entered_first_and_forgotten_last() -> None:
    cloud = Cloud()
    entered, forgotten = RegionIndex(region=EAST, name=EAST), RegionIndex(region=EAST, name=WEST)
    leaving = [deleting(forgotten), deleting(_function(WEST)), deleting(Table(region=WEST, name="t"))]
    _walk(plan_of(*leaving, creating(_function()), creating(entered)), cloud)
    assert cloud.log.index(("create", "us-east-1/region-index/us-east-1")) < cloud.log.index(("create", F_EAST))
    assert cloud.log[-1] == ("delete", "us-east-1/region-index/us-west-2")


def test_a_region_of_which_something_could_not_be_deleted_is_not_forgotten() -> None:
    cloud = Cloud()
    cloud.during[F_WEST] = _raising(BackendctlError("no"))
    ends = _ends(_walk(plan_of(deleting(RegionIndex(region=EAST, name=WEST)), deleting(_function(WEST))), cloud))
    assert ends["us-east-1/region-index/us-west-2"] == F_WEST


def test_a_global_resource_comes_before_those_that_need_it_everywhere() -> None:
    cloud = Cloud()
    needing = [creating(_function(region, needs="global/role/r")) for region in (EAST, WEST)]
    _walk(plan_of(*needing, creating(Role(region=GLOBAL, name="r"))), cloud)
    assert cloud.log[0] == ("create", "global/role/r")
    assert len(cloud.log) == 3


def test_after_stop_what_runs_finishes_and_the_rest_is_skipped() -> None:
    cloud, stop = Cloud(), threading.Event()
    cloud.during[F_EAST] = stop.set
    ends = _ends(_walk(plan_of(creating(_function()), creating(_alias())), cloud, stop=stop))
    assert ends == {F_EAST: "done", "us-east-1/alias/f:v1": "interrupted"}


def test_after_stop_what_was_ready_but_had_no_worker_is_skipped_too() -> None:
    cloud, stop = Cloud(), threading.Event()
    plan = plan_of(*[creating(_function(name=f"f{number}")) for number in range(20)])
    cloud.during = {change.address: stop.set for change in plan.changes}
    ends = _ends(_walk(plan, cloud, workers=1, stop=stop))
    assert sorted(ends.values()) == ["done", *["interrupted"] * 19]
    assert len(cloud.log) == 1


def test_nothing_is_started_when_stopped_from_the_start() -> None:
    cloud, stop = Cloud(), threading.Event()
    stop.set()
    assert _ends(_walk(plan_of(creating(_function())), cloud, stop=stop)) == {F_EAST: "interrupted"}
    assert cloud.log == []


def test_a_bug_in_a_worker_is_told_with_its_traceback_and_ends_nothing_else() -> None:
    cloud = Cloud()
    cloud.during[F_EAST] = _raising(KeyError("arn"))
    events = _walk(plan_of(creating(_function()), creating(_function(WEST))), cloud)
    (failed,) = [event for event in events if isinstance(event, Failed)]
    assert isinstance(failed.error, BugError)
    assert failed.error.message == "create us-east-1/function/f: KeyError: 'arn'"
    assert "Traceback" in failed.error.trace
    assert "things.py" in failed.error.trace
    assert _ends(events)[F_WEST] == "done"


def test_an_expected_error_stays_what_it_is() -> None:
    cloud, error = Cloud(), WaitTimeoutError("gave up waiting")
    cloud.during[F_EAST] = _raising(error)
    (failed,) = [event for event in _walk(plan_of(creating(_function())), cloud) if isinstance(event, Failed)]
    assert failed.error is error


def test_a_region_that_does_not_answer_is_an_aws_error_with_the_address() -> None:
    cloud = Cloud()
    cloud.down.add(EAST)
    cloud.during[F_EAST] = lambda: cloud.ask(EAST)
    (failed,) = [event for event in _walk(plan_of(updating(_function())), cloud) if isinstance(event, Failed)]
    assert isinstance(failed.error, AwsError)
    assert failed.error.doing == "update us-east-1/function/f"


def test_what_a_verb_notes_reaches_its_own_change_only() -> None:
    cloud = Cloud()
    both = threading.Barrier(2, timeout=_PATIENCE)

    def noting(message: str) -> Callable[[], None]:
        def body() -> None:
            both.wait()
            note(message)

        return body

    cloud.during = {F_EAST: noting("east"), F_WEST: noting("west")}
    events = _walk(plan_of(creating(_function()), creating(_function(WEST))), cloud)
    noted = {event.change.region: event.message for event in events if isinstance(event, Noted)}
    assert noted == {EAST: "east", WEST: "west"}


def test_done_tells_how_long_it_took_by_the_clock_given() -> None:
    ticks = iter([100.0, 107.5])
    (_, done) = apply(
        plan_of(creating(_function())),
        aws=Cloud(),
        order=ORDER,
        workers=1,
        stop=threading.Event(),
        clock=lambda: next(ticks),
    )
    assert isinstance(done, Done)
    assert done.seconds == 7.5


def test_apply_looks_afresh_and_does_not_trust_the_reads_of_the_plan() -> None:
    cloud = Cloud()
    cloud.shared(("functions", EAST), lambda: "before")
    _walk(plan_of(), cloud)
    assert cloud.shared(("functions", EAST), lambda: "after") == "after"


@pytest.mark.parametrize("workers", [1, 2, 16])
def test_any_number_of_workers_finishes_a_deep_and_wide_plan(workers: int) -> None:
    cloud = Cloud()
    changes = []
    for region in (EAST, WEST):
        for number in range(15):
            needs = f"{region}/function/f{number - 1}" if number % 5 else ""
            changes.append(creating(_function(region, f"f{number}", needs=needs)))
    assert set(_ends(_walk(plan_of(*changes), cloud, workers=workers)).values()) == {"done"}
    assert len(cloud.log) == 30


class Grant(Thing):
    """What goes by Lambda's own word, which knows a new alias at once."""

    __slots__ = ()
    kind: ClassVar[str] = "permission"
    traits: ClassVar[Traits] = Traits(needs_settled=False)


def _settling_plan(cloud: Cloud) -> Plan:
    """An alias that AWS needs five seconds to spread, a grant on it, and a stage that needs the grant."""
    cloud.during["us-east-1/alias/f:v1"] = lambda: settle(cloud, "f:v1 to be the same everywhere")
    grant = Grant(region=EAST, name="f:v1", requires=frozenset({"us-east-1/alias/f:v1"}))
    stage = Stage(region=EAST, name="v1", requires=frozenset({"us-east-1/permission/f:v1"}))
    return plan_of(creating(_alias()), creating(grant), creating(stage))


def test_what_is_behind_a_change_starts_when_all_of_aws_knows_it_and_no_thread_waits() -> None:
    cloud, now, starts = Cloud(), 100.0, {}
    events = apply(_settling_plan(cloud), aws=cloud, order=ORDER, workers=1, stop=threading.Event(), clock=lambda: now)
    for event in events:
        if isinstance(event, Started):
            starts[event.change.kind] = now
        if isinstance(event, Done) and event.change.kind == "permission":
            now = 105.0
    assert starts == {"alias": 100.0, "permission": 100.0, "stage": 105.0}


def test_what_only_waits_for_aws_to_know_is_left_when_interrupted() -> None:
    cloud, stop = Cloud(), threading.Event()
    seen: list[Event] = []
    for event in apply(_settling_plan(cloud), aws=cloud, order=ORDER, workers=2, stop=stop, clock=lambda: 100.0):
        seen.append(event)
        if isinstance(event, Done) and event.change.kind == "permission":
            stop.set()
    assert _ends(seen) == {
        "us-east-1/alias/f:v1": "done",
        "us-east-1/permission/f:v1": "done",
        "us-east-1/stage/v1": "interrupted",
    }


def test_the_longest_way_is_begun_first() -> None:
    cloud = Cloud()
    chain = [_function(name="a0"), *(_function(name=f"a{n}", needs=f"us-east-1/function/a{n - 1}") for n in (1, 2))]
    lone = [_function(name=f"0{n}") for n in range(3)]
    _walk(plan_of(*(creating(one) for one in (*lone, *chain))), cloud, workers=1)
    assert cloud.log[0] == ("create", "us-east-1/function/a0")


def test_regions_take_turns_among_what_is_equally_long() -> None:
    cloud = Cloud()
    made = [_function(name=f"f{n}", region=region) for region in ("eu-west-1", "us-east-1") for n in range(3)]
    _walk(plan_of(*(creating(one) for one in made)), cloud, workers=1)
    regions = [address.partition("/")[0] for _, address in cloud.log]
    assert regions == ["eu-west-1", "us-east-1"] * 3
