"""The table of what matched, at the end of a run."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.conformance.recorded import SERVICES


def print_table(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the exchanges per service, matched, differing and not covered; nothing when none was replayed."""
    counts = {service: Counter[str]() for service in SERVICES}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()) if getattr(report, "when", "") == "call" else ():
                if name.startswith("conformance:"):
                    counts[name.partition(":")[2]].update(value)
    if not any(counts.values()):
        return
    terminalreporter.section("recorded exchanges with AWS, against the sandbox")
    terminalreporter.write_line(f"{'service':<12}{'matched':>9}{'differing':>11}{'not covered':>13}")
    counts["all"] = sum(counts.values(), Counter[str]())
    for service, found in counts.items():
        cells = f"{found['matched']:>9}{found['differing']:>11}{found['not covered']:>13}"
        terminalreporter.write_line(f"{service:<12}{cells}")
