"""How long the work on definitions takes: `python -m tests.bench.api_definitions`. Prints figures, tests nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from backendctl.openapi.diff import differences
from backendctl.openapi.leftovers import leftovers
from backendctl.openapi.refusals import refusals
from tests.unit.openapi.everywhere import canonical, digest, localise, surviving
from tests.unit.openapi.samples import large

RUNS = 5


def main() -> None:
    """One line per step, for a definition as large as API Gateway takes."""
    document = large(300)
    changed = large(300)
    changed["paths"]["/things7"]["get"]["summary"] = "other"
    before, after = canonical(document), canonical(changed)
    region = {"region": "eu-west-1", "account": "999988887777", "partition": "aws", "name": "bench"}
    local = localise(document, **region, bindings=None)
    steps: dict[str, Callable[[], Any]] = {
        "canonical": lambda: canonical(document),
        "digest": lambda: digest(document),
        "surviving": lambda: surviving(document),
        "differences": lambda: differences(before, after),
        "canonical of both and differences": lambda: differences(canonical(document), canonical(changed)),
        "refusals": lambda: refusals(document),
        "localise": lambda: localise(document, **region, bindings=None),
        "leftovers": lambda: leftovers(local, regions=["us-east-1"], accounts=["111122223333"]),
    }
    out = sys.stdout.write
    out(f"299 resources, {sum(map(len, document['paths'].values()))} methods; the best of {RUNS} runs\n")
    for name, step in steps.items():
        out(f"{name:<36}{min(_timed(step) for _ in range(RUNS)) * 1000:8.0f} ms\n")


def _timed(step: Callable[[], Any]) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
