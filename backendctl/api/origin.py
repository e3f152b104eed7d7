"""Which regions, accounts and APIs of its own a definition still names: what must not be left in a target (A26)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backendctl.api.source import Source

_EXECUTE = re.compile(r"\b([a-z0-9]{6,12})\.execute-api\.([a-z0-9-]+)\.amazonaws\.com")
_LAMBDA = re.compile(r"arn:[a-z-]+:lambda:([a-z0-9-]+):(\d{12}):function:")


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """What must not be left in a localised document."""

    regions: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    api_ids: frozenset[str] = frozenset()


def origin_of(source: Source) -> Origin:
    """Of a live API all is known; of a file, what its host, its servers and the functions of its own say."""
    if source.region is not None and source.api_id is not None:
        return Origin(regions=source.home.regions, accounts=source.home.accounts, api_ids=frozenset({source.api_id}))
    document = source.document
    served = [*_texts(document.get("host")), *_texts(document.get("servers"))]  # an HTTP integration is another's host
    hosts = [found for text in served for found in _EXECUTE.findall(text)]
    calls = [found for text in _texts(document) for found in _LAMBDA.findall(text)]
    own = [pair for pair in calls if source.home.owns(*pair)]
    return Origin(
        regions=frozenset({region for _, region in hosts} | {region for region, _ in own}),
        accounts=frozenset(account for _, account in own),
        api_ids=frozenset(api for api, _ in hosts),
    )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    items: Any = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for item in items:
        yield from _texts(item)
