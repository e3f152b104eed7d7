from __future__ import annotations

from typing import Any

import pytest

from backendctl.sandbox.logs import filtering


def _group(**streams: list[tuple[int, str]]) -> dict[str, Any]:
    """A group of streams, each with moments and messages."""

    def stored(stream: str, events: list[tuple[int, str]]) -> list[dict[str, Any]]:
        return [
            {"timestamp": moment, "ingestionTime": 9000, "message": text, "eventId": f"{stream}{number}"}
            for number, (moment, text) in enumerate(events)
        ]

    return {"streams": {name: {"events": stored(name, events)} for name, events in streams.items()}}


KNOWN = _group(a=[(1, "START"), (1, "one"), (1, "END"), (5, "five")], b=[(1, "b1"), (3, "b3"), (5, "b5")])


def _pages(known: dict[str, Any], **asked: Any) -> list[list[str]]:
    pages, token = list[list[str]](), dict[str, Any]()
    while True:
        answer = filtering.page(known, {**asked, **token})
        pages.append([event["message"] for event in answer["events"]])
        if "nextToken" not in answer:
            return pages
        token = {"nextToken": answer["nextToken"]}


def test_events_of_all_streams_come_by_time_and_those_of_one_in_their_order() -> None:
    assert _pages(KNOWN) == [["START", "one", "END", "b1", "b3", "five", "b5"]]


@pytest.mark.parametrize("limit", [1, 2, 3, 6])
def test_pages_hold_every_event_once(limit: int) -> None:
    pages = _pages(KNOWN, limit=limit)
    assert [message for page in pages for message in page] == _pages(KNOWN)[0]
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)


def test_a_full_last_page_has_no_token() -> None:
    assert len(_pages(KNOWN, limit=7)) == 1


def test_start_and_end_are_both_included() -> None:
    assert _pages(KNOWN, startTime=3, endTime=5) == [["b3", "five", "b5"]]
    assert _pages(KNOWN, endTime=1) == [["START", "one", "END", "b1"]]


def test_streams_are_chosen_by_name_and_by_the_beginning_of_their_names() -> None:
    assert _pages(KNOWN, logStreamNames=["b"]) == [["b1", "b3", "b5"]]
    assert _pages(_group(xa=[(1, "1")], xb=[(2, "2")], y=[(3, "3")]), logStreamNamePrefix="x") == [["1", "2"]]


def test_a_token_is_of_one_request_alone() -> None:
    token = filtering.page(KNOWN, {"limit": 1})["nextToken"]
    for asked in ({"nextToken": "x"}, {"nextToken": token, "startTime": 2}):
        with pytest.raises(filtering.TokenError):
            filtering.page(KNOWN, asked)


def test_a_page_of_a_large_group_may_be_empty_and_have_a_next_one() -> None:
    large = _group(a=[(moment, "x") for moment in range(filtering.SEARCHED + 1)] + [(10**6, "found")])
    assert _pages(large, filterPattern="found") == [[], ["found"]]


def test_a_page_holds_a_megabyte() -> None:
    large = _group(a=[(moment, "x" * 400_000) for moment in range(5)])
    assert [len(page) for page in _pages(large)] == [2, 2, 1]


def test_a_batch_is_in_order_and_of_one_day() -> None:
    def batch(*moments: int) -> list[dict[str, Any]]:
        return [{"timestamp": moment, "message": "x"} for moment in moments]

    assert filtering.refusal(batch(1, 1, 2)) is None
    assert "chronological" in str(filtering.refusal(batch(2, 1)))
    assert "24 hours" in str(filtering.refusal(batch(0, filtering.LONGEST_BATCH + 1)))
    assert "too large" in str(filtering.refusal([{"timestamp": 1, "message": "x" * filtering.BATCH_BYTES}]))


def test_events_too_old_and_too_new_are_left_out_and_told() -> None:
    now = filtering.OLDEST * 2
    moments = [now - filtering.OLDEST - 1, now, now + filtering.NEWEST + 1]
    kept, info = filtering.sorted_out([{"timestamp": moment, "message": "x"} for moment in moments], now=now)
    assert [event["timestamp"] for event in kept] == [now]
    assert info == {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}
