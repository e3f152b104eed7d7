"""What of API Gateway's own extensions would be refused or ignored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from backendctl.nearest import nearest
from backendctl.openapi.canonical_parts import GATEWAY_STATUS
from backendctl.openapi.extensions import KNOWN, PREFIX, nearest_extension, shown
from backendctl.openapi.layout import COMPRESSION, GATEWAY_RESPONSES, KEY_SOURCE, schemes, schemes_way
from backendctl.openapi.neutral import AUTHORIZER, POLICY
from backendctl.openapi.pointer import Way, mapping, nodes, pointer
from backendctl.openapi.refusal import Refusal

_AUTHORIZERS = ("token", "request", "cognito_user_pools")
_MAX_AUTHORIZERS = 10  # A41
_MAX_POLICY = 8192  # A43; characters
_MAX_TTL = 3600  # A43; seconds
_MAX_COMPRESSION = 10 * 1024 * 1024  # bytes


def extension_refusals(document: Mapping[str, Any]) -> Iterator[Refusal]:
    """Unknown extensions anywhere, then the known ones one by one."""
    for way, node in nodes(document):
        if isinstance(node, dict) and not shown(way):
            for key in node:
                yield from _unknown((*way, key), key)
    yield from _authorizers(document)
    yield from _gateway_responses(document)
    yield from _settings(document)


def _unknown(way: Way, key: str) -> Iterator[Refusal]:
    if key.lower().startswith(PREFIX) and key not in KNOWN:  # what is like none is left out by a repair
        told = f"{key} is not known to API Gateway{nearest_extension(key)}"
        yield Refusal(pointer=pointer(way), message=told)


def _authorizers(document: Mapping[str, Any]) -> Iterator[Refusal]:
    home = schemes_way(document)
    found = {name: scheme[AUTHORIZER] for name, scheme in schemes(document).items() if AUTHORIZER in mapping(scheme)}
    if len(found) > _MAX_AUTHORIZERS:
        told = f"{len(found)} authorizers; an API has at most {_MAX_AUTHORIZERS}"
        yield Refusal(pointer=pointer(home), message=told, fact="A41")
    for name, authorizer in found.items():
        yield from _authorizer((*home, name, AUTHORIZER), name, mapping(authorizer))


def _authorizer(way: Way, name: str, authorizer: Mapping[str, Any]) -> Iterator[Refusal]:
    kind = str(authorizer.get("type", "token")).lower()
    place = pointer(way)
    if kind not in _AUTHORIZERS:
        why = "is for HTTP APIs" if kind == "jwt" else f"is none of {', '.join(_AUTHORIZERS)}"
        yield Refusal(pointer=pointer((*way, "type")), message=f"authorizer {name}: {kind} {why}")
        return
    if kind == "cognito_user_pools":
        if not authorizer.get("providerARNs"):
            yield Refusal(pointer=place, message=f"authorizer {name}: providerARNs names no user pool", fact="A26")
    elif not authorizer.get("authorizerUri"):
        yield Refusal(pointer=place, message=f"authorizer {name}: authorizerUri names no function", fact="A26")
    ttl = authorizer.get("authorizerResultTtlInSeconds")
    if isinstance(ttl, int) and not 0 <= ttl <= _MAX_TTL:
        place = pointer((*way, "authorizerResultTtlInSeconds"))
        yield Refusal(pointer=place, message=f"authorizer {name}: {ttl} s; 0 to {_MAX_TTL} are possible", fact="A43")


def _gateway_responses(document: Mapping[str, Any]) -> Iterator[Refusal]:
    for kind in mapping(document.get(GATEWAY_RESPONSES)):
        if kind not in GATEWAY_STATUS:
            told = f"there is no gateway response {kind}{nearest(kind, GATEWAY_STATUS)}"
            yield Refusal(pointer=pointer((GATEWAY_RESPONSES, kind)), message=told)


def _settings(document: Mapping[str, Any]) -> Iterator[Refusal]:
    policy = document.get(POLICY)
    size = len(policy if isinstance(policy, str) else json.dumps(policy, separators=(",", ":"))) if policy else 0
    if size > _MAX_POLICY:
        told = f"the policy has {size} characters; API Gateway takes {_MAX_POLICY}"
        yield Refusal(pointer=pointer((POLICY,)), message=told, fact="A43")
    source = document.get(KEY_SOURCE)
    if source not in {None, "HEADER", "AUTHORIZER"}:
        yield Refusal(pointer=pointer((KEY_SOURCE,)), message=f"{source} is neither HEADER nor AUTHORIZER")
    compression = document.get(COMPRESSION)
    if isinstance(compression, int) and not 0 <= compression <= _MAX_COMPRESSION:
        told = f"{compression} bytes; 0 to {_MAX_COMPRESSION} are possible"
        yield Refusal(pointer=pointer((COMPRESSION,)), message=told)
