"""The estimate of `cost` for programs and for pull requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backendctl.errors import BackendctlError, unreachable_data
from backendctl.ui import cost_rows as rows
from backendctl.ui.plan_data import markdown_cell
from backendctl.warmth.cost.estimate import Delta, Estimate, Pings
from backendctl.warmth.cost.pricing import Line
from backendctl.warmth.schedule import MONTH_MINUTES


def cost_document(found: Estimate, unreachable: Mapping[str, BackendctlError]) -> dict[str, Any]:
    """The JSON document of `cost`: the same keys for ever. Money is USD a month; `null` is not priced.

    Args:
        unreachable: regions whose traffic is not in the figures, and what they said.
    """
    return {
        "backend": found.workload.backend,
        "source": found.workload.source,
        "month_minutes": MONTH_MINUTES,
        "currency": "USD",
        "prices": {"date": found.prices.date, "files": list(found.prices.files)},
        "priced_as": dict.fromkeys(found.borrowed, "us-east-1"),
        "regions": [region.name for region in found.workload.regions],
        "lines": [_line(line) for line in found.priced.lines],
        "monthly": {name: _usd(usd) for name, usd in found.prices.monthly.items()},
        "free": [
            {
                "what": one.key,
                "region": one.region,
                "amount": one.amount,
                "used": _quantity(one.used),
                "left": _quantity(one.left),
                "unit": one.unit,
                "saves": _usd(one.saves),
            }
            for one in found.priced.free
        ],
        "total": _usd(found.priced.total),
        "total_with_free": _usd(found.priced.total_with_free),
        "pings": _pings(found.pings),
        "classic": _pings(found.classic),
        "deltas": [_delta(one) for one in found.deltas],
        "memory": [
            {
                "function": one.function,
                "memory": list(one.memory),
                "sizes": [{"memory": size, **_change(delta)} for size, delta in one.sizes.items()],
            }
            for one in found.memory
        ],
        "assumptions": list(found.workload.assumptions),
        "not_priced": list(found.not_priced),
        "unreachable": unreachable_data(unreachable),
    }


def cost_markdown(found: Estimate) -> str:
    """The same tables as on the screen."""
    parts = [rows.head(found), *rows.labels(found)]
    bill = [("&nbsp;&nbsp;" * row.level + markdown_cell(row.cells[0]), *row.cells[1:]) for row in rows.bill(found)]
    parts.append(_table(rows.HEADS, bill))
    if found.priced.free:
        parts.append(_table(rows.FREE, rows.free(found)))
    parts.append(f"**{rows.totals(found)}**")
    parts.append("\n".join(f"- {line}" for line in rows.pings(found)))
    if found.deltas:
        parts.append(_table(rows.CHANGES, rows.changes(found)))
    if found.memory:
        parts.append(_table(rows.memory_heads(), rows.memory(found)))
    for title, lines in rows.notes(found):
        if lines:
            parts.append("\n".join([f"{title}:", "", *(f"- {markdown_cell(line)}" for line in lines)]))
    return "\n\n".join(parts)


def _table(heads: tuple[str, ...], cells: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|---" + "|---:" * (len(heads) - 1) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in cells)])


def _line(line: Line) -> dict[str, Any]:
    usage = line.usage
    return {
        "region": usage.region,
        "service": usage.service,
        "item": usage.item,
        "of": usage.of,
        "quantity": _quantity(usage.quantity),
        "unit": usage.unit,
        "cost": _usd(line.cost),
        "price": usage.key,
        "priced_as": line.priced_as,
        "confirmed": line.confirmed,
        "counted": line.confirmed and line.cost is not None,
        "source": line.source or None,
        "date": line.date or None,
    }


def _pings(one: Pings) -> dict[str, Any]:
    return {
        "invocations": _quantity(one.invocations),
        "seconds": _quantity(one.seconds),
        "gb_seconds": _quantity(one.gb_seconds),
        "cost": _usd(one.cost),
        "free_gb_seconds": one.free_seconds,
        "free_gb_seconds_left": _quantity(one.left),
    }


def _delta(one: Delta) -> dict[str, Any]:
    return {
        "name": one.name,
        "change": one.change,
        **_change(one),
        "not_priced": list(one.not_priced),
        "note": one.note,
    }


def _change(one: Delta) -> dict[str, Any]:
    return {"cost": _usd(one.cost), "cost_with_free": _usd(one.cost_with_free)}


def _usd(amount: float | None) -> float | None:
    return None if amount is None else round(amount, 6)


def _quantity(amount: float) -> float:
    return round(amount, 3)
