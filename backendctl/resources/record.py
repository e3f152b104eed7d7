"""One region's latency records for the custom domain: A, and AAAA beside it (E1, E10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws.errors import ClientError, says
from backendctl.aws.progress import note
from backendctl.aws.tags import owner_of
from backendctl.engine.resource import address
from backendctl.errors import BackendctlError
from backendctl.resources import dns
from backendctl.resources.api_reads import domain_names
from backendctl.resources.health_check import nearest, own_checks
from backendctl.resources.latency import LATENCY, batch, change, in_the_way, own, set_identifier
from backendctl.resources.mapping import mapping_name

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import (
        AliasTargetTypeDef,
        ResourceRecordSetOutputTypeDef,
    )

    from backendctl.aws.connection import Aws
    from backendctl.resources.world import World

OWN = "own"
_NONE = "none"
_TTL = 60
"""Seconds that resolvers keep an alias to API Gateway (E24)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What sends users to a region; its mark is the set identifier `<backend>-<region>`.

    Attributes:
        name: the custom domain's name, which a record's must equal (E11). zone: name of its public zone.
        after: addresses that must stand before traffic comes (H2).
        types: of A and AAAA. routing: "latency". target: own_target(), or what it answers with instead.
        health: "own" for our health check, "none", or the id of another one.
    """

    kind: ClassVar[str] = "record"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    zone: str = field(compare=False)
    after: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    types: tuple[str, ...] = dns.ADDRESSES
    routing: str = LATENCY
    target: str | None = None
    evaluate_target_health: bool | None = None
    health: str | None = None

    @classmethod
    def desired(cls, world: World) -> Iterable[Self]:
        """One per region, when the spec's domain names a zone."""
        domain = world.spec.domain
        if domain is None or domain.zone is None:
            return
        name = domain.name.lower()
        for region in world.spec.regions:
            yield cls(
                region=region,
                name=name,
                owner=world.backend,
                zone=dns.plain_name(domain.zone),
                after=_after(world, region, name),
                types=dns.ADDRESSES if domain.ipv6 else dns.ADDRESSES[:1],
                target=own_target(name, region),
                evaluate_target_health=domain.evaluate_target_health,
                health=OWN if domain.health_check else _NONE,
            )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From one list per name; what stands in the way is read as somebody else's (E2)."""
        found = dns.records_at(aws, dns.require_zone(aws, desired.zone), desired.name)
        mine = own(found, backend=aws.backend, region=desired.region)
        if mine:
            return cls._live(aws, desired, mine, owner=aws.backend)
        rivals = in_the_way(found, backend=aws.backend, region=desired.region, types=desired.types)
        return cls._live(aws, desired, rivals, owner=None) if rivals else None

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """Those that have our set identifier, in any public zone: also of a domain that is gone.

        A set identifier is any text, and others may have thought of the same: under a name that is no domain of ours,
        only latency records that lead to API Gateway in that region are.
        """
        domains = {name for name, one in domain_names(aws, region).items() if owner_of(one.get("tags")) == aws.backend}
        for zone in dns.zones(aws):
            mine = own(_readable(aws, zone["Id"]), backend=aws.backend, region=region)
            by_name: dict[str, list[ResourceRecordSetOutputTypeDef]] = {}
            for record in mine:
                by_name.setdefault(dns.plain_name(record["Name"]), []).append(record)
            for name, found in by_name.items():
                if name not in domains and not all(_leads_to_api(record, region) for record in found):
                    continue
                place = cls(region=region, name=name, owner=aws.backend, zone=dns.plain_name(zone["Name"]))
                yield cls._live(aws, place, found, owner=aws.backend)

    @classmethod
    def _live(cls, aws: Aws, place: Self, found: list[ResourceRecordSetOutputTypeDef], *, owner: str | None) -> Self:
        checks = {check["Id"] for check in own_checks(aws, place.region)}
        target = _endpoint(domain_names(aws, place.region).get(place.name))
        aliases = {bool(r.get("AliasTarget", {}).get("EvaluateTargetHealth")) for r in found}
        return cls(
            region=place.region,
            name=place.name,
            owner=owner,
            zone=place.zone,
            types=tuple(sorted({r["Type"] for r in found})),
            routing=_joined(dns.routing_of(r) for r in found),
            target=_joined(
                own_target(place.name, place.region) if target and dns.same_target(r, target) else dns.points_at(r)
                for r in found
            ),
            evaluate_target_health=aliases.pop() if len(aliases) == 1 else None,
            health=_joined(_health(r.get("HealthCheckId"), checks) for r in found),
        )

    def needs(self) -> frozenset[str]:
        """Everything a request needs there; DNS comes last (H1, H2)."""
        return self.after

    def create(self, aws: Aws) -> None:
        """One batch with both types, and the wait until all name servers have it."""
        self._write(aws, adopt=False)

    def update(self, aws: Aws, live: Self) -> None:
        """The same; a simple record that is taken over goes in the same batch, so that the name always answers (E3)."""
        self._write(aws, adopt=live.owner != self.owner)

    def delete(self, aws: Aws) -> None:
        """As Route 53 returned it, or it is refused (E5); then until nobody remembers it, for the rest goes next."""
        zone_id = dns.require_zone(aws, self.zone)
        with aws.exclusive("records", self.name):
            found = dns.list_records_at(aws, zone_id, self.name)
            mine = own(found, backend=aws.backend, region=self.region)
            if not mine:
                return
            submitted = dns.submit(aws, zone_id, [change("DELETE", record) for record in mine])
        dns.await_sync(aws, submitted, f"the removal of {self.name} in {self.region}")
        note(f"waiting {_TTL} s until resolvers have forgotten {self.name} in {self.region}")
        aws.sleep(_TTL * aws.tempo)  # H3

    def _write(self, aws: Aws, *, adopt: bool) -> None:
        zone_id = dns.require_zone(aws, self.zone)
        wanted = self._wanted(aws)
        with aws.exclusive("records", self.name):  # the regions share one name, and convert it once
            try:
                submitted = self._submit(aws, zone_id, wanted, adopt=adopt)
            except ClientError as error:
                if not says(error, "InvalidChangeBatch", "already exists"):
                    raise
                # The answer to an earlier try was lost: what stands there now is ours to upsert, or in the way.
                submitted = self._submit(aws, zone_id, wanted, adopt=adopt)
        dns.await_sync(aws, submitted, f"{self.name} in {self.region}")

    def _submit(self, aws: Aws, zone_id: str, wanted: list[ResourceRecordSetOutputTypeDef], *, adopt: bool) -> str:
        changes = batch(
            wanted,
            dns.list_records_at(aws, zone_id, self.name),
            name=self.name,
            region=self.region,
            types=self.types,
            backend=aws.backend,
            adopt=adopt,
        )
        return dns.submit(aws, zone_id, changes)

    def _wanted(self, aws: Aws) -> list[ResourceRecordSetOutputTypeDef]:
        aws.forget("domain-names", self.region)
        target = _endpoint(domain_names(aws, self.region).get(self.name))
        if target is None:
            raise BackendctlError(
                f"{self.region} has no regional domain {self.name} to point at",
                hint=f"make it first: backendctl deploy --only domain/{self.name}",
            )
        target["EvaluateTargetHealth"] = bool(self.evaluate_target_health)
        common: ResourceRecordSetOutputTypeDef = {
            "Name": self.name,
            "Type": "A",
            "SetIdentifier": set_identifier(aws.backend, self.region),
            "Region": self.region,  # type: ignore[typeddict-item]  # any region; AWS knows best (E29)
            "AliasTarget": target,
        }
        if self.health == OWN:
            common["HealthCheckId"] = self._check(aws)
        return [{**common, "Type": kind} for kind in self.types]  # type: ignore[typeddict-item]  # A or AAAA

    def _check(self, aws: Aws) -> str:
        aws.forget("health-checks")
        found = own_checks(aws, self.region)
        if not found:
            raise BackendctlError(
                f"{self.region} has no health check for {self.name}",
                hint="make it first: backendctl deploy --only health-check",
            )
        return nearest(found, None)["Id"]


