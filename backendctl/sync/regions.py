"""The regions of a backend, all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from backendctl.aws import regions as everywhere

if TYPE_CHECKING:
    from backendctl.app import Backend
    from backendctl.errors import BackendctlError

T = TypeVar("T")


def each_region(
    backend: Backend, regions: Sequence[str], work: Callable[[str], T], *, doing: str
) -> tuple[dict[str, T], dict[str, BackendctlError]]:
    """`aws.regions.each_region` with the backend's number of threads."""
    return everywhere.each_region(regions, work, workers=backend.settings.workers, doing=doing)
