"""A plan, and what became of it, for programs and for pull requests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from backendctl.engine.diff import FieldChange
from backendctl.engine.plan import Plan
from backendctl.openapi.diff import Difference
from backendctl.visible import visible

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
            {
                **change.data(),
                "status": (statuses or {}).get(change.address, PENDING),
                "details": [
                    {"title": section.title, "differences": differences_data(section.differences)}
                    for section in change.details
                ],
            }
            for change in plan.changes
        ],
        "summary": plan.summary(),
        "refusals": list(plan.refusals),
        "breaking": list(plan.breaking),
        "remarks": list(plan.remarks),
    }
    if plan.notes:
        document["notes"] = [{"address": address, "note": note} for address, note in plan.notes]
    return document


def differences_data(found: Sequence[Difference]) -> list[dict[str, Any]]:
    """Differences of two definitions: the same keys for ever."""
    return [
        {
            "path": change.path,
            "method": change.method,
            "aspect": change.aspect,
            "where": change.where,
            "pointer": change.pointer,
            "action": str(change.action),
            "before": change.before,
            "after": change.after,
            "breaking": change.breaking,
        }
        for change in found
    ]


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
        fields = "<br>".join(_field(item) for item in change.fields)
        status = (statuses or {}).get(change.address, PENDING)
        name = markdown_cell(change.name)
        lines.append(f"| {change.region} | {change.action} | {change.kind}/{name} | {fields} | {status} |")
    lines += [f"- refused: {markdown_cell(line)}" for line in plan.refusals]
    lines += [f"- **breaks callers**: {markdown_cell(line)}" for line in plan.breaking]
    lines += [f"- note: {markdown_cell(line)}" for line in plan.remarks]
    lines += [f"\n> {address} is {note}" for address, note in plan.notes]
    return "\n".join(lines)


def _field(item: FieldChange) -> str:
    before, after = _cell(item.told[0] or item.before), _cell(item.told[1] or item.after)
    return f"{markdown_cell(item.field)}: {before} → {after}"


def _cell(value: Any) -> str:
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return markdown_cell(text) or "∅"


def markdown_cell(text: str) -> str:
    """Text that stays within one cell of a table, and is not taken for HTML; control characters are shown."""
    return visible(text).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|").replace("\n", " ")
