"""POST and GET /places/{id}/checkins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.functions.conftest import Backend, Reply

NOON = 1_800_014_400_000
DAY = 24 * 3600 * 1000


@pytest.fixture
def odeon(backend: Backend) -> Backend:
    cafe = {"name": "Café Odeon", "lat": 47.3676, "lon": 8.5454}
    backend.call("places", "PUT /places/{id}", path={"id": "odeon"}, body=cafe)
    return backend


def check_in(backend: Backend, body: Any, *, place: str = "odeon", at: int = NOON) -> Reply:
    return backend.call("checkins", "POST /places/{id}/checkins", path={"id": place}, body=body, at=at)


def latest(backend: Backend, at: int = NOON, **query: str) -> Reply:
    return backend.call("checkins", "GET /places/{id}/checkins", path={"id": "odeon"}, query=query or None, at=at)


def test_a_check_in_is_noted_for_thirty_days(odeon: Backend) -> None:
    reply = check_in(odeon, {"by": "ann", "note": "  good coffee "})
    assert reply.status == 201
    assert reply.body == {
        "place": "odeon",
        "by": "ann",
        "note": "good coffee",
        "at": "2027-01-15T12:00:00.000+00:00",
    }
    assert odeon.checkins.items[0]["expires"] == NOON // 1000 + 30 * 24 * 3600


def test_the_latest_come_first(odeon: Backend) -> None:
    for minute in range(5):
        check_in(odeon, {"by": f"v{minute}"}, at=NOON + minute * 60_000)
    visitors = [checkin["by"] for checkin in latest(odeon, limit="3").body["checkins"]]
    assert visitors == ["v4", "v3", "v2"]


def test_two_visitors_of_one_moment_are_two(odeon: Backend) -> None:
    check_in(odeon, {"by": "ann"})
    check_in(odeon, {"by": "bob"})
    assert len(latest(odeon).body["checkins"]) == 2


def test_what_has_expired_is_not_shown_though_it_is_still_kept(odeon: Backend) -> None:
    check_in(odeon, {"by": "ann"})
    assert len(latest(odeon, at=NOON + 29 * DAY).body["checkins"]) == 1
    assert latest(odeon, at=NOON + 30 * DAY).body == {"checkins": []}
    assert len(odeon.checkins.items) == 1


def test_nobody_can_be_where_there_is_no_place(odeon: Backend) -> None:
    assert check_in(odeon, {"by": "ann"}, place="nowhere").status == 404
    assert odeon.checkins.items == []


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "by must be 1 to 64 letters, digits, _ or -"),
        ({"by": "ann/bob"}, "by must be 1 to 64 letters, digits, _ or -"),
        ({"by": "ann", "note": ""}, "note must be a text"),
        ({"by": "ann", "at": "now"}, "unknown: at; known are by, note"),
    ],
)
def test_what_is_wrong_with_the_body_is_told(odeon: Backend, body: dict[str, str], complaint: str) -> None:
    reply = check_in(odeon, body)
    assert (reply.status, reply.body) == (400, {"error": complaint})
    assert odeon.checkins.items == []
