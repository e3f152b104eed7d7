"""One region's records for a custom domain: A, and AAAA beside it (E1, E10)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws.crew import both
from backendctl.aws.errors import ClientError, says
from backendctl.aws.progress import note
from backendctl.aws.tags import owner_of
from backendctl.engine.resource import address
from backendctl.engine.traits import MatrixRow, Traits, base
from backendctl.errors import BackendctlError
from backendctl.resources.apigateway.api_reads import domain_names
from backendctl.resources.apigateway.mapping import mapping_name
from backendctl.resources.route53 import dns
from backendctl.resources.route53.dns_batch import change_together
from backendctl.resources.route53.health_check import checks, nearest, own_checks
from backendctl.resources.route53.record_changes import (
    PRIMARY,
    SECONDARY,
    Wanted,
    change,
    is_marked,
    own,
    routing_of,
    set_identifier,
)
from backendctl.spec.domains import FAILOVER, LATENCY, SIMPLE
from backendctl.spec.regions import PARTITION

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import (
        AliasTargetTypeDef,
        ChangeTypeDef,
        HostedZoneTypeDef,
        ResourceRecordSetOutputTypeDef,
    )

    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext
    from backendctl.spec.domains import DomainSpec

OWN = "own"
_IN = "@"
_NONE = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What sends users to a region; its mark is the set identifier `<backend>-<region>`, or where a simple one leads.

    Attributes:
        name: the custom domain's name, which a record's must equal (E11); behind "@" the zone, where that is not the
            spec's for this name. zone: name or id of its public zone.
        after: addresses that must stand before traffic comes (H2).
        types: of A and AAAA. routing: LATENCY, PRIMARY, SECONDARY or SIMPLE.
        target: own_target(), or what it answers with instead.
        health: "own" for our health check, "none", or the id of another one.
    """

    kind: ClassVar[str] = "record"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(spans="record", row=MatrixRow("domain", base))

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
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """One per region for every domain that names a zone; a simple one is the primary's."""
        for domain in context.spec.domains:
            for region in context.spec.regions if domain.zone is not None else ():
                if domain.routing != SIMPLE or region == context.spec.primary:
                    yield cls._of(context, domain, region)

    @classmethod
    def _of(cls, context: DeployContext, domain: DomainSpec, region: str) -> Self:
        return cls(
            region=region,
            name=domain.name,
            owner=context.backend,
            zone=domain.zone or "",
            after=_after(context, domain, region),
            types=dns.ADDRESSES if domain.ipv6 else dns.ADDRESSES[:1],
            routing=_role(domain.routing, is_primary=region == context.spec.primary),
            target=own_target(domain.name, region),
            evaluate_target_health=domain.evaluate_target_health,
            health=OWN if domain.health_check else _NONE,
        )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From one list per zone; what stands in the way is read as somebody else's (E2). No zone, no records."""
        if dns.zone_fault(aws, desired.zone):
            return None
        found = dns.records_at(aws, dns.require_zone(aws, desired.zone), desired.name)
        wanted = desired.wanted(aws)
        # Before a change of policy a region's records carry our mark under the old one.
        mine = wanted.mine(found) or [r for r in of_region(aws, found, desired.region) if r["Type"] in desired.types]
        rivals = [r for r in wanted.rivals(found) if not wanted.ours(r)]
        if rivals:  # beside one of ours too: it takes what --adopt allows
            return cls._live(aws, desired, [*mine, *rivals], owner=None)
        return cls._live(aws, desired, mine, owner=aws.backend) if mine else None

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """Those that have our set identifier, in any public zone: also of a domain that is gone.

        A set identifier is any text, and others may have thought of the same: under a name that is no domain of ours,
        only routed records that lead to API Gateway in that region are. A simple record is ours while it leads to a
        domain of ours.
        """
        domains = {name for name, one in domain_names(aws, region).items() if owner_of(one.get("tags")) == aws.backend}
        seen: set[str] = set()
        for zone in dns.zones(aws):
            by_name: dict[str, list[ResourceRecordSetOutputTypeDef]] = {}
            for record in of_region(aws, _readable(aws, zone, domains), region):
                by_name.setdefault(dns.plain_name(record["Name"]), []).append(record)
            for host, found in by_name.items():
                if host not in domains and not all(_leads_to_api(record, region) for record in found):
                    continue
                routing, zone_id = _joined(routing_of(r) for r in found), dns.id_of(zone)
                name = host if _is_first(aws, zone_id, host, seen) else f"{host}{_IN}{zone_id}"
                seen.add(host)
                place = cls(region=region, name=name, owner=aws.backend, zone=zone_id, routing=routing)
                yield cls._live(aws, place, found, owner=aws.backend)

    @property
    def host(self) -> str:
        """Its name in DNS."""
        return self.name.partition(_IN)[0]

    @property
    def is_stray(self) -> bool:
        """Whether it is in another zone than the spec names for it, as after a change of `zone`."""
        return _IN in self.name

    @classmethod
    def _live(cls, aws: Aws, place: Self, found: list[ResourceRecordSetOutputTypeDef], *, owner: str | None) -> Self:
        guards = {check["Id"] for check in own_checks(aws, place.region)}
        target = _endpoint(domain_names(aws, place.region).get(place.host))
        aliases = {bool(r.get("AliasTarget", {}).get("EvaluateTargetHealth")) for r in found}
        return cls(
            region=place.region,
            name=place.name,
            owner=owner,
            zone=place.zone,
            types=tuple(sorted({r["Type"] for r in found})),
            routing=_joined(routing_of(r) for r in found),
            target=_joined(
                own_target(place.host, place.region) if target and dns.same_target(r, target) else dns.points_at(r)
                for r in found
            ),
            evaluate_target_health=aliases.pop() if len(aliases) == 1 else None,
            health=_joined(_health(r.get("HealthCheckId"), guards) for r in found),
        )

    def needs(self) -> frozenset[str]:
        """Everything a request needs there; DNS comes last (H1, H2)."""
        return self.after

    def create(self, aws: Aws) -> None:
        """In one batch with both types, and the wait until all name servers have it."""
        self._write(aws, adopt=False)

    def update(self, aws: Aws, live: Self) -> None:
        """The same; a simple record that is taken over goes in the same batch, so that the name always answers (E3)."""
        self._write(aws, adopt=live.owner != self.owner)

    def delete(self, aws: Aws) -> None:
        """As Route 53 returned it, or it is refused (E5); then until nobody remembers it, for the rest goes next.

        Only what leads to this region: a simple record may have moved to another region by now, in one batch that took
        ours away, and resolvers remember that one just as long.
        """

        def changes(found: Sequence[ResourceRecordSetOutputTypeDef]) -> list[ChangeTypeDef]:
            return [change("DELETE", record) for record in of_region(aws, found, self.region)]

        what = f"the removal of {self.name} in {self.region}"
        change_together(aws, dns.require_zone(aws, self.zone), self.host, changes, what=what)
        note(f"waiting {dns.ALIAS_TTL} s until resolvers have forgotten {self.name} in {self.region}")
        aws.sleep(dns.ALIAS_TTL * aws.time_scale)  # H3

    def wanted(
        self, aws: Aws, *, records: tuple[ResourceRecordSetOutputTypeDef, ...] = (), adopt: bool = False
    ) -> Wanted:
        """What a batch is made from."""
        return Wanted(
            name=self.name,
            region=self.region,
            backend=aws.backend,
            routing=self.routing,
            types=self.types,
            records=records,
            ours=lambda record: is_marked(record, aws.backend) or _leads_to_ours(aws, record),
            adopt=adopt,
        )

    def _write(self, aws: Aws, *, adopt: bool) -> None:
        zone_id = dns.require_zone(aws, self.zone)
        wanted = self.wanted(aws, records=self._records(aws), adopt=adopt)
        change_together(aws, zone_id, self.name, wanted.changes, what=f"{self.name} in {self.region}")

    def _records(self, aws: Aws) -> tuple[ResourceRecordSetOutputTypeDef, ...]:
        aws.forget("domain-names", self.region)
        aws.forget("health-checks")
        if self.health == OWN:
            both(partial(domain_names, aws, self.region), partial(checks, aws))
        target = _endpoint(domain_names(aws, self.region).get(self.name))
        if target is None:
            raise BackendctlError(
                f"{self.region} has no regional domain {self.name} to point at",
                hint=f"make it first: backendctl deploy --only domain/{self.name}",
            )
        target["EvaluateTargetHealth"] = bool(self.evaluate_target_health)
        common: Any = {"Name": self.name, "AliasTarget": target}
        if self.routing != SIMPLE:
            common["SetIdentifier"] = set_identifier(aws.backend, self.region)
        if self.routing == LATENCY:
            common["Region"] = self.region
        elif self.routing != SIMPLE:
            common["Failover"] = self.routing.partition(" ")[2].upper()
        if self.health == OWN:
            common["HealthCheckId"] = self._check(aws)
        records: list[Any] = [{**common, "Type": kind} for kind in self.types]
        return tuple(records)

    def _check(self, aws: Aws) -> str:
        found = own_checks(aws, self.region)
        if not found:
            raise BackendctlError(
                f"{self.region} has no health check for {self.name}",
                hint="make it first: backendctl deploy --only health-check",
            )
        return nearest(found, None)["Id"]


