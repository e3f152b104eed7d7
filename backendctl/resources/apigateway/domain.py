"""The custom domain of one region: one name, a REGIONAL domain of it in every region (A82)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws import tags as tagging
from backendctl.aws.errors import is_missing, says
from backendctl.aws.progress import note
from backendctl.aws.wait import until
from backendctl.engine.resource import PARTIAL, address
from backendctl.engine.traits import MatrixRow, Traits, base
from backendctl.errors import BackendctlError
from backendctl.resources.acm import certificates
from backendctl.resources.apigateway.api_reads import MULTI_LEVEL, domain_names
from backendctl.resources.apigateway.endpoint_move import EDGE, REGIONAL, described, obstacle
from backendctl.resources.route53 import dns

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import DomainNameTypeDef, PatchOperationTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext

_READY = "AVAILABLE"
_NEW_POLICIES = "SecurityPolicy_"  # this family wants an access mode (A84)


@dataclass(frozen=True, kw_only=True, slots=True)
class Domain:
    """A regional custom domain.

    Attributes:
        name: in small letters. zone: name or id of the zone of its records; None where DNS is kept elsewhere.
        certificate: ARN; None looks one up when the domain is made, and then leaves it alone.
        truststore: "s3://bucket/key" of mutual TLS; None leaves it alone. truststore_version: "" for the present one.
        endpoint: REGIONAL; live "EDGE, REGIONAL" while it moves from the one to the other.
        status: AVAILABLE once it can serve (A83).
    """

    kind: ClassVar[str] = "domain"
    stateful: ClassVar[bool] = True
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(row=MatrixRow("domain", base))

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    zone: str | None = field(default=None, compare=False)
    certificate: str | None = None
    security_policy: str | None = None
    truststore: str | None = None
    truststore_version: str | None = None
    endpoint: str = REGIONAL
    status: str = _READY
    tags: dict[str, str] | None = field(default=None, metadata=PARTIAL)

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """One per region for every domain of the spec."""
        for domain in context.spec.domains:
            for region in context.spec.regions:
                yield cls(
                    region=region,
                    name=domain.name,
                    owner=context.backend,
                    zone=domain.zone,
                    certificate=domain.certificates.get(region),
                    security_policy=domain.security_policy,
                    truststore=domain.mutual_tls.truststore if domain.mutual_tls else None,
                    truststore_version=domain.mutual_tls.version or "" if domain.mutual_tls else None,
                    tags=tagging.marked(context.backend, {**domain.tags, **_levels(context)}),
                )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From one list per region."""
        found = domain_names(aws, desired.region).get(desired.name)
        return None if found is None else cls._live(desired.region, found)

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """Those that carry our mark."""
        for found in domain_names(aws, region).values():
            live = cls._live(region, found)
            if live.owner == aws.backend:
                yield live

    @classmethod
    def _live(cls, region: str, found: DomainNameTypeDef) -> Self:
        tags = tagging.own_tags(found.get("tags"))
        mutual = found.get("mutualTlsAuthentication", {})
        return cls(
            region=region,
            name=dns.plain_name(found["domainName"]),
            owner=tagging.owner_of(tags),
            certificate=found.get("regionalCertificateArn"),
            security_policy=found.get("securityPolicy"),
            truststore=mutual.get("truststoreUri"),
            truststore_version=mutual.get("truststoreVersion", ""),
            endpoint=", ".join(sorted(found.get("endpointConfiguration", {}).get("types", ()))) or EDGE,
            status=found.get("domainNameStatus", _READY),
            tags=tags,
        )

    def needs(self) -> frozenset[str]:
        """Its certificate, where that is not the user's."""
        return frozenset({address(self.region, "certificate", self.name)})

    def create(self, aws: Aws) -> None:
        """Made with our mark, and waited for."""
        certificate = self._certificate(aws)
        more: Any = {"endpointAccessMode": "BASIC"} if (self.security_policy or "").startswith(_NEW_POLICIES) else {}
        if self.security_policy is not None:
            more["securityPolicy"] = self.security_policy
        if self.truststore is not None:
            pinned = {"truststoreVersion": self.truststore_version} if self.truststore_version else {}
            more["mutualTlsAuthentication"] = {"truststoreUri": self.truststore, **pinned}
        try:
            aws.apigateway(self.region).create_domain_name(
                domainName=self.name,
                regionalCertificateArn=certificate,
                endpointConfiguration={"types": ["REGIONAL"]},
                tags=self.tags or {},
                **more,
            )
        except aws.apigateway(self.region).exceptions.ClientError as error:
            if not says(error, "BadRequestException", "already exists"):  # A81
                raise
            self._meet(aws)
        aws.forget("domain-names", self.region)
        self._await(aws)

    def update(self, aws: Aws, live: Self) -> None:
        """Certificate and security policy in one call, as domains have one per 30 s (A32); tags.

        Raises:
            BackendctlError: all that is done, and the endpoint cannot become regional, which a plan tells before.
        """
        held = obstacle(aws, self.region, self.name, endpoint=live.endpoint, zone=self.zone)
        operations = [] if held else self._moving(aws, live)
        if self.certificate is not None and live.endpoint != EDGE and self.certificate != live.certificate:
            certificates.check_certificate(aws, self.region, self.certificate)
            operations.append({"op": "replace", "path": "/regionalCertificateArn", "value": self.certificate})
        if self.security_policy is not None and self.security_policy != live.security_policy:
            operations.append({"op": "replace", "path": "/securityPolicy", "value": self.security_policy})
        operations += self._trusting(live)
        if changed := tagging.missing(self.tags, live.tags):
            arn = f"arn:{aws.partition}:apigateway:{self.region}::/domainnames/{self.name}"
            aws.apigateway(self.region).tag_resource(resourceArn=arn, tags=changed)
        if operations:
            self._await(aws)
            aws.forget("domain-names", self.region)
            aws.apigateway(self.region).update_domain_name(domainName=self.name, patchOperations=operations)
        self._await(aws)
        if held is not None:
            raise held

    def _trusting(self, live: Self) -> list[PatchOperationTypeDef]:
        """The truststore, and its version, of which an empty one takes the pinned one away (not confirmed on AWS)."""
        wanted = {"truststoreUri": self.truststore, "truststoreVersion": self.truststore_version}
        there = {"truststoreUri": live.truststore, "truststoreVersion": live.truststore_version}
        return [
            {"op": "replace", "path": f"/mutualTlsAuthentication/{member}", "value": value}
            for member, value in wanted.items()
            if value is not None and value != there[member]
        ]

    def _moving(self, aws: Aws, live: Self) -> list[PatchOperationTypeDef]:
        """From the edge to the region: first both, then, once its records lead to the region, the regional one alone.

        A record that has not moved yet, as when an earlier run was killed, moves after this one: its own change waits
        for this, so that the edge stays for one more run.
        """
        path = "/endpointConfiguration/types"
        if live.endpoint == EDGE:
            return [
                {"op": "add", "path": path, "value": REGIONAL},
                {"op": "add", "path": "/regionalCertificateArn", "value": self._certificate(aws)},
            ]
        if live.endpoint == self.endpoint:
            return []
        distribution = described(aws, self.region, self.name).get("distributionDomainName", "")
        if dns.leads_to(aws, self.name, distribution, zone=self.zone) is not False:
            note(f"{self.name} does not lead to its regional endpoint yet: {distribution} stays until the next run")
            return []
        note(f"waiting {dns.ALIAS_TTL} s until resolvers have forgotten {distribution}")
        aws.sleep(dns.ALIAS_TTL * aws.time_scale)
        return [{"op": "remove", "path": path, "value": EDGE}]

    def delete(self, aws: Aws) -> None:
        """The domain; its mappings went first (A91)."""
        try:
            aws.apigateway(self.region).delete_domain_name(domainName=self.name)
        except aws.apigateway(self.region).exceptions.ClientError as error:
            if not is_missing(error):
                raise
        aws.forget("domain-names", self.region)

    def _certificate(self, aws: Aws) -> str:
        if self.certificate is None:
            return certificates.find(aws, self.region, self.name, zone=self.zone)
        certificates.check_certificate(aws, self.region, self.certificate)
        return self.certificate

    def _meet(self, aws: Aws) -> None:
        """It exists by now: ours is brought to this, anybody else's is left."""
        live = self._live(self.region, described(aws, self.region, self.name))
        if live.owner != self.owner:
            raise BackendctlError(
                f"the domain {self.name} was created in {self.region} by somebody else",
                hint="plan again: backendctl plan",
            )
        self.update(aws, live)

    def _await(self, aws: Aws) -> None:
        def probe() -> bool | None:
            found = described(aws, self.region, self.name)
            status = found.get("domainNameStatus", _READY)
            if status == "FAILED" or status.startswith("PENDING_"):
                raise BackendctlError(
                    f"domain {self.name} in {self.region} is {status}: {found.get('domainNameStatusMessage', '')}",
                    hint=f"aws apigateway get-domain-name --region {self.region} --domain-name {self.name}",
                )
            return True if status == _READY else None

        until(
            aws, f"domain {self.name} in {self.region} to be AVAILABLE", probe, limit=3900, step=5
        )  # A84: up to 60 min


def _levels(context: DeployContext) -> dict[str, str]:
    """The tag by which a plan knows to ask for base paths of several levels, also when the spec has none any more."""
    stages = context.spec.api.stages if context.spec.api else ()
    return {MULTI_LEVEL: "true"} if any("/" in (stage.path or "") for stage in stages) else {}
