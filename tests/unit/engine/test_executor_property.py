"""Whatever the graph: every change ends exactly once, and none starts before its needs are done."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from backendctl.engine.action import Action
from backendctl.engine.events import Done, Event, Failed, Skipped, Started
from backendctl.engine.executor import apply
from backendctl.engine.graph import edges
from backendctl.engine.plan import Change, Plan
from backendctl.engine.resource import GLOBAL
from backendctl.errors import BackendctlError
from tests.unit.engine.things import (
    EAST,
    ORDER,
    WEST,
    Alias,
    Cloud,
    Function,
    RegionIndex,
    Replica,
    Role,
    Stage,
    Table,
    Thing,
    creating,
    deleting,
    plan_of,
    updating,
)

_KINDS: tuple[type[Thing], ...] = (RegionIndex, Role, Function, Alias, Table, Replica, Stage)
_CHANGES: tuple[Callable[[Thing], Change], ...] = (creating, updating, deleting)
_CLOUD = Cloud()


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A plan, the addresses at which it fails, and the address at which somebody presses Ctrl-C."""

    plan: Plan
    failing: frozenset[str]
    stopping: str | None


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Resources of any kind in any region; each needs some of those drawn before it, whatever becomes of those."""
    changes: list[Change] = []
    for number in range(draw(st.integers(0, 14))):
        kind = draw(st.sampled_from(_KINDS))
        region = GLOBAL if kind is Role else draw(st.sampled_from([EAST, WEST]))
        earlier = [] if kind is RegionIndex else [change.address for change in changes]  # its entries need nothing
        needs = draw(st.frozensets(st.sampled_from(earlier), max_size=3)) if earlier else frozenset()
        name = f"n{number}" if kind is not RegionIndex else draw(st.sampled_from([EAST, WEST]))
        made = draw(st.sampled_from(_CHANGES))(kind(region=region, name=name, requires=needs))
        if made.address not in {change.address for change in changes}:
            changes.append(made)
    addresses = [change.address for change in changes]
    failing = draw(st.frozensets(st.sampled_from(addresses), max_size=3)) if addresses else frozenset()
    stopping = draw(st.none() | st.sampled_from(addresses)) if addresses else None
    return Scene(plan=plan_of(*draw(st.permutations(changes))), failing=failing, stopping=stopping)


def _perform(scene: Scene, workers: int) -> tuple[list[Event], bool]:
    """Walk it in a thread, so that a deadlock is a failure and not a hang. Returns the events, and whether it ended."""
    stop = threading.Event()
    events: list[Event] = []
    _CLOUD.during = {change.address: _body(scene, change.address, stop) for change in scene.plan.changes}

    def walk() -> None:
        events.extend(apply(scene.plan, aws=_CLOUD, order=ORDER, workers=workers, stop=stop))

    walker = threading.Thread(target=walk, daemon=True)
    walker.start()
    walker.join(timeout=20)
    return events, not walker.is_alive()


def _body(scene: Scene, address: str, stop: threading.Event) -> Callable[[], None]:
    def body() -> None:
        if address == scene.stopping:
            stop.set()
        if address in scene.failing:
            raise BackendctlError(address)

    return body


@given(scene=scenes(), workers=st.integers(1, 6))
@settings(max_examples=150, deadline=None)
def test_every_change_ends_exactly_once_and_none_starts_before_its_needs(scene: Scene, workers: int) -> None:
    events, ended = _perform(scene, workers)
    assert ended
    ends = Counter(event.change.address for event in events if isinstance(event, Done | Failed | Skipped))
    assert ends == Counter(change.address for change in scene.plan.changes)
    waits = edges(scene.plan.changes, ORDER)
    done: set[str] = set()
    for event in events:
        if isinstance(event, Started):
            assert waits[event.change.address] <= done
        elif isinstance(event, Done):
            done.add(event.change.address)


@given(scene=scenes(), workers=st.integers(1, 6))
@settings(max_examples=100, deadline=None)
def test_only_what_waits_for_a_failure_is_skipped_for_it(scene: Scene, workers: int) -> None:
    events, _ = _perform(scene, workers)
    waits = edges(scene.plan.changes, ORDER)
    bad = {event.change.address for event in events if isinstance(event, Failed | Skipped)}
    for event in events:
        if isinstance(event, Skipped) and event.because != "interrupted":
            assert event.because in scene.failing
            assert waits[event.change.address] & bad
    if scene.stopping is None:
        assert not any(isinstance(event, Skipped) and event.because == "interrupted" for event in events)


@given(scene=scenes())
@settings(max_examples=150, deadline=None)
def test_no_create_or_update_ever_waits_for_a_delete(scene: Scene) -> None:
    by_address = {change.address: change for change in scene.plan.changes}
    for address, waits in edges(scene.plan.changes, ORDER).items():
        if by_address[address].action is not Action.DELETE:
            assert all(by_address[other].action is not Action.DELETE for other in waits)
