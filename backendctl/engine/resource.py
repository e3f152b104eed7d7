"""What a kind of resource is: one frozen dataclass, used for desired *and* live, with five verbs.

Fields are what is managed; `None` in desired means "leave it alone"; values are normalised on reading, so
`==` field by field is the difference. Field metadata tells the rest:

* `field(compare=False)`: context for the verbs, never compared (region, owner, the archive's bytes …);
* `metadata=PARTIAL`: a mapping of which only the keys we name are ours (tags);
* `metadata=SECRET`: the values are never shown, only that they differ;
* `metadata=GUARDED`: what AWS has there may be a secret that the spec does not know: a value is shown only where the
  resource's `shows(key, value)` says so;
* `metadata=IMMUTABLE`: AWS cannot change it; a difference is refused before the first call.

How a kind differs from most is its class attribute `traits`, if it has one; see `engine.traits`.

A live value may have a `note: str`: what is worth saying of it although the plan leaves it so, or why it goes; empty
for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

GLOBAL = "global"

PARTIAL: Mapping[str, Any] = {"partial": True}
SECRET: Mapping[str, Any] = {"secret": True}
GUARDED: Mapping[str, Any] = {"guarded": True}
IMMUTABLE: Mapping[str, Any] = {"immutable": True}


class Resource(Protocol):
    """One thing in AWS, as wanted or as found.

    Attributes:
        kind: singular noun, e.g. "function".
        stateful: holds what cannot be made again; deleting needs --allow-delete.
        scope: "region", or "global" for what AWS has once (its `region` is then "global").
        region: where it lives. name: unique within kind and region.
        owner: on live: the backend whose mark it carries, None when it carries none.
    """

    kind: ClassVar[str]
    stateful: ClassVar[bool]
    scope: ClassVar[str]

    @property
    def region(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def owner(self) -> str | None: ...

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """The live one of the same address, None when there is none. From bulk reads where AWS has them."""

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """Every live one in that region that carries `aws.backend`'s mark; what is not desired gets deleted."""

    def needs(self) -> frozenset[str]:
        """Addresses that must stand before this one is created or updated."""

    def create(self, aws: Aws) -> None:
        """Make it, marked as ours in the same call, and wait until it is usable. Safe to repeat after a kill."""

    def update(self, aws: Aws, live: Self) -> None:
        """Bring live to this; touch only what differs, and wait until it holds."""

    def delete(self, aws: Aws) -> None:
        """Remove it and wait until it is gone; already gone is done (H5). Called on the live value."""


def address(region: str, kind: str, name: str) -> str:
    """`us-east-1/function/places`: how plans, flags and errors name a resource."""
    return f"{region}/{kind}/{name}"


def address_of(resource: Resource) -> str:
    """The address of a resource."""
    return address(resource.region, resource.kind, resource.name)
