"""Which region, account and API a definition was taken from, as far as the document or the live API tells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_EXECUTE = re.compile(r"\b([a-z0-9]{6,12})\.execute-api\.([a-z0-9-]+)\.amazonaws\.com")
_LAMBDA = re.compile(r"arn:[a-z-]+:lambda:([a-z0-9-]+):(\d{12}):function:")


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """What must not be left in a localised document (A26)."""

    regions: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    api_ids: frozenset[str] = frozenset()


def origin_of(document: Mapping[str, Any], *, region: str | None, account: str, api_id: str | None) -> Origin:
    """Of a live API all is known; of a file, what its host, its servers and its Lambda URIs say.

    Args:
        region, account, api_id: of a live source; region and api_id are None for a file.
    """
    if region is not None and api_id is not None:
        return Origin(regions=frozenset({region}), accounts=frozenset({account}), api_ids=frozenset({api_id}))
    served = [*_texts(document.get("host")), *_texts(document.get("servers"))]  # an HTTP integration is another's host
    hosts = [found for text in served for found in _EXECUTE.findall(text)]
    calls = [found for text in _texts(document) for found in _LAMBDA.findall(text)]
    return Origin(
        regions=frozenset({region for _, region in hosts} | {region for region, _ in calls}),
        accounts=frozenset(account for _, account in calls),
        api_ids=frozenset(api for api, _ in hosts),
    )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(item)
