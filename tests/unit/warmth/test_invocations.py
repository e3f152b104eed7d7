"""Invocations from the log, and who called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from backendctl.warmth.invocations import Firings, Invocation, LogEvent, read, with_callers, with_errors
from tests.unit.warmth.made import NOW, OTHER, PING, USER, call

DAY = 86_400
ID = "11111111-2222-4333-8444-555555555555"


def report(**more: str) -> str:
    fields = {"Duration": "12.50 ms", "Billed Duration": "13 ms", "Memory Size": "256 MB", "Max Memory Used": "60 MB"}
    told = "\t".join(f"{name}: {value}" for name, value in (fields | more).items())
    return f"REPORT RequestId: {ID}\t{told}\t\n"


def event(message: str, *, at: float = 1000.0, stream: str = "2026/11/28/[7]abc") -> LogEvent:
    return LogEvent(at=at, stream=stream, message=message)


def firings(counts: dict[int, float] | None = None, **given: Any) -> Firings:
    """Counts by seconds after NOW; everything is known to CloudWatch, unless given."""
    usual: dict[str, Any] = {"period": 60, "until": NOW + DAY, "interval": 300.0}
    for name in ("requests", "errors"):
        if given.get(name) is not None:
            given[name] = {int(NOW) + at: value for at, value in given[name].items()}
    moved = {int(NOW) + at: value for at, value in (counts or {}).items()}
    return Firings(**(usual | {"counts": moved} | given))


def callers(found: Sequence[Invocation], counted: Firings, *, users: Sequence[Invocation] | None = None) -> list[str]:
    ids = None if users is None else frozenset(one.request_id for one in users)
    return [one.caller.value for one in with_callers([replace(one, caller=OTHER) for one in found], counted, users=ids)]


def test_the_handler_began_its_duration_before_the_report() -> None:
    (one,) = read([event(report(**{"Init Duration": "500.00 ms"}))], physical="places")
    assert (one.at, one.ended, one.came) == (1000.0 - 0.0125, 1000.0, 1000.0 - 0.5125)
    assert (one.version, one.duration_ms, one.billed_ms, one.init_ms, one.is_error) == ("7", 12.5, 13, 500.0, False)


def test_a_restored_snapshot_is_a_cold_start() -> None:
    (one,) = read([event(report(**{"Restore Duration": "300.00 ms"}))], physical="places")
    assert one.is_cold
    assert one.total_ms == 312.5


def test_lines_that_are_no_reports_are_passed_over() -> None:
    assert read([event("START RequestId: x"), event("REPORT RequestId: nonsense")], physical="places") == []


def test_in_a_shared_log_group_only_the_streams_of_the_function_count() -> None:
    shared = [event(report(), stream=f"2026/11/28/{name}[$LATEST]abc") for name in ("places", "places-2", "search")]
    (one,) = read(shared, physical="places")
    assert (one.stream, one.version) == ("2026/11/28/places[$LATEST]abc", "$LATEST")


def test_a_timeout_is_an_error() -> None:
    (one,) = read([event(report(Status="timeout"))], physical="places")
    assert one.is_error


def test_invocations_come_in_order_of_time() -> None:
    found = read([event(report(), at=1002.0), event(report(), at=1001.0)], physical="places")
    assert [one.ended for one in found] == [1001.0, 1002.0]


def test_an_access_log_tells_users_from_pings_exactly() -> None:
    found = [call(5), call(6), call(7), call(200)]
    assert callers(found, firings({0: 1}), users=[found[0], found[2]]) == [USER, PING, USER, OTHER]


def test_a_user_s_request_is_no_ping_however_many_pings_were_counted() -> None:
    found = [call(5), call(6)]
    assert callers(found, firings({0: 9}), users=found) == [USER, USER]


def test_without_an_access_log_the_rule_s_minutes_tell() -> None:
    assert callers([call(5), call(70)], firings({0: 1})) == [PING, USER]


def test_among_users_the_ping_is_the_one_at_the_rule_s_moment() -> None:
    quiet = [call(300 * n + 41.3) for n in range(5)]
    busy = [call(1500 + second) for second in (3, 20, 41.1, 55)]
    told = callers([*quiet, *busy], firings({300 * n: 1 for n in range(6)}))
    assert told == [PING] * 5 + [USER, USER, PING, USER]


def test_where_users_call_in_every_minute_the_second_that_all_share_is_the_rule_s() -> None:
    pings = [call(300 * n + 41.3, ms=30) for n in range(50)]
    users = [call(300 * n + 37 * (4 * n + m) % 60, ms=5) for n in range(50) for m in range(4)]
    found = sorted([*pings, *users], key=lambda one: one.at)
    told = dict(
        zip([one.request_id for one in found], callers(found, firings({300 * n: 1 for n in range(50)})), strict=True)
    )
    right = sum(told[one.request_id] == PING for one in pings)
    assert right >= 47
    assert Counter(told.values()) == {PING: 50, USER: 200}


def test_a_rule_of_one_minute_is_told_in_every_minute() -> None:
    pings = [call(60 * n + 12) for n in range(10)]
    users = [call(60 * n + 30) for n in range(5, 10)]
    found = sorted([*pings, *users], key=lambda one: one.at)
    told = callers(found, firings({60 * n: 1 for n in range(10)}, interval=60.0))
    assert [one for one, caller in zip(found, told, strict=True) if caller == PING] == pings


def test_a_ping_that_came_just_after_its_minute_is_still_that_minute_s() -> None:
    assert callers([call(60.4)], firings({0: 1})) == [PING]
    assert callers([call(62.1)], firings({0: 1})) == [USER]


def test_pings_that_all_come_just_after_their_minute_are_all_found() -> None:
    found = [call(60 * n + 60.5) for n in range(5)]
    assert callers(found, firings({60 * n: 1 for n in range(5)}, interval=60.0)) == [PING] * 5


def test_a_late_ping_does_not_stand_for_the_next_minute_s() -> None:
    found = [call(60.4), call(90)]
    assert callers(found, firings({0: 1, 60: 1}, interval=60.0)) == [PING, PING]


def test_a_cold_ping_belongs_to_the_minute_in_which_it_was_sent() -> None:
    assert callers([call(62, init=5000)], firings({0: 1})) == [PING]


def test_several_targets_are_several_pings() -> None:
    found = [call(5), call(5.1), call(5.2), call(40)]
    assert callers(found, firings({0: 3})).count(PING) == 3


def test_more_pings_counted_than_the_log_has_name_no_user_of_another_minute() -> None:
    assert callers([call(70), call(5)], firings({0: 4})) == [USER, PING]


def test_pings_that_cloudwatch_has_not_counted_yet_are_known_by_their_moment() -> None:
    pings = [call(300 * n + 41) for n in range(4)]
    counted = firings({300 * n: 1 for n in range(3)}, until=NOW + 700)
    assert callers(pings, counted) == [PING] * 4


def test_of_users_near_the_rule_s_moment_only_as_many_as_usual_are_taken_for_pings() -> None:
    pings = [call(60 * n + 41) for n in range(4)]
    users = [call(221 + off) for off in (-4, -2, 2, 4)]
    found = sorted([*pings, *users], key=lambda one: one.at)
    counted = firings({60 * n: 1 for n in range(3)}, until=NOW + 180, interval=60.0)
    told = callers(found, counted)
    assert [one for one, caller in zip(found, told, strict=True) if caller == PING] == pings


def test_what_api_gateway_has_not_counted_yet_is_nobody_s() -> None:
    found = [call(5), call(290)]
    assert callers(found, firings(until=NOW + 200, requests={0: 1})) == [USER, OTHER]


def test_after_the_last_count_pings_of_a_cron_expression_cannot_be_told_from_users() -> None:
    found = [call(5), call(290)]
    assert callers(found, firings({0: 1}, until=NOW + 200, interval=None)) == [PING, OTHER]


def test_without_a_rule_and_an_api_every_call_is_a_user_s() -> None:
    assert callers([call(5), call(290)], firings(until=NOW + 200, interval=None)) == [USER, USER]


def test_more_calls_than_api_gateway_counted_are_no_users() -> None:
    found = [call(5, init=500), call(20), call(30)]
    assert callers(found, firings(requests={0: 2})) == [OTHER, USER, USER]
    assert callers(found, firings(requests={})) == [OTHER] * 3


def test_requests_at_the_edge_of_a_minute_may_be_counted_in_its_neighbour() -> None:
    assert callers([call(59.5)], firings(requests={60: 1})) == [USER]
    assert callers([call(60.5)], firings(requests={0: 1})) == [USER]
    assert callers([call(30)], firings(requests={60: 1})) == [OTHER]
    assert callers([call(59.5), call(80)], firings(requests={60: 1})) == [OTHER, USER]


def test_a_request_that_took_long_is_counted_when_it_is_over() -> None:
    assert callers([call(30, ms=100_000)], firings(requests={120: 1})) == [USER]


def test_a_request_stands_for_one_call_however_long_the_calls_took() -> None:
    found = [call(second, ms=40_000) for second in range(5)]
    assert sum(caller == USER for caller in callers(found, firings(requests={0: 1, 30: 1}))) == 1
    quick = [call(30.5 + second, ms=40_000) for second in range(5)]
    assert sum(caller == USER for caller in callers(quick, firings(requests={0: 1, 60: 2}))) == 3


def test_a_ping_that_failed_and_came_again_is_a_ping_each_time() -> None:
    first = call(5)
    found = [first, replace(call(65), request_id=first.request_id), call(100), call(190)]
    assert callers(found, firings({0: 1}, requests={60: 1, 180: 1})) == [PING, PING, USER, USER]
    assert callers(found, firings({0: 1}), users=found[2:]) == [PING, PING, USER, USER]


def test_a_ping_that_came_again_is_known_to_have_failed_before() -> None:
    first = call(5, caller=PING)
    again = replace(call(65, caller=PING), request_id=first.request_id)
    assert [one.is_error for one in with_errors([first, again], firings(), version="7")] == [True, False]


def test_errors_of_a_minute_in_which_only_the_warmer_called_are_its_own() -> None:
    found = [call(5, caller=PING), call(70, caller=PING), call(80)]
    told = with_errors(found, firings(errors={0: 1, 60: 1}), version="7")
    assert [one.is_error for one in told] == [True, False, False]


def test_callers_are_told_alike_whatever_order_of_counts() -> None:
    found = [call(60 * n + 12) for n in range(6)]
    counts = {60 * n: 1.0 for n in reversed(range(6))}
    assert callers(found, firings(counts, interval=60.0)) == [PING] * 6
