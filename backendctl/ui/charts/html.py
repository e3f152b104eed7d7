"""One page that needs nothing else: the chart, its tooltips, and the same in a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from backendctl.ui.charts.drawing import Drawn
from backendctl.ui.charts.palette import Role
from backendctl.ui.charts.scales import told_ms
from backendctl.ui.charts.svg import svg_of
from backendctl.ui.charts.told import figures_of
from backendctl.warmth.memory_chart import MemoryChart, Spread
from backendctl.warmth.timeline import Timeline

_STYLE = f"""
:root {{ color-scheme: light dark; --surface: {Role.SURFACE.light}; --text: {Role.TEXT.light};
  --muted: {Role.MUTED.light}; --line: {Role.GRID.light}; }}
@media (prefers-color-scheme: dark) {{ :root {{ --surface: {Role.SURFACE.dark}; --text: {Role.TEXT.dark};
  --muted: {Role.MUTED.dark}; --line: {Role.GRID.dark}; }} }}
body {{ margin: 0; padding: 1rem; background: var(--surface); color: var(--text);
  font: 14px/1.45 system-ui, sans-serif; }}
figure {{ margin: 0 auto; max-width: 1500px; }}
figure svg {{ display: block; width: 100%; height: auto; }}
figcaption, details {{ max-width: 1500px; margin: .75rem auto; color: var(--muted); }}
summary {{ cursor: pointer; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; margin-top: .5rem; color: var(--text); font-variant-numeric: tabular-nums; }}
th, td {{ padding: .25rem .75rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }}
th {{ font-weight: 600; }}
th:first-child, td:first-child {{ text-align: left; padding-left: 0; }}
#tip {{ position: fixed; pointer-events: none; padding: .3rem .55rem; border-radius: 4px; background: var(--text);
  color: var(--surface); font-size: 13px; white-space: nowrap; }}
"""
_SCRIPT = """
(() => {
  const svg = document.querySelector("figure svg"), tip = document.getElementById("tip"), near = 9;
  const marks = [], lines = [];
  for (const title of svg.querySelectorAll("title")) {
    const mark = title.parentNode, told = title.textContent;
    if (mark.localName === "use") {
      marks.push({x: +mark.getAttribute("x"), y: +mark.getAttribute("y"), told});
    } else {
      lines.push({box: mark.getBBox(), told});
    }
    mark.setAttribute("aria-label", told);
    title.remove();
  }
  const nearest = (at) => {
    let found = null, least = near * near;
    for (const mark of marks) {
      const far = (mark.x - at.x) ** 2 + (mark.y - at.y) ** 2;
      if (far <= least) { least = far; found = mark; }
    }
    return found || lines.find(({box}) => Math.abs(box.x - at.x) < 3 && at.y >= box.y && at.y <= box.y + box.height);
  };
  svg.addEventListener("pointermove", (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const found = nearest(at);
    tip.hidden = !found;
    if (!found) return;
    tip.textContent = found.told;
    const beside = event.clientX + 14, width = tip.offsetWidth;
    tip.style.left = Math.max(4, Math.min(beside, window.innerWidth - width - 4)) + "px";
    tip.style.top = (event.clientY > 60 ? event.clientY - tip.offsetHeight - 10 : event.clientY + 18) + "px";
  });
  svg.addEventListener("pointerleave", () => { tip.hidden = true; });
})();
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """The chart in figures. heads: of the columns; the first column is text, the others are figures."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def page(drawn: Drawn, table: Table) -> str:
    """The whole document."""
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in table.heads)
    rows = "\n".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table.rows)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(drawn.name)}</title>
<style>{_STYLE}</style>
</head>
<body>
<figure>
{svg_of(drawn, inline=True)}
<figcaption>{escape(drawn.text)}</figcaption>
</figure>
<details>
<summary>The same in figures</summary>
<div class="wide"><table>
<thead><tr>{heads}</tr></thead>
<tbody>
{rows}
</tbody>
</table></div>
</details>
<div id="tip" role="status" hidden></div>
<script>{_SCRIPT}</script>
</body>
</html>
"""


def timeline_table(timelines: Sequence[Timeline]) -> Table:
    """A row for each function and region."""
    heads = (
        *("function", "region", "alias", "invocations", "not users'", "cold starts", "not users'", "errors"),
        *("warm p50", "warm p95", "cold p50", "cold longest"),
    )
    rows = []
    for one in timelines:
        found = figures_of(one)
        counts = (found.invocations, found.pings, found.cold, found.cold_pings, found.errors)
        durations = (*(found.warm_ms or (None, None)), *(found.cold_ms or (None, None)))
        told = ("-" if value is None else told_ms(value) for value in durations)
        rows.append((one.function, one.region, one.alias, *(f"{count:,}" for count in counts), *told))
    return Table(heads=heads, rows=tuple(rows))


def memory_table(chart: MemoryChart) -> Table:
    """A row for each size."""
    rows = [
        (f"{one.memory_mb} MB", f"${one.cost_per_million:,.2f}", *_told(one.warm), *_told(one.cold))
        for one in sorted(chart.points, key=lambda one: one.memory_mb)
    ]
    heads = ("memory", "cost per million", "warm", "warm spread", "cold", "cold spread")
    return Table(heads=heads, rows=tuple(rows))


def _told(spread: Spread | None) -> tuple[str, str]:
    if spread is None:
        return "-", "-"
    return told_ms(spread.middle), f"{told_ms(spread.low)} to {told_ms(spread.high)}"
