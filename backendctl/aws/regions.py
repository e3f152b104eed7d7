"""The same work in every region at once, on one thread pool; one region's failure is that region's."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from typing import TypeVar

from backendctl.aws.crew import Crew
from backendctl.aws.errors import attempt
from backendctl.errors import BackendctlError, BugError

U = TypeVar("U")
K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


def in_parallel(items: Iterable[U], work: Callable[[U], T], *, workers: int) -> list[T]:
    """What work gives for each, in the order of the items.

    Args:
        workers: threads, at most.

    Raises:
        Exception: what it raised for the first of them; the others have ended by then.
    """
    with Crew(workers, name="each") as crew:
        answers = [crew.submit(partial(work, item)) for item in items]
    return [answer.result() for answer in answers]


def each(
    keys: Sequence[K], work: Callable[[K], T], *, workers: int, doing: Callable[[K], str]
) -> tuple[dict[K, T], dict[K, BackendctlError]]:
    """Key → result, and key → what went wrong; both in the order of `keys`.

    Args:
        workers: threads, at most.
        doing: begins the sentence of an error, e.g. "read the log of us-east-1/places".

    Raises:
        BugError: a bug of ours, which is no answer of any region.
    """

    def tried(key: K) -> T | BackendctlError:
        return attempt(lambda: work(key), doing=doing(key))

    answers = list(zip(keys, in_parallel(keys, tried, workers=workers), strict=True))
    for _, answer in answers:
        if isinstance(answer, BugError):
            raise answer
    failed = {key: answer for key, answer in answers if isinstance(answer, BackendctlError)}
    return {key: answer for key, answer in answers if not isinstance(answer, BackendctlError)}, failed


def each_region(
    regions: Sequence[str], work: Callable[[str], T], *, workers: int, doing: str
) -> tuple[dict[str, T], dict[str, BackendctlError]]:
    """Region → result, and region → what went wrong.

    Args:
        doing: begins the sentence of an error, e.g. "read the API of".
    """
    return each(regions, work, workers=workers, doing=lambda region: f"{doing} {region}")
