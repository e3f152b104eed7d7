"""What stands in the way of sending a definition, each with its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from backendctl.api.origin import origin_of
from backendctl.api.places import fault_at
from backendctl.errors import Fault
from backendctl.openapi.bindings import Bound
from backendctl.openapi.integrations import INTEGRATION, lambda_targets
from backendctl.openapi.leftovers import Leftover, leftovers
from backendctl.openapi.localise import unbound
from backendctl.openapi.neutral import foreign_arns, json_value, operations
from backendctl.openapi.pointer import mapping, pointer
from backendctl.openapi.refusal import Refusal
from backendctl.openapi.refusals import refusals
from backendctl.openapi.refusals_shapes import shape_refusals
from backendctl.openapi.repair import repaired
from backendctl.spec.regions import PARTITION

if TYPE_CHECKING:
    from backendctl.api.body import Wanted
    from backendctl.api.places import Place
    from backendctl.spec.loader import Document
    from backendctl.spec.model import Api

_BOUND = {
    "user-pool": "the user pool",
    "vpc-link": "the VPC link",
    "vpc-endpoint": "the VPC endpoint",
    "vpc": "the VPC",
    "load-balancer": "the load balancer",
}
_MS = 1000
_PARTITIONS = frozenset(PARTITION.values())


def file_faults(document: Document, api: Api) -> list[Fault]:
    """What API Gateway refuses of a file, or would drop or take literally, wherever it is sent."""
    return [fault_at(document, one.pointer, one.message) for one in definition_refusals(document.value, api)]


def shape_faults(document: Document) -> list[Fault]:
    """What is of so wrong a type that nothing else can be said of the file."""
    return [fault_at(document, one.pointer, one.message) for one in shape_refusals(json_value(document.value))]


def definition_refusals(document: Mapping[str, Any], api: Api) -> list[Refusal]:
    """The same with JSON pointers. Where something is of a wrong type, only that is told: nothing else can be."""
    if shapes := list(shape_refusals(json_value(document))):
        return shapes
    found = refusals(repaired(document)[0], longest=api.timeout_quota * _MS)
    return [*found, *_contradictions(document, api)]


def _contradictions(document: Mapping[str, Any], api: Api) -> Iterator[Refusal]:
    """The spec says what the file was written for, and the functions it calls are all of elsewhere."""
    targets = [target for target in lambda_targets(document) if "${" not in target.account + target.region]
    for said, name, key in (
        (api.source_account, "account", "source-account"),
        (api.source_region, "region", "source-region"),
    ):
        found = {str(getattr(target, name)) for target in targets}
        if said and found and said not in found:
            yield Refusal(
                pointer=pointer(targets[0].way),
                message=f"the definition calls functions of {name} {', '.join(sorted(found))}, "
                f"and the spec says `{key}: {said}`",
            )


def region_faults(
    body: Mapping[str, Any], given: Wanted, *, region: str, account: str, alone: bool, place: Place
) -> Iterator[str]:
    """What has no meaning in this region: ids without a binding, and what still names where it came from (A26, A27).

    Args:
        body: what the region is to get. alone: whether the spec names this region only.
    """
    api, source = given.api, given.source
    bindings = {**api.bindings.get(region, {}), **{f"keep {text}": text for text in api.keep}}
    for one in unbound(api.definition, bindings=bindings, region=region, alone=alone):
        yield f"{place(one.pointer)}: {_bound(one, given, region)}"
    origin = origin_of(source)
    found_abroad = list(foreign_arns(api.definition, source.home))
    abroad = {found.arn for _, found in found_abroad}
    for way, found in found_abroad:
        partition = found.arn.split(":")[1]
        if partition in _PARTITIONS and partition != PARTITION.get(region, partition):
            yield f"{place(pointer(way))}: {found.arn} is in the partition {partition}, which {region} cannot reach"
    for left in leftovers(
        body,
        regions=origin.regions,
        accounts=origin.accounts,
        api_ids=origin.api_ids,
        target=region,
        target_account=account,
        bound={*bindings.values(), *abroad, *_calls_abroad(body, abroad)},
    ):
        if left.refuses:
            yield (
                f"{place(left.pointer)}: still names the {left.what} {left.found} it came from, and would go to "
                f"{region}: {_way_out(_token(left), given, region)}"
            )


def _calls_abroad(body: Mapping[str, Any], abroad: set[str]) -> Iterator[str]:
    """Whole URIs that call what lies abroad, or send something there: they name its region too."""
    for _, _, operation in operations(body):
        integration = mapping(operation.get(INTEGRATION))
        sent = json.dumps([integration.get("requestParameters"), integration.get("requestTemplates")])
        if any(arn in sent for arn in abroad):
            yield str(integration.get("uri"))
    for target in lambda_targets(body):
        node: Any = body
        for step in target.way:
            node = node[step]
        if any(arn in node for arn in abroad):
            yield node


def _token(left: Leftover) -> str:
    """The word of the text that holds it: a template is too long to be repeated."""
    return next((word for word in re.split(r"[\s\"']+", left.text) if left.found in word), left.found)


def _bound(one: Bound, given: Wanted, region: str) -> str:
    if one.kind == "binding":
        return f"{one.value} has no value in {region}: `api: {{bindings: {{{region}: {{{one.value}: …}}}}}}`"
    what = f"{_BOUND[one.kind]} {one.value} is in one region only"
    return f"{what}, and would go to {region}: {_way_out(one.value, given, region)}"


def _way_out(text: str, given: Wanted, region: str) -> str:
    """What to write so that it is each region's own, or kept; it works as it is printed."""
    home = given.source.region
    if home is not None:
        named = f"name it in the `bindings` of {home} and of {region}"
    else:
        named = (
            f"write ${{binding:NAME}} in its place and say NAME in the `bindings` of every region, "
            f"or say its id in the `bindings` of its own region and of {region} under one name"
        )
    return f"{named}; if it is meant as it is, add it to `api: {{keep: ['{text}']}}`"
