"""The history of releases as a table that fits 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backendctl.release.history import History, Release
from backendctl.ui.plan_data import markdown_cell

_STYLES = {"rollback": "update", "canary": "region"}
_STAGES = 2
_AUTHOR = 14
_MINUTE = len("2026-11-28 14:00")


def show_history(found: History, console: Console, *, verbose: bool = False) -> None:
    """One row per release, the newest first; what is live now stands out.

    Args:
        verbose: also the definition, the operator, and which versions changed.
    """
    if not found.releases:
        console.print(Text("No release has been remembered yet: the next deploy begins the history.", style="quiet"))
        return
    heads = _heads(found, verbose=verbose)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="region")
    for head in heads:
        table.add_column(head, no_wrap=head != "changed")
    for place, release in enumerate(found.releases):
        cells = _cells(found, place, heads)
        table.add_row(*[Text(cell, style=_style(head, release)) for head, cell in zip(heads, cells, strict=True)])
    console.print(table)
    for line in _remarks(found):
        console.print(Text("note: ", style="update").append(line, style="default"), soft_wrap=True)


def history_markdown(found: History) -> str:
    """The same as a Markdown table."""
    heads = _heads(found, verbose=True)
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    rows = [_cells(found, place, heads) for place in range(len(found.releases))]
    lines += ["| " + " | ".join(markdown_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join([*lines, *(f"- {markdown_cell(line)}" for line in _remarks(found))])


def _heads(found: History, *, verbose: bool) -> list[str]:
    several = len({release.stages for release in found.releases}) > 1
    heads = ["release", "when (UTC)", *(["stage"] if several or verbose else []), "what", "commit", "author", "live"]
    return [*heads, "definition", "operator", "changed"] if verbose else heads


def _cells(found: History, place: int, heads: Sequence[str]) -> list[str]:
    release = found.releases[place]
    author = release.author if len(release.author) <= _AUTHOR else release.author[: _AUTHOR - 1] + "…"
    more = len(release.stages) - _STAGES
    told = {
        "release": f"v{release.number}",
        "when (UTC)": release.time.replace("T", " ").removesuffix("Z")[:_MINUTE],
        "stage": ", ".join(release.stages[:_STAGES]) + (f" +{more}" if more > 0 else ""),
        "what": release.what + (" (unfinished)" if release.unfinished else ""),
        "commit": release.commit or "-",
        "author": (release.author if "operator" in heads else author) or "-",
        "live": _live(release, found.regions),
        "definition": release.definition or "-",
        "operator": release.operator or "-",
        "changed": _changed(found, place),
    }
    return [told[head] for head in heads]


def _live(release: Release, regions: Sequence[str]) -> str:
    if not release.live:
        return ""
    return "● everywhere" if set(release.live) >= set(regions) else "● " + ", ".join(release.live)


def _changed(found: History, place: int) -> str:
    """The functions whose version is another one than in the release before, by the first region that remembers."""
    release = found.releases[place]
    earlier = next((one for one in found.releases[place + 1 :] if one.number == release.before), None)
    for region, versions in release.versions.items():
        before = earlier.versions.get(region, {}) if earlier is not None else {}
        moved = [
            f"{name.partition(':')[0]} {before[name] + '→' if name in before else ''}{number}"
            for name, number in versions.items()
            if before.get(name) != number
        ]
        return ", ".join(moved) or "-"
    return "-"


def _remarks(found: History) -> Iterator[str]:
    for address in found.strange:
        yield f"{address} serves what is none of these releases: it was changed by hand, or before releases had numbers"
    for region in found.damaged:
        yield f"{region} has entries in its release log that cannot be read; they are passed over"


def _style(head: str, release: Release) -> str:
    if head == "what":
        return _STYLES.get(release.event, "name" if release.live else "default")
    if head == "live":
        return "ok"
    return "name" if release.live else "default"
