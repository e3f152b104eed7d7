"""Quantities as money: tiers summed over each region, free amounts taken off the account as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from backendctl.warmth.cost.prices import PriceList
from backendctl.warmth.cost.usage import Usage

_PER_REGION = frozenset({"dynamodb-storage-gb"})
"""Free amounts that every region gets; the others are the account's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One quantity and what it costs a month by the list, nothing taken off.

    Attributes:
        cost: USD; None when the list has no price for it.
        first: USD for a single thing in the lowest tier.
        priced_as: the region whose list was used, when it is another's.
        confirmed: whether the price is; what is not counts in no total.
        source, date: of the price.
    """

    usage: Usage
    cost: float | None
    first: float = 0.0
    priced_as: str | None = None
    confirmed: bool = True
    source: str = ""
    date: str = ""

    @property
    def counted(self) -> float:
        """USD in totals."""
        return self.cost or 0.0 if self.confirmed else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Free:
    """A free amount and what it saves.

    Attributes:
        region: None for the whole account. used: single things that may draw on it. saves: USD.
    """

    key: str
    region: str | None
    amount: float
    used: float
    unit: str
    saves: float

    @property
    def left(self) -> float:
        """What is not used up."""
        return max(0.0, self.amount - self.used)


@dataclass(frozen=True, kw_only=True, slots=True)
class Priced:
    """Everything priced. monthly: the fixed amounts of the price file."""

    lines: tuple[Line, ...]
    free: tuple[Free, ...]
    monthly: float

    @property
    def total(self) -> float:
        """USD a month by the list."""
        return sum(line.counted for line in self.lines) + self.monthly

    @property
    def total_with_free(self) -> float:
        """USD a month with the free amounts taken off."""
        return self.total - sum(one.saves for one in self.free)


def price(usages: Sequence[Usage], prices: PriceList) -> Priced:
    """Price every quantity.

    Tiers count all of a region's quantity of one kind; each line pays its part at the mean price.
    """
    lines: dict[int, Line] = {}
    places = sorted(range(len(usages)), key=lambda place: (usages[place].region or "", usages[place].key))
    for (region, key), group in groupby(places, key=lambda place: (usages[place].region, usages[place].key)):
        together = list(group)
        quantity = sum(usages[place].quantity for place in together)
        found = prices.find(region, key)
        cost, beyond = (0.0, quantity) if found is None else found.cost(quantity)
        for place in together:
            usage = usages[place]
            if found is None or beyond > 0:
                lines[place] = Line(usage=usage, cost=None)
                continue
            lines[place] = Line(
                usage=usage,
                cost=cost * usage.quantity / quantity,
                first=found.first,
                priced_as=found.region if found.region != region else None,
                confirmed=found.confirmed,
                source=found.source,
                date=found.date,
            )
    ordered = tuple(lines[place] for place in range(len(usages)))
    return Priced(lines=ordered, free=tuple(_free(ordered, prices)), monthly=sum(prices.monthly.values()))


def _free(lines: Iterable[Line], prices: PriceList) -> Iterable[Free]:
    groups: dict[tuple[str, str | None], list[Line]] = {}
    for line in lines:
        if line.usage.free is not None:
            region = line.usage.region if line.usage.free in _PER_REGION else None
            groups.setdefault((line.usage.free, region), []).append(line)
    for (key, region), drawn in groups.items():
        amount = prices.free.get(key, 0.0)
        used = sum(line.usage.quantity for line in drawn)
        # The first units are the free ones, so they are worth the lowest tier's price.
        mean = sum(line.usage.quantity * line.first for line in drawn if line.confirmed) / used
        yield Free(
            key=key,
            region=region,
            amount=amount,
            used=used,
            unit=drawn[0].usage.unit,
            saves=min(used, amount) * mean,
        )
