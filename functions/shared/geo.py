"""Geohash cells and distances on a sphere; metres and degrees, no third-party package.

A geohash names a box on the map: its bits halve longitude and latitude in turn, five bits to a character.
Here a cell is seen as a column and a row of a grid, which makes "the cell next door" plain arithmetic, also
where the map is cut open at the antimeridian.
"""

from collections import deque
from dataclasses import dataclass
from math import asin, atan2, cos, degrees, radians, sin, sqrt

ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz"
EARTH_RADIUS = 6_371_008.8
"""Mean radius, metres."""


@dataclass(frozen=True, slots=True)
class Box:
    """The area of a cell, in degrees."""

    south: float
    west: float
    north: float
    east: float


def encode(lat: float, lon: float, length: int) -> str:
    """The cell of `length` characters in which a point lies."""
    columns, rows = _grid(length)
    column = min(int((lon + 180) / 360 * columns), columns - 1)
    row = min(int((lat + 90) / 180 * rows), rows - 1)
    return _name(column, row, length)


def neighbours(cell: str) -> set[str]:
    """The cells around one: eight, or five in the rows at the poles, where nothing lies beyond."""
    columns, rows = _grid(len(cell))
    column, row = _position(cell)
    around = {
        _name((column + east) % columns, row + north, len(cell))
        for east in (-1, 0, 1)
        for north in (-1, 0, 1)
        if 0 <= row + north < rows
    }
    return around - {cell}


def box(cell: str) -> Box:
    """The area a cell covers."""
    columns, rows = _grid(len(cell))
    column, row = _position(cell)
    width, height = 360 / columns, 180 / rows
    west, south = column * width - 180, row * height - 90
    return Box(south=south, west=west, north=south + height, east=west + width)


def distance(from_lat: float, from_lon: float, to_lat: float, to_lon: float) -> float:
    """Metres between two points along the surface (haversine)."""
    half_lat = radians(to_lat - from_lat) / 2
    half_lon = radians(to_lon - from_lon) / 2
    chord = sin(half_lat) ** 2 + cos(radians(from_lat)) * cos(radians(to_lat)) * sin(half_lon) ** 2
    return 2 * EARTH_RADIUS * asin(sqrt(min(1.0, chord)))


def distance_to_cell(lat: float, lon: float, cell: str) -> float:
    """Metres from a point to the nearest point of a cell; 0 inside it."""
    area = box(cell)
    if area.west <= lon <= area.east:
        return distance(lat, lon, _clamp(lat, area), lon)
    return min(
        distance(lat, lon, there, side)
        for side in (area.west, area.east)
        for there in (area.south, _clamp(_foot(lat, lon - side), area), area.north)
    )


def cover(lat: float, lon: float, radius: float, *, length: int, most: int) -> list[tuple[float, str]]:
    """The cells a circle touches, as (metres to the cell, cell), nearest first.

    Raises:
        ValueError: more than `most` cells would be needed, as happens near the poles, where cells get narrow.
    """
    start = encode(lat, lon, length)
    found = {start: 0.0}
    edge = deque([start])
    while edge:
        for cell in neighbours(edge.popleft()) - found.keys():
            metres = distance_to_cell(lat, lon, cell)
            if metres <= radius:
                found[cell] = metres
                edge.append(cell)
        if len(found) > most:
            raise ValueError(f"a circle of {radius:g} m touches more than {most} cells here")
    return sorted((metres, cell) for cell, metres in found.items())


def _foot(lat: float, degrees_east: float) -> float:
    """Latitude of the point of a meridian nearest to a point that lies `degrees_east` of it.

    It is nearer to the pole than the point itself: great circles bend that way.
    """
    return degrees(atan2(sin(radians(lat)), cos(radians(lat)) * cos(radians(degrees_east))))


def _clamp(lat: float, area: Box) -> float:
    return max(area.south, min(lat, area.north))


def _grid(length: int) -> tuple[int, int]:
    """Columns and rows of the grid; longitude takes the first bit, so with an odd length one bit more."""
    bits = 5 * length
    return 1 << (bits + 1) // 2, 1 << bits // 2


def _name(column: int, row: int, length: int) -> str:
    bits = 5 * length
    value = 0
    for place in range(bits):  # from the last bit; its axis depends on whether the bits are odd or even in number
        on_longitude = (bits - 1 - place) % 2 == 0
        value |= ((column if on_longitude else row) & 1) << place
        column, row = (column >> 1, row) if on_longitude else (column, row >> 1)
    return "".join(ALPHABET[value >> shift & 31] for shift in range(bits - 5, -1, -5))


def _position(cell: str) -> tuple[int, int]:
    column = row = 0
    bits = [ALPHABET.index(letter) >> shift & 1 for letter in cell for shift in (4, 3, 2, 1, 0)]
    for place, bit in enumerate(bits):
        if place % 2 == 0:
            column = column << 1 | bit
        else:
            row = row << 1 | bit
    return column, row
