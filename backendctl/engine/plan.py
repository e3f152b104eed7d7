"""The plan: every change, as data; the only thing apply ever gets."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from backendctl.aws.crew import Crew, interleaved
from backendctl.aws.errors import attempt as trying
from backendctl.engine.action import Action
from backendctl.engine.diff import FieldChange, differences
from backendctl.engine.resource import GLOBAL, Resource, address, address_of
from backendctl.errors import BackendctlError, RefusedError

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.engine.operation import Operation

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One resource that differs, or one operation that has something to do.

    Attributes:
        desired: None for a delete. live: None for a create. operation: then both are None.
        foreign: it exists and does not carry our mark.
        details: what differs within a field, in the words of the kind; `ui` draws it.
    """

    action: Action
    desired: Resource | None
    live: Resource | None
    fields: tuple[FieldChange, ...] = ()
    foreign: bool = False
    details: tuple[Any, ...] = ()
    operation: Operation | None = None

    @property
    def resource(self) -> Resource | Operation:
        """The side that exists in this change: desired, or live for a delete; or the operation."""
        resource = self.operation or self.desired or self.live
        if resource is None:
            msg = "a change has at least one side"
            raise AssertionError(msg)
        return resource

    @property
    def removes(self) -> bool:
        """Whether a resource goes."""
        return self.action is Action.DELETE and self.operation is None

    @property
    def address(self) -> str:
        """region/kind/name."""
        return address(self.region, self.kind, self.name)

    @property
    def region(self) -> str:
        """Where it happens."""
        return self.resource.region

    @property
    def kind(self) -> str:
        """The kind of resource."""
        return self.resource.kind

    @property
    def name(self) -> str:
        """The resource's name."""
        return self.resource.name

    def data(self) -> dict[str, Any]:
        """The change as JSON-able data, the same keys for ever."""
        return {
            "address": self.address,
            "region": self.region,
            "kind": self.kind,
            "name": self.name,
            "action": str(self.action),
            "fields": [{"field": f.field, "before": f.before, "after": f.after} for f in self.fields],
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Everything that differs, sorted, and what does not.

    Attributes:
        unchanged: the live resources that are as desired.
        unreachable: regions that did not answer, or "global", with what they said.
        leaves_out: whether those regions are left as they are; else the plan has what is done about them.
        regions: the regions looked at, primary first.
        refusals: why it may not be carried out, one sentence each.
        breaking: whom it would break, one sentence each; --allow-breaking goes ahead.
        remarks: what is worth knowing before it is carried out, one sentence each.
    """

    backend: str
    regions: tuple[str, ...]
    changes: tuple[Change, ...]
    unchanged: tuple[Resource, ...] = ()
    unreachable: Mapping[str, BackendctlError] = field(default_factory=dict)
    leaves_out: bool = True
    refusals: tuple[str, ...] = ()
    breaking: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def restricted(self, keep: Callable[[Change], bool]) -> Plan:
        """The same plan with only some of its changes."""
        return replace(self, changes=tuple(change for change in self.changes if keep(change)))

    @property
    def left_out(self) -> tuple[str, ...]:
        """Regions that did not answer, and in which nothing is planned."""
        return tuple(self.unreachable) if self.leaves_out else ()

    @property
    def digest(self) -> str:
        """Names this plan: what would change and how, independent of when it was made."""
        document = json.dumps([self.backend, [change.data() for change in self.changes]], sort_keys=True)
        return hashlib.sha256(document.encode()).hexdigest()[:12]

    @property
    def notes(self) -> tuple[tuple[str, str], ...]:
        """Address → what is worth saying of a live resource, or why it goes, in the order of addresses."""
        lives = [*self.unchanged, *(change.live for change in self.changes if change.live)]
        told = [(address_of(live), getattr(live, "note", "")) for live in lives]
        return tuple(sorted((place, note) for place, note in told if note))

    def summary(self) -> dict[str, int]:
        """How many of each."""
        counts = Counter(str(change.action) for change in self.changes)
        return {**{str(action): counts[str(action)] for action in Action}, "unchanged": len(self.unchanged)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Planner:
    """Reads what is there, in parallel, and says what differs from what is desired.

    Attributes:
        kinds: the kinds looked at, in creation order.
        regions: where to look for what is ours, those that the spec has left too.
        workers: reads at once, over all regions.
    """

    kinds: Sequence[type[Resource]]
    aws: Aws
    regions: Sequence[str]
    workers: int
    backend: str

    def whole(self, desired: Sequence[Resource]) -> Plan:
        """What differs from these; what is ours and not among them is deleted, so nothing desired means destroy.

        Raises:
            RefusedError: what is there makes any plan dangerous.
        """
        places = [(kind, where) for kind in self.kinds for where in _places(kind, self.regions)]
        return self._plan(desired, places)

    def part(self, desired: Sequence[Resource], operations: Sequence[Operation] = ()) -> Plan:
        """What differs from these and nothing else; what is ours beside them stays.

        Args:
            operations: those that have nothing to do any more are left out.

        Raises:
            RefusedError: what is there makes any plan dangerous.
        """
        return self._plan(desired, [], operations)

    def _plan(
        self,
        desired: Sequence[Resource],
        places: Sequence[tuple[type[Resource], str]],
        operations: Sequence[Operation] = (),
    ) -> Plan:
        unreachable: dict[str, BackendctlError] = {}
        attempt = _attempting(unreachable)
        aws = self.aws
        with Crew(self.workers, name="read") as crew:
            owned = [  # first: it is read in bulk, and much of what is desired is found there
                crew.submit(partial(attempt, where, f"{where}/{kind.kind}", partial(_owned, kind, aws, where)))
                for kind, where in places
            ]
            turns = interleaved(desired, key=lambda r: r.region)
            reads = [(r, partial(attempt, r.region, address_of(r), partial(type(r).read, aws, r))) for r in turns]
            lives = {id(r): crew.submit(read) for r, read in reads}
            asked = [crew.submit(partial(attempt, o.region, _address(o), partial(o.read, aws))) for o in operations]
            pairs = [(r, lives[id(r)].result()) for r in desired]
            pending = [(o, fields.result() or ()) for o, fields in zip(operations, asked, strict=True)]
            ours = [live for found in owned for live in found.result() or ()]
        return self._assembled(
            [(r, live) for r, live in pairs if r.region not in unreachable],
            [live for live in ours if live.region not in unreachable],
            [operating(o, fields) for o, fields in pending if fields and o.region not in unreachable],
            unreachable,
        )

    def _assembled(
        self,
        pairs: Iterable[tuple[Resource, Resource | None]],
        ours: Iterable[Resource],
        operating: Iterable[Change],
        unreachable: Mapping[str, BackendctlError],
    ) -> Plan:
        changes: list[Change] = []
        unchanged: list[Resource] = []
        wanted: set[str] = set()
        for resource, live in pairs:
            wanted.add(address_of(resource))
            change = change_of(resource, live)
            if change is not None:
                changes.append(change)
            elif live is not None:
                unchanged.append(live)
        gone = {address_of(live): live for live in ours if address_of(live) not in wanted}
        changes.extend(Change(action=Action.DELETE, desired=None, live=live) for live in gone.values())
        return Plan(
            backend=self.backend,
            regions=tuple(region for region in self.regions if region not in unreachable),
            changes=tuple(in_order([*changes, *operating], kinds=self.kinds, regions=self.regions)),
            unchanged=tuple(unchanged),
            unreachable=dict(unreachable),
        )


class _Attempt(Protocol):
    """Reads; None when the region does not answer."""

    def __call__(self, region: str, what: str, read: Callable[[], T | None], /) -> T | None: ...


def _attempting(unreachable: dict[str, BackendctlError]) -> _Attempt:
    def attempt(region: str, what: str, read: Callable[[], T | None], /) -> T | None:
        found = trying(read, doing=f"read {what}", let=(RefusedError,))
        if isinstance(found, BackendctlError):
            unreachable.setdefault(region, found)
            return None
        return found

    return attempt


def operating(operation: Operation, fields: tuple[FieldChange, ...]) -> Change:
    """The change that an operation makes."""
    return Change(action=operation.action, desired=None, live=None, fields=fields, operation=operation)


def in_order(changes: Iterable[Change], *, kinds: Sequence[type[Resource]], regions: Sequence[str]) -> list[Change]:
    """By region, the primary first, then by kind in creation order; operations come last."""
    rank = {kind.kind: position for position, kind in enumerate(kinds)}
    place = {region: position for position, region in enumerate([GLOBAL, *regions])}
    return sorted(
        changes, key=lambda c: (place.get(c.region, len(place)), c.region, rank.get(c.kind, len(rank)), c.kind, c.name)
    )


def _address(operation: Operation) -> str:
    return address(operation.region, operation.kind, operation.name)


def _places(kind: type[Resource], regions: Sequence[str]) -> Sequence[str]:
    return (GLOBAL,) if kind.scope == GLOBAL else regions


def _owned(kind: type[Resource], aws: Aws, region: str) -> list[Resource]:
    return list(kind.owned(aws, region))


def change_of(desired: Resource, live: Resource | None) -> Change | None:
    """What brings live to desired; None when it is so already."""
    fields = differences(desired, live)
    if live is None:
        return Change(action=Action.CREATE, desired=desired, live=None, fields=fields)
    foreign = live.owner != desired.owner
    if foreign:
        fields = (FieldChange(field="owner", before=live.owner, after=desired.owner), *fields)
    if not fields:
        return None
    return Change(action=Action.UPDATE, desired=desired, live=live, fields=fields, foreign=foreign)
