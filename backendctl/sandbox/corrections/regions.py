"""Which regions exist."""

from __future__ import annotations

import functools


@functools.cache
def known_regions() -> frozenset[str]:
    """The regions of the commercial partition, from botocore's own list."""
    import botocore.session  # noqa: PLC0415 - takes a while; the first replica or latency record pays for it

    return frozenset(botocore.session.Session().get_available_regions("dynamodb"))
