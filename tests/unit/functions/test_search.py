"""GET /places."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from shared.geo import box, encode

if TYPE_CHECKING:
    from tests.unit.functions.conftest import Backend, Reply

ZURICH = (47.3779, 8.5403)


def keep(backend: Backend, name: str, lat: float, lon: float) -> None:
    backend.places.items.append(
        {
            "cell": encode(lat, lon, 5),
            "id": name,
            "name": name,
            "lat": Decimal(str(lat)),
            "lon": Decimal(str(lon)),
        }
    )


def search(backend: Backend, lat: float, lon: float, **query: object) -> Reply:
    texts = {name: str(value) for name, value in {"lat": lat, "lon": lon, **query}.items()}
    return backend.call("search", "GET /places", query=texts)


def names(reply: Reply) -> list[str]:
    assert reply.status == 200
    return [place["id"] for place in reply.body["places"]]


def test_places_come_nearest_first_with_their_distance(backend: Backend) -> None:
    lat, lon = ZURICH
    for name, north in (("far", 0.009), ("near", 0.0009), ("outside", 0.09)):
        keep(backend, name, round(lat + north, 6), lon)
    reply = search(backend, lat, lon)
    assert names(reply) == ["near", "far"]
    assert [place["distance"] for place in reply.body["places"]] == pytest.approx([100.1, 1000.8], abs=0.2)
    assert "next" not in reply.body


def test_the_cell_is_not_shown(backend: Backend) -> None:
    keep(backend, "here", *ZURICH)
    (place,) = search(backend, *ZURICH).body["places"]
    assert place == {"id": "here", "name": "here", "lat": 47.3779, "lon": 8.5403, "distance": 0.0}


def test_places_beyond_the_border_of_the_cell_are_found(backend: Backend) -> None:
    area = box(encode(*ZURICH, 5))
    for name, lat, lon in (
        ("north", area.north + 0.001, area.east - 0.001),
        ("east", area.north - 0.001, area.east + 0.001),
        ("corner", area.north + 0.001, area.east + 0.001),
    ):
        keep(backend, name, lat, lon)
    found = search(backend, area.north - 0.0015, area.east - 0.0015, radius=1000)
    assert sorted(names(found)) == ["corner", "east", "north"]


def test_places_beyond_the_antimeridian_are_found(backend: Backend) -> None:
    keep(backend, "east", -17.0, 179.999)
    keep(backend, "west", -17.0, -179.998)
    assert names(search(backend, -17.0, 179.9995)) == ["east", "west"]
    assert names(search(backend, -17.0, 180)) == ["east", "west"]


def test_pages_put_together_are_the_whole_answer(backend: Backend) -> None:
    lat, lon = ZURICH
    for number in range(23):  # five of each distance, so that pages end within ties
        keep(backend, f"p{number:02}", round(lat + number // 5 * 0.012, 6), lon)
    whole = names(search(backend, lat, lon, radius=10_000, limit=100))
    assert len(whole) == 23
    pages: list[str] = []
    query: dict[str, object] = {}
    while True:
        reply = search(backend, lat, lon, radius=10_000, limit=4, **query)
        pages += names(reply)
        if "next" not in reply.body:
            break
        query = {"after": reply.body["next"]}
    assert pages == whole


def test_no_more_cells_are_asked_than_it_takes(backend: Backend) -> None:
    for number in range(3):
        keep(backend, f"p{number}", *ZURICH)
    assert len(names(search(backend, *ZURICH, radius=10_000, limit=2))) == 2
    enough = len(backend.places.calls)
    backend.places.calls.clear()
    search(backend, *ZURICH, radius=10_000, limit=50)
    assert enough == 2  # the two pages of one cell
    assert len(backend.places.calls) > 10


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        (None, "lat is missing"),
        ({"lat": "47"}, "lon is missing"),
        ({"lat": "north", "lon": "8"}, "lat must be a number from -90 to 90"),
        ({"lat": "nan", "lon": "8"}, "lat must be a number from -90 to 90"),
        ({"lat": "90.1", "lon": "8"}, "lat must be a number from -90 to 90"),
        ({"lat": "47", "lon": "-181"}, "lon must be a number from -180 to 180"),
        ({"lat": "47", "lon": "8", "radius": "0"}, "radius must be a number from 1 to 10000"),
        ({"lat": "47", "lon": "8", "radius": "10001"}, "radius must be a number from 1 to 10000"),
        ({"lat": "47", "lon": "8", "limit": "101"}, "limit must be a number from 1 to 100"),
        ({"lat": "47", "lon": "8", "limit": "2.5"}, "limit must be a whole number"),
        ({"lat": "47", "lon": "8", "after": "yesterday"}, "after must be the `next` of an earlier answer"),
        ({"lat": "89.9", "lon": "8", "radius": "9999"}, "radius is too large so near to the pole"),
    ],
)
def test_what_is_wrong_with_the_query_is_told(backend: Backend, query: dict[str, str] | None, complaint: str) -> None:
    reply = backend.call("search", "GET /places", query=query)
    assert reply.status == 400
    assert reply.body == {"error": complaint}
    assert backend.places.calls == []
