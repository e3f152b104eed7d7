"""Requests of our own for a canary that nobody calls: to the region's own URL, so that API Gateway shares them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from backendctl.aws.progress import note
from backendctl.aws.regions import in_parallel
from backendctl.errors import BackendctlError
from backendctl.http_call import send as send_one
from backendctl.openapi.neutral import operations

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 2000
"""Requests at most, however small the share is."""
_AT_ONCE = 8
_SECONDS = 30


def send(url: str, document: Mapping[str, Any], *, requests: int) -> int:
    """GET the routes that need nothing, one after the other, so many times in all; how many were answered.

    Args:
        url: of the stage, without a slash at its end.
        document: the API's definition.

    Raises:
        BackendctlError: there is no such route, or nothing answers there.
    """
    paths = list(open_routes(document))
    if not paths:
        raise BackendctlError(
            "on-no-data is synthetic, and the definition has no GET route that needs nothing",
            hint="call the canary yourself, or set on-no-data to hold",
        )
    answered = _all(url, paths, requests)
    if not answered:
        raise BackendctlError(f"none of our own requests to {url} was answered", hint="is it reachable from here?")
    return answered


def _all(url: str, paths: Sequence[str], requests: int) -> int:
    wanted = [url + paths[number % len(paths)] for number in range(min(requests, MOST))]
    note(f"sending {len(wanted)} requests to {url}")
    return sum(in_parallel(wanted, _get, workers=_AT_ONCE))


def open_routes(document: Mapping[str, Any]) -> Iterator[str]:
    """Paths whose GET needs no parameter, no key and nobody's name."""
    if document.get("security"):
        return
    for path, method, operation in operations(document):
        item = (document.get("paths") or {}).get(path, {})
        parameters = [*(operation.get("parameters") or ()), *(item.get("parameters") or ())]
        required = any(isinstance(each, dict) and each.get("required") for each in parameters)
        if method == "get" and "{" not in path and not required and not operation.get("security"):
            yield path


def _get(url: str) -> bool:
    try:
        send_one(url, timeout=_SECONDS)
    except OSError:
        return False
    return True  # whatever the status: an answer, and counted by CloudWatch as what it is
