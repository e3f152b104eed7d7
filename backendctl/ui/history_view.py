"""The history of releases as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backendctl.release.history import History, Release
from backendctl.resources.ledger import LIVE
from backendctl.ui.plan_data import markdown_cell

_HEADS = ("when (UTC)", "stage", "what", "commit", "by", "definition", "changed", "regions")
_STYLES = {"abort": "bad", "rollback": "update", "canary": "region", "shift": "region"}


def show_history(found: History, console: Console) -> None:
    """One row per release, the newest first; what is live now stands out."""
    if not found.releases:
        console.print(Text("No release has been remembered yet: the next deploy begins the history.", style="quiet"))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="region")
    for head in _HEADS:
        table.add_column(head, no_wrap=head != "changed")
    for release, cells in _rows(found):
        style = "name" if release.live else "default"
        table.add_row(*[Text(cell, style=_style(index, release, style)) for index, cell in enumerate(cells)])
    console.print(table)


def history_markdown(found: History) -> str:
    """The same as a Markdown table."""
    lines = ["| " + " | ".join(_HEADS) + " |", "|---" * len(_HEADS) + "|"]
    lines += ["| " + " | ".join(markdown_cell(cell) for cell in cells) + " |" for _, cells in _rows(found)]
    return "\n".join(lines)


def _rows(found: History) -> list[tuple[Release, list[str]]]:
    return [
        (
            release,
            [
                release.time.replace("T", " ").removesuffix("Z"),
                release.stage,
                release.how + (f" {release.percent:g} %" if release.percent is not None else ""),
                release.commit or "-",
                release.by or "-",
                release.definition or "-",
                _changed(release, _earlier(found.releases, place)),
                _regions(release, found.regions),
            ],
        )
        for place, release in enumerate(found.releases)
    ]


def _earlier(releases: Sequence[Release], place: int) -> Mapping[str, Mapping[str, str]]:
    """What the same stage served in each region before; the newest come first."""
    stage = releases[place].stage
    before: dict[str, Mapping[str, str]] = {}
    for release in releases[place + 1 :]:
        if release.stage == stage and release.how in LIVE:
            for region, versions in release.versions.items():
                before.setdefault(region, versions)
    return before


def _changed(release: Release, before: Mapping[str, Mapping[str, str]]) -> str:
    """The functions whose version is another one than before, by the first region that remembers."""
    for region, versions in release.versions.items():
        earlier = before.get(region, {})
        moved = [
            f"{name.partition(':')[0]} {earlier[name] + '→' if name in earlier else ''}{number}"
            for name, number in versions.items()
            if earlier.get(name) != number
        ]
        return ", ".join(moved) or "-"
    return "-"


def _regions(release: Release, regions: Sequence[str]) -> str:
    known = [region for region in regions if region in release.versions]
    told = "all" if len(known) == len(regions) else ", ".join(known)
    if not release.live:
        return told
    return "● live" if len(release.live) == len(regions) else f"{told}; live in {', '.join(release.live)}"


def _style(index: int, release: Release, style: str) -> str:
    if _HEADS[index] == "what":
        return _STYLES.get(release.how, style)
    return "ok" if _HEADS[index] == "regions" and release.live else style
