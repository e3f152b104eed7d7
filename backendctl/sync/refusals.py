"""What stands in the way of sending a definition, each with the place in the document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from backendctl.openapi.leftovers import leftovers
from backendctl.openapi.localise import unbound
from backendctl.openapi.refusals import refusals
from backendctl.openapi.repair import repaired
from backendctl.sync.origin import origin_of

if TYPE_CHECKING:
    from backendctl.app import Backend
    from backendctl.spec.model import Api
    from backendctl.sync.source import Source

_BOUND = {
    "user-pool": "the user pool",
    "vpc-link": "the VPC link",
    "vpc-endpoint": "the VPC endpoint",
    "vpc": "the VPC",
}


def definition_faults(document: Mapping[str, Any]) -> Iterator[str]:
    """What API Gateway refuses or drops in silence, wherever it is sent."""
    yield from (str(one) for one in refusals(repaired(document)[0]))


def localised_faults(
    body: Mapping[str, Any], *, source: Source, api: Api, region: str, backend: Backend
) -> Iterator[str]:
    """What has no meaning in this region: ids without a binding, and what still names where it came from (A26, A27)."""
    bindings = api.bindings.get(region, {})
    bound = set(bindings.values())
    for one in unbound(body, bindings=bindings):
        if one.kind == "binding":
            yield f"{one.pointer}: {one.value} has no value in {region}: `bindings: {{{region}: {{{one.value}: …}}}}`"
        else:
            yield (
                f"{one.pointer}: {_BOUND[one.kind]} {one.value} is in one region only; give it a name "
                f"in {source.region or 'its own'} and in {region}: `bindings: {{{region}: {{NAME: …}}}}`"
            )
    account = backend.world.account
    origin = origin_of(source.document, region=source.region, account=account, api_id=source.api_id)
    for left in leftovers(
        body,
        regions=origin.regions,
        accounts=origin.accounts,
        api_ids=origin.api_ids,
        target=region,
        target_account=account,
        bound=bound,
    ):
        if left.refuses:
            yield (
                f"{left.pointer}: still names the {left.what} {left.found} it came from, and would go to {region}; "
                "if it is meant to, give the text a name in both regions' `bindings`"
            )
