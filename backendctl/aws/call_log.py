"""What `-vv` shows: one line for each answer of AWS, without anything that was sent or answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

Hear = Callable[[str], None]
"""Gets one line of text; called from many threads."""


def line(service: str, operation: str, region: str, parsed: Mapping[str, Any], *, seconds: float) -> str:
    """When, where, what, how it went, how long it took, and AWS's id of the request, which its support asks for.

    Args:
        parsed: botocore's answer; only its error code and its metadata are looked at.
        seconds: from the first attempt to the answer, waits between attempts and for the rate limit included.
    """
    meta = parsed.get("ResponseMetadata", {})
    outcome = str(parsed.get("Error", {}).get("Code") or meta.get("HTTPStatusCode") or "ok")
    retried = f", {retries} retries" if (retries := meta.get("RetryAttempts")) else ""
    request = f" {meta['RequestId']}" if meta.get("RequestId") else ""
    now = datetime.now(tz=UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
    return f"{now}Z {region} {service} {operation}: {outcome}, {seconds * 1000:,.0f} ms{retried}{request}"
