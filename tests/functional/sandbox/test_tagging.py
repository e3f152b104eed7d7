"""The tagging service of the sandbox."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.functional.sandboxed import EAST, WEST, eventually

if TYPE_CHECKING:
    from tests.functional.sandboxed import Sandbox


def _group(sandbox: Sandbox, owner: str, *, region: str = EAST) -> str:
    name = f"/aws/lambda/{uuid.uuid4().hex[:8]}"
    sandbox.client("logs", region).create_log_group(logGroupName=name, tags={"owner": owner})
    return name


def _found(sandbox: Sandbox, owner: str, *, region: str = EAST, size: int = 100) -> list[str]:
    pages = sandbox.client("resourcegroupstaggingapi", region).get_paginator("get_resources")
    asked = pages.paginate(TagFilters=[{"Key": "owner", "Values": [owner]}], ResourcesPerPage=size)
    return sorted(one["ResourceARN"].rpartition(":")[2] for page in asked for one in page["ResourceTagMappingList"])


def test_rules_and_log_groups_are_found_by_their_tags_page_by_page_in_their_region(sandbox: Sandbox) -> None:
    owner = uuid.uuid4().hex
    names = sorted(_group(sandbox, owner) for _ in range(3))
    _group(sandbox, owner, region=WEST)
    _group(sandbox, "somebody else")
    rule = f"rule-{owner}"
    tags = [{"Key": "owner", "Value": owner}]
    sandbox.client("events").put_rule(Name=rule, ScheduleExpression="rate(1 hour)", Tags=tags)
    eventually(lambda: _found(sandbox, owner) == sorted([*names, f"rule/{rule}"]))
    assert _found(sandbox, owner, size=1) == _found(sandbox, owner)


def test_a_page_too_large_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(ClientError, match=r"(?i)ResourcesPerPage"):
        sandbox.client("resourcegroupstaggingapi").get_resources(ResourcesPerPage=101)
