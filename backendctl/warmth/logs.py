"""Reading log groups: the reports of invocations, and the request ids of an access log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from backendctl.aws.errors import ClientError, is_missing
from backendctl.warmth.invocations import LogEvent

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

REPORTS = '?"REPORT RequestId" ?"platform.report"'
"""A filter for the reports of either log format."""
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def events(
    aws: Aws, region: str, group: str, *, since: float, until: float, pattern: str = ""
) -> list[LogEvent] | None:
    """The events of a log group in order of time; None when there is no such group.

    FilterLogEvents costs nothing but its pages, which are paced.

    Args:
        since, until: seconds since the epoch. pattern: of CloudWatch Logs; empty takes every event.
    """
    given: Any = {"filterPattern": pattern} if pattern else {}
    pages = (
        aws.logs(region)
        .get_paginator("filter_log_events")
        .paginate(logGroupName=group, startTime=int(since * 1000), endTime=int(until * 1000), **given)
    )
    try:
        found = [
            LogEvent(at=event["timestamp"] / 1000, stream=event["logStreamName"], message=event["message"])
            for page in pages
            for event in page["events"]
        ]
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    return sorted(found, key=lambda event: event.at)


def request_ids(aws: Aws, region: str, group: str, *, since: float, until: float) -> Iterator[str]:
    """Every request id that the lines of an access log name, API Gateway's own among them."""
    for event in events(aws, region, group, since=since, until=until) or ():
        yield from _ID.findall(event.message)
