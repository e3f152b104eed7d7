"""The price list: the shipped file, with the user's own figures over it.

A region without prices of its own is priced by the list of us-east-1, and whoever shows such a figure says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from backendctl.errors import Fault, SpecError
from backendctl.nearest import nearest
from backendctl.spec import loader, schema
from backendctl.spec.regions import PARTITION
from backendctl.spec.report import Report

BASE = "us-east-1"
"""Whose list stands in for a region that has none."""
_SCHEMA = "prices.schema.json"
_LARGEST = 1e15
_SHIPPED = "prices.yaml"
_YOURS = "your price file"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tier:
    """USD per unit up to a quantity, counted from 0; None is without end."""

    up_to: float | None
    price: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """One figure of the list.

    Attributes:
        per: single things in one unit, e.g. 1,000,000 requests.
        unit: what is priced, in words: "million requests".
        region: whose figure it is; None for what has no region.
        confirmed: False keeps it out of totals.
    """

    key: str
    tiers: tuple[Tier, ...]
    per: float
    unit: str
    region: str | None
    confirmed: bool = True
    source: str = ""
    date: str = ""

    @property
    def first(self) -> float:
        """USD for a single thing in the lowest tier."""
        return self.tiers[0].price / self.per

    def cost(self, quantity: float) -> tuple[float, float]:
        """USD for that many single things a month, and how many of them no tier has a price for."""
        total, begin = 0.0, 0.0
        for tier in self.tiers:
            end = quantity if tier.up_to is None else min(quantity, tier.up_to)
            total += max(0.0, end - begin) * tier.price / self.per
            begin = max(begin, end)
        return total, max(0.0, quantity - begin)


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceList:
    """Every price known.

    Attributes:
        date: of the shipped list. files: what it was read from, the user's last.
        regional: by region and key. everywhere: by key, of what has no region.
        free: amounts a month that are free, by key. monthly: USD a month, by name, as the user says.
    """

    date: str
    files: tuple[str, ...]
    regional: Mapping[str, Mapping[str, Price]]
    everywhere: Mapping[str, Price]
    free: Mapping[str, float]
    monthly: Mapping[str, float] = field(default_factory=dict)

    def find(self, region: str | None, key: str) -> Price | None:
        """The price there, that of us-east-1 where the region has none, or None."""
        if region is None:
            return self.everywhere.get(key)
        return self.regional.get(region, {}).get(key) or self.regional.get(BASE, {}).get(key)

    def borrowed(self, region: str) -> bool:
        """Whether the region has no price of its own at all."""
        return not self.regional.get(region)


def load_prices(path: Path | None = None) -> PriceList:
    """The shipped list, merged with the user's file.

    Raises:
        SpecError: the file cannot be read, or every fault in it.
    """
    with as_file(files("backendctl.warmth.cost").joinpath(_SHIPPED)) as shipped:
        documents = [_checked(shipped)]
    if path is not None:
        documents.append(_checked(path))
    regional: dict[str, dict[str, Price]] = {}
    everywhere: dict[str, Price] = {}
    free: dict[str, float] = {}
    monthly: dict[str, float] = {}
    for number, document in enumerate(documents):
        value, given = document.value or {}, {} if number == 0 else {"source": _YOURS}
        about = {**given, **{name: value[name] for name in ("source", "date") if name in value}}
        for region, figures in value.get("regions", {}).items():
            regional.setdefault(region, {}).update(_prices(figures, region, about))
        everywhere.update(_prices(value.get("global", {}), None, about))
        free.update({key: _amount(one) for key, one in value.get("free", {}).items()})
        monthly.update(value.get("monthly", {}))
    return PriceList(
        date=str(documents[0].value["date"]),
        files=("built in", *((str(path),) if path else ())),
        regional=regional,
        everywhere=everywhere,
        free=free,
        monthly=monthly,
    )


def regional_keys() -> Mapping[str, Mapping[str, Any]]:
    """What can be priced per region: key → its schema, with `x-per` and `x-priced-by`."""
    found: Mapping[str, Mapping[str, Any]] = schema.load(_SCHEMA)["$defs"]["regional"]["properties"]
    return found


def global_keys() -> Mapping[str, Mapping[str, Any]]:
    """The same for what has no region."""
    found: Mapping[str, Mapping[str, Any]] = schema.load(_SCHEMA)["properties"]["global"]["properties"]
    return found


def _checked(path: Path) -> loader.Document:
    document = loader.read(path)
    report = Report(document=document)
    value = document.value
    if value is None:
        return document
    for problem in schema.problems_in(document, value, schema=_SCHEMA):
        report.add(problem.way, problem.message, key=problem.key)
    for fault in _beyond_schema(document):
        report.put(fault)
    if report.found:
        raise SpecError(report.faults)
    return document


def _too_large(document: loader.Document, way: loader.Way, value: Any) -> Iterable[Fault]:
    """Numbers that no price or amount has, and some of which are no floating-point numbers."""
    if isinstance(value, int | float) and value > _LARGEST:
        yield document.fault(way, f"the number is greater than {_LARGEST:.0e}")
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        yield from _too_large(document, (*way, step), item)


def _beyond_schema(document: loader.Document) -> Iterable[Fault]:
    yield from _too_large(document, (), document.value)
    regions = document.raw(("regions",))
    for region, figures in regions.items() if isinstance(regions, dict) else ():
        if region not in PARTITION:
            yield document.fault(
                ("regions", region), f"there is no region '{region}'{nearest(region, PARTITION)}", key=True
            )
        for key, figure in figures.items() if isinstance(figures, dict) else ():
            yield from _tier_faults(document, ("regions", region, key), figure)
    everywhere = document.raw(("global",))
    for key, figure in everywhere.items() if isinstance(everywhere, dict) else ():
        yield from _tier_faults(document, ("global", key), figure)


def _tier_faults(document: loader.Document, way: loader.Way, figure: Any) -> Iterable[Fault]:
    tiers = figure.get("tiers") if isinstance(figure, dict) else figure
    way = (*way, "tiers") if isinstance(figure, dict) else way
    if not isinstance(tiers, list) or not all(isinstance(tier, dict) for tier in tiers):
        return
    before = 0.0
    for number, tier in enumerate(tiers):
        end = tier.get("up-to")
        if end is None and number < len(tiers) - 1:
            yield document.fault((*way, number), "only the last tier may go without 'up-to'")
        elif isinstance(end, int | float) and not isinstance(end, bool):
            if end <= before:
                yield document.fault((*way, number, "up-to"), f"a tier must end above the one before it, {before:,.0f}")
            before = end


def _prices(figures: Mapping[str, Any], region: str | None, about: Mapping[str, str]) -> dict[str, Price]:
    keys = global_keys() if region is None else regional_keys()
    return {key: _price(key, figure, region, keys[key], about) for key, figure in figures.items()}


def _price(key: str, figure: Any, region: str | None, known: Mapping[str, Any], about: Mapping[str, str]) -> Price:
    figure = figure if isinstance(figure, dict) else {"tiers" if isinstance(figure, list) else "price": figure}
    tiers = figure.get("tiers", [{"price": figure.get("price")}])
    return Price(
        key=key,
        tiers=tuple(Tier(up_to=tier.get("up-to"), price=float(tier["price"])) for tier in tiers),
        per=float(known["x-per"]),
        unit=str(known["x-priced-by"]),
        region=region,
        confirmed=figure.get("confirmed", True),
        source=figure.get("source", about.get("source", "")),
        date=figure.get("date", about.get("date", "")),
    )


def _amount(one: Any) -> float:
    return float(one["amount"] if isinstance(one, dict) else one)
