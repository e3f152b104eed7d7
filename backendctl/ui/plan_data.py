"""A plan, and what became of it, for programs and for pull requests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from backendctl.engine.diff import FieldChange
from backendctl.engine.plan import Plan
from backendctl.engine.safety import Allowed, Refusal, breaks, refusal_of
from backendctl.errors import unreachable_data
from backendctl.hints import runnable
from backendctl.openapi.diff import Difference
from backendctl.visible import visible

PENDING = "pending"


def unread(region: str) -> str:
    """The sentence about a region that did not answer, the same in every form."""
    return f"{region} did not answer, so nothing is planned there"


def plan_document(
    plan: Plan, statuses: Mapping[str, str] | None = None, *, refusal: Refusal | None = None
) -> dict[str, Any]:
    """The JSON document of `plan` and `deploy`: the same keys for ever; `notes` only where there are any.

    Args:
        statuses: address → "done", "failed" or "skipped"; None when nothing was applied.
        refusal: why it is refused; None to judge it with nothing allowed.
    """
    refusal = refusal_of(plan, Allowed()) if refusal is None else refusal
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
        "refusals": list(refusal.reasons),
        "refusal_hint": runnable(refusal.hint),
        "breaking": list(plan.breaking),
        "remarks": list(plan.remarks),
        "unreachable": unreachable_data(plan.unreachable),
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


def plan_markdown(plan: Plan, statuses: Mapping[str, str] | None = None, *, refusal: Refusal | None = None) -> str:
    """The plan as a table for a pull request; the arguments are those of `plan_document`."""
    refusal = refusal_of(plan, Allowed()) if refusal is None else refusal
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
    about = [f"- **{unread(region)}**: {markdown_cell(str(plan.unreachable[region]))}" for region in plan.left_out]
    about += [f"- **refused**: {markdown_cell(line)}" for line in refusal.reasons]
    about += [f"- to go ahead: {markdown_cell(runnable(refusal.hint))}"] if refusal.hint else []
    wanted = [told for told in map(breaks, plan.breaking) if told not in refusal.reasons]
    about += [f"- **{markdown_cell(line)}**" for line in wanted]
    about += [f"- note: {markdown_cell(line)}" for line in plan.remarks]
    lines += ["", *about] if about else []
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
