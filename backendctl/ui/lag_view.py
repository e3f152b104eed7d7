"""How far each region lags behind another."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backendctl.tables.markers import Reader
from backendctl.tables.replication import Lag, Lags

_SECOND = 1000.0


def show_lags(lags: Lags, console: Console, *, minutes: int) -> None:
    """A row for each pair, then what could not be told."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="region")
    for name in ("table", "from", "to"):
        table.add_column(name, no_wrap=True)
    samples = "minutes with writes" if lags.how == "metrics" else "markers"
    for name in ("median", "worst", samples):
        table.add_column(name, justify="right", no_wrap=True)
    for pair, lag in lags.pairs.items():
        told = f"{lag.samples}" + (f", {lag.lost} lost" if lag.lost else "")
        table.add_row(Text(pair.table, style="name"), pair.source, pair.target, *_times(lag), told)
    console.print(table)
    for region, error in lags.unreachable.items():
        console.print(Text(f"{region} did not answer: {error}", style="bad"), soft_wrap=True)
    if lags.how == "metrics" and not lags.known:
        console.print(f"Nothing was written in the last {minutes} minutes, or CloudWatch does not tell yet.")


def show_readers(readers: Sequence[Reader], table: str, console: Console) -> None:
    """Who gets to see the markers."""
    if not readers:
        console.print(
            f"No function and no Kinesis stream reads the stream of {table}; other readers AWS does not tell."
        )
        return
    console.print(f"These read the stream of {table} and will see the markers:")
    for reader in readers:
        console.print(f"  {reader.region}: {reader.what}", soft_wrap=True)
    console.print("Other readers of the stream AWS does not tell.")


def lags_markdown(lags: Lags) -> str:
    """A row for each pair."""
    lines = ["| table | from | to | median | worst | samples | lost |", "|---|---|---|---|---|---|---|"]
    for pair, lag in lags.pairs.items():
        median, worst = _times(lag)
        lines.append(
            f"| {pair.table} | {pair.source} | {pair.target} | {median} | {worst} | {lag.samples} | {lag.lost} |"
        )
    return "\n".join(lines)


def _times(lag: Lag) -> tuple[str, str]:
    return _time(lag.median), _time(lag.worst)


def _time(milliseconds: float | None) -> str:
    if milliseconds is None:
        return "-"
    return f"{milliseconds / _SECOND:.2f} s" if milliseconds >= _SECOND else f"{milliseconds:.0f} ms"
