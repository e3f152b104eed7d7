"""A base path of the custom domain, and the stage behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws.errors import ClientError, gone_already, says
from backendctl.aws.tags import owner_of
from backendctl.engine.resource import address
from backendctl.engine.traits import MatrixRow, Traits, base
from backendctl.errors import BackendctlError
from backendctl.resources.apigateway.api_reads import (
    ROOT,
    api_name,
    api_owner,
    apis,
    domain_names,
    mappings,
    require_api,
)

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import BasePathMappingTypeDef, PatchOperationTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext


@dataclass(frozen=True, kw_only=True, slots=True)
class Mapping:
    """`https://<domain>/<base path>` → stage. It has no tags: ours is what leads to our API, or nowhere.

    Attributes:
        name: "api.example.com/v1"; "(none)" stands for the root.
        target: "<API name>/<stage>".
    """

    kind: ClassVar[str] = "mapping"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(row=MatrixRow("domain", base), made_if_missing=True)

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    target: str | None = None

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """One for every stage that has a path, in every region, on every domain."""
        api = context.spec.api
        for region in context.spec.regions if api is not None else ():
            for domain, stage in product(context.spec.domains, api.stages if api is not None else ()):
                if stage.path is not None:
                    yield cls(
                        region=region,
                        name=mapping_name(domain.name, stage.path),
                        owner=context.backend,
                        target=f"{api.name if api is not None else ''}/{stage.name}",
                    )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From one list per domain."""
        domain, base_path = desired.parts
        found = mappings(aws, desired.region, domain).get(base_path)
        return None if found is None else cls._live(aws, desired.region, domain=domain, found=found)

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """Those that lead to our APIs, or on our domains to an API that is gone.

        Domains without any mark are looked at too: a domain whose tag was taken off still holds up our API.
        """
        for domain, described in domain_names(aws, region).items():
            if owner_of(described.get("tags")) in {aws.backend, None}:
                for found in mappings(aws, region, domain).values():
                    live = cls._live(aws, region, domain=domain, found=found)
                    if live.owner == aws.backend:
                        yield live

    @classmethod
    def _live(cls, aws: Aws, region: str, *, domain: str, found: BasePathMappingTypeDef) -> Self:
        api_id = found.get("restApiId", "")
        known = any(api["id"] == api_id for api in apis(aws, region))
        return cls(
            region=region,
            name=mapping_name(domain, found.get("basePath", "")),
            owner=api_owner(aws, region, api_id) if known else owner_of(domain_names(aws, region)[domain].get("tags")),
            target=f"{api_name(aws, region, api_id)}/{found.get('stage', '')}",
        )

    @property
    def parts(self) -> tuple[str, str]:
        """Domain and base path."""
        domain, _, base_path = self.name.partition("/")
        return domain, base_path

    @property
    def _goal(self) -> tuple[str, str]:
        api, _, stage = (self.target or "").rpartition("/")
        return api, stage

    def needs(self) -> frozenset[str]:
        """The domain, and the stage (A87)."""
        return frozenset({address(self.region, "domain", self.parts[0]), address(self.region, "stage", self._goal[1])})

    def create(self, aws: Aws) -> None:
        """Made; one that exists by now is turned in place."""
        domain, base_path = self.parts
        api, stage = self._goal
        api_id = require_api(aws, self.region, api)
        try:
            if "/" in base_path:  # A88
                self._v2(aws).create_api_mapping(DomainName=domain, ApiMappingKey=base_path, ApiId=api_id, Stage=stage)
            else:
                aws.apigateway(self.region).create_base_path_mapping(
                    domainName=domain, basePath=base_path, restApiId=api_id, stage=stage
                )
        except ClientError as error:
            if not says(error, "ConflictException", "already exists"):  # A87
                raise
            self._meet(aws)

    def update(self, aws: Aws, live: Self) -> None:
        """In place: deleting first would leave a moment of 403."""
        if self.target == live.target:
            return
        api, stage = self._goal
        domain, base_path = self.parts
        if "/" in base_path:
            self._v2(aws).update_api_mapping(
                DomainName=domain,
                ApiMappingId=self._id(aws),
                ApiId=require_api(aws, self.region, api),
                ApiMappingKey=base_path,
                Stage=stage,
            )
            return
        operations: list[PatchOperationTypeDef] = []
        if api != live._goal[0]:
            value = require_api(aws, self.region, api)
            operations.append({"op": "replace", "path": "/restapiId", "value": value})
        if stage != live._goal[1]:
            operations.append({"op": "replace", "path": "/stage", "value": stage})
        aws.apigateway(self.region).update_base_path_mapping(
            domainName=domain, basePath=base_path, patchOperations=operations
        )

    def delete(self, aws: Aws) -> None:
        """The mapping; from then on the path answers 403."""
        domain, base_path = self.parts
        if "/" not in base_path:
            with gone_already():
                aws.apigateway(self.region).delete_base_path_mapping(domainName=domain, basePath=base_path)
            return
        identifier = ""
        with gone_already():
            identifier = self._id(aws)
        if identifier:
            with gone_already():
                self._v2(aws).delete_api_mapping(DomainName=domain, ApiMappingId=identifier)

    def _v2(self, aws: Aws) -> Any:
        """Version 2 of the API, which knows base paths of several levels."""
        return aws.client("apigatewayv2", self.region)

    def _id(self, aws: Aws) -> str:
        """Its id there, as it is now; "" when it is gone."""
        domain, base_path = self.parts
        aws.forget("mappings", self.region, domain)
        found: Any = mappings(aws, self.region, domain).get(base_path, {})
        return str(found.get("apiMappingId", ""))

    def _meet(self, aws: Aws) -> None:
        aws.forget("mappings", self.region)
        aws.forget("apis", self.region)
        aws.forget("domain-names", self.region)
        live = self.read(aws, self)
        if live is None or live.owner != self.owner:
            raise BackendctlError(
                f"{self.name} in {self.region} was mapped by somebody else", hint="plan again: backendctl plan"
            )
        self.update(aws, live)


def mapping_name(domain: str, base_path: str) -> str:
    """`api.example.com/v1`; AWS's "(none)" for the empty path."""
    return f"{domain}/{base_path or ROOT}"
