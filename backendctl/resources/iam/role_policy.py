"""What the functions of a backend may do, and policy documents in one comparable form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from backendctl.resources.deploy_context import DeployContext
from backendctl.resources.iam.policy_text import statements
from backendctl.spec.model import FunctionSpec

TRUST: dict[str, Any] = {
    "Statement": [
        {
            "Sid": "Lambda",
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ]
}
_SENDING = {
    "sqs": ("sqs:SendMessage",),
    "sns": ("sns:Publish",),
    "lambda": ("lambda:InvokeFunction",),
    "events": ("events:PutEvents",),
    "s3": ("s3:ListBucket", "s3:PutObject"),
}
_ITEMS = tuple(
    f"dynamodb:{action}"
    for action in (
        "BatchGetItem",
        "BatchWriteItem",
        "ConditionCheckItem",
        "DeleteItem",
        "DescribeTable",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "UpdateItem",
    )
)
_INTERFACES = tuple(
    f"ec2:{action}"
    for action in (
        "AssignPrivateIpAddresses",
        "CreateNetworkInterface",
        "DeleteNetworkInterface",
        "DescribeNetworkInterfaces",
        "DescribeSubnets",
        "UnassignPrivateIpAddresses",
    )
)


def statements_of(context: DeployContext) -> list[dict[str, Any]]:
    """The statements of the functions that run under our role.

    What is named in an ARN is named in every region: a region that is being removed still serves until its traffic
    is gone, one that is added need not wait for the policy to travel, and a run restricted to one region takes
    nothing from the others. Functions called `<backend>-…` share one pattern, as an inline policy has room for
    10,240 characters only.
    """
    functions = [
        function
        for region in context.spec.all_regions
        for function in context.spec.functions_in(region)
        if function.role is None and context.spec.role is None
    ]
    return statements_for(context, functions)


def statements_for(context: DeployContext, functions: Sequence[FunctionSpec]) -> list[dict[str, Any]]:
    """What these functions need: logs, the spec's tables, tracing, the network, and what the spec says besides."""
    found = [
        _allow("Logs", ("logs:CreateLogStream", "logs:PutLogEvents"), {_log_group(context, one) for one in functions})
    ]
    if bare := {_log_group(context, one) for one in functions if one.log_retention is None}:
        found.append(_allow("LogGroups", ("logs:CreateLogGroup",), bare))  # B64: the first call makes those
    if tables := set(_tables(context)):
        found.append(_allow("Tables", _ITEMS, tables))
    if _traced(context, functions):
        found.append(_allow("Tracing", ("xray:PutTelemetryRecords", "xray:PutTraceSegments"), {"*"}))  # B58
    if any(function.vpc is not None for function in functions):
        found.append(_allow("Network", _INTERFACES, {"*"}))
    return [*found, *_destinations(functions), *_own(context.spec.statements, functions)]


def _destinations(functions: Sequence[FunctionSpec]) -> Iterator[dict[str, Any]]:
    """Sending to the destinations of asynchronous calls, a statement for each service."""
    arns = {arn for one in functions if one.asynchronous is not None for arn in one.asynchronous.destinations}
    for service, actions in _SENDING.items():
        given = {arn for arn in arns if arn.split(":")[2] == service}
        if given and service == "s3":
            given |= {f"{arn}/*" for arn in given}
        if given:
            yield _allow(f"Destinations{service.capitalize()}", actions, given)


def _own(shared: Sequence[Mapping[str, Any]], functions: Sequence[FunctionSpec]) -> list[dict[str, Any]]:
    """What the spec adds, each statement once; numbered, as Sids have to differ."""
    given = [*shared, *(one for function in functions for one in function.statements)]
    unique = [one for position, one in enumerate(given) if one not in given[:position]]
    return [{**one, "Sid": f"Spec{number}{one.get('Sid', '')}"} for number, one in enumerate(unique, start=1)]


def scheduled_functions(context: DeployContext) -> list[FunctionSpec]:
    """The functions of any region that EventBridge Scheduler pings."""
    return [
        function
        for region in context.spec.all_regions
        for function in context.spec.functions_in(region)
        if function.warm is not None and function.warm.is_scheduled
    ]


def scheduler_trust(context: DeployContext) -> dict[str, Any]:
    """Who may assume Scheduler's role: Scheduler, for this account only.

    A condition on the schedule itself would keep it from being made (D21).
    """
    return {
        "Statement": [
            {
                "Sid": "Scheduler",
                "Effect": "Allow",
                "Principal": {"Service": "scheduler.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": context.account}},
            }
        ]
    }


def calling(context: DeployContext, functions: list[FunctionSpec]) -> dict[str, Any]:
    """The right to call these functions by any alias, in every region."""
    prefix = f"arn:{context.partition}:lambda:*:{context.account}:function:"
    names = name_patterns(context.backend, {function.physical for function in functions})
    arns = {f"{prefix}{name}{tail}" for name in names for tail in ("", ":*")}
    return _allow("Invoke", ("lambda:InvokeFunction",), arns)


def normalised(document: Any) -> dict[str, Any]:
    """Statements by Sid, with actions and resources as sorted lists.

    Takes a document, or its text as IAM sends it, percent-encoded.
    """
    found: dict[str, Any] = {}
    for position, statement in enumerate(statements(document, of="a role")):
        rest = {key: _sorted(value) for key, value in statement.items() if key != "Sid"}
        found[str(statement.get("Sid") or f"statement{position}")] = rest
    return found


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        found = sorted(value, key=str)  # texts beside numbers in a condition
        return found[0] if len(found) == 1 else found
    return value


def _allow(sid: str, actions: tuple[str, ...], resources: set[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": sorted(resources)}


def _log_group(context: DeployContext, function: FunctionSpec) -> str:
    (name,) = name_patterns(context.backend, [function.physical])
    return f"arn:{context.partition}:logs:*:{context.account}:log-group:/aws/lambda/{name}:*"


def name_patterns(backend: str, names: Iterable[str]) -> set[str]:
    """One pattern for all that are called `<backend>-…`; the name of any other."""
    return {f"{backend}-*" if name.startswith(f"{backend}-") else name for name in names}


def _tables(context: DeployContext) -> Iterator[str]:
    for table in context.spec.tables:
        arn = f"arn:{context.partition}:dynamodb:*:{context.account}:table/{table.physical}"
        yield arn
        if table.indexes:
            yield f"{arn}/index/*"


def _traced(context: DeployContext, functions: Sequence[FunctionSpec]) -> bool:
    """A traced stage hands its trace on, also to a function that only passes it through."""
    stages = context.spec.api.stages if context.spec.api is not None else ()
    return any(function.tracing == "Active" for function in functions) or any(stage.tracing for stage in stages)
