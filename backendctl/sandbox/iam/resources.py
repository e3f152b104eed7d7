"""The ARN on which a request's action is judged, service by service, as the Service Authorization Reference has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from backendctl.sandbox.http import Request

Body = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a request goes."""

    region: str
    account: str

    def arn(self, service: str, resource: str, *, region: str | None = None) -> str:
        """An ARN of this account; of this region unless another is given."""
        return f"arn:aws:{service}:{self.region if region is None else region}:{self.account}:{resource}"


def _lambda(_: str, request: Request, place: Place, body: Body) -> list[str]:
    parts = request.raw_path.strip("/").split("/")
    if len(parts) > 1 and parts[1] == "tags":
        return [unquote("/".join(parts[2:]))]
    what, named = [*parts, "", ""][1:3]
    if what != "functions":
        return []
    name = unquote(named) or str(body.get("FunctionName", ""))
    if not name:
        return []
    qualifier = request.first("Qualifier")
    arn = name if name.startswith("arn:") else place.arn("lambda", f"function:{name}")
    return [f"{arn}:{qualifier}" if qualifier else arn]


def _apigateway(_: str, request: Request, place: Place, _body: Body) -> list[str]:
    return [f"arn:aws:apigateway:{place.region}::{request.raw_path.removeprefix('/v2')}"]


def _dynamodb(_: str, _request: Request, place: Place, body: Body) -> list[str]:
    if "ResourceArn" in body:
        return [str(body["ResourceArn"])]
    if "TableName" not in body:
        return []
    name = str(body["TableName"])
    arn = name if name.startswith("arn:") else place.arn("dynamodb", f"table/{name}")
    return [f"{arn}/index/{body['IndexName']}" if "IndexName" in body else arn]


def _logs(operation: str, _request: Request, place: Place, body: Body) -> list[str]:
    if "resourceArn" in body:
        return [str(body["resourceArn"])]
    names = [body["logGroupName"]] if "logGroupName" in body else [*body.get("logGroupNames", [])]
    names += [str(one).rpartition(":log-group:")[2].removesuffix(":*") for one in body.get("logGroupIdentifiers", [])]
    if operation == "DescribeLogGroups":
        return []
    stream = body.get("logStreamName", "")
    return [place.arn("logs", f"log-group:{name}:log-stream:{stream}") for name in names]


def _events(operation: str, _request: Request, place: Place, body: Body) -> list[str]:
    if "ResourceARN" in body:
        return [str(body["ResourceARN"])]
    name = body.get("Rule") or (body.get("Name") if operation.endswith("Rule") else None)
    return [place.arn("events", f"rule/{name}")] if name else []


def _scheduler(_: str, request: Request, place: Place, body: Body) -> list[str]:
    parts = [unquote(part) for part in request.raw_path.strip("/").split("/")]
    match parts:
        case ["schedules", name]:
            group = request.first("groupName") or body.get("GroupName") or "default"
            return [place.arn("scheduler", f"schedule/{group}/{name}")]
        case ["schedule-groups", name]:
            return [place.arn("scheduler", f"schedule-group/{name}")]
        case ["tags", *arn]:
            return ["/".join(arn)]
    return []


def _ssm(_: str, _request: Request, place: Place, body: Body) -> list[str]:
    names = [body[key] for key in ("Name", "Path", "ResourceId") if isinstance(body.get(key), str)]
    names += body.get("Names", [])
    return [place.arn("ssm", f"parameter/{str(name).strip('/')}") for name in names]


def _iam(_: str, _request: Request, place: Place, body: Body) -> list[str]:
    if "RoleName" in body:
        return [place.arn("iam", f"role/{body['RoleName']}", region="")]
    return [str(body["PolicySourceArn"])] if "PolicySourceArn" in body else []


def _route53(_: str, request: Request, _place: Place, _body: Body) -> list[str]:
    match request.raw_path.strip("/").split("/")[1:]:
        case [("hostedzone" | "healthcheck" | "change") as kind, name, *_]:
            return [f"arn:aws:route53:::{kind}/{name}"]
        case ["tags", kind, name]:
            return [f"arn:aws:route53:::{kind}/{name}"]
    return []


def _acm(_: str, _request: Request, _place: Place, body: Body) -> list[str]:
    return [str(body["CertificateArn"])] if "CertificateArn" in body else []


def _kms(_: str, _request: Request, place: Place, body: Body) -> list[str]:
    """An alias is judged by the key that it names, which is not looked up here."""
    key = str(body.get("KeyId", ""))
    if key.startswith("arn:"):
        return [key]
    return [place.arn("kms", f"key/{key}")] if key and not key.startswith("alias/") else []


def _wafv2(operation: str, _request: Request, _place: Place, body: Body) -> list[str]:
    """DisassociateWebACL is judged on the resource alone, with `*` as its own."""
    return [str(body["WebACLArn"])] if operation == "AssociateWebACL" and "WebACLArn" in body else []


def _s3(_: str, request: Request, _place: Place, _body: Body) -> list[str]:
    path = unquote(request.raw_path).strip("/")
    return [f"arn:aws:s3:::{path}"] if path else []


RESOURCES: Mapping[str, Callable[[str, Request, Place, Body], list[str]]] = {
    "lambda": _lambda,
    "apigateway": _apigateway,
    "dynamodb": _dynamodb,
    "logs": _logs,
    "events": _events,
    "scheduler": _scheduler,
    "ssm": _ssm,
    "iam": _iam,
    "route53": _route53,
    "acm": _acm,
    "kms": _kms,
    "s3": _s3,
    "wafv2": _wafv2,
}
"""By signing name; services that are not here know no resource but `*` for what is asked of them."""
