"""The estimate: what the workload costs, what of it are pings, and what a change of it would cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from backendctl.warmth.cost.prices import BASE, PriceList
from backendctl.warmth.cost.pricing import Priced, price
from backendctl.warmth.cost.usage import usages
from backendctl.warmth.cost.variants import Variant, memory_variants, variants
from backendctl.warmth.cost.workload import FunctionLoad, RegionLoad, Workload
from backendctl.warmth.schedule import pings_per_month

_PINGS = frozenset({"ping-requests", "ping-compute", "ping-events"})
_NOTHING = 1e-9
"""USD; less is what adding floats leaves."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delta:
    """What a change adds to a month: USD at list prices, and with free amounts taken off. None is not priced.

    Attributes:
        not_priced: keys of missing prices whose quantity grows.
        note: what it takes for granted.
    """

    name: str
    change: str
    cost: float | None
    cost_with_free: float | None
    not_priced: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class MemoryDelta:
    """One function at other sizes, over all regions: MB → USD a month more or less, by the list."""

    function: str
    memory: tuple[int, ...]
    sizes: dict[int, Delta]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pings:
    """Invocations and seconds of pings a month, and what they cost by the list.

    Attributes:
        free_seconds: GB-seconds free to the account. left: what pings alone leave of them.
    """

    invocations: float
    seconds: float
    gb_seconds: float
    cost: float
    free_seconds: float
    left: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """Everything `cost` tells.

    Attributes:
        classic: one function of 1 GB in one region, pinged every five minutes for 100 ms.
        not_priced: what is left out and why, a sentence each.
    """

    workload: Workload
    prices: PriceList
    priced: Priced
    pings: Pings
    classic: Pings
    deltas: tuple[Delta, ...]
    memory: tuple[MemoryDelta, ...]
    not_priced: tuple[str, ...]

    @property
    def borrowed(self) -> dict[str, tuple[str, ...]]:
        """Regions that are priced as us-east-1, with the keys of those prices."""
        found: dict[str, dict[str, None]] = {}
        for line in self.priced.lines:
            if line.priced_as is not None and line.usage.region is not None:
                found.setdefault(line.usage.region, {})[line.usage.key] = None
        return {region: tuple(keys) for region, keys in found.items()}


def estimate(workload: Workload, prices: PriceList) -> Estimate:
    """Price the workload and its variations."""
    priced = price(usages(workload), prices)
    return Estimate(
        workload=workload,
        prices=prices,
        priced=priced,
        pings=_pings(workload, priced, prices),
        classic=_classic(prices),
        deltas=tuple(_delta(one, priced, prices) for one in variants(workload)),
        memory=tuple(_memory(workload, priced, prices)),
        not_priced=tuple(_not_priced(workload, priced, prices)),
    )


def _pings(workload: Workload, priced: Priced, prices: PriceList) -> Pings:
    functions = [one for region in workload.regions for one in region.functions]
    spent = sum(one.ping_seconds() * one.gb() for one in functions)
    free = prices.free.get("lambda-gb-seconds", 0.0)
    return Pings(
        invocations=sum(one.pings for one in functions),
        seconds=sum(one.ping_seconds() for one in functions),
        gb_seconds=spent,
        cost=sum(line.counted for line in priced.lines if line.usage.item in _PINGS),
        free_seconds=free,
        left=free - spent,
    )


def _classic(prices: PriceList) -> Pings:
    """The figures that everybody quotes for one warm function."""
    function = FunctionLoad(name="one", memory=1024, pings=pings_per_month("rate(5 minutes)"), ping_ms=100.0)
    workload = Workload(backend="classic", regions=(RegionLoad(name=BASE, functions=(function,)),))
    return _pings(workload, price(usages(workload), prices), prices)


def _delta(variant: Variant, before: Priced, prices: PriceList) -> Delta:
    """What is not priced before and after makes no difference; what is not priced and grows is named."""
    after = price(usages(variant.workload), prices)
    grown = sorted(key for key, quantity in _unpriced(after).items() if quantity > _unpriced(before).get(key, 0.0))
    cost, with_free = after.total - before.total, after.total_with_free - before.total_with_free
    known = not grown or abs(cost) > _NOTHING
    notes = [variant.note, f"without {', '.join(grown)}: not priced" if grown and known else ""]
    return Delta(
        name=variant.name,
        change=variant.change,
        cost=cost if known else None,
        cost_with_free=with_free if known else None,
        not_priced=tuple(grown),
        note="; ".join(note for note in notes if note),
    )


def _memory(workload: Workload, before: Priced, prices: PriceList) -> Iterator[MemoryDelta]:
    names = dict.fromkeys(one.name for region in workload.regions for one in region.functions)
    for name in names:
        now = {one.memory for region in workload.regions for one in region.functions if one.name == name}
        sizes = {size: _delta(one, before, prices) for size, one in memory_variants(workload, name).items()}
        yield MemoryDelta(function=name, memory=tuple(sorted(now)), sizes=sizes)


def _unpriced(priced: Priced) -> dict[str, float]:
    """Quantities without a price, by the key of the price that is missing."""
    found: dict[str, float] = {}
    for line in priced.lines:
        if line.cost is None:
            found[line.usage.key] = found.get(line.usage.key, 0.0) + line.usage.quantity
    return found


def _not_priced(workload: Workload, priced: Priced, prices: PriceList) -> Iterator[str]:
    keys: dict[str, list[str]] = {}
    for usage in (line.usage for line in priced.lines if line.cost is None):
        keys.setdefault(usage.key, []).append(f"{usage.service} {usage.item}" + (f" of {usage.of}" if usage.of else ""))
    for key, what in keys.items():
        place = "global" if key.startswith("route53") else "regions"
        yield f"{', '.join(dict.fromkeys(what))}: set '{key}' in the price file, under '{place}'"
    functions = [one for region in workload.regions for one in region.functions]
    if functions and all(one.log_kb is None for one in functions):
        yield "logs: give --log-kb, and set 'logs-gb' in the price file"
    if any(region.requests and region.answer_kb is None for region in workload.regions):
        yield "data sent to users: give --response-kb"
    if not prices.monthly:
        yield "CloudFront, DAX, SnapStart on Python or .NET: set what you have in the price file, under 'monthly'"
