"""What AWS checks beside the call's own action: handing over a role, tags at creation, the work of a replica."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backendctl.sandbox.http import Request
    from backendctl.sandbox.iam.resources import Body, Place

More = Iterator[tuple[str, str, dict[str, str]]]
"""Action, resource, and values of condition keys."""
Rule = Callable[["Request", "Place", "Body"], More]

_REPLICA_DATA = ("Scan", "Query", "UpdateItem", "PutItem", "GetItem", "DeleteItem", "BatchWriteItem")  # C21


def _passing(member: str, service: str) -> Rule:
    """The right to hand that role over (F23, F24); the member is a path with dots."""

    def rule(_: Request, _place: Place, body: Body) -> More:
        value: Any = body
        for step in member.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        if isinstance(value, str) and value:
            yield "iam:PassRole", value, {"iam:passedtoservice": service}

    return rule


def _pass_log_role(_: Request, _place: Place, body: Body) -> More:
    for patch in body.get("patchOperations", ()):
        if patch.get("path") == "/cloudwatchRoleArn" and patch.get("value"):
            yield "iam:PassRole", patch["value"], {"iam:passedtoservice": "apigateway.amazonaws.com"}


def _tagging(action: str, member: str, arn: Callable[[Place, Body], str], *, in_path: str = "") -> Rule:
    """The right to tag, where something is made with its tags. in_path: member of the body for the path's last part."""

    def rule(request: Request, place: Place, body: Body) -> More:
        body = {**body, in_path: request.path.rpartition("/")[2]} if in_path else body
        if body.get(member) or any(key.startswith(f"{member}.") for key in body):
            yield action, arn(place, body), {}

    return rule


def _tags_of_api(request: Request, place: Place, body: Body) -> More:
    if body.get("tags") or "tags" in request.query:
        yield "apigateway:PUT", f"arn:aws:apigateway:{place.region}::/tags/*", {}  # F22


def _replicas(_: Request, place: Place, body: Body) -> More:
    for change in body.get("ReplicaUpdates", ()):
        if "Disassociate" in change:  # C26: it is asked of the replica's own region
            yield "dynamodb:DisassociateTableReplica", place.arn("dynamodb", f"table/{body.get('TableName')}"), {}
        for verb in ("Create", "Delete", "Update"):
            region = change.get(verb, {}).get("RegionName")
            if region is None:
                continue
            there = {"aws:requestedregion": region}
            arn = place.arn("dynamodb", f"table/{body.get('TableName')}", region=region)
            actions = {
                "Create": ("CreateTable", "CreateTableReplica", *_REPLICA_DATA),
                "Delete": ("DeleteTableReplica",),
            }
            for action in actions.get(verb, ("UpdateTable",)):
                yield f"dynamodb:{action}", arn, there


def _code_in_s3(_: Request, _place: Place, body: Body) -> More:
    code = body.get("Code", body)
    if isinstance(code, Mapping) and code.get("S3Bucket"):
        action = "s3:GetObjectVersion" if code.get("S3ObjectVersion") else "s3:GetObject"
        yield action, f"arn:aws:s3:::{code['S3Bucket']}/{code.get('S3Key')}", {}


def _layers(_: Request, _place: Place, body: Body) -> More:
    for layer in body.get("Layers") or ():
        yield "lambda:GetLayerVersion", layer, {}


def _setting_web_acl(_: Request, _place: Place, body: Body) -> More:
    """The right to change which web ACL stands in front of a stage (F23)."""
    if body.get("ResourceArn"):
        yield "apigateway:SetWebACL", str(body["ResourceArn"]), {}


def _alarms(*actions: str) -> Rule:
    def rule(_: Request, _place: Place, _body: Body) -> More:
        for action in actions:
            yield f"cloudwatch:{action}", "*", {}

    return rule


def _group(place: Place, body: Body) -> str:
    return place.arn("scheduler", f"schedule-group/{body['Name']}")


_LAMBDA_ROLE = _passing("Role", "lambda.amazonaws.com")
_SCHEDULER_ROLE = _passing("Target.RoleArn", "scheduler.amazonaws.com")
_MADE_WITH_TAGS = (
    "CreateRestApi",
    "ImportRestApi",
    "CreateStage",
    "CreateDomainName",
    "CreateUsagePlan",
    "CreateApiKey",
)

IMPLIED: Mapping[tuple[str, str], tuple[Rule, ...]] = {
    ("lambda", "CreateFunction"): (
        _LAMBDA_ROLE,
        _code_in_s3,
        _layers,
        _tagging(
            "lambda:TagResource", "Tags", lambda place, body: place.arn("lambda", f"function:{body['FunctionName']}")
        ),
    ),
    ("lambda", "UpdateFunctionConfiguration"): (_LAMBDA_ROLE, _layers),
    ("lambda", "UpdateFunctionCode"): (_code_in_s3,),
    ("scheduler", "CreateSchedule"): (_SCHEDULER_ROLE,),
    ("scheduler", "UpdateSchedule"): (_SCHEDULER_ROLE,),
    ("scheduler", "CreateScheduleGroup"): (_tagging("scheduler:TagResource", "Tags", _group, in_path="Name"),),
    ("apigateway", "UpdateAccount"): (_pass_log_role,),
    **{("apigateway", operation): (_tags_of_api,) for operation in _MADE_WITH_TAGS},
    ("dynamodb", "CreateTable"): (
        _tagging(
            "dynamodb:TagResource", "Tags", lambda place, body: place.arn("dynamodb", f"table/{body['TableName']}")
        ),
    ),
    ("dynamodb", "UpdateTable"): (_replicas,),
    ("logs", "CreateLogGroup"): (
        _tagging(
            "logs:TagResource", "tags", lambda place, body: place.arn("logs", f"log-group:{body['logGroupName']}")
        ),
    ),
    ("events", "PutRule"): (
        _tagging("events:TagResource", "Tags", lambda place, body: place.arn("events", f"rule/{body['Name']}")),
    ),
    ("ssm", "PutParameter"): (
        _tagging(
            "ssm:AddTagsToResource",
            "Tags",
            lambda place, body: place.arn("ssm", f"parameter/{str(body['Name']).strip('/')}"),
        ),
    ),
    ("acm", "RequestCertificate"): (_tagging("acm:AddTagsToCertificate", "Tags", lambda *_: "*"),),
    ("iam", "CreateRole"): (
        _tagging("iam:TagRole", "Tags", lambda place, body: place.arn("iam", f"role/{body['RoleName']}", region="")),
    ),
    ("application-autoscaling", "PutScalingPolicy"): (_alarms("PutMetricAlarm", "DescribeAlarms"),),  # F25
    ("wafv2", "AssociateWebACL"): (_setting_web_acl,),
    ("wafv2", "DisassociateWebACL"): (_setting_web_acl,),
    ("application-autoscaling", "DeleteScalingPolicy"): (_alarms("DeleteAlarms"),),
}
"""By signing name and operation."""
