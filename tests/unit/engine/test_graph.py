"""Which change waits for which."""

from __future__ import annotations

from dataclasses import replace
from graphlib import TopologicalSorter
from typing import ClassVar

from backendctl.engine.graph import edges
from backendctl.engine.plan import Change
from backendctl.engine.resource import GLOBAL
from backendctl.engine.traits import Traits
from tests.unit.engine.things import (
    EAST,
    NORTH,
    ORDER,
    WEST,
    Alias,
    Function,
    Record,
    RegionIndex,
    Replica,
    Role,
    Stage,
    Table,
    Thing,
    creating,
    deleting,
    updating,
)

FUNCTION = Function(region=EAST, name="f")
ALIAS = Alias(region=EAST, name="f:v1", requires=frozenset({"us-east-1/function/f"}))


def _before(change: Change, *others: Change) -> set[str]:
    """What that change waits for among the others."""
    graph = edges([change, *others], ORDER)
    TopologicalSorter(graph).prepare()
    return graph[change.address]


def test_a_change_waits_for_what_it_needs_and_only_for_what_changes() -> None:
    assert _before(creating(ALIAS), creating(FUNCTION)) == {"us-east-1/function/f"}
    assert _before(creating(ALIAS)) == set()


def test_needing_oneself_is_no_circle() -> None:
    assert _before(creating(replace(FUNCTION, requires=frozenset({"us-east-1/function/f"})))) == set()


def test_unrelated_changes_wait_for_nothing() -> None:
    assert _before(creating(Stage(region=EAST, name="s")), creating(FUNCTION), updating(ALIAS)) == set()


def test_a_delete_waits_for_every_create_and_update_in_its_region() -> None:
    waits = _before(deleting(Stage(region=EAST, name="old")), creating(FUNCTION), updating(ALIAS))
    assert waits == {"us-east-1/function/f", "us-east-1/alias/f:v1"}


def test_a_delete_does_not_wait_for_another_region() -> None:
    assert _before(deleting(Stage(region=WEST, name="old")), creating(FUNCTION), deleting(ALIAS)) == set()


def test_deletes_go_in_reverse_creation_order() -> None:
    stage, table = Stage(region=EAST, name="s"), Table(region=EAST, name="t")
    assert _before(deleting(FUNCTION), deleting(ALIAS), deleting(stage), deleting(table)) == {
        "us-east-1/alias/f:v1",
        "us-east-1/stage/s",
        "us-east-1/table/t",
    }
    assert _before(deleting(stage), deleting(FUNCTION), deleting(ALIAS)) == set()


def test_deletes_of_one_kind_run_side_by_side() -> None:
    assert _before(deleting(FUNCTION), deleting(Function(region=EAST, name="g"))) == set()


def test_a_global_delete_waits_for_every_region() -> None:
    role = Role(region=GLOBAL, name="r")
    waits = _before(deleting(role), updating(FUNCTION), deleting(Stage(region=WEST, name="s")))
    assert waits == {"us-east-1/function/f", "us-west-2/stage/s"}


def test_a_delete_waits_for_global_changes() -> None:
    assert _before(deleting(FUNCTION), updating(Role(region=GLOBAL, name="r"))) == {"global/role/r"}


def test_a_table_goes_after_its_replicas_in_other_regions() -> None:
    table, replica = Table(region=EAST, name="t"), Replica(region=WEST, name="t")
    assert _before(deleting(table), deleting(replica)) == {"us-west-2/replica/t"}


def test_a_record_goes_after_those_of_other_regions_that_take_its_place() -> None:
    record, elsewhere = Record(region=EAST, name="n"), Record(region=WEST, name="n")
    replica = Replica(region=WEST, name="t")
    assert _before(deleting(record), updating(elsewhere), creating(replica)) == {"us-west-2/record/n"}
    assert _before(deleting(replica), creating(Record(region=EAST, name="n"))) == set()
    assert _before(deleting(record), deleting(elsewhere)) == set()


def test_what_needs_something_that_is_deleted_goes_first() -> None:
    """A function whose log group leaves the spec moves on, with its alias, before the log group goes."""
    function = replace(FUNCTION, requires=frozenset({"us-east-1/role/logs"}))
    logs = Role(region=EAST, name="logs")
    changes = [updating(function), updating(ALIAS), deleting(logs)]
    assert list(TopologicalSorter(edges(changes, ORDER)).static_order()) == [
        "us-east-1/function/f",
        "us-east-1/alias/f:v1",
        "us-east-1/role/logs",
    ]


def test_a_region_is_entered_in_the_region_index_before_anything_is_made_in_it() -> None:
    entry = creating(RegionIndex(region=EAST, name=WEST))
    assert _before(creating(Function(region=WEST, name="f")), entry) == {"us-east-1/region-index/us-west-2"}
    assert _before(creating(Function(region=NORTH, name="f")), entry) == set()
    assert _before(entry, creating(Function(region=WEST, name="f"))) == set()


def test_entries_of_the_region_index_do_not_wait_for_each_other() -> None:
    assert (
        _before(creating(RegionIndex(region=EAST, name=EAST)), creating(RegionIndex(region=EAST, name=WEST))) == set()
    )


def test_a_region_is_forgotten_after_everything_in_it_is_gone() -> None:
    forgetting = deleting(RegionIndex(region=EAST, name=WEST))
    function, elsewhere = Function(region=WEST, name="f"), Function(region=NORTH, name="f")
    assert _before(forgetting, deleting(function), deleting(elsewhere)) == {"us-west-2/function/f"}
    assert _before(deleting(function), forgetting) == set()


class Guard(Thing):
    """Belongs to what it needs."""

    __slots__ = ()
    kind: ClassVar[str] = "guard"
    traits: ClassVar[Traits] = Traits(part_of_needed=True)


def test_what_needs_something_waits_for_what_belongs_to_it_as_well() -> None:
    stage = creating(Stage(region=EAST, name="v1"))
    needing = frozenset({stage.address})
    guards = [creating(Guard(region=EAST, name=name, requires=needing)) for name in ("one", "two")]
    path = creating(Record(region=EAST, name="path", requires=needing))
    assert _before(path, stage, *guards) == {stage.address, *(one.address for one in guards)}
    assert _before(guards[0], stage, guards[1], path) == {stage.address}
    assert _before(path, guards[0]) == {guards[0].address}  # the stage is there already
    assert _before(stage, path, *guards) == set()
