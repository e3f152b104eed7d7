"""Application Auto Scaling: what it refuses, the alarms that its policies keep, and its copies for replicas (C17)."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections.answers import Refusal, invalid, retold
from backendctl.sandbox.corrections.service import CorrectedService, Doc, Handled
from backendctl.sandbox.http import OK
from backendctl.sandbox.world import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from backendctl.sandbox.http import Request, Response
    from backendctl.sandbox.scaling import Moto

_TRACKING = "TargetTrackingScaling"
_NAME = r"[A-Za-z0-9_.-]{3,255}"
_PLACE = re.compile(rf"table/{_NAME}(?P<index>/index/{_NAME})?")
_DIMENSION = re.compile(r"dynamodb:(?P<level>table|index):(?P<unit>Read|Write)CapacityUnits")
_LEAST, _MOST = 20, 90
"""% of utilisation that a policy of DynamoDB may aim at."""


def place(asked: Mapping[str, Any]) -> Refusal | None:
    """A table, or an index of one, with a dimension of its own kind."""
    resource = _PLACE.fullmatch(str(asked.get("ResourceId", "")))
    dimension = _DIMENSION.fullmatch(str(asked.get("ScalableDimension", "")))
    if resource and dimension and bool(resource["index"]) is (dimension["level"] == "index"):
        return None
    return invalid("Unsupported service namespace, resource type or scalable dimension")


def bounds(asked: Mapping[str, Any], before: Mapping[str, Any]) -> Refusal | None:
    """Both bounds when a target is new, and the least not above the most. before: the target as it is, {} for none."""
    both = {**before, **asked}
    missing = [name for name in ("minimum", "maximum") if f"{name[:3].title()}Capacity" not in both]
    if missing:
        return invalid(f"ScalableTarget {missing[0]} capacity must be specified on registration")
    if both["MinCapacity"] > both["MaxCapacity"]:
        return invalid("Maximum capacity cannot be less than minimum capacity")
    return None


def policy(asked: Mapping[str, Any], others: Iterable[str]) -> Refusal | None:
    """DynamoDB is scaled by one policy that tracks its own dimension. others: names of the policies that are there."""
    if asked.get("PolicyType", _TRACKING) != _TRACKING:
        return invalid(f"Unsupported policy type for service namespace dynamodb: {asked['PolicyType']}")
    configured = asked.get("TargetTrackingScalingPolicyConfiguration")
    if not configured:
        return invalid(
            "TargetTrackingScalingPolicyConfiguration must be specified for policy type TargetTrackingScaling"
        )
    dimension = _DIMENSION.fullmatch(str(asked.get("ScalableDimension", "")))
    metric = configured.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
    if metric is not None:
        if dimension is None or metric != f"DynamoDB{dimension['unit']}CapacityUtilization":
            return invalid(f"Unsupported predefined metric for scalable dimension: {metric}")
        if not _LEAST <= configured["TargetValue"] <= _MOST:
            return invalid(f"Target utilization must be between {_LEAST} and {_MOST} percent for {metric}")
    if set(others) - {asked.get("PolicyName")}:
        return invalid("Only one TargetTrackingScaling policy for a given metric specification is allowed.")
    return None


_TARGET = ("ServiceNamespace", "ResourceId", "ScalableDimension")
_ALARMS = ("AlarmHigh", "AlarmLow", "ProvisionedCapacityHigh", "ProvisionedCapacityLow")
_KEEP_OUT = "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy"
_CLOUDWATCH = "GraniteServiceVersion20100801"


@dataclass(kw_only=True, slots=True)
class Scaling(CorrectedService):
    """Application Auto Scaling in front of moto's."""

    service = "application-autoscaling"
    moto: Moto

    async def answer(self, operation: str, request: Request, asked: Doc) -> Handled:
        """Moto's answer, with what it does not know."""
        refusal = await self._refusal(operation, request.region, asked)
        if refusal is not None:
            return refusal
        if operation == "DeregisterScalableTarget":
            await self._drop_policies(request.region, asked)
        if operation == "DeleteScalingPolicy":
            await self._drop_alarms(request.region, asked["ResourceId"], asked["PolicyName"])
        answer = await self.moto.answer(request)
        if answer.status != OK:
            return answer
        if operation == "PutScalingPolicy":
            await self._keep_alarms(request.region, asked)
        return _with_alarms(operation, request.region, asked, answer)

    async def mirror(self, table: str, *, source: str, target: str) -> None:
        """Give a new replica the targets and policies that its table has in the region it is copied from (C17)."""
        for call in self.moto.dump():
            document = call["document"]
            resource = str(document.get("ResourceId", ""))
            if call["region"] == source and (resource == f"table/{table}" or resource.startswith(f"table/{table}/")):
                await self.moto.answer(self.moto.request(call["operation"], target, document))
                if call["operation"] == "PutScalingPolicy":
                    await self._keep_alarms(target, document)

    async def _refusal(self, operation: str, region: str, asked: dict[str, Any]) -> Refusal | None:
        if asked.get("ServiceNamespace") != "dynamodb":
            return None
        if operation == "RegisterScalableTarget":
            refusal = place(asked) or bounds(asked, self.moto.target(region, asked))
            return refusal or await self._missing(region, asked)
        refusal = self._unknown(operation, region, asked)
        if refusal is None and operation == "PutScalingPolicy":
            return policy(asked, self.moto.policies(region, asked))
        return refusal

    def _unknown(self, operation: str, region: str, asked: dict[str, Any]) -> Refusal | None:
        """What a request is about has to be there."""
        place = _told(asked)
        if operation in {"PutScalingPolicy", "PutScheduledAction"} and not self.moto.target(region, asked):
            return _not_found(f"No scalable target registered for {place}")
        if operation == "DeregisterScalableTarget" and not self.moto.target(region, asked):
            return _not_found(f"No scalable target found for {place}")
        if operation == "DeleteScalingPolicy" and asked.get("PolicyName") not in self.moto.policies(region, asked):
            return _not_found(f"No scaling policy found for {place}, policy name: {asked.get('PolicyName')}")
        return None

    async def _missing(self, region: str, asked: dict[str, Any]) -> Refusal | None:
        """What is scaled has to be there."""
        _, name, *index = asked["ResourceId"].split("/")
        answer = await self.inner.ask_json(
            service="dynamodb",
            region=region,
            target="DynamoDB_20120810.DescribeTable",
            document={"TableName": name},
        )
        if answer is None:
            return invalid(f"DynamoDB table does not exist: {asked['ResourceId']}")
        names = {one["IndexName"] for one in answer["Table"].get("GlobalSecondaryIndexes", ())}
        if index and index[-1] not in names:
            return invalid(f"DynamoDB index does not exist: {asked['ResourceId']}")
        return None

    async def _drop_policies(self, region: str, asked: dict[str, Any]) -> None:
        """With a target go its policies and their alarms."""
        which = {name: asked[name] for name in _TARGET}
        for policy in self.moto.policies(region, asked):
            await self._drop_alarms(region, asked["ResourceId"], policy)
            await self.moto.answer(self.moto.request("DeleteScalingPolicy", region, {**which, "PolicyName": policy}))

    async def _keep_alarms(self, region: str, policy: Mapping[str, Any]) -> None:
        if policy.get("PolicyType") != "TargetTrackingScaling":
            return
        table, _, index = policy["ResourceId"].removeprefix("table/").partition("/index/")
        dimensions = [{"Name": "TableName", "Value": table}]
        dimensions += [{"Name": "GlobalSecondaryIndexName", "Value": index}] if index else []
        unit = "Read" if "Read" in policy["ScalableDimension"] else "Write"
        aim = policy.get("TargetTrackingScalingPolicyConfiguration", {}).get("TargetValue", 0)
        for kind, name in _alarms(region, policy["ResourceId"], policy["PolicyName"]).items():
            used = kind.startswith("Alarm")
            await self._alarm(
                region,
                "PutMetricAlarm",
                {
                    "AlarmName": name,
                    "AlarmDescription": f"{_KEEP_OUT} {policy['PolicyName']}.",
                    "Namespace": "AWS/DynamoDB",
                    "MetricName": f"{'Consumed' if used else 'Provisioned'}{unit}CapacityUnits",
                    "Dimensions": dimensions,
                    "Statistic": "Sum" if used else "Average",
                    "Period": 60 if used else 300,
                    "EvaluationPeriods": 2 if kind == "AlarmHigh" else 15 if kind == "AlarmLow" else 3,
                    "Threshold": float(aim),
                    "ComparisonOperator": "GreaterThanThreshold" if kind.endswith("High") else "LessThanThreshold",
                },
            )

    async def _drop_alarms(self, region: str, resource: str, policy: str) -> None:
        names = list(_alarms(region, resource, policy).values())
        await self._alarm(region, "DeleteAlarms", {"AlarmNames": names})

    async def _alarm(self, region: str, operation: str, document: dict[str, Any]) -> None:
        await self.inner.ask_json(
            service="monitoring", region=region, target=f"{_CLOUDWATCH}.{operation}", document=document
        )


