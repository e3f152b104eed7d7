"""What the JSON document of every command says of a region that does not answer; and an old key in the spec, once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from backendctl.engine.resource import GLOBAL
from tests.chaos.faults import refusal
from tests.chaos.ground import BOTH, Ground, shown
from tests.chaos.hangs import OF_THAT_REGION, ONCE
from tests.chaos.verbs import COMMANDS, ready
from tests.functional.killing import Run
from tests.functional.proxy import Answer, Call
from tests.functional.sandboxed import EAST, WEST

OLD = "'hold' is deprecated: rename it to 'bake-time'"
_WITHOUT_SPEC = frozenset({"export-api"})
AGAIN = {"drain": ("drain", EAST, "--dry-run"), **COMMANDS}
"""Every command whose document is looked at → what is typed."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """What one command said as JSON while a region was down."""

    verb: str
    code: int
    faults: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.verb}: exit {self.code}{shown(self.faults)}"


def documents(ground: Ground, names: Sequence[str]) -> Iterator[Document]:
    """Every command, each from the state that it wants."""
    for name in names:
        ready(ground, name)
        _age(ground)
        run = ground.run(*AGAIN[name], "-o", "json", before=_down)
        yield Document(verb=name, code=run.code, faults=tuple(_faults(name, run)))


def _age(ground: Ground) -> None:
    """The spec has an old name for a key."""
    file = ground.project.folder / "spec.yaml"
    spec = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump({**spec, "canary": {**spec.get("canary", {}), "hold": "5 minutes"}}))


def _down(call: Call) -> Answer | None:
    away = call.region == WEST and call.service and call.service not in ONCE
    return refusal(call, 503, "ServiceUnavailable") if away else None


def _faults(name: str, run: Run) -> Iterator[str]:
    if run.traceback:
        yield f"a traceback: {run.err[-1500:]}"
    if name not in _WITHOUT_SPEC and run.err.count(OLD) != 1:
        yield f"an old key is told {run.err.count(OLD)} times: {run.err[-600:]}"
    if name in OF_THAT_REGION:
        return
    try:
        document = _document(name, run.out)
    except ValueError:
        yield f"exit {run.code}, and no document: {(run.out or run.err)[-600:]}"
        return
    told = document.get("unreachable")
    if not isinstance(told, dict) or not all(isinstance(why, str) and why for why in told.values()):
        yield f"'unreachable' is {told!r}"
    elif WEST not in told or not told.keys() <= {*BOTH, GLOBAL}:
        yield f"'unreachable' has {', '.join(told) or 'nothing'}"


def _document(name: str, out: str) -> dict[str, Any]:
    """The document, of `logs` its last line."""
    found: dict[str, Any] = json.loads(out.splitlines()[-1] if name == "logs" and out else out)
    return found
