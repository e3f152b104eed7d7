"""What a user asks of `sync-api`."""

from __future__ import annotations

from dataclasses import dataclass

from backendctl.errors import UsageError
from backendctl.spec.model import LiveApi


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """The command line, without the spec.

    Attributes:
        source: a live stage given by --from, over what the spec says; its stage may be "" for the only one.
        targets: regions given by --to; empty means all of the spec, less the source's.
        stage: only this stage of the spec; None means all of them.
        canary: percent of the traffic that gets the new definition; None deploys it to all.
    """

    source: LiveApi | None = None
    targets: tuple[str, ...] = ()
    stage: str | None = None
    pruned: bool = True
    allow_breaking: bool = False
    canary: float | None = None


def place(text: str) -> LiveApi:
    """REGION or REGION/STAGE, as --from and `export-api` take it.

    Raises:
        UsageError: it is neither.
    """
    region, slash, stage = text.partition("/")
    if not region or (slash and not stage) or "/" in stage:
        raise UsageError(f"{text!r} is not a source: write REGION or REGION/STAGE, for instance us-east-1/prodv1")
    return LiveApi(region=region, stage=stage)
