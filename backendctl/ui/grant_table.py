"""What was granted, and how full each policy is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from backendctl.sync.granting import LIMIT, Grant
from backendctl.ui.plan_data import plan_document, plan_markdown

_NEAR = 0.8


def show_sizes(sizes: Mapping[str, int], console: Console) -> None:
    """One line for each function and alias."""
    table = Table(box=None, pad_edge=False, header_style="quiet")
    for title in ("region", "function:alias", "policy"):
        table.add_column(title, justify="right" if title == "policy" else "left")
    for address, size in sizes.items():
        region, _, name = address.split("/", 2)
        full = size > LIMIT * _NEAR
        table.add_row(region, name, Text(f"{size:,} of {LIMIT:,} bytes", style="bad" if full else "default"))
    console.print(table)


def grant_document(grant: Grant, sizes: Mapping[str, int], statuses: Mapping[str, str] | None) -> dict[str, Any]:
    """The JSON document of `grant`: the same keys for ever."""
    policies = [
        {"address": address, "region": address.split("/", 2)[0], "name": address.split("/", 2)[2], "bytes": size}
        for address, size in sizes.items()
    ]
    return {**plan_document(grant.plan, statuses), "limit": LIMIT, "policies": policies}


def grant_markdown(grant: Grant, sizes: Mapping[str, int], statuses: Mapping[str, str] | None) -> str:
    """The same for a pull request."""
    lines = [plan_markdown(grant.plan, statuses), "", f"| policy | bytes of {LIMIT} |", "|---|---:|"]
    return "\n".join([*lines, *(f"| {address} | {size} |" for address, size in sizes.items())])
