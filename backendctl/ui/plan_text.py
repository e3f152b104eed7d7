"""A plan that one can read at a glance."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.text import Text

from backendctl.engine.action import Action
from backendctl.engine.diff import FieldChange
from backendctl.engine.plan import Change, Plan
from backendctl.engine.safety import Refusal, breaks
from backendctl.hints import runnable
from backendctl.ui.api_diff import show_section
from backendctl.ui.create_text import created
from backendctl.ui.plan_data import unread

_SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.DELETE: "-"}
_LONGEST = 60
_SHA256 = re.compile(r"[A-Za-z0-9+/]{43}=")
_SHORT_SHA = 10


def show_plan(
    plan: Plan, console: Console, *, verbose: bool = False, refusal: Refusal | None = None, unreachable: bool = True
) -> None:
    """Changes by region, equal regions folded into one block, then the count and the digest.

    Args:
        verbose: also show every field of what is created, and all of what is long.
        refusal: why it would be refused; None when whoever refuses says so itself.
        unreachable: whether to name the regions that did not answer.
    """
    _show_changes(plan, console, verbose=verbose)
    for note in plan.remarks:
        console.print(Text("note: ", style="quiet").append(runnable(note), style="default"), soft_wrap=True)
    for region in plan.left_out if unreachable else ():
        console.print(Text(unread(region), style="bad"), soft_wrap=True)
    reasons = refusal.reasons if refusal is not None else ()
    for told in (breaks(line) for line in plan.breaking):
        if refusal is not None and told not in reasons:
            console.print(Text(told, style="bad"), soft_wrap=True)
    for line in reasons:
        console.print(Text(f"would be refused: {runnable(line)}", style="bad"), soft_wrap=True)
    if refusal is not None and refusal.hint:
        console.print(Text(f"to go ahead: {runnable(refusal.hint)}", style="bad"), soft_wrap=True)


def _show_changes(plan: Plan, console: Console, *, verbose: bool) -> None:
    if not plan.changes and plan.unreachable and not plan.regions:
        console.print(Text("No region could be read, so nothing is known.", style="bad"))
        return
    if not plan.changes:
        console.print(Text("Nothing to do", style="ok").append(f": {_peace(plan)}", style="default"))
        _show_notes(plan, console)
        return
    for regions, changes in _blocks(plan):
        console.print(Text(" and ".join(regions), style="region"))
        for alike in _alike(changes, verbose=verbose):
            for line in _lines(alike[0], names=[change.name for change in alike], verbose=verbose):
                console.print(line, soft_wrap=True)
            for section in alike[0].details:
                show_section(section, console, verbose=verbose)
        console.print()
    console.print(tally(plan))
    _show_notes(plan, console)


def _show_notes(plan: Plan, console: Console) -> None:
    for address, note in plan.notes:
        console.print(Text("note: ", style="update").append(f"{address} is {note}", style="default"), soft_wrap=True)


def _peace(plan: Plan) -> str:
    where = ", ".join(plan.regions)
    if not plan.unchanged:
        return f"nothing of {plan.backend} is in {where}."
    return f"{plan.backend} is as specified in {where} ({len(plan.unchanged)} resources)."


def tally(plan: Plan) -> Text:
    """How many of each, and the plan's digest."""
    counts = plan.summary()
    parts: list[Text] = [
        Text(f"{counts[str(action)]} to {action}", style=str(action)) for action in Action if counts[str(action)]
    ]
    parts.append(Text(f"{counts['unchanged']} unchanged", style="quiet"))
    return Text("Plan ").append(plan.digest, style="name").append(": ").append(Text(", ").join(parts))


def _blocks(plan: Plan) -> Iterator[tuple[list[str], list[Change]]]:
    """Regions in which the same happens are shown once: that they are the same is the news."""
    by_region = [(region, list(found)) for region, found in groupby(plan.changes, key=lambda change: change.region)]
    folded: list[tuple[list[str], list[Change], str]] = []
    for region, changes in by_region:
        shape = _shape(changes, region)
        for regions, _, known in folded:
            if known == shape:
                regions.append(region)
                break
        else:
            folded.append(([region], changes, shape))
    for regions, changes, _ in folded:
        yield regions, changes


def _alike(changes: Sequence[Change], *, verbose: bool) -> Iterator[list[Change]]:
    """Aliases and permissions of one function that come or go together share a line."""

    def family(change: Change) -> tuple[str, str, str]:
        function, colon, _ = change.name.partition(":")
        together = bool(colon) and change.action is not Action.UPDATE and not change.foreign and not verbose
        return change.kind, str(change.action), function if together else change.name

    for _, found in groupby(changes, key=family):
        yield list(found)


def _shape(changes: Sequence[Change], region: str) -> str:
    data = [
        {**change.data(), "fields": [_comparable(f) for f in change.fields], "address": "", "region": ""}
        for change in changes
    ]
    document = json.dumps([data, [repr(change.details) for change in changes]], sort_keys=True)
    return document.replace(region, "{region}")


def _comparable(change: FieldChange) -> Any:
    """What a region has for itself alone is no reason to show it apart."""
    told = change.field == "localised"
    return {"field": change.field, "before": "" if told else change.before, "after": "" if told else change.after}


def _lines(change: Change, *, names: Sequence[str], verbose: bool) -> Iterator[Text]:
    sign = Text(f"  {_SIGNS[change.action]} ", style=str(change.action))
    head = sign.append(f"{change.kind:<12} ", style=str(change.action)).append(_joined(names), style="name")
    if change.foreign:
        head.append("  exists, not ours", style="bad")
    if change.action is Action.CREATE and not verbose:
        yield from created(head, change.fields, lambda item: item.told[1] or _value(item.after))
        return
    fields = _told(change.fields)
    if change.action is Action.UPDATE and len(fields) == 1:
        yield head.append("  ").append(_arrow(fields[0]))
        return
    yield head
    if change.action is not Action.DELETE:
        for item in fields:
            yield Text("                   ").append(_arrow(item))


def _told(fields: Sequence[FieldChange]) -> list[FieldChange]:
    """Without the digest of what one region gets, where that of the definition says that it changes."""
    names = {item.field for item in fields}
    return [item for item in fields if item.field != "localised" or "definition" not in names]


def _joined(names: Sequence[str]) -> str:
    first, *rest = names
    return ", ".join([first, *(name.partition(":")[2] for name in rest)])


def _arrow(change: FieldChange) -> Text:
    line = Text(f"{change.field} ")
    if change.before is not None:
        line.append(change.told[0] or _value(change.before), style="quiet").append(" → ")
    return line.append("removed" if change.after is None else change.told[1] or _value(change.after))


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    if _SHA256.fullmatch(text):
        return text[:_SHORT_SHA]
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
