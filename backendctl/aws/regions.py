"""The same work in every region at once, on one thread pool; one region's failure is that region's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from backendctl.aws.errors import explain
from backendctl.errors import BackendctlError

T = TypeVar("T")


def each_region(
    regions: Sequence[str], work: Callable[[str], T], *, workers: int, doing: str
) -> tuple[dict[str, T], dict[str, BackendctlError]]:
    """Region → result, and region → what went wrong; both in the order of `regions`.

    Args:
        workers: threads, at most.
        doing: begins the sentence of an error, e.g. "read the API of".
    """

    def attempt(region: str) -> T | BackendctlError:
        try:
            return work(region)
        except Exception as error:  # noqa: BLE001  # the other regions go on; a bug keeps its trace
            return explain(error, doing=f"{doing} {region}")

    with ThreadPoolExecutor(max_workers=max(1, workers), thread_name_prefix="region") as pool:
        answers = list(zip(regions, pool.map(attempt, regions), strict=True))
    failed = {region: answer for region, answer in answers if isinstance(answer, BackendctlError)}
    return {region: answer for region, answer in answers if not isinstance(answer, BackendctlError)}, failed
