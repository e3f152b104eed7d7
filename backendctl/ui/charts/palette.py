"""Every colour of a chart, on light and on dark; told apart with any colour vision, and each kind by its shape too."""

from __future__ import annotations

from enum import Enum


class Role(Enum):
    """What is coloured: its colour on light, its colour on dark. No two are alike on light: the SVG is read by them."""

    SURFACE = ("#ffffff", "#15181d")
    TEXT = ("#1f2328", "#e6e8eb")
    MUTED = ("#636c76", "#9aa4af")
    GRID = ("#e4e7eb", "#2b3138")
    FRAME = ("#c9ced6", "#424a53")
    WARM = ("#0072b2", "#58a6ff")
    PING = ("#8c959f", "#a3adb8")
    COLD = ("#d55e00", "#ff9a4d")
    ERROR = ("#a8176f", "#ff7ac6")
    BAND = ("#0b78bc", "#4b93dd")
    EVENT = ("#24292f", "#d8dde3")
    COST = ("#00795a", "#35c79b")

    @property
    def light(self) -> str:
        """As "#rrggbb"."""
        return self.value[0]

    @property
    def dark(self) -> str:
        """As "#rrggbb"."""
        return self.value[1]


def dark_rules() -> str:
    """CSS: what has a role's light colour as fill or stroke gets its dark one when the reader's screen is dark.

    The SVG itself names plain colours, so that viewers without style sheets show it too.
    """
    rules = "".join(
        f'[style*="{part}: {role.light}"]{{{part}:{role.dark}!important}}'
        for role in Role
        for part in ("fill", "stroke")
    )
    return f"@media (prefers-color-scheme: dark){{{rules}}}"
