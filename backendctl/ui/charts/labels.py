"""Labels beside lines, so that none lies on another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from backendctl.warmth.timeline import Event

_LONGEST = 36
"""Characters of one label; the tooltip has all of it."""
_LEAST = 8
"""Characters; fewer say nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """Where a text goes.

    Attributes:
        left, width: in the unit in which they were measured. row: 0 is the highest.
    """

    text: str
    left: float
    width: float
    row: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """Which labels have room. left_out: those that had none, as "label" texts in order of time."""

    labels: tuple[Label, ...] = ()
    left_out: tuple[Event, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows are used."""
        return max((label.row + 1 for label in self.labels), default=0)


@dataclass(slots=True)
class _Row:
    taken: list[tuple[float, float]] = field(default_factory=list)

    def is_free(self, left: float, right: float) -> bool:
        return all(right <= start or end <= left for start, end in self.taken)


def place(
    events: Sequence[Event], *, x_of: Callable[[float], float], width: float, rows: int, measure: Callable[[str], float]
) -> Placed:
    """Put each label beside its moment, to the right where it fits, else to the left, in the first row with room.

    Args:
        events: to be labelled. x_of: of a moment, from 0 to `width`. rows: at most so many.
        measure: width of a text, with the gap wanted before and after it.
    """
    free = [_Row() for _ in range(rows)]
    labels: list[Label] = []
    left_out: list[Event] = []
    for event in sorted(events, key=lambda event: event.at):
        text, x = shortened(event.label, _LONGEST), x_of(event.at)
        long = measure(text)
        sides = [left for left in (x, x - long) if left >= 0 and left + long <= width]
        spot = next(((n, left) for n, row in enumerate(free) for left in sides if row.is_free(left, left + long)), None)
        if spot is None:
            left_out.append(event)
            continue
        free[spot[0]].taken.append((spot[1], spot[1] + long))
        labels.append(Label(text=text, left=spot[1], width=long, row=spot[0]))
    return Placed(labels=tuple(labels), left_out=tuple(left_out))


def joined(events: Sequence[Event], *, x_of: Callable[[float], float], nearer_than: float) -> list[Event]:
    """In order of time; events whose lines would coincide become one with all their labels."""
    groups: list[list[Event]] = []
    for event in sorted(events, key=lambda event: event.at):
        if groups and x_of(event.at) - x_of(groups[-1][0].at) < nearer_than:
            groups[-1].append(event)
        else:
            groups.append([event])
    return [
        Event(at=group[0].at, label=", ".join(dict.fromkeys(_line(one.label) for one in group))) for group in groups
    ]


def _line(text: str) -> str:
    """One line of what can be printed: descriptions come from AWS as somebody wrote them."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


def shortened(text: str, most: int) -> str:
    """Beginning and end of it, where it is longer than `most` characters: both tell names apart."""
    if len(text) <= most:
        return text
    head = (most - 1) * 2 // 3
    return f"{text[:head]}…{text[len(text) - (most - 1 - head) :]}"


def fitted(text: str, *, width: float, measure: Callable[[str], float]) -> str:
    """As much of it as the width takes; at least a few characters."""
    most = len(text)
    while most > _LEAST and measure(shortened(text, most)) > width:
        most -= 1
    return shortened(text, most)
