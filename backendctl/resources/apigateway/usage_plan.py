"""Usage plans: which keys open which stages, and how often. No export carries them (A23).

A plan is the spec's, or it is made after one of a live API (`after`), which other regions are to have too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws import tags as tagging
from backendctl.aws.errors import ClientError, gone_already, is_missing, says
from backendctl.engine.resource import PARTIAL, address
from backendctl.engine.traits import Traits
from backendctl.errors import BackendctlError
from backendctl.resources.apigateway.api_key import FROM_SPEC, ApiKey, copied, key_named
from backendctl.resources.apigateway.api_reads import apis, find_api, require_api

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import UsagePlanTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext
    from backendctl.spec.callers import Throttling
    from backendctl.spec.callers import UsagePlan as Spec

NONE = "none"
"""In words: no limit."""

_IN = "in it"
_PAGE: Any = {"PageSize": 500}


@dataclass(frozen=True, kw_only=True, slots=True)
class LivePlan:
    """A usage plan of a live API. limits: throttle, quota, description, as CreateUsagePlan has them."""

    region: str
    id: str
    name: str
    limits: Mapping[str, Any]
    keys: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class UsagePlan:
    """One plan as one region is to have it.

    Attributes:
        api: name of the API. source: region and id of the live plan it is made after; None for one of the spec.
        limits: throttle and quota as AWS takes them. methods: stage → limits of single methods, as AWS takes them.
        throttle, quota: in words; None leaves them alone.
        stages: name → "in it", with limits of single methods. keys: name → "in it".

    A plan of the spec is looked at as far as it is the backend's own: stages of its API and keys of its name; what
    others have put in it stays. Of one that is made after a live one, only what that has is looked at.
    """

    kind: ClassVar[str] = "usage-plan"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(region_check="keys")

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    api: str = field(compare=False)
    source: tuple[str, str] | None = field(default=None, compare=False, repr=False)
    limits: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    methods: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, compare=False, repr=False)
    throttle: str | None = None
    quota: str | None = None
    description: str | None = None
    stages: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] | None = field(default=None, metadata=PARTIAL)

    @classmethod
    def after(cls, plan: LivePlan, *, region: str, api: str, owner: str, stages: Iterable[str]) -> Self:
        """What a region is to have of a plan of a live API."""
        return cls(
            region=region,
            name=plan.name,
            owner=owner,
            api=api,
            source=(plan.region, plan.id),
            limits=plan.limits,
            throttle=_throttle(plan.limits, absent=None),
            quota=_quota(plan.limits, absent=None),
            stages=dict.fromkeys(stages, _IN),
            keys=dict.fromkeys(plan.keys, _IN),
        )

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """Every plan of the API in every region that gets the API."""
        api = context.spec.api
        for region in context.api_regions if api else ():
            for plan in api.usage_plans if api else ():
                yield cls._desired(context, region, plan, api.name if api else "")

    @classmethod
    def _desired(cls, context: DeployContext, region: str, plan: Spec, api: str) -> Self:
        limits: dict[str, Any] = {}
        if plan.throttling is not None:
            limits["throttle"] = _limit(plan.throttling)
        if plan.quota is not None:
            limits["quota"] = {"limit": plan.quota.limit, "offset": 0, "period": plan.quota.period}
        methods = {stage: _by_method(given) for stage, given in plan.stages.items()}
        names = {key.name: key.physical for key in (context.spec.api.keys if context.spec.api else ())}
        return cls(
            region=region,
            name=plan.physical,
            owner=context.backend,
            api=api,
            limits=limits,
            methods=methods,
            throttle=_throttle(limits),
            quota=_quota(limits),
            description=plan.description,
            stages={stage: _stage_words(given) for stage, given in methods.items()},
            keys={names[key]: _IN for key in plan.keys},
            tags=tagging.marked(context.backend, {**context.spec.tags, **FROM_SPEC}),
        )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """By its name."""
        found = next((one for one in usage_plans(aws, desired.region) if one.get("name") == desired.name), None)
        if found is None:
            return None
        live = cls._live(aws, desired.region, found, desired.api)
        if desired.source is None:
            return live
        inside = keys_of(aws, desired.region, found["id"])
        return cls(
            region=desired.region,
            name=desired.name,
            owner=live.owner,
            api=desired.api,
            throttle=live.throttle,
            quota=live.quota,
            stages={stage: _IN for stage in live.stages if stage in desired.stages},
            keys={key: _IN for key in inside if key in desired.keys},
        )

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """Those that a spec of this backend has named; one that was brought from a live API may be a contract."""
        for found in usage_plans(aws, region):
            if str(found.get("name", "")).startswith(f"{aws.backend}-"):
                live = cls._live(aws, region, found, "")
                if live.owner == aws.backend and FROM_SPEC.items() <= (live.tags or {}).items():
                    yield live

    @classmethod
    def _live(cls, aws: Aws, region: str, found: Mapping[str, Any], api: str) -> Self:
        """As far as it is ours."""
        whole: Any = aws.apigateway(region).get_usage_plan(usagePlanId=found["id"])  # a list has no tags
        tags = tagging.own_tags(whole.get("tags"))
        api_id = find_api(aws, region, api) if api else None
        return cls(
            region=region,
            name=found["name"],
            owner=tagging.owner_of(tags),
            api=api,
            throttle=_throttle(whole),
            quota=_quota(whole),
            description=whole.get("description") or "",
            stages={
                link["stage"]: _stage_words(link.get("throttle") or {})
                for link in whole.get("apiStages", ())
                if link.get("apiId") == api_id
            },
            keys={name: _IN for name in keys_of(aws, region, found["id"]) if name.startswith(f"{aws.backend}-")},
            tags=tags,
        )

    def needs(self) -> frozenset[str]:
        """The stages it opens, and the spec's keys."""
        keys = self.keys if self.source is None else ()
        stages = {address(self.region, "stage", stage) for stage in self.stages}
        return frozenset(stages | {address(self.region, ApiKey.kind, key) for key in keys})

    def create(self, aws: Aws) -> None:
        """With its stages and our mark, then the keys; one that is there by now is brought up to this."""
        with aws.exclusive("usage-plans", self.region):
            aws.forget("usage-plans", self.region)
            live = self.read(aws, self)
            if live is not None:
                self._bring(aws, live)
                return
            api_id = require_api(aws, self.region, self.api)
            stages: list[Any] = [
                {"apiId": api_id, "stage": stage, **({"throttle": given} if (given := self.methods.get(stage)) else {})}
                for stage in self.stages
            ]
            more = {"description": self.description} if self.description else {}
            made = aws.apigateway(self.region).create_usage_plan(
                name=self.name,
                apiStages=stages,
                tags=self.tags or tagging.marked(self.owner or aws.backend, {}),
                **{**more, **self.limits},
            )
            self._add_keys(aws, made["id"], self.keys)

    def update(self, aws: Aws, live: Self) -> None:
        """Limits, stages, keys; each only where it differs (A96)."""
        with aws.exclusive("usage-plans", self.region):
            self._bring(aws, live)

    def delete(self, aws: Aws) -> None:
        """Its stages first, which AWS asks for.

        Raises:
            BackendctlError: somebody has put stages of another API into it.
        """
        client = aws.apigateway(self.region)
        ours = {api["id"] for api in apis(aws, self.region) if tagging.owner_of(api.get("tags")) == aws.backend}
        aws.forget("usage-plans", self.region)
        for plan in usage_plans(aws, self.region):
            if plan.get("name") != self.name or _owner(aws, self.region, plan["id"]) != aws.backend:
                continue
            if any(link.get("apiId") not in ours for link in plan.get("apiStages", ())):
                raise BackendctlError(
                    f"the usage plan {self.name!r} in {self.region} opens stages of another API too, so it stays",
                    hint="take those out of it in the console, then run the same command again",
                )
            links = [f"{link.get('apiId')}:{link.get('stage')}" for link in plan.get("apiStages", ())]
            operations: list[Any] = [{"op": "remove", "path": "/apiStages", "value": link} for link in links]
            if operations:
                with gone_already():
                    client.update_usage_plan(usagePlanId=plan["id"], patchOperations=operations)
            with gone_already():
                client.delete_usage_plan(usagePlanId=plan["id"])
        aws.forget("usage-plans", self.region)

    def _bring(self, aws: Aws, live: Self) -> None:
        client = aws.apigateway(self.region)
        plan_id = next(one["id"] for one in usage_plans(aws, self.region) if one.get("name") == self.name)
        wanted = self.tags or tagging.marked(self.owner or aws.backend, {})
        if live.owner != self.owner or (self.tags and tagging.missing(self.tags, live.tags)):
            arn = f"arn:{aws.partition}:apigateway:{self.region}::/usageplans/{plan_id}"
            client.tag_resource(resourceArn=arn, tags=wanted)
        operations = [*self._limit_operations(live), *self._stage_operations(aws, live)]
        if operations:
            client.update_usage_plan(usagePlanId=plan_id, patchOperations=operations)
        if self.source is None:
            self._take_keys(aws, plan_id, [key for key in live.keys if key not in self.keys])
        self._add_keys(aws, plan_id, [key for key in self.keys if key not in live.keys])

    def _limit_operations(self, live: Self) -> Iterator[Any]:
        for name, wanted, found in (("throttle", self.throttle, live.throttle), ("quota", self.quota, live.quota)):
            if wanted is None or wanted == found:
                continue
            if wanted == NONE:
                yield {"op": "remove", "path": f"/{name}"}
            for part, value in self.limits.get(name, {}).items():
                yield {"op": "replace", "path": f"/{name}/{part}", "value": str(value)}
        if self.description is not None and self.description != live.description:
            yield {"op": "replace", "path": "/description", "value": self.description}

    def _stage_operations(self, aws: Aws, live: Self) -> Iterator[Any]:
        """A stage whose limits differ is taken out and put in again, which is one step within one call."""
        if self.stages == live.stages:
            return
        api_id = require_api(aws, self.region, self.api)
        for stage, told in live.stages.items():
            if self.stages.get(stage) != told:
                yield {"op": "remove", "path": "/apiStages", "value": f"{api_id}:{stage}"}
        for stage, told in self.stages.items():
            if live.stages.get(stage) == told:
                continue
            yield {"op": "add", "path": "/apiStages", "value": f"{api_id}:{stage}"}
            for method, limit in self.methods.get(stage, {}).items():  # K16
                path = f"/apiStages/{api_id}:{stage}/throttle/{method}"
                for name, value in limit.items():
                    yield {"op": "replace", "path": f"{path}/{name}", "value": str(value)}

    def _take_keys(self, aws: Aws, plan_id: str, names: Iterable[str]) -> None:
        inside = keys_of(aws, self.region, plan_id)
        for name in names:
            try:
                aws.apigateway(self.region).delete_usage_plan_key(usagePlanId=plan_id, keyId=inside[name])
            except ClientError as error:
                if not is_missing(error):
                    raise

    def _add_keys(self, aws: Aws, plan_id: str, names: Iterable[str]) -> None:
        for name in names:
            key_id = self._key_id(aws, name)
            try:
                aws.apigateway(self.region).create_usage_plan_key(usagePlanId=plan_id, keyId=key_id, keyType="API_KEY")
            except ClientError as error:
                if not says(error, "ConflictException"):  # it is in it already
                    raise

    def _key_id(self, aws: Aws, name: str) -> str:
        """The spec's key in this region; of a live plan, the key of the same value as the source's, made if need be."""
        if self.source is not None:
            region, plan_id = self.source
            theirs: Any = aws.apigateway(region).get_api_key(
                apiKey=keys_of(aws, region, plan_id)[name], includeValue=True
            )
            return copied(aws, self.region, theirs, owner=self.owner or aws.backend)
        found = key_named(aws, self.region, name)
        if found is None:
            raise BackendctlError(f"{self.region} has no API key {name!r}", hint="run the same command again")
        return str(found["id"])


