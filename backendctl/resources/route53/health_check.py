"""A Route 53 health check of one region's own endpoint, never of the shared name, which would ask itself (E13).

Its mark is its caller reference, `backendctl/<backend>/<region>/<random>`: ListHealthChecks returns it, so one bulk
read finds all, without tags. The random part is there because a reference cannot be used twice (E21).
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, ClassVar, Self

from backendctl.aws.crew import both
from backendctl.aws.errors import is_missing
from backendctl.aws.partitions import dns_suffix
from backendctl.engine.resource import address
from backendctl.engine.traits import MatrixRow, Traits, the_only
from backendctl.errors import BackendctlError
from backendctl.resources.apigateway.api_reads import ROOT, api_name, require_api
from backendctl.resources.route53 import dns
from backendctl.resources.route53.dns_batch import change_together
from backendctl.resources.route53.record_changes import change

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import ChangeTypeDef, HealthCheckTypeDef, ResourceRecordSetOutputTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext
    from backendctl.spec.model import Api

_LONGEST = 27
"""Characters of a backend's name in a reference, which has at most 64 in all (E21)."""
QUOTA = 200
"""Health checks of an account, unless AWS has raised it (E23)."""
_ENDPOINT = re.compile(r"(?P<api>[^.]+)\.execute-api\.(?P<region>[^.]+)\.")


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthCheck:
    """One region's check.

    Attributes:
        name: the backend's: it has one per region, whatever its domain is called.
        guards: names of custom domains and their zones, whose records it guards; empty on live.
        probe: "<API name>/<stage>/<path>", asked at the API's own execute-api address.
        interval: seconds, 10 or 30; AWS cannot change it, so another check takes its place (E16).
        failures: answers in a row that make it unhealthy. spares: further ones of ours; none are wanted.
    """

    kind: ClassVar[str] = "health-check"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(row=MatrixRow("domain", the_only))

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    guards: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    probe: str
    type: str = "HTTPS"
    interval: int = 30
    failures: int = 3
    spares: int = 0

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """One per region, when the spec's domain has a health check."""
        api, domain = context.spec.api, context.spec.domain
        if api is None or domain is None or domain.health_check is None:
            return
        for region in context.spec.regions:
            yield cls(
                region=region,
                name=context.backend,
                owner=context.backend,
                guards=tuple(
                    (one.name, one.zone)
                    for one in context.spec.domains
                    if one.zone is not None and one.health_check is not None
                ),
                probe=probe_of(api, domain.health_check.path),
                interval=domain.health_check.interval,
                failures=domain.health_check.failures,
            )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From one list for all regions; of several, the one nearest to what is wanted."""
        found = own_checks(aws, desired.region)
        return cls._live(aws, desired.region, found, interval=desired.interval) if found else None

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """Those whose reference has our mark and this region."""
        found = own_checks(aws, region)
        if found:
            yield cls._live(aws, region, found)

    @classmethod
    def _live(cls, aws: Aws, region: str, found: list[HealthCheckTypeDef], *, interval: int | None = None) -> Self:
        config = nearest(found, interval)["HealthCheckConfig"]
        return cls(
            region=region,
            name=aws.backend,
            owner=aws.backend,
            probe=_probed(aws, region, config.get("FullyQualifiedDomainName", ""), config.get("ResourcePath", "")),
            type=config["Type"],
            interval=config.get("RequestInterval", 30),
            failures=config.get("FailureThreshold", 3),
            spares=len(found) - 1,
        )

    def needs(self) -> frozenset[str]:
        """The stage it asks."""
        return frozenset({address(self.region, "stage", self.probe.split("/")[1])})

    def create(self, aws: Aws) -> None:
        """Healthy until it has been measured (E18)."""
        aws.forget("health-checks")
        there, endpoint = both(partial(own_checks, aws, self.region), partial(self._endpoint, aws))
        if there:
            self._replace(aws)
        else:
            self._make(aws, endpoint)

    def update(self, aws: Aws, live: Self) -> None:
        """In place where AWS can; else a new one first, then the records, then the old one goes (E16)."""
        del live
        self._replace(aws)

    def delete(self, aws: Aws) -> None:
        """Its records went first: one that still names it would be unguarded (E28)."""
        aws.forget("health-checks")
        for check in own_checks(aws, self.region):
            _remove(aws, check["Id"])

    def _replace(self, aws: Aws) -> None:
        aws.forget("health-checks")
        found = own_checks(aws, self.region)
        fitting = [check for check in found if self._fits(check)]
        kept = fitting[0]["Id"] if fitting else self._make(aws, self._endpoint(aws))
        if fitting:
            self._tune(aws, kept)
        others = {check["Id"] for check in found} - {kept}
        if others:
            self._repoint(aws, others, kept)
        for other in sorted(others):
            _remove(aws, other)

    def _fits(self, check: HealthCheckTypeDef) -> bool:
        config = check["HealthCheckConfig"]
        return (config["Type"], config.get("RequestInterval", 30)) == (self.type, self.interval)

    def _tune(self, aws: Aws, check: str) -> None:
        host, path = self._endpoint(aws)
        aws.route53().update_health_check(
            HealthCheckId=check, FullyQualifiedDomainName=host, ResourcePath=path, FailureThreshold=self.failures
        )

    def _make(self, aws: Aws, endpoint: tuple[str, str]) -> str:
        host, path = endpoint
        reference = prefix_of(aws.backend, self.region) + secrets.token_hex(4)
        made = aws.route53().create_health_check(
            CallerReference=reference,
            HealthCheckConfig={
                "Type": "HTTPS",
                "FullyQualifiedDomainName": host,
                "Port": 443,
                "ResourcePath": path,
                "RequestInterval": self.interval,
                "FailureThreshold": self.failures,
                "EnableSNI": True,
            },
        )
        return made["HealthCheck"]["Id"]

    def _repoint(self, aws: Aws, old: set[str], new: str) -> None:
        """Records that an old check guards get the new one, those of one name in one batch."""

        def changes(found: Sequence[ResourceRecordSetOutputTypeDef]) -> list[ChangeTypeDef]:
            guarded = [record for record in found if record.get("HealthCheckId") in old]
            return [change("UPSERT", {**record, "HealthCheckId": new}) for record in guarded]

        for name, zone in self.guards:
            if dns.zone_fault(aws, zone):
                continue  # without a zone there are no records
            change_together(aws, dns.require_zone(aws, zone), name, changes, what=f"the records of {name}")

    def _endpoint(self, aws: Aws) -> tuple[str, str]:
        api, _, path = self.probe.partition("/")
        api_id = require_api(aws, self.region, api)
        if aws.apigateway(self.region).get_rest_api(restApiId=api_id).get("disableExecuteApiEndpoint"):
            raise BackendctlError(
                f"API {api!r} in {self.region} has its own endpoint disabled, and the health check asks there",
                hint="take disableExecuteApiEndpoint out of the definition, or health-check out of the spec",
            )
        return f"{api_id}.execute-api.{self.region}.{dns_suffix(aws.partition)}", f"/{path}"


def checks(aws: Aws) -> list[HealthCheckTypeDef]:
    """Every health check of the account."""

    def load() -> list[HealthCheckTypeDef]:
        pages = aws.route53().get_paginator("list_health_checks").paginate()
        return [check for page in pages for check in page["HealthChecks"]]

    return aws.shared(("health-checks",), load)


def own_checks(aws: Aws, region: str) -> list[HealthCheckTypeDef]:
    """Ours of that region, in a fixed order; more than one only while one replaces another."""
    prefix = prefix_of(aws.backend, region)
    found = [check for check in checks(aws) if check["CallerReference"].startswith(prefix)]
    return sorted(found, key=lambda check: check["Id"])


def prefix_of(backend: str, region: str) -> str:
    """What the references of a backend's checks of a region begin with."""
    if len(backend) > _LONGEST:
        digest = hashlib.sha256(backend.encode()).hexdigest()[:6]
        backend = f"{backend[: _LONGEST - len(digest) - 1]}-{digest}"
    return f"backendctl/{backend}/{region}/"


