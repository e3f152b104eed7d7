"""How a place is kept: under the map cell it lies in, so that one query returns a neighbourhood."""

from collections.abc import Iterator

from .store import Item, Store
from .web import HttpError

KEY = ("cell", "id")
CELL_LENGTH = 5
"""Characters of geohash; a cell is then 4.9 km high, and as wide at the equator."""

SHOWN = ("id", "name", "lat", "lon", "owner", "created", "updated", "written_in")


def lookup(places: Store, place: str) -> Iterator[Item]:
    """The items of an id, through the index `by-id`: one, or briefly two while it moves to another cell."""
    return places.find("id", place, index="by-id")


def existing(places: Store, place: str) -> Item:
    """The place of an id; of two items the later one.

    Raises:
        HttpError: 404.
    """
    item = max(lookup(places, place), key=lambda item: item["updated"], default=None)
    if item is None:
        raise HttpError(404, f"there is no place {place}")
    return item


def shown(item: Item) -> Item:
    """What callers see of a place; the cell is nobody's business but ours."""
    return {name: item[name] for name in SHOWN if name in item}