def usage_plans(aws: Aws, region: str) -> list[UsagePlanTypeDef]:
    """Every usage plan of the region."""

    def load() -> list[UsagePlanTypeDef]:
        pages = aws.apigateway(region).get_paginator("get_usage_plans").paginate(PaginationConfig=_PAGE)
        return [plan for page in pages for plan in page["items"]]

    return aws.shared(("usage-plans", region), load)


def _owner(aws: Aws, region: str, plan_id: str) -> str | None:
    whole: Any = aws.apigateway(region).get_usage_plan(usagePlanId=plan_id)  # a list has no tags
    return tagging.owner_of(whole.get("tags"))


def keys_of(aws: Aws, region: str, plan_id: str) -> dict[str, str]:
    """Name → id of the keys in a plan; a key without a name goes by its id."""
    pages = aws.apigateway(region).get_paginator("get_usage_plan_keys")
    found = [key for page in pages.paginate(usagePlanId=plan_id, PaginationConfig=_PAGE) for key in page["items"]]
    return {key.get("name") or key["id"]: key["id"] for key in found}


def _limit(given: Throttling) -> dict[str, Any]:
    return {"rateLimit": given.rate, "burstLimit": given.burst}


def _by_method(limits: Mapping[str, Throttling]) -> dict[str, Any]:
    """As AWS names methods: "GET /places" is "/places/GET"."""
    found = {}
    for route, limit in limits.items():
        verb, _, path = route.partition(" ")
        found[f"{path}/{verb}"] = _limit(limit)
    return found


def _stage_words(methods: Mapping[str, Any]) -> str:
    told = (
        f"{method.rpartition('/')[2]} {method.rpartition('/')[0]} {_throttle({'throttle': limit})}"
        for method, limit in sorted(methods.items())
    )
    return "; ".join((_IN, *told))


def _throttle(limits: Mapping[str, Any], absent: str | None = NONE) -> str | None:
    found = limits.get("throttle")
    return f"{float(found['rateLimit']):g}/s, burst {int(found['burstLimit'])}" if found else absent


def _quota(limits: Mapping[str, Any], absent: str | None = NONE) -> str | None:
    found = limits.get("quota")
    return f"{found['limit']} per {found['period']}, offset {found.get('offset', 0)}" if found else absent