def own_target(name: str, region: str) -> str:
    """How a plan names the regional endpoint, whose real name AWS invents."""
    return f"{name} in {region}"


def _after(world: World, region: str, name: str) -> frozenset[str]:
    spec = world.spec
    found = {address(region, "domain", name)}
    for stage in spec.api.stages if spec.api else ():
        if stage.path is not None:
            found.add(address(region, "mapping", mapping_name(name, stage.path)))
    if spec.domain is not None and spec.domain.health_check is not None:
        found.add(address(region, "health-check", spec.backend))
    for table in spec.tables:
        if region in table.regions:
            found.add(address(region, "table" if region == table.regions[0] else "replica", table.name))
    return frozenset(found)


def _leads_to_api(record: ResourceRecordSetOutputTypeDef, region: str) -> bool:
    place = (dns.routing_of(record), record.get("Region"))
    return place == (LATENCY, region) and f".execute-api.{region}." in dns.points_at(record)


def _readable(aws: Aws, zone: str) -> list[ResourceRecordSetOutputTypeDef]:
    """The records of a zone; none where we may not look: nor could we have written there."""
    zone_id = zone.rpartition("/")[2]
    try:
        return dns.records(aws, zone_id)
    except ClientError as error:
        if says(error, "AccessDenied"):
            return []
        raise


def _endpoint(domain: Any) -> AliasTargetTypeDef | None:
    """Where API Gateway serves the domain, from its own answer (A83)."""
    if domain is None or not domain.get("regionalDomainName"):
        return None
    return {
        "HostedZoneId": domain["regionalHostedZoneId"],
        "DNSName": domain["regionalDomainName"],
        "EvaluateTargetHealth": False,
    }


def _health(check: str | None, ours: set[str]) -> str:
    if check is None:
        return _NONE
    return OWN if check in ours else check


def _joined(values: Iterable[str]) -> str:
    return " / ".join(sorted(set(values)))
