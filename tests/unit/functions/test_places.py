"""PUT and GET /places/{id}, GET /owners/{owner}/places."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.functions.conftest import Backend, Reply

CAFE = {"name": "Café Odeon", "lat": 47.3676, "lon": 8.5454, "owner": "ann"}


def put(backend: Backend, place: str, body: Any, at: int = 1_800_000_000_000) -> Reply:
    return backend.call("places", "PUT /places/{id}", path={"id": place}, body=body, at=at)


def get(backend: Backend, place: str) -> Reply:
    return backend.call("places", "GET /places/{id}", path={"id": place})


def test_what_was_written_is_read(backend: Backend) -> None:
    written = put(backend, "odeon", CAFE)
    assert written.status == 201
    assert written.body == {
        "id": "odeon",
        **CAFE,
        "created": 1_800_000_000_000,
        "updated": 1_800_000_000_000,
        "written_in": "us-west-2",
    }
    read = get(backend, "odeon")
    assert (read.status, read.body) == (200, written.body)


def test_it_is_kept_under_its_cell_and_in_decimals(backend: Backend) -> None:
    put(backend, "odeon", {**CAFE, "lat": 42.6000000001, "lon": -5.6})
    (item,) = backend.places.items
    assert item["cell"] == "ezs42"
    assert (item["lat"], item["lon"]) == (Decimal("42.6"), Decimal("-5.6"))
    assert isinstance(item["lat"], Decimal)
    assert isinstance(item["lon"], Decimal)


def test_the_same_again_is_one_place_that_keeps_its_creation(backend: Backend) -> None:
    put(backend, "odeon", CAFE, at=1000)
    again = put(backend, "odeon", CAFE, at=2000)
    assert again.status == 200
    assert (again.body["created"], again.body["updated"]) == (1000, 2000)
    assert len(backend.places.items) == 1


def test_a_place_that_moves_is_in_its_new_cell_only(backend: Backend) -> None:
    put(backend, "van", CAFE, at=1000)
    moved = put(backend, "van", {**CAFE, "lat": 46.2}, at=2000)
    assert (moved.status, moved.body["created"]) == (200, 1000)
    assert [item["lat"] for item in backend.places.items] == [Decimal("46.2")]
    assert backend.places.calls[-2:] == ["put_item", "delete_item"]


def test_while_it_moves_the_later_item_is_the_place(backend: Backend) -> None:
    put(backend, "van", {**CAFE, "lat": 46.2}, at=2000)
    (later,) = backend.places.items
    for items in ([later], [later, {**later, "cell": "u0qj3", "updated": 1000, "name": "before"}]):
        backend.places.items = items
        assert get(backend, "van").body["name"] == "Café Odeon"
        backend.places.items = items[::-1]
        assert get(backend, "van").body["name"] == "Café Odeon"


def test_an_unknown_place_is_404(backend: Backend) -> None:
    reply = get(backend, "nowhere")
    assert (reply.status, reply.body) == (404, {"error": "there is no place nowhere"})


def test_the_places_of_an_owner_come_newest_first(backend: Backend) -> None:
    for number in range(5):
        put(backend, f"p{number}", CAFE, at=1000 + number)
    put(backend, "other", {**CAFE, "owner": "bob"})
    put(backend, "nobodys", {"name": "Bench", "lat": 47, "lon": 8})
    reply = backend.call("places", "GET /owners/{owner}/places", path={"owner": "ann"}, query={"limit": "3"})
    assert [place["id"] for place in reply.body["places"]] == ["p4", "p3", "p2"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"name": " "}, "name must be a text"),
        ({"name": 7}, "name must be a text"),
        ({"name": "x" * 201}, "name must be at most 200 characters long"),
        ({"lat": None}, "lat is missing"),
        ({"lat": True}, "lat must be a number from -90 to 90"),
        ({"lat": [47]}, "lat must be a number from -90 to 90"),
        ({"lat": 10**400}, "lat must be a number from -90 to 90"),
        ({"lon": 180.5}, "lon must be a number from -180 to 180"),
        ({"owner": "a b"}, "owner must be 1 to 64 letters, digits, _ or -"),
        ({"cell": "u0qj3"}, "unknown: cell; known are name, lat, lon, owner"),
    ],
)
def test_what_is_wrong_with_the_body_is_told(backend: Backend, change: dict[str, object], complaint: str) -> None:
    reply = put(backend, "odeon", {**CAFE, **change})
    assert (reply.status, reply.body) == (400, {"error": complaint})
    assert backend.places.items == []


@pytest.mark.parametrize("place", ["a b", "", "x" * 65, "café", "a/b"])
def test_an_id_that_is_not_safe_in_a_path_is_400(backend: Backend, place: str) -> None:
    assert get(backend, place).status == 400
    assert put(backend, place, CAFE).status == 400
