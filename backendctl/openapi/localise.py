"""The definition as one region gets it, and the way back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from backendctl.openapi.arns import ACCOUNT, NOWHERE, PARTITION, REGION, Home, at_home
from backendctl.openapi.bindings import BINDING, Bound, named, named_in_file, placeholder, unbound
from backendctl.openapi.canonical import digest
from backendctl.openapi.neutral import NO_VERSION, json_value, make_neutral
from backendctl.openapi.pointer import nodes
from backendctl.openapi.repair import repaired

__all__ = ["Bound", "digest", "localise", "localised_digest", "neutral_file", "neutralise", "to_bytes", "unbound"]


def localise(
    document: Mapping[str, Any],
    *,
    region: str,
    account: str,
    partition: str,
    name: str,
    bindings: Mapping[str, str] | None = None,
    home: Home = NOWHERE,
) -> dict[str, Any]:
    """The document to send to a region: its own ARNs name that region and account; others stay.

    Placeholders are filled in here rather than by API Gateway (A17), so that what is sent can be read and compared.
    Known faults are repaired. A binding that has no value here stays as `${binding:NAME}`; `unbound` finds it.

    Args:
        document: the file's, an export's, or a canonical form.
        name: the API's name; an import takes it from the title (A8).
        bindings: name → this region's id.
        home: what a document that is not neutral yet names as its own.
    """
    values = _values(region=region, account=account, partition=partition, bindings=bindings)
    source = repaired(document)[0]
    make_neutral(source, home)
    result: dict[str, Any] = _filled(source, values)
    _send_pools_home(result)
    info = result.get("info")
    result["info"] = {**(info if isinstance(info, dict) else {"version": "1"}), "title": name}
    result["info"].setdefault("version", NO_VERSION)
    return result


def localised_digest(
    document: Mapping[str, Any],
    name: str,
    *,
    region: str,
    account: str,
    partition: str,
    bindings: Mapping[str, str] | None = None,
) -> str:
    """12 hex digits naming what one region gets: the definition, and everything that is filled into it there.

    Not of the bytes: a file and an export of what it made are one definition in different words.

    Args:
        document: neutral. name: its digest.
    """
    named_in = {found for _, value in nodes(document) if isinstance(value, str) for found in BINDING.findall(value)}
    ids = {key: value for key, value in (bindings or {}).items() if key in named_in}
    text = json.dumps([name, region, account, partition, ids], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _values(*, region: str, account: str, partition: str, bindings: Mapping[str, str] | None) -> dict[str, str]:
    values = {placeholder(key): value for key, value in (bindings or {}).items()}
    return values | {REGION: region, ACCOUNT: account, PARTITION: partition}


def neutralise(document: Mapping[str, Any], *, home: Home, bindings: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The neutral form of one region's document, repaired, with that region's ids turned back to their names.

    Localised with the same bindings and neutralised again it is the same, but for the title.

    Args:
        home: the region and account it is of; what names others is kept.
    """
    result = repaired(document)[0]
    named(result, bindings or {})
    make_neutral(result, home)
    return result


def neutral_file(
    document: Mapping[str, Any], *, home: Home, bindings: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """The neutral form of a file, which may hold the ids of any of its regions.

    Args:
        bindings: region → name → id there.
    """
    result = repaired(document)[0]
    named_in_file(result, bindings)
    make_neutral(result, home)
    return result


def to_bytes(document: Mapping[str, Any]) -> bytes:
    """The document as JSON, as it is sent."""
    return json.dumps(json_value(document), separators=(",", ":"), ensure_ascii=False).encode()


def _send_pools_home(document: dict[str, Any]) -> None:
    for _, node in nodes(document):
        pools = node.get("providerARNs") if isinstance(node, dict) else None
        if isinstance(pools, list):
            node["providerARNs"] = [at_home(pool) if isinstance(pool, str) else pool for pool in pools]


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {_text(key, values): _filled(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, values) for item in value]
    return _text(value, values) if isinstance(value, str) else value


def _text(text: str, values: Mapping[str, str]) -> str:
    if "${" not in text:
        return text
    for key, value in values.items():
        text = text.replace(key, value)
    return text
