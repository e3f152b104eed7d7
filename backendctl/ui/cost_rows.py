"""The estimate of `cost` as rows of text, for the screen and for Markdown alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backendctl.warmth.cost.estimate import Delta, Estimate, Pings
from backendctl.warmth.cost.pricing import Line
from backendctl.warmth.cost.variants import SIZES

HEADS = ("a month, USD", "API", "Lambda", "pings", "DynamoDB", "other", "total")
FREE = ("free tier", "to", "used", "free", "saved")
CHANGES = ("change", "list price", "after free tier", "given")
_COLUMNS = ("api", "lambda", "pings", "dynamodb", "other")
MINUS = "\N{MINUS SIGN}"
_NOTHING = "·"
_LEAST = 0.005
_FREE = {
    "lambda-requests": "Lambda requests",
    "lambda-gb-seconds": "Lambda GB-seconds",
    "dynamodb-storage-gb": "DynamoDB GB",
    "route53-health-checks": "health checks",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class CostRow:
    """One row of the bill. level: 0 region or total, 1 what is in it."""

    cells: tuple[str, ...]
    level: int = 0


def money(usd: float | None, *, signed: bool = False) -> str:
    """Two decimals and a real minus; what is less than half a cent shows as such, and nothing as a dot."""
    if usd is None:
        return "not priced"
    if not round(usd, 9):  # what is left of adding floats
        return _NOTHING
    sign = MINUS if usd < 0 else "+" if signed else ""
    return f"{sign}{abs(usd):,.2f}" if abs(usd) >= _LEAST else f"{sign}<0.01"


def head(found: Estimate) -> str:
    """What it is, in one line."""
    source = "measured traffic" if found.workload.source == "metrics" else "from the spec"
    return f"{found.workload.backend}: {source}, 43,800 minutes a month, list prices of {found.prices.date}, before tax"


def labels(found: Estimate) -> list[str]:
    """What must be read before the figures."""
    borrowed = found.borrowed
    whole = [region for region in borrowed if found.prices.borrowed(region)]
    verb = "is" if len(whole) == 1 else "are"
    told = [f"* {', '.join(whole)} {verb} priced as us-east-1: the list has no prices of that region"] if whole else []
    for region, keys in borrowed.items():
        if region not in whole:
            told.append(f"* {region} is priced as us-east-1 in what it has no price of its own for: {', '.join(keys)}")
    return told


def bill(found: Estimate) -> list[CostRow]:
    """Regions with their functions and tables, then Route 53, the fixed amounts, and the total by the list."""
    rows: list[CostRow] = []
    for region in found.workload.regions:
        lines = [line for line in found.priced.lines if line.usage.region == region.name]
        mark = " *" if region.name in found.borrowed else ""
        rows.append(_row(f"{region.name}{mark}", lines))
        names = dict.fromkeys(line.usage.of for line in lines if line.usage.of)
        rows += [_row(name, [line for line in lines if line.usage.of == name], level=1) for name in names]
    everywhere = [line for line in found.priced.lines if line.usage.region is None]
    if everywhere:
        rows.append(_row("Route 53", everywhere))
    for name, usd in found.prices.monthly.items():
        rows.append(CostRow(cells=(f"{name} (fixed)", *[_NOTHING] * 4, money(usd), money(usd))))
    rows.append(_row("total at list prices", found.priced.lines, more=found.priced.monthly))
    return rows


def free(found: Estimate) -> list[tuple[str, ...]]:
    """What is free every month, to the account or in each region, and what that saves."""
    return [
        (
            _FREE.get(one.key, one.key),
            one.region or "the account",
            f"{one.used:,.0f}" if one.used >= 1 else f"{one.used:.3f}",
            f"{one.amount:,.0f}",
            money(-one.saves),
        )
        for one in found.priced.free
    ]


def totals(found: Estimate) -> str:
    """Both totals, in one line."""
    priced = found.priced
    return (
        f"Total: {money(priced.total)} USD a month at list prices, {money(priced.total_with_free)} after the free tier"
    )


def changes(found: Estimate) -> list[tuple[str, ...]]:
    """What a change would add."""
    return [
        (one.change, money(one.cost, signed=True), money(one.cost_with_free, signed=True), one.note)
        for one in found.deltas
    ]


def memory_heads() -> tuple[str, ...]:
    """The sizes, in MB."""
    return ("function", "now", *(str(size) for size in SIZES))


def memory(found: Estimate) -> list[tuple[str, ...]]:
    """One function per row: what each size would add by the list."""
    return [
        (
            one.function,
            "/".join(str(size) for size in one.memory),
            *(_size(one.sizes[size], same=one.memory == (size,)) for size in SIZES),
        )
        for one in found.memory
    ]


def pings(found: Estimate) -> list[str]:
    """The pings of this spec beside the classic figures."""
    classic = found.classic
    free = f"{classic.free_seconds:,.0f}"
    told = (
        f"Classic: one function of 1 GB, one region, a ping every 5 minutes: {classic.invocations:,.0f} a month; "
        f"100 ms each = {classic.seconds:,.0f} s; {classic.left:,.0f} of the {free} free seconds left."
    )
    return [_today(found.pings, free), told] if found.pings.invocations else [told]


def unconfirmed(found: Estimate) -> list[str]:
    """What is shown beside the totals."""
    sums: dict[tuple[str, str, str], float] = {}
    for line in found.priced.lines:
        if not line.confirmed and line.cost is not None:
            key = (f"{line.usage.service} {line.usage.item}", line.source, line.date)
            sums[key] = sums.get(key, 0.0) + line.cost
    return [f"{what}: {money(usd)} ({source}, {date})" for (what, source, date), usd in sums.items()]


def _today(now: Pings, free: str) -> str:
    left = f"{now.left:,.0f} of the {free} free GB-seconds left" if now.left >= 0 else f"all {free} free ones used"
    return (
        f"Pings here: {now.invocations:,.0f} a month, {now.seconds:,.0f} s, {now.gb_seconds:,.0f} GB-seconds; "
        f"{left}; {money(now.cost)} USD at list prices."
    )


def _size(delta: Delta, *, same: bool) -> str:
    return "now" if same else money(delta.cost, signed=True)


def _row(name: str, lines: Sequence[Line], *, level: int = 0, more: float = 0.0) -> CostRow:
    sums = dict.fromkeys(_COLUMNS, 0.0)
    for line in lines:
        sums[_column(line)] += line.counted
    sums["other"] += more
    cells = [money(sums[column]) for column in _COLUMNS]
    return CostRow(cells=(name, *cells, money(sum(sums.values()))), level=level)


def _column(line: Line) -> str:
    usage = line.usage
    if usage.item.startswith("ping-"):
        return "pings"
    return usage.service if usage.service in _COLUMNS else "other"


def notes(found: Estimate) -> Iterator[tuple[str, list[str]]]:
    """Headed lists: what was taken for granted, what is beside the totals, what is left out."""
    yield "Assumptions", list(found.workload.assumptions)
    yield "Unconfirmed, in no total (confirm in the price file)", unconfirmed(found)
    yield "Not priced", list(found.not_priced)