def nearest(found: list[HealthCheckTypeDef], interval: int | None) -> HealthCheckTypeDef:
    """The one with that interval, else the first."""
    fitting = [check for check in found if check["HealthCheckConfig"].get("RequestInterval") == interval]
    return (fitting or found)[0]


def probe_of(api: Api, path: str) -> str:
    """`/v1/healthz` as the domain serves it → `<API name>/<stage>/healthz`: the stage whose base path begins it.

    Raises:
        BackendctlError: no stage serves that path.
    """
    asked = path.strip("/")
    paths = {"" if stage.path == ROOT else stage.path: stage.name for stage in api.stages if stage.path is not None}
    # The longest base path wins (A88); the root takes what no other does.
    for base in sorted(paths, key=len, reverse=True):
        if not base or asked == base or asked.startswith(f"{base}/"):
            return f"{api.name}/{paths[base]}/{asked.removeprefix(base).strip('/')}"
    first = asked.partition("/")[0]
    raise BackendctlError(
        f"no stage serves the health check's path {path}",
        hint=f"give a stage the path {first!r}, or begin health-check.path with the path of a stage",
    )


@cache
def _probed(aws: Aws, region: str, host: str, path: str) -> str:
    found = _ENDPOINT.match(host)
    if found is None or found["region"] != region:
        return f"{host}{path}"
    return f"{api_name(aws, region, found['api'])}{path}"


def _remove(aws: Aws, check: str) -> None:
    try:
        aws.route53().delete_health_check(HealthCheckId=check)
    except aws.route53().exceptions.ClientError as error:
        if not is_missing(error):
            raise
