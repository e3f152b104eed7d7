"""Ids that AWS makes up in each region, held in a neutral definition by name: `${binding:NAME}` (A27).

The spec says per region which id a name stands for. Any text can be bound: the id of a pool or its whole ARN, a VPC
link, an endpoint id, the address of a load balancer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from backendctl.openapi.integrations import INTEGRATION
from backendctl.openapi.neutral import AUTHORIZER, ENDPOINT, POLICY
from backendctl.openapi.pointer import Way, nodes, pointer

BINDING = re.compile(r"\$\{binding:([^}]+)\}")
_HOLDERS = frozenset({INTEGRATION, AUTHORIZER, ENDPOINT, POLICY})
_POOL = re.compile(r"arn:[^:]*:cognito-idp:[^:]*:[^:]*:userpool/.+")
_VPC = re.compile(r"vpce?-[0-9a-f]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """A value that holds in one region only and has no binding.

    Attributes:
        pointer: where it stands.
        kind: "user-pool", "vpc-link", "vpc-endpoint" or "vpc"; "binding" for a name with no value in this region.
        value: the id or ARN; the name, for a "binding".
    """

    pointer: str
    kind: str
    value: str


def placeholder(name: str) -> str:
    """`${binding:NAME}`."""
    return f"${{binding:{name}}}"


def unbound(document: Mapping[str, Any], *, bindings: Mapping[str, str] | None = None) -> list[Bound]:
    """Region-bound ids that no name stands for, and names that have no id, in the order of the document.

    A stage variable is neither: its value travels with the stage.

    Args:
        document: neutral or localised.
        bindings: of the region it is to go to, or is in; their names and their ids are not told.
    """
    known = {*(bindings or {}).keys(), *(bindings or {}).values()}
    return [each for each in _unbound(document) if not {each.value, each.value.rpartition("/")[2]} & known]


def named(document: dict[str, Any], bindings: Mapping[str, str]) -> None:
    """Put the names in place of this region's ids, wherever a definition can hold such ids; changes the document.

    The longest value first, so that an ARN is not taken for the id within it. Two names for one value: the first
    by alphabet.
    """
    chosen = {value: name for name, value in sorted(bindings.items(), reverse=True) if value}
    if not chosen:
        return
    values = "|".join(re.escape(value) for value in sorted(chosen, key=lambda value: (-len(value), value)))
    token = re.compile(rf"(?<![A-Za-z0-9_-])(?:{values})(?![A-Za-z0-9_-])")
    for _, node in nodes(document):
        if isinstance(node, dict):
            for key in _HOLDERS & node.keys():
                node[key] = _renamed(node[key], token, chosen)


def _renamed(value: Any, token: re.Pattern[str], names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(item, token, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, token, names) for item in value]
    return token.sub(lambda found: placeholder(names[found[0]]), value) if isinstance(value, str) else value


def _unbound(document: Mapping[str, Any]) -> Iterator[Bound]:
    for way, value in nodes(document):
        if not isinstance(value, str):
            continue
        place = pointer(way)
        for name in BINDING.findall(value):
            yield Bound(pointer=place, kind="binding", value=name)
        kind = None if "${" in _without_pseudo(value) else _kind(way, value)
        if kind:
            yield Bound(pointer=place, kind=kind, value=value)


def _without_pseudo(value: str) -> str:
    return value.replace("${AWS::", "")


def _kind(way: Way, value: str) -> str | None:
    key = way[-1] if way else ""
    if key == "connectionId" and way[-2:-1] == (INTEGRATION,):
        return "vpc-link"
    if "providerARNs" in way[-2:-1] and _POOL.fullmatch(value):
        return "user-pool"
    if "vpcEndpointIds" in way[-2:-1]:
        return "vpc-endpoint"
    if way[:1] == (POLICY,) and _VPC.fullmatch(value):
        return "vpc-endpoint" if value.startswith("vpce") else "vpc"
    return None
