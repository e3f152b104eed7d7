"""The plan of a deploy, restricted to certificates, domains, mappings, health checks and records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from backendctl.app import plan_of
from backendctl.draining.respecting import respecting
from backendctl.engine.action import Action
from backendctl.engine.plan import Change, Plan
from backendctl.errors import RefusedError
from backendctl.resources.acm.certificate import Certificate
from backendctl.resources.apigateway.api_reads import find_api, stages
from backendctl.resources.apigateway.domain import Domain
from backendctl.resources.apigateway.mapping import Mapping
from backendctl.resources.dynamodb import table_reads
from backendctl.resources.kind import Kind
from backendctl.resources.route53.dns_refusals import with_dns
from backendctl.resources.route53.health_check import HealthCheck
from backendctl.resources.route53.record import Record
from backendctl.resources.ssm.drain_mark import drained

if TYPE_CHECKING:
    from backendctl.backend import Backend

KINDS: tuple[type[Kind], ...] = (Certificate, Domain, Mapping, HealthCheck, Record)


def plan_dns(backend: Backend) -> Plan:
    """What a deploy would do about domains and DNS, and nothing else.

    Raises:
        RefusedError: what a domain is to lead to is not there yet.
        BackendctlError: no region at all could be read.
    """
    desired = [one for kind in KINDS for one in kind.desired(backend.context)]
    plan = plan_of(backend, desired, regions=backend.spec.regions, kinds=KINDS)
    if missing := sorted({told for change in plan.changes for told in _missing(backend, change)}):
        raise RefusedError(missing, hint="deploy it first: backendctl deploy")
    return with_dns(respecting(plan, drained(backend.aws, backend.spec.all_regions)), backend.spec, backend.aws)


def _missing(backend: Backend, change: Change) -> Iterator[str]:
    """What a request needs and is not there: traffic comes last (H2)."""
    aws, region = backend.aws, change.region
    match change.desired:
        case Mapping(target=str(target)):
            api, _, stage = target.rpartition("/")
            yield from _missing_stage(backend, region, api, stage, change)
        case HealthCheck(probe=probe):
            api, stage, *_ = probe.split("/")
            yield from _missing_stage(backend, region, api, stage, change)
        case Record() if change.action is Action.CREATE:
            there = table_reads.listed(aws, region)
            for table in backend.spec.tables:
                if region in table.regions and table.physical not in there:
                    yield f"{region} has no table {table.physical}, and {change.address} would send users there"


def _missing_stage(backend: Backend, region: str, api: str, stage: str, change: Change) -> Iterator[str]:
    api_id = find_api(backend.aws, region, api)
    if api_id is None:
        yield f"{region} has no API {api}, to which {change.address} leads"
    elif stage not in stages(backend.aws, region, api_id):
        yield f"{region} has no stage {stage} of {api}, to which {change.address} leads"
