"""A plan, and what became of it, for programs and for pull requests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from backendctl.engine.plan import Plan

PENDING = "pending"


def plan_document(plan: Plan, statuses: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The JSON document of `plan` and `deploy`: the same keys for ever; `notes` only where there are any.

    Args:
        statuses: address → "done", "failed" or "skipped"; None when nothing was applied.
    """
    document: dict[str, Any] = {
        "backend": plan.backend,
        "digest": plan.digest,
        "changes": [
            {**change.data(), "status": (statuses or {}).get(change.address, PENDING)} for change in plan.changes
        ],
        "summary": plan.summary(),
    }
    if plan.notes:
        document["notes"] = [{"address": address, "note": note} for address, note in plan.notes]
    return document


def plan_markdown(plan: Plan, statuses: Mapping[str, str] | None = None) -> str:
    """The plan as a table for a pull request."""
    counts = plan.summary()
    lines = [
        f"### {plan.backend}: plan `{plan.digest}`",
        "",
        ", ".join(f"{count} {word}" for word, count in counts.items()),
    ]
    if plan.changes:
        lines += ["", "| region | action | resource | fields | status |", "|---|---|---|---|---|"]
    for change in plan.changes:
        fields = "<br>".join(f"{markdown_cell(f.field)}: {_cell(f.before)} → {_cell(f.after)}" for f in change.fields)
        status = (statuses or {}).get(change.address, PENDING)
        name = markdown_cell(change.name)
        lines.append(f"| {change.region} | {change.action} | {change.kind}/{name} | {fields} | {status} |")
    lines += [f"\n> {address} is {note}" for address, note in plan.notes]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return markdown_cell(text) or "∅"


def markdown_cell(text: str) -> str:
    """Text that stays within one cell of a table, and is not taken for HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|").replace("\n", " ")
