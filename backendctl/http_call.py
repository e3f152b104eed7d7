"""One HTTP request, as a client of the API makes it: no redirect is followed, and every status is an answer."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

_LOCAL = ".localhost"
_MOST = 10_000_000
"""Bytes that are read of an answer; API Gateway sends no more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpAnswer:
    """What came back. headers: names in lower case. seconds: until all of the answer was there."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Leave the redirect to the caller, as the answer that it is."""


def send(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    host: str = "",
    timeout: float = 30.0,
    clock: Callable[[], float] = time.monotonic,
) -> HttpAnswer:
    """Make one request.

    Args:
        host: sent in the place of the URL's own.
        timeout: seconds for each wait.

    Raises:
        OSError: there was no answer.
        ValueError: a header that HTTP cannot carry.
    """
    place = urlsplit(url)
    handlers: list[Any] = [_NoRedirect()]
    if (place.hostname or "").endswith(_LOCAL):  # not every resolver knows where these are
        url, host = place._replace(netloc=f"127.0.0.1:{place.port}").geturl(), host or place.netloc
    if (urlsplit(url).hostname or "") == "127.0.0.1":  # and no proxy does
        handlers.append(urllib.request.ProxyHandler({}))
    sent = {**(headers or {}), **({"Host": host} if host else {})}
    request = urllib.request.Request(url, method=method, data=body, headers=sent)  # noqa: S310  # https, or local http
    began = clock()
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=timeout) as answer:
            return _read(answer, answer.status, began, clock)
    except urllib.error.HTTPError as error:
        with error:
            return _read(error, error.code, began, clock)
    except HTTPException as error:
        raise OSError(f"the response is not HTTP: {type(error).__name__}") from error


def _read(answer: Any, status: int, began: float, clock: Callable[[], float]) -> HttpAnswer:
    body = answer.read(_MOST)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return HttpAnswer(status=status, headers=headers, body=body, seconds=clock() - began)
