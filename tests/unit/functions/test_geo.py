"""Cells and distances, against the vectors of other implementations and against plain trigonometry."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shared.geo import box, cover, distance, distance_to_cell, encode, neighbours

LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180)
PARTS = st.floats(0, 1)
TINY = 1e-9


@pytest.mark.parametrize(
    ("lat", "lon", "cell"),
    [
        (57.64911, 10.40744, "u4pruydqqvj"),
        (42.6, -5.6, "ezs42"),
        (37.7749, -122.4194, "9q8yy"),
        (-25.382708, -49.265506, "6gkzwgjzn820"),
        (0, 0, "s0000"),
        (90, 180, "zzzzz"),
        (-90, -180, "00000"),
    ],
)
def test_a_point_lies_in_its_known_cell(lat: float, lon: float, cell: str) -> None:
    assert encode(lat, lon, len(cell)) == cell


@pytest.mark.parametrize(
    ("cell", "around"),
    [
        ("ezs42", "ezs48 ezs49 ezs43 ezs41 ezs40 ezefp ezefr ezefx"),
        ("dqcjq", "dqcjw dqcjx dqcjr dqcjp dqcjn dqcjj dqcjm dqcjt"),
        ("ezzz", "gbpb u000 spbp spbn ezzy ezzw ezzx gbp8"),  # on the meridian of Greenwich, and on 45° north
    ],
)
def test_neighbours_are_the_known_ones(cell: str, around: str) -> None:
    assert neighbours(cell) == set(around.split())


def test_neighbours_reach_across_the_antimeridian() -> None:
    fiji = encode(-17, 179.99, 5)
    assert encode(-17, -179.99, 5) in neighbours(fiji)


def test_at_the_pole_there_is_nothing_further_north() -> None:
    assert len(neighbours(encode(90, 0, 5))) == 5


@settings(deadline=None)
@given(LATITUDES, LONGITUDES)
def test_being_neighbours_is_mutual(lat: float, lon: float) -> None:
    cell = encode(lat, lon, 5)
    assert all(cell in neighbours(other) for other in neighbours(cell))


@settings(deadline=None)
@given(LATITUDES, LONGITUDES)
def test_a_cell_contains_the_points_it_is_named_for(lat: float, lon: float) -> None:
    area = box(encode(lat, lon, 5))
    assert area.south - TINY <= lat <= area.north + TINY
    assert area.west - TINY <= lon <= area.east + TINY


def test_a_cell_of_five_characters_is_a_little_under_five_kilometres_high() -> None:
    area = box("s0000")
    assert distance(area.south, 0, area.north, 0) == pytest.approx(4886, abs=5)


def test_distances_are_the_known_ones() -> None:
    assert distance(0, 0, 0, 90) == pytest.approx(math.pi / 2 * 6_371_008.8)
    paris_to_london = distance(48.8566, 2.3522, 51.5074, -0.1278)
    assert paris_to_london == pytest.approx(343_556, abs=100)
    assert distance(-17, 179.999, -17, -179.999) == pytest.approx(212.7, abs=1)
    assert distance(12.5, 7.5, 12.5, 7.5) == 0


@settings(deadline=None)
@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES)
def test_no_point_of_a_cell_is_nearer_than_the_cell(lat: float, lon: float, there: float, east: float) -> None:
    assert distance_to_cell(lat, lon, encode(there, east, 4)) <= distance(lat, lon, there, east) + 0.01


def test_the_nearest_point_of_a_cell_is_in_it() -> None:
    area = box("ezs42")
    middle = (area.south + area.north) / 2
    assert distance_to_cell(middle, -5.6, "ezs42") == 0
    assert distance_to_cell(area.north + 1, -5.6, "ezs42") == pytest.approx(111_195, abs=1)
    west = distance(middle, area.west - 0.1, middle, area.west)
    assert distance_to_cell(middle, area.west - 0.1, "ezs42") == pytest.approx(west, abs=0.1)


@settings(deadline=None)
@given(st.sampled_from([(0.0, 0.0), (47.37, 8.54), (-17.0, 179.99), (69.65, 18.96), (-36.8, -180.0)]), PARTS, PARTS)
def test_every_point_of_a_circle_lies_in_a_covering_cell(centre: tuple[float, float], part: float, turn: float) -> None:
    lat, lon = centre
    metres, angle = 9_900 * part, 2 * math.pi * turn
    there = lat + metres * math.cos(angle) / 111_195
    east = lon + metres * math.sin(angle) / 111_195 / math.cos(math.radians(lat))
    cells = {cell for _, cell in cover(lat, lon, 10_000, length=5, most=100)}
    assert encode(there, (east + 180) % 360 - 180, 5) in cells


def test_covering_cells_come_nearest_first_and_begin_with_the_own_one() -> None:
    cells = cover(47.37, 8.54, 5_000, length=5, most=100)
    assert cells[0] == (0.0, encode(47.37, 8.54, 5))
    assert [metres for metres, _ in cells] == sorted(metres for metres, _ in cells)
    assert max(metres for metres, _ in cells) <= 5_000


def test_a_small_circle_inside_a_cell_needs_that_cell_only() -> None:
    area = box("u0qj6")
    middle = ((area.south + area.north) / 2, (area.west + area.east) / 2)
    assert cover(*middle, 500, length=5, most=100) == [(0.0, "u0qj6")]


def test_a_circle_of_too_many_cells_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 100 cells"):
        cover(89.9, 0, 10_000, length=5, most=100)