def _is_first(aws: Aws, zone_id: str, host: str, seen: set[str]) -> bool:
    """Whether a name's records belong in that zone: the spec says so, or says nothing and none was seen before."""
    if host in aws.spec_zones:
        return zone_id in {dns.id_of(one) for one in dns.zones_named(aws, aws.spec_zones[host])}
    return host not in seen


def own_target(name: str, region: str) -> str:
    """How a plan names the regional endpoint, whose real name AWS invents."""
    return f"{name} in {region}"


def _role(routing: str, *, is_primary: bool) -> str:
    if routing != FAILOVER:
        return routing
    return PRIMARY if is_primary else SECONDARY


def _after(context: DeployContext, domain: DomainSpec, region: str) -> frozenset[str]:
    spec, name = context.spec, domain.name
    found = {address(region, "domain", name)}
    for stage in spec.api.stages if spec.api else ():
        if stage.path is not None:
            found.add(address(region, "mapping", mapping_name(name, stage.path)))
    if domain.health_check is not None:
        found.add(address(region, "health-check", spec.backend))
    for table in spec.tables:
        if region in table.regions:
            found.add(address(region, "table" if region == table.regions[0] else "replica", table.name))
    return frozenset(found)


def of_region(
    aws: Aws, found: Iterable[ResourceRecordSetOutputTypeDef], region: str
) -> list[ResourceRecordSetOutputTypeDef]:
    """Those that send users to a region of ours: by our mark, or simple ones that lead to a domain of ours there."""
    found = list(found)
    simple = [r for r in found if dns.routing_of(r) == SIMPLE and _api_region(r) == region and _leads_to_ours(aws, r)]
    return [*own(found, backend=aws.backend, region=region), *simple]


