"""The prices that `tune` needs, out of the list that `cost` keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backendctl.warmth.tune.figures import Rates

if TYPE_CHECKING:
    from backendctl.warmth.cost.prices import PriceList

_SECONDS = {"x86_64": "lambda-x86-gb-seconds", "arm64": "lambda-arm-gb-seconds"}


def rates_of(prices: PriceList, region: str, architecture: str) -> Rates | None:
    """What a call costs there, in the lowest tier and without what is free; None where there is no price."""
    second = prices.find(region, _SECONDS[architecture])
    request = prices.find(region, "lambda-requests")
    if second is None or request is None or not (second.confirmed and request.confirmed):
        return None
    return Rates(gb_second=second.first, request=request.first, region=second.region or region)
