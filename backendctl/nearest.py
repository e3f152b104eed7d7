"""The word that was probably meant, and the one refusal of a name that nothing has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from backendctl.errors import UsageError
from backendctl.lazy import lazily

if TYPE_CHECKING:
    import difflib
else:
    difflib = lazily("difflib")  # only for a slip of the hand


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'memory'?` when something is near, nothing otherwise. Upper and lower case are alike."""
    lowered = {one.lower(): one for one in known}
    found = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    return f"; did you mean '{lowered[found[0]]}'?" if found else ""


def refuse_unknown(option: str, names: Iterable[str], known: Iterable[str], *, what: str = "the spec names") -> None:
    """Refuse a name that matches nothing: a slip of the hand, not something without anything to do.

    Args:
        option: as it was typed, e.g. "--stage".
        what: begins the list of what there is, e.g. "the spec names".

    Raises:
        UsageError: the first name that is not known, with the nearest that is.
    """
    known = list(dict.fromkeys(known))
    for name in names:
        if name not in known:
            raise UsageError(f"{option} {name}: {what} {', '.join(known) or 'none'}{nearest(name, known)}")
