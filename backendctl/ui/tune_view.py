"""`tune` on a terminal: what will be measured, how far it is, and what came of it."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich import box
from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from backendctl.ui.moving import begin, end
from backendctl.ui.tune_data import Tuning, against_now, cells, named, said, written
from backendctl.warmth.tune.looking import Target
from backendctl.warmth.tune.run import Tuned

_HEADS = ("MB", "warm ms", "p95", "billed", "$/million", "cold ms", "init", "best by")
_A_CENT = 0.01


class TuneProgress:
    """What happens in each region: one moving line on a terminal, a line per step elsewhere."""

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self._console = console
        self._quiet = quiet
        self._now: dict[str, str] = {}
        self._status: Status | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal and not self._quiet:
            self._status = self._console.status("tune …")
            begin(self._status)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            end(self._status)

    def tell(self, region: str, message: str) -> None:
        """Take in one message."""
        step = message.partition(",")[0]
        is_new = self._now.get(region, "").partition(",")[0] != step
        self._now[region] = message
        if self._status is not None:
            self._status.update(Text("; ".join(f"{where}: {what}" for where, what in list(self._now.items()))))
        elif is_new and not self._quiet and not message.startswith("waiting"):
            self._console.print(Text(f"  … {region}: {step}", style="quiet"), soft_wrap=True)


def show_intention(tuning: Tuning, console: Console, *, dearest: float) -> None:
    """What will be done, before the user is asked. dearest: US dollars at most."""
    request = tuning.request
    sizes = ", ".join(map(str, request.sizes))
    for target in tuning.targets.values():
        text = Text(f"{target.physical} in ", style="default").append(target.region, style="region")
        console.print(text.append(f": {target.memory} MB now, {target.architecture}; to be measured: {sizes} MB"))
        for line in (*_leftovers(target), *target.notes):
            console.print(Text(f"  ! {line}", style="update"), soft_wrap=True)
    cold = max((target.at_once for target in tuning.targets.values()), default=0)
    console.print(
        f"{len(request.sizes)} temporary versions, each called up to {min(cold, request.runs)} times at once, then "
        f"{request.runs} times in turn, with {request.payload.source} as payload; $LATEST changes while they are "
        "published, and is put back.",
        soft_wrap=True,
    )
    if dearest > _A_CENT:
        console.print(f"This costs at most ${dearest:.2f}: if every call took the function's whole timeout.")


def show_tuning(tuning: Tuning, console: Console) -> None:
    """The result."""
    for tuned in tuning.done.values():
        console.print(_table(tuned))
        for memory, why in tuned.failures.items():
            console.print(Text(f"  {memory} MB does not work: {why}", style="bad"), soft_wrap=True)
        told = Table.grid(padding=(0, 2))
        for goal, advice in tuned.advice.items():
            told.add_row(Text(f"  {named(goal)}", style="name"), Text(said(advice, tuned)))
            if change := against_now(advice, tuned):
                told.add_row("", Text(change, style="quiet"))
        console.print(told)
        for note in tuned.notes:
            console.print(Text(f"  ! {note}", style="update"), soft_wrap=True)
    for one in tuning.written.items():
        console.print(Text(written(*one), style="ok"), soft_wrap=True)


def _leftovers(target: Target) -> list[str]:
    lines = []
    if target.leftover is not None:
        lines.append(
            f"a tuning of {target.leftover.time} was interrupted (or still runs elsewhere): $LATEST is first put back "
            f"to {target.leftover.memory} MB"
        )
    if target.old_versions:
        lines.append(f"versions of an earlier tuning are deleted first: {', '.join(target.old_versions)}")
    return lines


def _table(tuned: Tuned) -> Table:
    title = Text(f"{tuned.target.name} in ").append(tuned.target.region, style="region")
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),  # 80 columns hold the longest row
        header_style="region",
        title=title,
        title_justify="left",
    )
    for head in _HEADS:
        table.add_column(head, justify="left" if head == "best by" else "right", no_wrap=True)
    for size in tuned.sizes:
        row = cells(size, tuned)
        table.add_row(*row, style="name" if row[-1].replace("now", "") else None)
    return table
