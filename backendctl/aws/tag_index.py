"""Tags of many resources in one call, as the tagging service knows them.

It hears of a change seconds to minutes later, and goes on naming what is gone (F18, F19). So it proves only that a
resource which its own service has just listed carried these tags a while ago: enough to see that nothing is to be
done, never enough to change or delete something, nor to say that a tag is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from backendctl.aws import tags as tagging
from backendctl.aws.errors import ClientError

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

_ONE_BY_ONE = ("events:rule", "logs:log-group")
"""Types whose own service tells tags of one resource at a time."""


def marked(aws: Aws, region: str, *, types: Sequence[str] = ()) -> dict[str, dict[str, str]]:
    """ARN → tags of everything that carries this backend's mark, asked now. types: as AWS names them; all without."""
    pages = aws.client("resourcegroupstaggingapi", region).get_paginator("get_resources")
    asked = {"ResourceTypeFilters": list(types)} if types else {}
    mark = [{"Key": tagging.BACKEND, "Values": [aws.backend]}]
    return {
        found["ResourceARN"]: tagging.from_list(found["Tags"])
        for page in pages.paginate(TagFilters=mark, ResourcesPerPage=100, **asked)
        for found in page["ResourceTagMappingList"]
    }


def known_tags(aws: Aws, region: str, arn: str) -> Mapping[str, str]:
    """The tags of a rule or a log group with our mark, from one call per region; {} when the index does not know it."""

    def load() -> Mapping[str, Mapping[str, str]]:
        try:
            return marked(aws, region, types=_ONE_BY_ONE)
        except ClientError:  # not allowed, or not there: every tag is then asked for, and what is wrong told by that
            return {}

    return aws.shared(("tag-index", region), load).get(arn, {})
