"""Application Auto Scaling of one capacity: reads or writes, of a table or an index, in one region.

Its policy's name carries the mark, `backendctl-<backend>/<name>`: no backend's name holds a slash, so one backend
never takes another's for its own. A target and its policy are two calls; a target without a policy, which a kill leaves
behind, counts as missing and is registered again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, Self, cast

from backendctl.aws.errors import is_missing, says
from backendctl.engine.resource import address
from backendctl.engine.traits import MatrixRow, Traits, base
from backendctl.resources.dynamodb import table_capacity, table_reads

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling.literals import ScalableDimensionType
    from mypy_boto3_application_autoscaling.type_defs import ScalableTargetTypeDef, ScalingPolicyTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext

_PREFIX = "backendctl-"

Place = tuple[str, str]
"""ResourceId and ScalableDimension: what a target is found by."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scaling:
    """The bounds and the goal of one capacity.

    Attributes:
        name: "places/read", "places/index/by-owner/write" …
        resource: Application Auto Scaling's ResourceId, "table/<physical>[/index/<name>]".
        table: address of the table or replica that is scaled; empty on live.
        primary: address of the table whose indexes a replica has too; empty on live.
        min, max: capacity units. target: % utilisation.
        policies: names of the tracking policies; DynamoDB copies those of the primary to replicas (C17), and two
            would pull in two directions.
    """

    kind: ClassVar[str] = "scaling"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(spans="table", row=MatrixRow("table", base))

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    resource: str = field(compare=False)
    table: str = field(default="", compare=False)
    primary: str = field(default="", compare=False)
    min: int
    max: int
    target: int | None
    policies: tuple[str, ...]

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """Two per table and two per index of every provisioned table, in each of its regions."""
        for table in context.spec.tables:
            for region in table.regions:
                if region not in context.spec.regions:
                    continue
                holder = "table" if region == table.regions[0] else "replica"
                for scaled in table_capacity.scaled(table, region):
                    yield cls(
                        region=region,
                        name=scaled.name,
                        owner=context.backend,
                        resource=scaled.resource,
                        table=address(region, holder, table.name),
                        primary=address(table.regions[0], "table", table.name),
                        min=scaled.scaling.min,
                        max=scaled.scaling.max,
                        target=scaled.scaling.target,
                        policies=(f"{_PREFIX}{context.backend}/{scaled.name}",),
                    )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From two lists per region."""
        place = desired.place
        target = _targets(aws, desired.region).get(place)
        policies = _policies(aws, desired.region).get(place, [])
        if target is None or not policies:
            return None
        owner = next((mark for mark, _ in map(_mark, policies) if mark), None)
        if owner is None and "/replica/" in desired.table:
            owner = desired.owner  # copied there by DynamoDB from the primary, where it is ours (C17)
        return cls._live(desired.region, desired.name, owner, target, policies)

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """Those whose policy carries our mark, and targets of our tables whose policies carry nobody's.

        The latter are what a kill left without a policy, or DynamoDB copied to a replica that scales no more (C17).
        """
        for place, policies in _policies(aws, region).items():
            name = next((name for mark, name in map(_mark, policies) if mark == aws.backend), None)
            if name is not None:
                yield cls._live(region, name, aws.backend, _targets(aws, region).get(place), policies)
        marked = {_place(policy) for policy in _all_policies(aws, region) if _mark(policy)[0] is not None}
        for place in _targets(aws, region).keys() - marked:
            bare = cls._bare(aws, region, place)
            if bare is not None:
                yield bare

    @classmethod
    def _bare(cls, aws: Aws, region: str, place: Place) -> Self | None:
        resource, dimension = place
        physical, slash, index = resource.removeprefix("table/").partition("/")
        if physical not in table_reads.names(aws, region) or table_reads.describe(aws, region, physical) is None:
            return None
        whose = table_reads.belonging(aws, region, physical)
        table = whose.tags.get(table_reads.NAME) or physical.removeprefix(f"{aws.backend}-")
        if whose.owner != aws.backend:
            return None
        unit = "read" if "Read" in dimension else "write"
        return cls(
            region=region,
            name=f"{table}{slash}{index}/{unit}",
            owner=aws.backend,
            resource=resource,
            min=0,
            max=0,
            target=None,
            policies=tuple(policy["PolicyName"] for policy in _policies(aws, region).get(place, ())),
        )

    @classmethod
    def _live(
        cls,
        region: str,
        name: str,
        owner: str | None,
        target: ScalableTargetTypeDef | None,
        policies: list[ScalingPolicyTypeDef],
    ) -> Self:
        values = [p["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] for p in policies]
        return cls(
            region=region,
            name=name,
            owner=owner,
            resource=policies[0]["ResourceId"],
            min=target["MinCapacity"] if target else 0,
            max=target["MaxCapacity"] if target else 0,
            target=round(values[0]) if len(set(values)) == 1 else None,
            policies=tuple(sorted(policy["PolicyName"] for policy in policies)),
        )

    @property
    def place(self) -> Place:
        """What Application Auto Scaling finds it by."""
        return self.resource, self._dimension

    def needs(self) -> frozenset[str]:
        """The table, or the replica, that it scales; new indexes come to a replica by way of the primary's table."""
        return frozenset({self.table, self.primary} - {""})

    def create(self, aws: Aws) -> None:
        """Target, then policy; both calls overwrite, so that repeating them is safe."""
        self._register(aws)
        self._put_policy(aws)

    def update(self, aws: Aws, live: Self) -> None:
        """The half that differs."""
        if (self.min, self.max) != (live.min, live.max):
            self._register(aws)
        if (self.target, self.policies) != (live.target, live.policies):
            self._put_policy(aws)

    def delete(self, aws: Aws) -> None:
        """Target and policies; AWS leaves both behind when the table goes (C17).

        The policy is last, because its name is how the pair is found again after a kill.
        """
        client = aws.scaling(self.region)
        try:
            client.deregister_scalable_target(
                ServiceNamespace="dynamodb", ResourceId=self.resource, ScalableDimension=self._dimension
            )
        except client.exceptions.ClientError as error:
            if not _is_gone(error):
                raise
        for policy in self.policies:
            self._drop_policy(aws, policy)

    @property
    def _dimension(self) -> ScalableDimensionType:
        level = "index" if "/index/" in self.resource else "table"
        return cast("ScalableDimensionType", f"dynamodb:{level}:{self._unit}CapacityUnits")

    @property
    def _unit(self) -> Literal["Read", "Write"]:
        return "Read" if self.name.endswith("/read") else "Write"

    def _register(self, aws: Aws) -> None:
        aws.scaling(self.region).register_scalable_target(
            ServiceNamespace="dynamodb",
            ResourceId=self.resource,
            ScalableDimension=self._dimension,
            MinCapacity=self.min,
            MaxCapacity=self.max,
        )

    def _put_policy(self, aws: Aws) -> None:
        aws.forget("scaling-policies", self.region)
        for rival in _policies(aws, self.region).get(self.place, []):
            if rival["PolicyName"] not in self.policies:
                self._drop_policy(aws, rival["PolicyName"])
        aws.scaling(self.region).put_scaling_policy(
            PolicyName=self.policies[0],
            ServiceNamespace="dynamodb",
            ResourceId=self.resource,
            ScalableDimension=self._dimension,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": float(self.target or 0),
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "DynamoDBReadCapacityUtilization"
                    if self._unit == "Read"
                    else "DynamoDBWriteCapacityUtilization"
                },
            },
        )

    def _drop_policy(self, aws: Aws, policy: str) -> None:
        client = aws.scaling(self.region)
        try:
            client.delete_scaling_policy(
                PolicyName=policy,
                ServiceNamespace="dynamodb",
                ResourceId=self.resource,
                ScalableDimension=self._dimension,
            )
        except client.exceptions.ClientError as error:
            if not _is_gone(error):
                raise


