"""One HTTP request to a stage of ours, on AWS or in a local one."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_SECONDS = 30
_LOCAL = ".localhost"
REQUEST_ID = "x-amzn-requestid"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An answer of any status. headers: by their names in small letters."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def call(url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: str | None = None) -> Reply:
    """Send one request.

    Raises:
        OSError: nothing answers there.
    """
    place = urlsplit(url)
    opener = urllib.request.build_opener()
    if (place.hostname or "").endswith(_LOCAL):  # not every resolver knows where these are, and no proxy does
        url = place._replace(netloc=f"127.0.0.1:{place.port}").geturl()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(  # noqa: S310  # the stage's own https, or a local http
        url,
        method=method,
        headers={"Host": place.netloc, **(headers or {})},
        data=None if body is None else body.encode(),
    )
    try:
        with opener.open(request, timeout=_SECONDS) as answer:
            return _reply(answer.status, answer.read(), dict(answer.headers))
    except urllib.error.HTTPError as error:  # an answer as well
        return _reply(error.code, error.read(), dict(error.headers))


def _reply(status: int, body: bytes, headers: Mapping[str, str]) -> Reply:
    told = {name.lower(): value for name, value in headers.items()}
    return Reply(status=status, body=body.decode(errors="replace"), headers=told)
