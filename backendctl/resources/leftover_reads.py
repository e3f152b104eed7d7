"""What the sweep after a destroy asks of AWS: by tag and by name, whatever kind it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from backendctl.aws.errors import gone_already
from backendctl.resources.apigateway import api_account
from backendctl.resources.apigateway.api_reads import apis
from backendctl.resources.dynamodb import table_reads
from backendctl.resources.events import rule_reads, schedule_reads
from backendctl.resources.lambda_ import lambda_reads, log_group

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws


def is_there(aws: Aws, region: str, service: str, kind: str, name: str) -> bool:
    """Whether what an ARN names still stands, for what we make and the sweep tells of; False for all else."""
    looks: dict[tuple[str, str], Callable[[], bool]] = {
        ("lambda", "function"): lambda: name in lambda_reads.functions(aws, region),
        ("dynamodb", "table"): lambda: name in table_reads.listed(aws, region),
        ("logs", "log-group"): lambda: _has_log_group(aws, region, name.removesuffix(":*")),
        ("apigateway", "usageplans"): lambda: True,
        ("apigateway", "apikeys"): lambda: True,
    }
    look = looks.get((service, kind))
    return look is not None and look()


def _has_log_group(aws: Aws, region: str, name: str) -> bool:
    pages = aws.logs(region).get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
    return any(group["logGroupName"] == name for page in pages for group in page["logGroups"])


def named(aws: Aws, region: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """What is called as ours are, each with its tags."""
    prefix = f"{aws.backend}-"
    yield from (
        (f"function/{name}", lambda_reads.function_tags(aws, region, name))
        for name in lambda_reads.functions(aws, region)
        if name.startswith(prefix)
    )
    yield from ((f"table/{name}", table_reads.tags_of(aws, region, name)) for name in table_reads.names(aws, region))
    yield from ((f"log-group/{name}", tags) for name, tags in log_group.called(aws, region, prefix))
    yield from ((f"rule/{rule['Name']}", rule_reads.tags(aws, region, rule)) for rule in rule_reads.rules(aws, region))
    for group in schedule_reads.groups(aws, region):
        yield f"schedule-group/{group}", schedule_reads.tags(aws, region, group)
    for api in apis(aws, region):
        if api.get("name") == aws.backend:
            yield f"rest-api/{api['id']}", api.get("tags", {})


def parameters(aws: Aws, region: str) -> list[str]:
    """Names of everything in Systems Manager under our path."""
    pages = aws.ssm(region).get_paginator("get_parameters_by_path")
    found = pages.paginate(Path=f"/backendctl/{aws.backend}/", Recursive=True)
    return [parameter["Name"] for page in found for parameter in page["Parameters"]]


def has_log_role(aws: Aws) -> bool:
    """Whether the role is there that all backends of the account share (A57)."""
    found: list[str] = []
    with gone_already():
        found.append(aws.iam().get_role(RoleName=api_account.ROLE)["Role"]["RoleName"])
    return bool(found)
