"""Exchanges that we state as facts of AWS, as cases like the recorded ones; `stated/README.md` says how they look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.conformance.recorded import Case, Step
from tests.quick import read_yaml

FOLDER = Path(__file__).parent / "stated"


def stated_cases() -> list[tuple[Case, tuple[str, ...]]]:
    """Each case with the numbers of its facts."""
    return [
        (_case(path.stem, name, told["calls"]), tuple(told["facts"]))
        for path in sorted(FOLDER.glob("*.yaml"))
        for name, told in read_yaml(path).items()
    ]


def _case(service: str, name: str, calls: list[dict[str, Any]]) -> Case:
    steps = tuple(_step(number, call) for number, call in enumerate(calls))
    return Case(service=service, name=name, steps=steps, is_partial=True)


def _step(number: int, call: dict[str, Any]) -> Step:
    refused = call.get("refused")
    return Step(
        number=number,
        operation=call["call"],
        request=call["with"],
        answer=call.get("gives"),
        error=refused,
        status=(refused or {}).get("status"),
        note="",
        helper="",
    )
