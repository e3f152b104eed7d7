"""Usage plans and the API keys in them: no export carries them (A23), and without them a caller's key opens one region.

A key that a region lacks is made there with the same value, so that callers need one key for all regions. Values are
read at the moment of use, and are neither planned, shown nor noted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws import tags as tagging
from backendctl.aws.errors import ClientError, says
from backendctl.engine.resource import PARTIAL, address
from backendctl.errors import BackendctlError
from backendctl.resources.api_reads import find_api, require_api
from backendctl.resources.world import World

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import UsagePlanTypeDef

    from backendctl.aws.connection import Aws

_IN = "in it"
_PAGE: Any = {"PageSize": 500}


@dataclass(frozen=True, kw_only=True, slots=True)
class UsagePlan:
    """One plan of the source's, as one region is to have it.

    Attributes:
        source: region and id of the plan that it is made after. api: name of the API.
        throttle, quota: in words; None leaves them alone. limits: the same as AWS takes them.
        stages, keys: name → "in it"; those beside them stay.
    """

    kind: ClassVar[str] = "usage-plan"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    api: str = field(compare=False)
    source: tuple[str, str] = field(default=("", ""), compare=False, repr=False)
    limits: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    throttle: str | None = None
    quota: str | None = None
    stages: dict[str, str] = field(default_factory=dict, metadata=PARTIAL)
    keys: dict[str, str] = field(default_factory=dict, metadata=PARTIAL)

    @classmethod
    def after(cls, plan: SourcePlan, *, region: str, api: str, owner: str, stages: Iterable[str]) -> Self:
        """What a region is to have of a plan of the source."""
        return cls(
            region=region,
            name=plan.name,
            owner=owner,
            api=api,
            source=(plan.region, plan.id),
            limits=plan.limits,
            throttle=_throttle(plan.limits),
            quota=_quota(plan.limits),
            stages=dict.fromkeys(stages, _IN),
            keys=dict.fromkeys(plan.keys, _IN),
        )

    @classmethod
    def desired(cls, world: World) -> Iterable[Self]:
        """Made from the source's by `after`; a spec names none."""
        del world
        return ()

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """By its name."""
        found = next((one for one in usage_plans(aws, desired.region) if one.get("name") == desired.name), None)
        if found is None:
            return None
        whole: Any = aws.apigateway(desired.region).get_usage_plan(usagePlanId=found["id"])  # a list has no tags
        api_id = find_api(aws, desired.region, desired.api)
        return cls(
            region=desired.region,
            name=desired.name,
            owner=tagging.owner_of(whole.get("tags")),
            api=desired.api,
            throttle=_throttle(whole),
            quota=_quota(whole),
            stages={one["stage"]: _IN for one in whole.get("apiStages", ()) if one.get("apiId") == api_id},
            keys=dict.fromkeys(keys_of(aws, desired.region, found["id"]), _IN),
        )

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """None: a plan that the source has no more may still be somebody's contract."""
        del aws, region
        return ()

    def needs(self) -> frozenset[str]:
        """The stages it opens."""
        return frozenset(address(self.region, "stage", stage) for stage in self.stages)

    def create(self, aws: Aws) -> None:
        """With its stages and our mark, then the keys; one that is there by now is brought up to this."""
        with aws.exclusive("usage-plans", self.region):
            aws.forget("usage-plans", self.region)
            live = self.read(aws, self)
            if live is not None:
                self._bring(aws, live)
                return
            api_id = require_api(aws, self.region, self.api)
            made = aws.apigateway(self.region).create_usage_plan(
                name=self.name,
                apiStages=[{"apiId": api_id, "stage": stage} for stage in self.stages],
                tags=tagging.marked(self.owner or aws.backend, {}),
                **self.limits,
            )
            self._add_keys(aws, made["id"], self.keys)

    def update(self, aws: Aws, live: Self) -> None:
        """Limits, stages, keys; each only where it differs (A96)."""
        with aws.exclusive("usage-plans", self.region):
            self._bring(aws, live)

    def delete(self, aws: Aws) -> None:
        """Never planned."""
        del aws

    def _bring(self, aws: Aws, live: Self) -> None:
        client = aws.apigateway(self.region)
        plan_id = next(one["id"] for one in usage_plans(aws, self.region) if one.get("name") == self.name)
        if live.owner != self.owner:
            arn = f"arn:{aws.partition}:apigateway:{self.region}::/usageplans/{plan_id}"
            client.tag_resource(resourceArn=arn, tags=tagging.marked(self.owner or aws.backend, {}))
        operations = list(self._operations(aws, live))
        if operations:
            client.update_usage_plan(usagePlanId=plan_id, patchOperations=operations)
        self._add_keys(aws, plan_id, [key for key in self.keys if key not in live.keys])

    def _operations(self, aws: Aws, live: Self) -> Iterator[Any]:
        throttle, quota = self.limits.get("throttle", {}), self.limits.get("quota", {})
        if self.throttle is not None and self.throttle != live.throttle:
            yield {"op": "replace", "path": "/throttle/rateLimit", "value": str(throttle["rateLimit"])}
            yield {"op": "replace", "path": "/throttle/burstLimit", "value": str(throttle["burstLimit"])}
        if self.quota is not None and self.quota != live.quota:
            for name in ("limit", "offset", "period"):
                if name in quota:
                    yield {"op": "replace", "path": f"/quota/{name}", "value": str(quota[name])}
        for stage in self.stages:
            if stage not in live.stages:
                api_id = require_api(aws, self.region, self.api)
                yield {"op": "add", "path": "/apiStages", "value": f"{api_id}:{stage}"}

    def _add_keys(self, aws: Aws, plan_id: str, names: Iterable[str]) -> None:
        """The region's key of the same value, or a new one."""
        region, source = self.source
        wanted = keys_of(aws, region, source)
        for name in names:
            given: Any = aws.apigateway(region).get_api_key(apiKey=wanted[name], includeValue=True)
            key_id = self._own_key(aws, given) or self._made(aws, given)
            try:
                aws.apigateway(self.region).create_usage_plan_key(usagePlanId=plan_id, keyId=key_id, keyType="API_KEY")
            except ClientError as error:
                if not says(error, "ConflictException"):  # it is in it already
                    raise

    def _own_key(self, aws: Aws, given: Mapping[str, Any]) -> str | None:
        pages = aws.apigateway(self.region).get_paginator("get_api_keys")
        found: list[Any] = [
            key for page in pages.paginate(includeValues=True, PaginationConfig=_PAGE) for key in page["items"]
        ]
        return next((str(key["id"]) for key in found if key.get("value") == given["value"]), None)

    def _made(self, aws: Aws, given: Mapping[str, Any]) -> str:
        kept = {name: given[name] for name in ("name", "description", "customerId") if given.get(name)}
        made = aws.apigateway(self.region).create_api_key(
            **kept,
            value=given["value"],
            enabled=bool(given.get("enabled")),
            tags=tagging.marked(self.owner or aws.backend, {}),
        )
        return made["id"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SourcePlan:
    """A usage plan that the source's stage is in. limits: throttle, quota, description, as CreateUsagePlan has them."""

    region: str
    id: str
    name: str
    limits: Mapping[str, Any]
    keys: tuple[str, ...]


def plans_of(aws: Aws, region: str, api_id: str, stage: str) -> tuple[SourcePlan, ...]:
    """The usage plans that a stage is in.

    Raises:
        BackendctlError: two of them share a name, by which the other regions know them.
    """
    found = [
        plan
        for plan in usage_plans(aws, region)
        if any(link.get("apiId") == api_id and link.get("stage") == stage for link in plan.get("apiStages", ()))
    ]
    names = [plan.get("name", "") for plan in found]
    if len(set(names)) < len(names):
        raise BackendctlError(
            f"two usage plans of {region}/stage/{stage} have one name: {', '.join(sorted(names))}",
            hint="give each a name of its own: other regions know them by it",
        )
    return tuple(
        SourcePlan(
            region=region,
            id=plan["id"],
            name=plan.get("name", ""),
            limits={name: plan[name] for name in ("throttle", "quota", "description") if plan.get(name)},
            keys=tuple(keys_of(aws, region, plan["id"])),
        )
        for plan in found
    )


def usage_plans(aws: Aws, region: str) -> list[UsagePlanTypeDef]:
    """Every usage plan of the region."""

    def load() -> list[UsagePlanTypeDef]:
        pages = aws.apigateway(region).get_paginator("get_usage_plans").paginate(PaginationConfig=_PAGE)
        return [plan for page in pages for plan in page["items"]]

    return aws.shared(("usage-plans", region), load)


def keys_of(aws: Aws, region: str, plan_id: str) -> dict[str, str]:
    """Name → id of the keys in a plan; a key without a name goes by its id."""
    pages = aws.apigateway(region).get_paginator("get_usage_plan_keys")
    found = [key for page in pages.paginate(usagePlanId=plan_id, PaginationConfig=_PAGE) for key in page["items"]]
    return {key.get("name") or key["id"]: key["id"] for key in found}


def _throttle(limits: Mapping[str, Any]) -> str | None:
    found = limits.get("throttle")
    return f"{float(found['rateLimit']):g}/s, burst {int(found['burstLimit'])}" if found else None


def _quota(limits: Mapping[str, Any]) -> str | None:
    found = limits.get("quota")
    return f"{found['limit']} per {found['period']}, offset {found.get('offset', 0)}" if found else None
