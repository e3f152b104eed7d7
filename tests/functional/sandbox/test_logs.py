"""CloudWatch Logs as its clients see it: pages, limits and refusals."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.functional.sandboxed import Sandbox


def _group(sandbox: Sandbox, **streams: list[str]) -> tuple[Any, str]:
    """A group with streams of these messages, a millisecond apart; the client and its name."""
    logs, name = sandbox.client("logs"), f"group-{uuid.uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=name)
    now = int(time.time() * 1000)
    for stream, messages in streams.items():
        logs.create_log_stream(logGroupName=name, logStreamName=stream)
        events = [{"timestamp": now + number, "message": text} for number, text in enumerate(messages)]
        logs.put_log_events(logGroupName=name, logStreamName=stream, logEvents=events)
    return logs, name


def _error(call: Callable[..., Any], **asked: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**asked)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_filtered_events_come_in_pages_which_hold_each_once(sandbox: Sandbox) -> None:
    logs, name = _group(sandbox, a=["one", "two", "three"], b=["uno", "dos"])
    first = logs.filter_log_events(logGroupName=name, limit=2)
    assert len(first["events"]) == 2
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=name, PaginationConfig={"PageSize": 2})
    events = [event for page in pages for event in page["events"]]
    assert sorted(event["message"] for event in events) == ["dos", "one", "three", "two", "uno"]
    assert [event["timestamp"] for event in events] == sorted(event["timestamp"] for event in events)
    assert len({event["eventId"] for event in events}) == 5
    assert logs.filter_log_events(logGroupName=name, filterPattern="?two ?dos", limit=2)["searchedLogStreams"] == []


def test_what_filter_log_events_refuses(sandbox: Sandbox) -> None:
    logs, name = _group(sandbox, a=["one"])
    invalid = "InvalidParameterException"
    assert _error(logs.filter_log_events, logGroupName="nobodys/group") == (
        "ResourceNotFoundException",
        "The specified log group does not exist.",
    )
    missing = _error(logs.filter_log_events, logGroupName=name, logStreamNames=["none"])
    assert missing == ("ResourceNotFoundException", "The specified log stream does not exist.")
    assert _error(logs.filter_log_events, logGroupName=name, limit=10001) == (
        invalid,
        (
            "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: "
            "Member must have value less than or equal to 10000"
        ),
    )
    for asked in (
        {"filterPattern": "{ $.a }"},
        {"nextToken": "x"},
        {"logStreamNames": ["a"], "logStreamNamePrefix": "a"},
        {"logGroupIdentifier": name},
    ):
        assert _error(logs.filter_log_events, logGroupName=name, **asked)[0] == invalid


def test_batches_out_of_order_are_refused_and_old_events_are_told(sandbox: Sandbox) -> None:
    logs, name = _group(sandbox, a=["first"])
    now = int(time.time() * 1000)

    def put(*moments: int) -> Any:
        events = [{"timestamp": moment, "message": "x"} for moment in moments]
        return logs.put_log_events(logGroupName=name, logStreamName="a", logEvents=events)

    with pytest.raises(logs.exceptions.InvalidParameterException, match="must be in chronological order"):
        put(now, now - 1)
    assert put(now - 15 * 86_400_000)["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    assert "rejectedLogEventsInfo" not in put(now)


def test_streams_are_listed_by_their_last_event(sandbox: Sandbox) -> None:
    logs, name = _group(sandbox, b=["1", "2", "3"], a=["1"], c=["1", "2", "3", "4", "5", "6"])
    latest = logs.describe_log_streams(logGroupName=name, orderBy="LastEventTime", descending=True, limit=2)
    assert latest["logStreams"][0]["logStreamName"] == "c"
    assert latest["nextToken"]
    assert _error(logs.describe_log_streams, logGroupName=name, limit=51)[0] == "InvalidParameterException"
    code, words = _error(logs.describe_log_streams, logGroupName=name, orderBy="LastEventTime", logStreamNamePrefix="a")
    assert (code, words) == ("InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix.")


def test_the_events_of_one_stream_are_read_on_by_tokens(sandbox: Sandbox) -> None:
    logs, name = _group(sandbox, a=["one", "two", "three"])
    asked = {"logGroupName": name, "logStreamName": "a", "limit": 2, "startFromHead": True}
    first = logs.get_log_events(**asked)
    second = logs.get_log_events(**asked, nextToken=first["nextForwardToken"])
    assert [event["message"] for event in first["events"] + second["events"]] == ["one", "two", "three"]
    last = logs.get_log_events(**asked, nextToken=second["nextForwardToken"])
    assert (last["events"], last["nextForwardToken"]) == ([], second["nextForwardToken"])
    assert _error(logs.get_log_events, logGroupName=name, logStreamName="none") == (
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
    )
