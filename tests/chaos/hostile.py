"""What another hand, or a bug, may have left in AWS; no command may end in a traceback over it, or print it raw."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.chaos.ground import Ground, shown
from tests.chaos.verbs import reach
from tests.functional.killing import Run, ended
from tests.functional.sandboxed import EAST

NASTY = "\x1b[2J\x1b]0;owned\x07 \u202edrowssap <script>alert(1)</script> '; DROP"
_LOG = "/backendctl/chaos/release-log"
_RAW = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]")
_CODES = frozenset({0, 1, 2, 3, 4, 5})
READERS: tuple[tuple[str, ...], ...] = (
    ("plan",),
    ("status",),
    ("history",),
    ("canary-status",),
    ("destroy", "--dry-run"),
    ("logs", "--since", "1h"),
    ("warm-status",),
    ("doctor",),
    ("traces",),
    ("cost", "--from-metrics", "1d"),
    ("invoke", "one", "--api-event", "GET /one", "--all-regions"),
    ("diff", "v1", "v1"),
    ("deploy", "-y"),
)


@dataclass(frozen=True, kw_only=True)
class Met:
    """What became of one command in front of one hostile thing."""

    verb: str
    what: str
    code: int
    faults: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.verb} {self.what}: exit {self.code}{shown(self.faults)}"


def _parameter(name: str, value: str) -> Callable[[Ground], None]:
    def plant(ground: Ground) -> None:
        ground.client("ssm", EAST).put_parameter(Name=name, Value=value, Type="String", Overwrite=True)

    return plant


def _stage(*operations: Mapping[str, str]) -> Callable[[Ground], None]:
    def plant(ground: Ground) -> None:
        api = ground.project.apis(EAST)[0]["id"]
        patches: Any = [{"op": "replace", **one} for one in operations]
        ground.client("apigateway", EAST).update_stage(restApiId=api, stageName="prodv1", patchOperations=patches)

    return plant


def _described(ground: Ground) -> None:
    functions = ground.client("lambda", EAST)
    functions.update_function_configuration(FunctionName="chaos-one", Description=NASTY[:256])
    functions.tag_resource(
        Resource=functions.get_function(FunctionName="chaos-one")["Configuration"]["FunctionArn"],
        Tags={"note": "a\u202eb", "backendctl:name": "one"},
    )


def _logged(ground: Ground) -> None:
    logs = ground.client("logs", EAST)
    group, stream = "/aws/lambda/chaos-one", "2026/11/28/[1]0123"
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    now = int(time.time() * 1000)
    said = [NASTY, '{"status": "\u00b2", "requestId": {}}', "[" * 3000, f"REPORT RequestId: {NASTY}", "\x00\u2028x"]
    events = [{"timestamp": now + number, "message": message} for number, message in enumerate(said)]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def _unwritten_alias(ground: Ground) -> None:
    ground.client("lambda", EAST).create_alias(
        FunctionName="chaos-one", Name="hand", FunctionVersion="$LATEST", Description=NASTY[:256]
    )


PLANTS: Mapping[str, Callable[[Ground], None]] = {
    **{
        f"release log {number}": _parameter(f"{_LOG}/{90 + number}", value)
        for number, value in enumerate(
            (
                *("null", "[]", "{", "x", '{"event": 7}', '{"number": 1, "event": "deploy", "versions": null}'),
                '{"number": 1, "event": "deploy", "token": {}}',
            )
        )
    },
    "entry without a number": _parameter(f"{_LOG}/not-a-number", "{}"),
    "older release log": _parameter("/backendctl/chaos/releases/prodv1", '{"how": "deploy", "versions": null}'),
    "region index": _parameter("/backendctl/chaos/regions/not-a-region", NASTY[:40]),
    "descriptions": _described,
    "stage": _stage({"path": "/description", "value": NASTY}, {"path": "/variables/oneAlias", "value": "nowhere"}),
    "alias": _unwritten_alias,
    "log": _logged,
}


def hostile(ground: Ground, plants: Sequence[str], commands: Sequence[tuple[str, ...]] = READERS) -> Iterator[Met]:
    """Every command in front of each."""
    for plant in plants:
        reach(ground, "one")
        PLANTS[plant](ground)
        for line in commands:
            run = ended(ground.start(*line))
            yield Met(verb=f"hostile {line[0]}", what=plant, code=run.code, faults=tuple(_faults(run)))


def _faults(run: Run) -> Iterator[str]:
    if run.code not in _CODES:
        yield f"exit {run.code}: {run.err[-500:]}"
    if run.traceback:
        yield f"a traceback: {run.err[-1500:]}"
    if raw := _RAW.search(run.out + run.err):
        yield f"printed {raw[0]!r} raw"
