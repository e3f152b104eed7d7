"""The same in every region at once; one region's failure is that region's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from backendctl.aws.errors import explain
from backendctl.errors import BackendctlError

T = TypeVar("T")


def each_region(
    workers: int, regions: Sequence[str], work: Callable[[str], T], *, doing: str
) -> tuple[dict[str, T], dict[str, BackendctlError]]:
    """Region → result, and region → what went wrong.

    Args:
        workers: regions at once. doing: begins the sentence of an error, e.g. "read the API of".
    """
    results: dict[str, T] = {}
    failed: dict[str, BackendctlError] = {}

    def attempt(region: str) -> None:
        try:
            results[region] = work(region)
        except Exception as error:  # noqa: BLE001  # the other regions go on; a bug keeps its trace
            failed[region] = explain(error, doing=f"{doing} {region}")

    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="api") as pool:
        list(pool.map(attempt, regions))
    return results, failed
