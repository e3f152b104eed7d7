"""GET /places: what is near a point, nearest first."""

from collections.abc import Iterator
from typing import NamedTuple

from shared.fields import number, whole
from shared.geo import cover, distance
from shared.place import CELL_LENGTH, KEY, shown
from shared.store import Item, Store, open_store
from shared.web import Answer, App, HttpError, Request

MOST_CELLS = 100
"""Queries one call may cost. A circle of 10 km needs some 20 cells at the equator and 60 in Tromsø."""

DIGITS = 1
"""Distances are told and compared to a tenth of a metre."""

app = App()


class Rank(NamedTuple):
    """The order of the answer; the id settles ties, so that a page begins just where the last one ended."""

    metres: float
    id: str


class Circle(NamedTuple):
    lat: float
    lon: float
    radius: float


@app.route("GET /places")
def search(request: Request) -> Answer:
    circle = Circle(
        lat=number(request.query, "lat", low=-90, high=90),
        lon=number(request.query, "lon", low=-180, high=180),
        radius=number(request.query, "radius", low=1, high=10_000, default=2_000),
    )
    limit = whole(request.query, "limit", high=100, default=20)
    after = _cursor(request.query.get("after"))
    found = sorted(_nearest(request.stores["places"], circle, after=after, enough=limit + 1))
    page = [{**shown(item), "distance": rank.metres} for rank, _, item in found[:limit]]
    if len(found) <= limit:
        return Answer(body={"places": page})
    last = found[limit - 1][0]
    return Answer(body={"places": page, "next": f"{last.metres}~{last.id}"})


def _nearest(places: Store, circle: Circle, *, after: Rank | None, enough: int) -> list[tuple[Rank, str, Item]]:
    """At least the `enough` nearest places behind `after`, if there are so many, each with its rank and cell.

    Cells are asked nearest first, and no more of them than it takes: once enough places are nearer than the
    next cell, nothing in it can change the answer.
    """
    found: list[tuple[Rank, str, Item]] = []
    for metres, cell in _cells(circle):
        if sum(rank.metres < round(metres, DIGITS) for rank, _, _ in found) >= enough:
            break
        found += [(rank, cell, item) for rank, item in _within(places, cell, circle) if after is None or rank > after]
    return found


def _within(places: Store, cell: str, circle: Circle) -> Iterator[tuple[Rank, Item]]:
    for item in places.find("cell", cell):
        metres = distance(circle.lat, circle.lon, float(item["lat"]), float(item["lon"]))
        if metres <= circle.radius:
            yield Rank(round(metres, DIGITS), item["id"]), item


def _cells(circle: Circle) -> list[tuple[float, str]]:
    try:
        return cover(circle.lat, circle.lon, circle.radius, length=CELL_LENGTH, most=MOST_CELLS)
    except ValueError:
        raise HttpError(400, "radius is too large so near to the pole") from None


def _cursor(text: str | None) -> Rank | None:
    if text is None:
        return None
    metres, _, place = text.partition("~")
    try:
        return Rank(float(metres), place)
    except ValueError:
        raise HttpError(400, "after must be the `next` of an earlier answer") from None


handler = app.handler(places=open_store("TABLE", key=KEY))
