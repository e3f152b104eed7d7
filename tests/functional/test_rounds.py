"""No command asks about one function after the other: however many there are, as many rounds of calls."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from backendctl.errors import Exit
from tests.bench import reference
from tests.bench.calls import run, sandbox
from tests.functional.sandboxed import CALLS

_FUNCTIONS = 6
_ROUNDS = 3
"""In which an operation may be asked: for what is there, for what that has led to, and just before it is told."""


@pytest.fixture(scope="module")
def deployed() -> Iterator[tuple[Path, int]]:
    """A folder with a spec of six functions in two regions, and the port of the sandbox that has it."""
    with pytest.MonkeyPatch.context() as patched, tempfile.TemporaryDirectory() as name:
        patched.delenv(CALLS, raising=False)  # other tests look at the rights of the calls that they make
        with sandbox(Path(name)) as port:
            reference.make(Path(name), regions=2, functions=_FUNCTIONS)
            run(Path(name), port, "deploy", "-y", str(Path(name) / "spec.yaml"))
            yield Path(name), port


@pytest.mark.parametrize(
    "line",
    [
        "sync-api --check",
        "promote-canary --dry-run",
        "warm-status",
        "history",
        "grant --dry-run",
        "doctor",
        pytest.param("status", marks=pytest.mark.full),
        pytest.param("plan", marks=pytest.mark.full),
        pytest.param("rollback --dry-run", marks=pytest.mark.full),
        pytest.param("prune --dry-run", marks=pytest.mark.full),
        pytest.param("sync-warmers --dry-run", marks=pytest.mark.full),
        pytest.param("publish --dry-run", marks=pytest.mark.full),
        pytest.param("destroy --dry-run", marks=pytest.mark.full),
        pytest.param("start-canary --dry-run --percent 10", marks=pytest.mark.full),
    ],
)
def test_no_operation_is_asked_for_one_function_after_the_other(deployed: tuple[Path, int], line: str) -> None:
    folder, port = deployed
    # What it finds does not matter here: whether there is a canary, a release to go back to, or any data.
    done = run(folder, port, *line.split(), str(folder / "spec.yaml"), delay="rounds", workers=96, ends=tuple(Exit))
    assert done.rounds
    asked = {(operation, number) for number, made in done.rounds.items() for operation in made}
    often = {one: [number for other, number in asked if other == one] for one, _ in asked}
    assert {one: sorted(rounds) for one, rounds in often.items() if len(rounds) > _ROUNDS} == {}
