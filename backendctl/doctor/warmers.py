"""Rules and schedules that are there and do not warm, by the metrics of a day; `warm-status` reads the logs as well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from backendctl.doctor.finding import Finding, Severity
from backendctl.spec.function_names import known_functions
from backendctl.warmth.counting import Window
from backendctl.warmth.evidence import Outcome
from backendctl.warmth.logs import LogReader
from backendctl.warmth.look import Request, look, prepare
from backendctl.warmth.subjects import of_spec

if TYPE_CHECKING:
    from backendctl.doctor.case import Case

_DAY = 86_400
_BROKEN = {
    Outcome.NOT_FIRING: False,
    Outcome.WRONG_TARGET: True,
    Outcome.NO_PERMISSION: True,
    Outcome.PING_FAILS: False,
    Outcome.THROTTLED: False,
}
"""What is wrong with the warmer itself, and whether `sync-warmers` puts it right."""


def warmers(case: Case, region: str) -> Iterator[Finding]:
    """One finding per alias that users hit."""
    request = Request(
        window=Window(since=case.now - _DAY, until=case.now),
        metrics_only=True,
        workers=case.backend.settings.workers,
    )
    prepared = prepare(
        case.aws,
        [region],
        known_functions(case.spec),
        lambda where, name: of_spec(case.backend, where, name),
        request,
    )
    for error in prepared.unreachable.values():
        raise error
    for row in look(case.aws, prepared, request, LogReader(), backend=case.spec.backend).rows:
        verdict = row.verdict
        if verdict.outcome in _BROKEN and row.subject.wants_warmth:
            yield Finding(
                check="warmers",
                severity=Severity.BAD,
                where=f"{region}/warmer/{row.subject.function}:{row.subject.alias or '$LATEST'}",
                what=f"{verdict.outcome}: {verdict.reason}",
                why="users meet the cold starts that the warmer is there to prevent",
                next_step=verdict.next_step or f"backendctl warm-status {row.subject.function}",
                fixable=_BROKEN[verdict.outcome],
            )
