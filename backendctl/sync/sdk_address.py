"""Which address a client library calls: AWS writes in that of one region, and callers want the shared name."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.aws.partitions import dns_suffix

if TYPE_CHECKING:
    from backendctl.spec.model import Spec


@dataclass(frozen=True, kw_only=True, slots=True)
class Readdressed:
    """A library with another address.

    Attributes:
        changed: names of the files where the address was. left: of those that name the region's host otherwise.
    """

    body: bytes
    changed: tuple[str, ...]
    left: tuple[str, ...]


def shared_url(spec: Spec, stage: str) -> str | None:
    """Where all regions answer for a stage, without a slash at the end; None without a domain or a base path."""
    stages = spec.api.stages if spec.api else ()
    path = next((one.path for one in stages if one.name == stage), None)
    if spec.domain is None or path is None:
        return None
    return f"https://{spec.domain.name}/{path}".rstrip("/")


def region_url(api_id: str, region: str, stage: str, *, partition: str) -> str:
    """Where one region answers for a stage, as AWS writes it into a library."""
    return f"https://{_host(api_id, region, partition)}/{stage}"


def readdressed(body: bytes, *, api_id: str, region: str, stage: str, partition: str, url: str) -> Readdressed:
    """The zip with that URL wherever the region's stands in full; all else in it stays, byte by byte.

    Args:
        body: as GetSdk gives it. url: without a slash at the end.
    """
    host = _host(api_id, region, partition).encode()
    exact = re.compile(rb"https://" + re.escape(host) + b"/" + re.escape(stage.encode()) + rb"(?![A-Za-z0-9_-])")
    changed, left = [], []
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(made, "w") as new:
        for entry in old.infolist():
            before = old.read(entry)
            after = exact.sub(lambda _: url.encode(), before)
            if after != before:
                changed.append(entry.filename)
            if host in after:
                left.append(entry.filename)
            new.writestr(entry, after)  # with the entry's own date, mode and compression
    return Readdressed(body=made.getvalue() if changed else body, changed=tuple(changed), left=tuple(left))


def _host(api_id: str, region: str, partition: str) -> str:
    return f"{api_id}.execute-api.{region}.{dns_suffix(partition)}"
