"""Kinds of resource that live in a dictionary instead of AWS, with the same five verbs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Self, cast

from botocore.exceptions import EndpointConnectionError

from backendctl.aws.connection import Access, Aws
from backendctl.engine.action import Action
from backendctl.engine.plan import Change, Plan, Planner
from backendctl.engine.resource import GLOBAL, IMMUTABLE, PARTIAL, SECRET, Resource, address_of
from backendctl.engine.traits import Traits

if TYPE_CHECKING:
    from backendctl.resources.deploy_context import DeployContext

EAST, WEST, NORTH = "us-east-1", "us-west-2", "eu-north-1"


class Cloud(Aws):
    """What stands, by address, and what was done to it.

    Attributes:
        during: address → called inside the verb, before it takes effect; may raise or wait.
        down: regions that do not answer.
    """

    def __init__(self, backend: str = "shop") -> None:
        super().__init__(Access(keys=("testing", "testing")), backend=backend)
        self.standing: dict[str, Thing] = {}
        self.log: list[tuple[str, str]] = []
        self.during: dict[str, Callable[[], None]] = {}
        self.down: set[str] = set()
        self._writing = threading.Lock()

    def ask(self, region: str) -> None:
        """Raise when the region does not answer."""
        if region in self.down:
            raise EndpointConnectionError(endpoint_url=f"https://lambda.{region}.amazonaws.com/")

    def done(self, verb: str, thing: Thing) -> None:
        """Let the verb take effect."""
        where = address_of(thing)
        self.during.get(where, lambda: None)()
        with self._writing:
            self.log.append((verb, where))
            if verb == "delete":
                self.standing.pop(where, None)
            else:
                self.standing[where] = thing


@dataclass(frozen=True, kw_only=True, slots=True)
class Thing:
    """A resource with a field of every sort that the diff knows."""

    kind: ClassVar[str] = "thing"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(default="shop", compare=False)
    requires: frozenset[str] = field(default=frozenset(), compare=False)
    size: int | None = None
    key: str | None = field(default=None, metadata=IMMUTABLE)
    tags: Mapping[str, str] | None = field(default=None, metadata=PARTIAL)
    environment: Mapping[str, str] | None = field(default=None, metadata=SECRET)
    settings: Mapping[str, object] | None = None

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """Nothing of its own accord: the tests say what is wanted."""
        del context
        return ()

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        cloud = cast("Cloud", aws)
        cloud.ask(desired.region)
        return cast("Self | None", cloud.standing.get(address_of(desired)))

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        cloud = cast("Cloud", aws)
        cloud.ask(region)
        for thing in list(cloud.standing.values()):
            if isinstance(thing, cls) and (thing.region, thing.owner) == (region, aws.backend):
                yield thing

    def needs(self) -> frozenset[str]:
        return self.requires

    def create(self, aws: Aws) -> None:
        cast("Cloud", aws).done("create", self)

    def update(self, aws: Aws, live: Self) -> None:
        kept = {**(live.tags or {}), **(self.tags or {})}
        cast("Cloud", aws).done("update", replace(self, tags=kept))

    def delete(self, aws: Aws) -> None:
        cast("Cloud", aws).done("delete", self)


class RegionIndex(Thing):
    __slots__ = ()
    kind: ClassVar[str] = "region-index"
    traits: ClassVar[Traits] = Traits(opens_region=True)


class Role(Thing):
    __slots__ = ()
    kind: ClassVar[str] = "role"
    scope: ClassVar[str] = GLOBAL


class Function(Thing):
    __slots__ = ()
    kind: ClassVar[str] = "function"


class Alias(Thing):
    __slots__ = ()
    kind: ClassVar[str] = "alias"


class Table(Thing):
    __slots__ = ()
    kind: ClassVar[str] = "table"
    stateful: ClassVar[bool] = True
    traits: ClassVar[Traits] = Traits(spans="table")


class Replica(Thing):
    __slots__ = ()
    kind: ClassVar[str] = "replica"
    stateful: ClassVar[bool] = True
    traits: ClassVar[Traits] = Traits(spans="table")


class Record(Thing):
    __slots__ = ()
    kind: ClassVar[str] = "record"
    traits: ClassVar[Traits] = Traits(spans="record")


class Stage(Thing):
    __slots__ = ()
    kind: ClassVar[str] = "stage"


KINDS: tuple[type[Resource], ...] = (RegionIndex, Role, Function, Alias, Table, Replica, Stage, Record)
ORDER = tuple(kind.kind for kind in KINDS)


def plan_for(cloud: Cloud, desired: Sequence[Resource], *, regions: Sequence[str] = (EAST, WEST)) -> Plan:
    """The plan that brings the cloud to what is desired."""
    return Planner(kinds=KINDS, aws=cloud, regions=regions, workers=4, backend=cloud.backend).whole(desired)


def creating(thing: Resource) -> Change:
    """A change that makes it."""
    return Change(action=Action.CREATE, desired=thing, live=None)


def updating(thing: Resource) -> Change:
    """A change that updates it."""
    return Change(action=Action.UPDATE, desired=thing, live=thing)


def deleting(thing: Resource) -> Change:
    """A change that removes it."""
    return Change(action=Action.DELETE, desired=None, live=thing)


def plan_of(*changes: Change) -> Plan:
    """A plan of exactly these changes."""
    return Plan(backend="shop", regions=(EAST, WEST), changes=changes)
