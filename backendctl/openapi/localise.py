"""The definition as one region gets it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from backendctl.openapi.arns import ACCOUNT, PARTITION, REGION
from backendctl.openapi.neutral import digest, json_value, neutral

__all__ = ["digest", "localise", "to_bytes"]


def localise(document: Mapping[str, Any], *, region: str, account: str, partition: str, name: str) -> dict[str, Any]:
    """The document to send to a region: its ARNs name that region and account, whatever the file names.

    Placeholders are filled in here rather than by API Gateway (A17), so that what is sent can be read and compared.

    Args:
        name: the API's name; an import takes it from the title (A8).
    """
    values = {REGION: region, ACCOUNT: account, PARTITION: partition}
    result: dict[str, Any] = _filled(neutral(document), values)
    info = result.get("info")
    result["info"] = {**(info if isinstance(info, dict) else {"version": "1"}), "title": name}
    return result


def to_bytes(document: Mapping[str, Any]) -> bytes:
    """The document as JSON, as it is sent."""
    return json.dumps(json_value(document), separators=(",", ":"), ensure_ascii=False).encode()


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {_text(key, values): _filled(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, values) for item in value]
    return _text(value, values) if isinstance(value, str) else value


def _text(text: str, values: Mapping[str, str]) -> str:
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text
