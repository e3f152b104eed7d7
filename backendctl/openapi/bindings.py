"""Ids that AWS makes up in each region, held in a neutral definition by name: `${binding:NAME}` (A27).

The spec says per region which id a name stands for. Any text can be bound: the id of a pool or its whole ARN, a VPC
link, an endpoint id, the address of a load balancer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from backendctl.openapi.arns import ACCOUNT, PARTITION, REGION
from backendctl.openapi.integrations import INTEGRATION, TARGET
from backendctl.openapi.neutral import AUTHORIZER, ENDPOINT, POLICY
from backendctl.openapi.pointer import Way, nodes, pointer

BINDING = re.compile(r"\$\{binding:([^}]+)\}")
_HOLDERS = frozenset({INTEGRATION, AUTHORIZER, ENDPOINT, POLICY})
_PART = r"(?:\$\{[^}]*\}|[^:$])*"
_POOL = re.compile(rf"arn:{_PART}:cognito-idp:{_PART}:{_PART}:userpool/.+")
_REGION_OF = re.compile(r"arn:[^:]*:[^:]*:([a-z0-9-]+):")
_BALANCER = re.compile(rf"arn:{_PART}:elasticloadbalancing:{_PART}:{_PART}:.+")
_VPC = re.compile(r"vpce?-[0-9a-f]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """A value that holds in one region only and has no binding.

    Attributes:
        pointer: where it stands.
        kind: "user-pool", "vpc-link", "vpc-endpoint", "vpc" or "load-balancer"; "binding" for a name with no value in
            this region.
        value: the id or ARN; the name, for a "binding".
    """

    pointer: str
    kind: str
    value: str


def placeholder(name: str) -> str:
    """`${binding:NAME}`."""
    return f"${{binding:{name}}}"


def unbound(
    document: Mapping[str, Any],
    *,
    bindings: Mapping[str, str] | None = None,
    region: str | None = None,
    alone: bool = False,
) -> list[Bound]:
    """Region-bound ids that no name stands for, and names that have no id, in the order of the document.

    A stage variable is neither: its value travels with the stage.

    Args:
        document: neutral, or localised: a pool whose region is a placeholder has an id that fits one region only.
        bindings: of the region it is to go to, or is in; their names and their ids are not told.
        region: that region; an id that tells to be of it is right there.
        alone: whether that is the only region, so that ids which tell no region are taken to be of it.
    """
    known = {*(bindings or {}).keys(), *(bindings or {}).values()}
    return [
        each
        for each in _unbound(document)
        if not {each.value, each.value.rpartition("/")[2]} & known and not _fits(each, region, alone=alone)
    ]


def _fits(each: Bound, region: str | None, *, alone: bool) -> bool:
    if each.kind == "binding" or region is None:
        return False
    told = _REGION_OF.match(each.value)
    return told[1] == region if told else alone


def named_in_file(document: dict[str, Any], bindings: Mapping[str, Mapping[str, str]]) -> None:
    """The same for a file, which may hold the id of any region, also with a placeholder for what the id tells of it.

    Args:
        bindings: region → name → id there.
    """
    chosen: dict[str, str] = {}
    for region, values in sorted(bindings.items(), reverse=True):
        for name, value in sorted(values.items(), reverse=True):
            for spelled in _spellings(value, region):
                chosen[spelled] = name
    _name(document, chosen)


def _spellings(value: str, region: str) -> Iterator[str]:
    account = re.sub(r"(?<=:)\d{12}(?=:)", lambda _: ACCOUNT, value)
    for text in (value, account):
        for spelled in (text, text.replace(region, REGION)):
            yield spelled
            yield re.sub(r"^arn:[^:$]*:", lambda _: f"arn:{PARTITION}:", spelled)


def named(document: dict[str, Any], bindings: Mapping[str, str]) -> None:
    """Put the names in place of this region's ids, wherever a definition can hold such ids; changes the document.

    The longest value first, so that an ARN is not taken for the id within it. Two names for one value: the first
    by alphabet.
    """
    _name(document, {value: name for name, value in sorted(bindings.items(), reverse=True)})


def _name(document: dict[str, Any], chosen: dict[str, str]) -> None:
    chosen = {value: name for value, name in chosen.items() if value}
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
    if key in TARGET and way[-2:-1] == (INTEGRATION,) and _BALANCER.fullmatch(value):
        return None if REGION in value else "load-balancer"  # whoever writes the placeholder has one in every region
    if "providerARNs" in way[-2:-1] and _POOL.fullmatch(value):
        return "user-pool"
    if "vpcEndpointIds" in way[-2:-1]:
        return "vpc-endpoint"
    if way[:1] == (POLICY,) and _VPC.fullmatch(value):
        return "vpc-endpoint" if value.startswith("vpce") else "vpc"
    return None