def _alarms(region: str, resource: str, policy: str) -> dict[str, str]:
    """Names of a policy's alarms, the same ones every time."""
    ids = {kind: uuid.uuid5(uuid.NAMESPACE_URL, f"{region}/{resource}/{policy}/{kind}") for kind in _ALARMS}
    return {kind: f"TargetTracking-{resource}-{kind}-{one}" for kind, one in ids.items()}


def _with_alarms(operation: str, region: str, asked: Mapping[str, Any], answer: Response) -> Response:
    """Moto makes up names of alarms; told are those that CloudWatch lists."""
    if operation == "PutScalingPolicy" and asked.get("PolicyType") == "TargetTrackingScaling":
        document = json.loads(answer.body)
        return retold(answer, {**document, "Alarms": _listed(region, asked["ResourceId"], asked["PolicyName"])})
    if operation == "DescribeScalingPolicies":
        document = json.loads(answer.body)
        for policy in document["ScalingPolicies"]:
            if policy.get("PolicyType") == "TargetTrackingScaling" and policy["ResourceId"].startswith("table/"):
                policy["Alarms"] = _listed(region, policy["ResourceId"], policy["PolicyName"])
        return retold(answer, document)
    return answer


def _listed(region: str, resource: str, policy: str) -> list[dict[str, str]]:
    names = _alarms(region, resource, policy).values()
    return [{"AlarmName": name, "AlarmARN": f"arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:{name}"} for name in names]


def _told(asked: Mapping[str, Any]) -> str:
    return (
        f"service namespace: {asked.get('ServiceNamespace')}, resource ID: {asked.get('ResourceId')}, "
        f"scalable dimension: {asked.get('ScalableDimension')}"
    )


def _not_found(message: str) -> Refusal:
    return Refusal(code="ObjectNotFoundException", message=message)
