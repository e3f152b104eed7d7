"""What the verbs of a release share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from backendctl.cli.main import tell

if TYPE_CHECKING:
    from backendctl.errors import BackendctlError


def tell_silent(failed: Mapping[str, BackendctlError]) -> bool:
    """Tell of regions that did not answer; whether there are any."""
    for error in failed.values():
        tell(error)
    return bool(failed)