def _api_region(record: ResourceRecordSetOutputTypeDef) -> str | None:
    """The region of the API Gateway that an alias leads to."""
    host = dns.points_at(record) if "AliasTarget" in record else ""
    region = host.partition(".execute-api.")[2].partition(".")[0]
    return region if region in PARTITION else None


def _leads_to_ours(aws: Aws, record: ResourceRecordSetOutputTypeDef) -> bool:
    """Whether an alias leads to a custom domain of ours, of the record's own name."""
    region = _api_region(record)
    if region is None:
        return False
    domain = domain_names(aws, region).get(dns.plain_name(record["Name"]))
    if domain is None or owner_of(domain.get("tags")) != aws.backend:
        return False
    return dns.plain_name(domain.get("regionalDomainName", "")) == dns.points_at(record)


def _leads_to_api(record: ResourceRecordSetOutputTypeDef, region: str) -> bool:
    leads = f".execute-api.{region}." in dns.points_at(record)
    return leads and (dns.routing_of(record) == FAILOVER or record.get("Region") == region)


def _readable(aws: Aws, zone: HostedZoneTypeDef, domains: Collection[str]) -> list[ResourceRecordSetOutputTypeDef]:
    """The records of a zone; none where we may not look and no domain of ours is: nor could we have written there.

    Raises:
        ClientError: a domain of ours is in it.
    """
    try:
        return dns.records(aws, dns.id_of(zone))
    except ClientError as error:
        if says(error, "AccessDenied") and not any(dns.belongs(aws, name, zone) for name in domains):
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
