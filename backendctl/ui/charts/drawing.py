"""What every figure shares: a sheet with a title, measured texts, tooltips, and matplotlib's settings."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import LoadFlags

from backendctl.ui.charts.palette import Role

FONT = "DejaVu Sans"
"""Ships with matplotlib, so that every machine measures alike."""
_MEASURED_AT = 100.0
_SETTINGS: Any = {
    "svg.hashsalt": "backendctl",  # ids in the SVG are otherwise random
    "svg.fonttype": "none",  # texts stay texts: they can be selected, searched and read aloud
    "font.family": [FONT],
    "text.usetex": False,
    "text.parse_math": False,  # a "$" in a name is a dollar sign
    "axes.unicode_minus": False,
    "path.simplify": False,
}

BEHIND_LABEL: Any = {"facecolor": Role.SURFACE.light, "edgecolor": "none", "alpha": 0.85, "pad": 0.6}
"""The box that keeps a label readable where lines cross it."""


@contextmanager
def settings() -> Iterator[None]:
    """Matplotlib's own defaults and ours, whatever the user's matplotlibrc says; restored afterwards."""
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # the viewer of an SVG has the font
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """A figure and what its marks say.

    Attributes:
        name: a short title. text: what it shows, for those who do not see it.
        tooltips: of each mark, by the id of its group, in the order of drawing.
    """

    figure: Figure
    name: str
    text: str
    tooltips: dict[str, list[str]] = field(default_factory=dict)


def sheet(width: float, height: float) -> Figure:
    """An empty one; width and height in points."""
    return Figure(figsize=(width / 72, height / 72), dpi=72, facecolor=Role.SURFACE.light)


def measure(size: float, *, gap: float = 0.0) -> Callable[[str], float]:
    """How wide a text of that size is, in points, with a gap before and after it."""
    return lambda text: sum(map(_advance, text)) * size + 2 * gap


@cache
def _advance(character: str) -> float:
    """How far a character goes on, at size 1; the font's own figure, without kerning."""
    font = get_font(findfont(FontProperties(family=FONT)))
    if not font.get_char_index(ord(character)):
        return 1.0  # not in this font; another one draws it, and none is wider than a square
    font.set_size(_MEASURED_AT, 72)
    return float(font.load_char(ord(character), flags=LoadFlags.NO_HINTING).linearHoriAdvance) / 65536 / _MEASURED_AT


def write_text(
    figure: Figure, text: str, *, left: float, top: float, size: float, role: Role, bold: bool = False
) -> None:
    """Put a line of text on the sheet; `left` and `top` in points from the upper left corner."""
    width, height = figure.get_size_inches() * 72
    figure.text(
        left / width,
        1 - top / height,
        text,
        fontsize=size,
        color=role.light,
        fontweight="bold" if bold else "normal",
        ha="left",
        va="top",
    )