def bounds_of(aws: Aws, region: str) -> dict[str, tuple[int, int, int | None]]:
    """Least, most and aim (% utilisation) of all that scales in a region, by "<ResourceId>/read" or "…/write".

    The aim is None where no policy, or more than one, says how to scale.
    """
    found = {}
    policies = _policies(aws, region)
    for place, target in _targets(aws, region).items():
        aims = {p["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] for p in policies.get(place, ())}
        aim = round(next(iter(aims))) if len(aims) == 1 and len(policies[place]) == 1 else None
        unit = "read" if "Read" in place[1] else "write"
        found[f"{place[0]}/{unit}"] = (target["MinCapacity"], target["MaxCapacity"], aim)
    return found


def drop_orphans(aws: Aws, region: str, physical: str) -> None:
    """Deregister what scales an index that a table has not: a new replica gets copies of all its source had (C17)."""
    for name in ("scaling-targets", "scaling-policies"):
        aws.forget(name, region)
    found = table_reads.ask(aws, region, physical)
    indexes = {index["IndexName"] for index in (found or {}).get("GlobalSecondaryIndexes", ())}
    prefix = f"table/{physical}/index/"
    for resource, dimension in _targets(aws, region):
        if found is None or not resource.startswith(prefix) or resource.removeprefix(prefix) in indexes:
            continue
        unit = "read" if "Read" in dimension else "write"
        policies = _policies(aws, region).get((resource, dimension), [])
        Scaling(
            region=region,
            name=f"{resource.removeprefix('table/')}/{unit}",
            owner=aws.backend,
            resource=resource,
            min=0,
            max=0,
            target=None,
            policies=tuple(policy["PolicyName"] for policy in policies),
        ).delete(aws)


def _targets(aws: Aws, region: str) -> dict[Place, ScalableTargetTypeDef]:
    def load() -> dict[Place, ScalableTargetTypeDef]:
        pages = aws.scaling(region).get_paginator("describe_scalable_targets").paginate(ServiceNamespace="dynamodb")
        return {(t["ResourceId"], t["ScalableDimension"]): t for page in pages for t in page["ScalableTargets"]}

    return aws.shared(("scaling-targets", region), load)


def _policies(aws: Aws, region: str) -> dict[Place, list[ScalingPolicyTypeDef]]:
    """The tracking policies of every target, in AWS's order."""
    found: dict[Place, list[ScalingPolicyTypeDef]] = defaultdict(list)
    for policy in _all_policies(aws, region):
        if policy["PolicyType"] == "TargetTrackingScaling":
            found[_place(policy)].append(policy)
    return dict(found)


def _all_policies(aws: Aws, region: str) -> list[ScalingPolicyTypeDef]:
    """Of any type."""

    def load() -> list[ScalingPolicyTypeDef]:
        pages = aws.scaling(region).get_paginator("describe_scaling_policies").paginate(ServiceNamespace="dynamodb")
        return [policy for page in pages for policy in page["ScalingPolicies"]]

    return aws.shared(("scaling-policies", region), load)


def _place(policy: ScalingPolicyTypeDef) -> Place:
    return policy["ResourceId"], policy["ScalableDimension"]


def _is_gone(error: Exception) -> bool:
    """The code is ObjectNotFoundException on AWS and ValidationException in moto; the sentence is the same."""
    return is_missing(error) or says(error, "ValidationException", "no scal")


def _mark(policy: ScalingPolicyTypeDef) -> tuple[str | None, str]:
    """The backend and our name in a policy's name; (None, "") when it is not one of ours."""
    backend, slash, name = policy["PolicyName"].removeprefix(_PREFIX).partition("/")
    if not slash or not policy["PolicyName"].startswith(_PREFIX):
        return None, ""
    return backend, name
