"""What differs between partitions, from the data botocore ships."""

from __future__ import annotations

from functools import cache

from botocore.loaders import Loader

_USUAL = "amazonaws.com"


@cache
def dns_suffix(partition: str) -> str:
    """The end of every host name: amazonaws.com, or what that partition has instead (F14)."""
    known = Loader().load_data("partitions")["partitions"]
    return next((str(each["outputs"]["dnsSuffix"]) for each in known if each["id"] == partition), _USUAL)
