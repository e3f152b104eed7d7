"""What Route 53 tells of the regions of a backend: their records, the health checks on those, and which are forced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backendctl.aws.errors import explain
from backendctl.errors import AwsError, BackendctlError, UsageError
from backendctl.resources.route53 import dns
from backendctl.resources.route53.evacuation import is_forced
from backendctl.resources.route53.health_check import own_checks
from backendctl.resources.route53.record_changes import own
from backendctl.spec.domains import SIMPLE

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import ResourceRecordSetOutputTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.backend import Backend
    from backendctl.spec.domains import DomainSpec
    from backendctl.spec.model import Spec


@dataclass(frozen=True, kw_only=True, slots=True)
class Zone:
    """What Route 53 tells now.

    Attributes:
        records: region → whether a health check of ours stands on all of its records; without regions that have none.
        forced: regions whose health check is inverted and disabled.
        silent: what Route 53's control plane said when it did not answer; then nothing else is known.
    """

    records: Mapping[str, bool] = field(default_factory=dict)
    forced: frozenset[str] = frozenset()
    silent: BackendctlError | None = None


def ask_zone(backend: Backend) -> Zone:
    """Of all regions of the spec.

    Raises:
        UsageError: the zone is not there, or there twice.
        BackendctlError: Route 53 refuses to tell.
    """
    try:
        return _asked(backend)
    except Exception as error:
        told = explain(error, doing="read the records of Route 53")
        if isinstance(told, AwsError) and told.silent:
            return Zone(silent=told)
        raise told from error


def _asked(backend: Backend) -> Zone:
    aws = backend.aws
    found = [record for domain in _routed(backend.spec) for record in _found(aws, domain)]
    records: dict[str, bool] = {}
    forced: set[str] = set()
    for region in backend.spec.all_regions:
        checks = own_checks(aws, region)
        ours = {check["Id"] for check in checks}
        if mine := own(found, backend=aws.backend, region=region):
            records[region] = all(record.get("HealthCheckId") in ours for record in mine)
        if checks and all(is_forced(check) for check in checks):
            forced.add(region)
    return Zone(records=records, forced=frozenset(forced))


def only_there(spec: Spec, region: str) -> str:
    """Why a domain's users cannot be sent elsewhere, as a sentence; empty when they can."""
    simple = [one.name for one in spec.domains if one.zone is not None and one.routing == SIMPLE]
    if not simple or region != spec.primary:
        return ""
    return f"{', '.join(simple)} has a simple record, which sends everybody to {region}"


def _routed(spec: Spec) -> list[DomainSpec]:
    return [one for one in spec.domains if one.zone is not None and one.routing != SIMPLE]


def _found(aws: Aws, domain: DomainSpec) -> list[ResourceRecordSetOutputTypeDef]:
    """What the zone holds under the name of a domain."""
    try:
        zone_id = dns.require_zone(aws, domain.zone or "")
    except AwsError:
        raise
    except BackendctlError as error:
        raise UsageError(error.message, hint=error.hint) from error
    return dns.list_records_at(aws, zone_id, domain.name)
