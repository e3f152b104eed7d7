"""What a batch must hold so that one region's records stand; pure (E2 to E7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.errors import BackendctlError
from backendctl.resources.route53 import dns
from backendctl.spec.domains import FAILOVER, LATENCY, SIMPLE
from backendctl.spec.regions import PARTITION

if TYPE_CHECKING:
    from mypy_boto3_route53.literals import ChangeActionType
    from mypy_boto3_route53.type_defs import ChangeTypeDef
    from mypy_boto3_route53.type_defs import ResourceRecordSetOutputTypeDef as Found

PRIMARY, SECONDARY = f"{FAILOVER} primary", f"{FAILOVER} secondary"
REPLACEABLE = frozenset({SIMPLE, LATENCY})
"""What --adopt takes over: of other policies nobody knows what the rest of their set is for."""


def set_identifier(backend: str, region: str) -> str:
    """The mark of a region's records (E1)."""
    return f"{backend}-{region}"


def is_marked(record: Found, backend: str) -> bool:
    """Whether a record carries the mark of a backend, for any region."""
    region = record.get("SetIdentifier", "").removeprefix(f"{backend}-")
    return record.get("SetIdentifier", "") == set_identifier(backend, region) and region in PARTITION


def own(found: Iterable[Found], *, backend: str, region: str) -> list[Found]:
    """Address records with our mark for that region."""
    mark = set_identifier(backend, region)
    return [r for r in found if r["Type"] in dns.ADDRESSES and r.get("SetIdentifier") == mark]


def routing_of(record: Found) -> str:
    """The policy a record is chosen by, for failover with its role."""
    return f"{FAILOVER} {record['Failover'].lower()}" if "Failover" in record else dns.routing_of(record)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """One region's records under one name.

    Attributes:
        routing: LATENCY, PRIMARY, SECONDARY or SIMPLE. types: of A and AAAA.
        ours: whether a record is this backend's, in whichever region.
        records: as they are to be, one per type; none where the name is only looked at.
        adopt: whether simple and latency records in the way are replaced.
    """

    name: str
    region: str
    backend: str
    routing: str
    types: tuple[str, ...]
    ours: Callable[[Found], bool]
    records: tuple[Found, ...] = ()
    adopt: bool = False

    def mine(self, found: Iterable[Found]) -> list[Found]:
        """Of the records of this name, those that are this region's."""
        if self.routing == SIMPLE:
            simple = [r for r in found if dns.routing_of(r) == SIMPLE and r["Type"] in dns.ADDRESSES]
            return [r for r in simple if self.ours(r)]
        return own(found, backend=self.backend, region=self.region)

    def rivals(self, found: Iterable[Found]) -> list[Found]:
        """Records that Route 53 does not let these stand beside.

        A CNAME (E7), one of another policy (E2), a latency record of the same region (E4), a failover record of the
        same role.
        """
        found = list(found)
        mine = self.mine(found)
        return [r for r in found if r not in mine and (r["Type"] == "CNAME" or self._excludes(r))]

    def _excludes(self, record: Found) -> bool:
        if record["Type"] not in self.types:
            return False
        if dns.routing_of(record) != self.routing.partition(" ")[0] or self.routing == SIMPLE:
            return True
        return record.get("Region") == self.region if self.routing == LATENCY else routing_of(record) == self.routing

    def fixed(self, found: Iterable[Found]) -> list[Found]:
        """Of the rivals, those that stay: somebody else's, and none that may be taken over."""
        foreign = [r for r in self.rivals(found) if not self.ours(r)]
        return [r for r in foreign if not self.adopt or dns.routing_of(r) not in REPLACEABLE]

    def changes(self, found: Iterable[Found]) -> list[ChangeTypeDef]:
        """The changes that bring what is found under the name to what is wanted, for one batch.

        Raises:
            BackendctlError: something is in the way that is not ours to replace.
        """
        found = list(found)
        if fixed := self.fixed(found):
            raise BackendctlError(
                in_the_way(self.name, self.routing, fixed),
                hint="remove them from the zone, or take over simple and latency ones with --adopt",
            )
        kept = {r["Type"]: r for r in self.mine(found) if r["Type"] in self.types and self._can_stay(r)}
        gone = [r for r in self.mine(found) if r not in kept.values()]
        deleted = [change("DELETE", r) for r in (*self.rivals(found), *gone)]
        # UPSERT only what is proven ours (E6).
        made = [change("UPSERT" if r["Type"] in kept else "CREATE", r) for r in self.records]
        return [*deleted, *made]

    def _can_stay(self, record: Found) -> bool:
        """Whether an UPSERT reaches it: the policy of a record never changes in place."""
        return routing_of(record).partition(" ")[0] == self.routing.partition(" ")[0]


def in_the_way(name: str, routing: str, fixed: Iterable[Found]) -> str:
    """The sentence about records that ours cannot stand beside."""
    told = ", ".join(sorted({f"{dns.routing_of(r)} {r['Type']} → {dns.points_at(r)}" for r in fixed}))
    return f"{name} has records that {routing.partition(' ')[0]} records cannot stand beside: {told}"


def change(action: ChangeActionType, record: Found) -> ChangeTypeDef:
    """One change of a batch, the record as Route 53 returned it or as it is to be."""
    return {"Action": action, "ResourceRecordSet": record}
