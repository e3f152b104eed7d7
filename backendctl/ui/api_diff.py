"""The difference of two API definitions: for a terminal, for a pull request, for a program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.text import Text

from backendctl.openapi.diff import Action, Difference, Section
from backendctl.openapi.uris import short_uri
from backendctl.ui.long_values import LONGEST, is_long, lines_of, one_line
from backendctl.ui.plan_data import differences_data, markdown_cell

_SIGNS = {Action.ADDED: "+", Action.CHANGED: "~", Action.REMOVED: "-"}
_STYLES = {Action.ADDED: "create", Action.CHANGED: "update", Action.REMOVED: "delete"}
ALONE = 200
"""Characters of a value that stands beside no other."""

_DIFF = {"+": "create", "-": "delete"}
_WHOLES = frozenset({"path", "method"})
"""Aspects whose values are too large to show and need not be."""

_WHOLE_API = "the whole API"


def diff_text(found: Sequence[Difference], console: Console, *, verbose: bool = False) -> None:
    """Changes grouped by path, breaking ones in red with their reason, and the count."""
    if not found:
        console.print(Text("No difference", style="ok"))
        return
    for path, changes in _by_path(found):
        console.print(Text(path, style="name"))
        for change in changes:
            for line in _lines(change, verbose=verbose):
                console.print(line, soft_wrap=True)
        console.print()
    console.print(_tally(found))


def show_section(section: Section, console: Console, *, verbose: bool = False) -> None:
    """Differences under their title, indented as part of a plan."""
    console.print(Text(f"      {section.title}:", style="quiet"))
    for path, changes in _by_path(section.differences):
        for change in changes:
            first, *rest = _lines(change, verbose=verbose)
            where = Text("" if path == _WHOLE_API else f"  {path}", style="name")
            console.print(Text("    ").append_text(first).append_text(where), soft_wrap=True)
            for line in rest:
                console.print(Text("    ").append_text(line), soft_wrap=True)


def diff_markdown(found: Sequence[Difference], *, title: str = "API") -> str:
    """The same for a pull request: what breaks first, then a table by path."""
    lines = [f"### {title}: {_count(found)}", ""]
    broken = [change for change in found if change.breaking]
    if broken:
        lines += [f"> **{len(broken)} breaking**", ">"]
        lines += [f"> - {_code(_route(change))}: {markdown_cell(change.breaking or '')}" for change in broken]
        lines.append("")
    if found:
        lines += ["| | path | method | aspect | where | before | after |", "|---|---|---|---|---|---|---|"]
    for change in found:
        sign = f"**{_SIGNS[change.action]} breaking**" if change.breaking else _SIGNS[change.action]
        cells = [
            sign,
            _code(change.path or ""),
            change.method or "",
            change.aspect,
            _code(change.where),
            *(_code(value) for value in _cells(change)),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines).rstrip()


def diff_data(found: Sequence[Difference]) -> dict[str, Any]:
    """The JSON document: the same keys for ever."""
    return {
        "differences": differences_data(found),
        "summary": {
            **{str(action): sum(change.action is action for change in found) for action in Action},
            "breaking": sum(change.breaking is not None for change in found),
        },
    }


def _by_path(found: Sequence[Difference]) -> Iterator[tuple[str, list[Difference]]]:
    for path, changes in groupby(found, key=lambda change: change.path):
        yield path or _WHOLE_API, list(changes)


def _lines(change: Difference, *, verbose: bool = False) -> Iterator[Text]:
    style = "bad" if change.breaking else _STYLES[change.action]
    line = Text(f"  {_SIGNS[change.action]} ", style=style).append(f"{change.method or '':<7} ", style="name")
    word = "removed" if change.action is Action.REMOVED else "added"
    line.append(f"{change.aspect} {word + ' ' if change.aspect in _WHOLES else ''}", style=style)
    if change.where:
        line.append(f"{change.where} ", style="default")
    if _apart(change):
        yield line
        for told in lines_of(change.before, change.after, verbose=verbose):
            yield Text("            ").append(told, style=_DIFF.get(told[:1], "quiet"))
        if change.breaking:
            yield Text(f"            breaking: {change.breaking}", style="bad")
        return
    before, after = (_value(change, value) for value in (change.before, change.after))
    if before:
        line.append(before, style="quiet")
    if before and after:
        line.append(" → ", style="default")
    if after:
        line.append(after, style="default")
    yield line
    if change.breaking:
        yield Text(f"            breaking: {change.breaking}", style="bad")


def _cells(change: Difference) -> tuple[str, str]:
    """Before and after; of long values only the lines that differ."""
    if not _apart(change):
        return _value(change, change.before), _value(change, change.after)
    lines = lines_of(change.before, change.after)
    old, new = ([line[2:].strip() for line in lines if line.startswith(sign)] for sign in "-+")
    return "; ".join(old), "; ".join(new)


def _apart(change: Difference) -> bool:
    """Whether the two values have to be shown by where they differ."""
    if change.aspect in _WHOLES or change.before is None or change.after is None or _is_uri(change):
        return False
    return is_long(change.before, change.after)


def _is_uri(change: Difference) -> bool:
    """Whether a short form of the URI tells the two apart."""
    uri = change.pointer.endswith(("/uri", "/authorizerUri"))
    return uri and short_uri(change.before) != short_uri(change.after)


def _value(change: Difference, value: Any) -> str:
    if value is None or change.aspect in _WHOLES:
        return ""
    one_sided = change.before is None or change.after is None
    if change.pointer.endswith(("/uri", "/authorizerUri")) and (one_sided or _is_uri(change)):
        return short_uri(value)
    text = one_line(value)
    if one_sided and len(text) <= ALONE:
        return text
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _tally(found: Sequence[Difference]) -> Text:
    counts = diff_data(found)["summary"]
    parts = [Text(f"{counts[str(a)]} {a}", style=_STYLES[a]) for a in Action if counts[str(a)]]
    told = Text(", ").join(parts)
    if counts["breaking"]:
        told.append("; ").append(f"{counts['breaking']} breaking", style="bad")
    return told


def _count(found: Sequence[Difference]) -> str:
    return _tally(found).plain if found else "no difference"


def _route(change: Difference) -> str:
    return " ".join(part for part in (change.method, change.path) if part) or change.aspect


def _code(text: str) -> str:
    """Text within backquotes, which stays within its cell."""
    clean = text.replace("`", "'").replace("|", "\\|").replace("\n", " ")
    return f"`{clean}`" if clean else ""
