"""Reading log groups page by page."""

from __future__ import annotations

from backendctl.warmth.logs import LogReader
from tests.unit.warmth.logs_service import REGION, Logs

T = 1_800_000_000.0
GROUP = "/aws/apigateway/corkhounds"
ONE, TWO = "11111111-2222-4333-8444-555555555555", "11111111-2222-4333-8444-666666666666"


def test_all_pages_are_read_in_order_of_time() -> None:
    logs = Logs(page=3)
    logs.put(GROUP, [T + n for n in range(9, -1, -1)])
    found = LogReader().events(logs.aws(), REGION, GROUP, since=T, until=T + 60)
    assert found is not None
    assert [event.at for event in found] == [T + n for n in range(10)]


def test_a_group_that_is_not_there_is_none_and_not_empty() -> None:
    aws = Logs().aws()
    assert LogReader().events(aws, REGION, GROUP, since=T, until=T + 60) is None
    assert LogReader().request_ids(aws, REGION, GROUP, since=T, until=T + 60) is None


def test_every_request_id_of_an_access_log_is_found() -> None:
    logs = Logs()
    logs.put(GROUP, [T + 1, T + 2], message='{{"id":"%s","lambda":"%s"}}' % (ONE, TWO))  # noqa: UP031  # braces
    logs.put(GROUP, [T + 3], message='{{"id":"-","lambda":"-"}}')
    assert LogReader().request_ids(logs.aws(), REGION, GROUP, since=T, until=T + 60) == frozenset({ONE, TWO})


def test_a_second_look_asks_for_what_is_new_and_for_what_may_have_come_late() -> None:
    logs, reader = Logs(), LogReader()
    aws = logs.aws()
    logs.put(GROUP, [T + 100, T + 3500])
    reader.events(aws, REGION, GROUP, since=T, until=T + 3600)
    logs.put(GROUP, [T + 3550, T + 3650])
    found = reader.events(aws, REGION, GROUP, since=T + 60, until=T + 3660)
    assert found is not None
    assert [event.at - T for event in found] == [100, 3500, 3550, 3650]
    assert logs.asked["FilterLogEvents"][-1]["startTime"] == (T + 3600 - 120) * 1000


def test_what_left_the_window_is_forgotten() -> None:
    logs, reader = Logs(), LogReader()
    aws = logs.aws()
    logs.put(GROUP, [T + 100, T + 3500])
    reader.events(aws, REGION, GROUP, since=T, until=T + 3600)
    found = reader.events(aws, REGION, GROUP, since=T + 200, until=T + 3800)
    assert found is not None
    assert [event.at - T for event in found] == [3500]
