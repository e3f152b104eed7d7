"""Labels never lie on each other, and no label is lost without a word."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from backendctl.ui.charts.labels import Placed, fitted, joined, place, shortened
from backendctl.warmth.timeline import Event

_EVENTS = st.lists(st.builds(Event, at=st.floats(0, 100), label=st.text("abc", min_size=1, max_size=50)), max_size=30)


def _placed(events: list[Event], *, rows: int = 2) -> Placed:
    return place(events, x_of=lambda at: at, width=100, rows=rows, measure=len)


@given(_EVENTS)
def test_labels_do_not_overlap_and_stay_inside(events: list[Event]) -> None:
    placed = _placed(events)
    for one, other in combinations(placed.labels, 2):
        apart = one.left + one.width <= other.left or other.left + other.width <= one.left
        assert one.row != other.row or apart
    assert all(label.left >= 0 and label.left + label.width <= 100 for label in placed.labels)


@given(_EVENTS)
def test_every_event_has_a_label_or_is_named_as_left_out(events: list[Event]) -> None:
    placed = _placed(events)
    assert len(placed.labels) + len(placed.left_out) == len(events)


def test_a_label_at_the_right_end_stands_left_of_its_line() -> None:
    (label,) = _placed([Event(at=98, label="version 8")]).labels
    assert label.left + label.width == 98


def test_near_labels_go_to_the_next_row() -> None:
    placed = _placed([Event(at=10, label="version 8"), Event(at=12, label="1024 MB")])
    assert [label.row for label in placed.labels] == [0, 1]
    assert placed.rows == 2


def test_events_at_one_moment_share_a_label() -> None:
    events = [Event(at=10, label="1024 MB"), Event(at=10.5, label="version 8"), Event(at=10.6, label="1024 MB")]
    (event,) = joined(events, x_of=lambda at: at, nearer_than=2)
    assert event == Event(at=10, label="1024 MB, version 8")


def test_a_label_is_one_line_of_printable_text() -> None:
    (event,) = joined([Event(at=1, label="version 8\n\x00by  me")], x_of=lambda at: at, nearer_than=2)
    assert event.label == "version 8 by me"


def test_a_shortened_text_keeps_both_ends() -> None:
    assert shortened("pictures-thumbnail-generator", 15) == "pictures-…rator"
    assert shortened("short", 15) == "short"
    assert len(fitted("x" * 200, width=30, measure=len)) == 30
