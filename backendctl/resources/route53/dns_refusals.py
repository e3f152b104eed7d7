"""What Route 53 would refuse of a plan's records, or take and never answer with, told before the first call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.aws.errors import BotoCoreError, ClientError, explain
from backendctl.engine.action import Action
from backendctl.errors import BackendctlError
from backendctl.resources.acm import certificates
from backendctl.resources.acm.certificate import Certificate
from backendctl.resources.apigateway.domain import Domain
from backendctl.resources.apigateway.edge_domain import edge_refusals, edge_remarks
from backendctl.resources.route53 import dns, health_check
from backendctl.resources.route53.health_check import HealthCheck
from backendctl.resources.route53.record import Record, of_region
from backendctl.resources.route53.record_changes import in_the_way
from backendctl.resources.route53.stray_records import with_strays
from backendctl.spec.domains import LATENCY

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.engine.plan import Change, Plan
    from backendctl.spec.model import Spec


def with_dns(plan: Plan, spec: Spec, aws: Aws) -> Plan:
    """The plan with what Route 53 and API Gateway would refuse of its domains and records, and what to know of them."""
    plan = with_strays(plan)
    refusals = (
        *edge_refusals(plan, aws),
        *refused_certificates(plan.changes, aws),
        *refused_records(plan.changes, aws),
        *emptied_names(plan, spec, aws),
    )
    remarks = (*edge_remarks(plan), *_full(plan, aws))
    return replace(plan, refusals=(*plan.refusals, *refusals), remarks=(*plan.remarks, *remarks))


def _full(plan: Plan, aws: Aws) -> Iterator[str]:
    """One sentence when the account has no room for the health checks that this plan makes (E23)."""
    made = sum(change.action is Action.CREATE and isinstance(change.desired, HealthCheck) for change in plan.changes)
    count = len(health_check.checks(aws)) if made else 0
    if count + made > health_check.QUOTA:
        yield (
            f"the account has {count} health checks and this plan makes {made}: AWS allows {health_check.QUOTA} unless "
            "it has raised that, so raise the quota of Route 53 first: https://console.aws.amazon.com/servicequotas"
        )


def refused_certificates(changes: Iterable[Change], aws: Aws) -> Iterator[str]:
    """One sentence for every certificate of the spec that API Gateway would not give to its domain (A79, A80)."""
    for change in changes:
        match change.desired, change.live:
            case Domain(certificate=str(arn)) as domain, live if getattr(live, "certificate", None) != arn:
                try:
                    certificates.check_certificate(aws, domain.region, arn)
                except (BackendctlError, ClientError, BotoCoreError) as error:
                    told = explain(error, doing=f"look at the certificate {arn}")
                    yield f"{domain.name} in {domain.region}: {told.message}; {told.hint}"


def refused_records(changes: Iterable[Change], aws: Aws) -> tuple[str, ...]:
    """One sentence for everything that stands in the way of the records that a plan makes or changes.

    Those that validate certificates are among them: nothing is requested that nobody would ever see validated.
    """
    wanted = [one.desired for one in changes if isinstance(one.desired, Record | Certificate)]
    return tuple(dict.fromkeys(fault for one in wanted for fault in _faults(aws, one)))


def emptied_names(plan: Plan, spec: Spec, aws: Aws) -> Iterator[str]:
    """One sentence for every name of the spec that this plan would leave without any record."""
    wanted = {one.name for one in _desired(plan)}
    for domain in spec.domains:
        name = domain.name
        lives = [change.live for change in plan.changes if change.removes]
        leaving = [live for live in lives if isinstance(live, Record) and live.name == name]
        if not leaving or name in wanted:
            continue
        found = dns.records_at(aws, leaving[0].zone, name)
        gone = [record for live in leaving for record in of_region(aws, found, live.region)]
        if any(record["Type"] in dns.ADDRESSES and record not in gone for record in found):
            continue
        if domain.zone is None:
            yield (
                f"{name} would have no record left, for the spec names no zone for it any more: write `zone`, or, when "
                f"its DNS is kept elsewhere by now, remove its records from the zone {leaving[0].zone} yourself first"
            )
        else:
            yield (
                f"{name} would have no record left: this plan takes away that of "
                f"{', '.join(live.region for live in leaving)} and makes none; plan without -r, while {spec.primary} "
                "answers and is not drained"
            )


def _desired(plan: Plan) -> Iterator[Record]:
    for one in (*plan.unchanged, *(change.desired for change in plan.changes)):
        if isinstance(one, Record):
            yield one


def _faults(aws: Aws, record: Record | Certificate) -> Iterator[str]:
    if fault := dns.zone_fault(aws, record.zone):
        yield f"{record.name}: {fault}"
        return
    zone = dns.zones_named(aws, record.zone)[0]
    apex = dns.plain_name(zone["Name"])
    if record.name != apex and not record.name.endswith(f".{apex}"):  # E27
        yield f"{record.name} is not inside the zone {apex} ({record.zone}), and Route 53 takes no record beside it"
        return
    yield from _delegated(aws, record.name, apex, dns.id_of(zone))
    if isinstance(record, Certificate):
        return
    yield from _stuck(aws, record, dns.id_of(zone))
    if record.routing == LATENCY and record.region not in _latency_regions(aws):  # E29
        yield (
            f"Route 53 has no latency records for {record.region} that this version of botocore knows: "
            "upgrade botocore, or take routing: failover or simple"
        )


def _delegated(aws: Aws, wanted: str, apex: str, zone_id: str) -> Iterator[str]:
    """A name below an NS record is asked of other name servers, which know nothing of this zone."""
    servers = {
        dns.plain_name(one["Name"]): dns.points_at(one) for one in dns.records(aws, zone_id) if one["Type"] == "NS"
    }
    for name, told in servers.items():
        if name != apex and (wanted == name or wanted.endswith(f".{name}")):
            yield (
                f"{apex} delegates {name} to {told}, so that a record {wanted} in it is never asked: "
                f"name the zone {name}"
            )


def _stuck(aws: Aws, record: Record, zone_id: str) -> Iterator[str]:
    """Records that not even --adopt takes over (E2, E7)."""
    if fixed := record.wanted(aws, adopt=True).fixed(dns.records_at(aws, zone_id, record.name)):
        yield f"{in_the_way(record.name, record.routing, fixed)}; remove them from the zone first"


def _latency_regions(aws: Aws) -> frozenset[str]:
    shape = aws.route53().meta.service_model.shape_for("ResourceRecordSetRegion")
    return frozenset(getattr(shape, "enum", ()))
