"""Names of functions that a command line gives, held against the spec."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backendctl.errors import UsageError
from backendctl.nearest import nearest

if TYPE_CHECKING:
    from backendctl.spec.model import Spec


def known_functions(spec: Spec) -> list[str]:
    """The functions of all its regions, each once."""
    return list(dict.fromkeys(one.name for region in spec.regions for one in spec.functions_in(region)))


def check_functions(spec: Spec, names: Sequence[str]) -> None:
    """Refuse what is no function of the spec.

    Raises:
        UsageError: one of the names.
    """
    known = known_functions(spec)
    for name in names:
        if name not in known:
            message = f"the spec names no function '{name}'{nearest(name, known)}"
            raise UsageError(message, hint=f"it names {', '.join(known)}")
