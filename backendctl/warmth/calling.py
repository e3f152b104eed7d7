"""Warming now: overlapping calls of what users hit, and what they prove about the environments behind it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from backendctl.aws.errors import BotoCoreError, explain
from backendctl.aws.regions import each_region, in_parallel
from backendctl.errors import BackendctlError, Exit, UsageError
from backendctl.nearest import nearest, refuse_unknown
from backendctl.resources.lambda_.calling import Answer, call_at_once
from backendctl.warmth.report_line import Report, last_of
from backendctl.warmth.targets import Hit, hit_by_users

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.backend import Backend
    from backendctl.spec.model import FunctionSpec, Warm

_LONGEST_HOLD = 2000
"""Milliseconds for which a handler is asked to stay at most."""
_NEARLY = 0.5
"""Of the time asked for, from which on a handler counts as one that stays; one that does not returns at once."""
_AT_ONCE = 8
"""Aliases of a region that are called at the same time."""
_SHOWN = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Warmed:
    """What came of warming one function in one region through what users hit.

    Attributes:
        function: its name in the spec. qualifier: what was called; None is the function itself.
        stages: the live ones that lead there.
        requested: calls that were to overlap. answered: those that went well.
        environments: proven to have answered, at least.
        cold: new ones among them; None when Lambda's report did not come with the answers.
        init_ms: of the slowest new one, loading alone. cold_ms, warm_ms: the slowest handler's run in a new
            environment and in one that was there.
        holds: whether every handler stayed as long as it was asked; None when it was not asked or nothing is known.
        errors: what went wrong, each once.
    """

    region: str
    function: str
    qualifier: str | None
    stages: tuple[str, ...] = ()
    requested: int = 1
    answered: int = 0
    environments: int = 0
    cold: int | None = None
    init_ms: float | None = None
    cold_ms: float | None = None
    warm_ms: float | None = None
    holds: bool | None = None
    errors: tuple[str, ...] = ()

    @property
    def exit_code(self) -> Exit:
        """OK, proven bad, or not to be told."""
        if self.errors or self.holds is False:
            return Exit.FAILED_VERDICT
        return Exit.OK if self.environments >= self.requested else Exit.INCONCLUSIVE

    @property
    def reason(self) -> str:
        """Why it is not OK; empty when it is."""
        if self.errors:
            return "; ".join(self.errors)
        if self.holds is False:
            return "the handler returns before the holdMs it was sent, so that one environment answers again and again"
        if self.environments >= self.requested:
            return ""
        if self.cold is None:
            return "Lambda sent no report with the answers (system log level WARN?), so that nothing proves more"
        return "the calls did not surely overlap; run it again, or nearer to the region"


@dataclass(frozen=True, kw_only=True, slots=True)
class Warming:
    """All of it. unreachable: regions that did not answer, and why."""

    backend: str
    rows: tuple[Warmed, ...]
    unreachable: Mapping[str, BackendctlError]

    @property
    def exit_code(self) -> Exit:
        """Proven bad before a silent region before what cannot be told."""
        found = {row.exit_code for row in self.rows}
        if Exit.FAILED_VERDICT in found:
            return Exit.FAILED_VERDICT
        if self.unreachable:
            return Exit.PARTIAL if self.rows else Exit.ERROR
        return Exit.INCONCLUSIVE if Exit.INCONCLUSIVE in found else Exit.OK


def warm_now(
    backend: Backend, names: Sequence[str] = (), *, instances: int | None = None, stages: Sequence[str] = ()
) -> Warming:
    """Call every function through what users hit now, in every region.

    Args:
        names: of the spec; empty means all that the spec keeps warm.
        instances: calls that overlap; None is what the spec says.
        stages: only what these live stages lead to; empty means all.

    Raises:
        UsageError: there is no such function or stage, or an input that nothing can be added to.
    """
    chosen = _chosen(backend, names)
    _refuse(backend, chosen, instances=instances, stages=stages)

    def work(region: str) -> list[Warmed]:
        backend.aws.forget("stages", region)
        functions = [one for one in backend.spec.functions_in(region) if one.name in chosen and one.warm is not None]
        found = in_parallel(
            functions, lambda one: list(_rows(backend, region, one, instances, stages)), workers=_AT_ONCE
        )
        return [row for rows in found for row in rows]

    done, failed = each_region(backend.spec.regions, work, workers=backend.settings.workers, doing="warm")
    rows = tuple(row for region in done for row in done[region])
    return Warming(backend=backend.spec.backend, rows=rows, unreachable=failed)


def environments(answers: Sequence[Answer], reports: Sequence[Report | None]) -> int:
    """How many environments surely answered.

    An environment serves one call at a time, so calls that ran at the same moment had one each; and every cold start
    made one of its own. When a call ran within the time between sending it and its answer is not known, but one that
    takes more than half of that time surely ran in its middle.
    """
    if not any(answer.error is None for answer in answers):
        return 0
    spans = [
        _surely_busy(answer, report)
        for answer, report in zip(answers, reports, strict=True)
        if answer.error is None and report is not None
    ]
    together = max((sum(begin <= at < end for begin, end in spans) for at, _ in spans), default=0)
    cold = sum(report is not None and report.is_cold for report in reports)
    return max(1, together, cold)


def _surely_busy(answer: Answer, report: Report) -> tuple[float, float]:
    """Seconds of the clock between which the environment surely served this call; empty when the end comes first."""
    busy = _busy(answer, report)
    return answer.ended - busy, answer.began + busy


def _busy(answer: Answer, report: Report) -> float:
    """Seconds for which the environment was this call's: its loading too, unless it was loaded ahead of the call."""
    took, busy = answer.ended - answer.began, report.duration_ms / 1000
    loading = (report.init_ms or report.restore_ms or 0.0) / 1000
    return min(took, busy + loading if busy + loading <= took else busy)


def _chosen(backend: Backend, names: Sequence[str]) -> frozenset[str]:
    functions = {one.name: one for region in backend.spec.regions for one in backend.spec.functions_in(region)}
    kept = {
        one.name for region in backend.spec.regions for one in backend.spec.functions_in(region) if one.warm is not None
    }
    for name in names:
        if name not in functions:
            raise UsageError(
                f"the spec has no function '{name}'{nearest(name, functions)}",
                hint=f"functions with `warm`: {', '.join(sorted(kept)) or 'none'}",
            )
        if name not in kept and functions[name].provisioned is not None:
            raise UsageError(f"'{name}' has provisioned concurrency, so that it needs no pings and the spec names none")
        if name not in kept:
            raise UsageError(
                f"the spec does not keep '{name}' warm, so its ping event is unknown",
                hint=f"add `warm: {{every: 5 minutes}}` to it in {backend.spec.file}",
            )
    if not kept:
        raise UsageError(f"no function of {backend.spec.file} has `warm`", hint="see docs/warming.md")
    return frozenset(names or kept)


def _refuse(backend: Backend, chosen: frozenset[str], *, instances: int | None, stages: Sequence[str]) -> None:
    known = [stage.name for stage in backend.spec.api.stages] if backend.spec.api else []
    refuse_unknown("--stage", stages, known)
    for region in backend.spec.regions:
        for one in backend.spec.functions_in(region):
            if one.name in chosen and one.warm and (instances or 1) > 1 and not one.warm.takes_hold:
                raise UsageError(
                    f"--instances {instances}: the warm input of '{one.name}' is not a mapping, so holdMs cannot "
                    "be added to it"
                )


def _rows(
    backend: Backend, region: str, function: FunctionSpec, instances: int | None, stages: Sequence[str]
) -> list[Warmed]:
    hits = hit_by_users(backend.aws, backend.context, region, function)
    hits = tuple(hit for hit in hits if not stages or hit.stage in stages)
    empty = Warmed(region=region, function=function.name, qualifier=None)
    if not hits:
        return [replace(empty, errors=("no live stage leads to it: deploy it first",))] if not stages else []
    by_qualifier: dict[str | None, list[Hit]] = {}
    for hit in hits:
        by_qualifier.setdefault(hit.qualifier, []).append(hit)
    return [
        _warmed(
            backend,
            function,
            replace(empty, qualifier=qualifier, stages=tuple(hit.stage for hit in found if hit.stage is not None)),
            instances,
        )
        for qualifier, found in by_qualifier.items()
    ]


def _warmed(backend: Backend, function: FunctionSpec, row: Warmed, instances: int | None) -> Warmed:
    """One round of calls; a second one that asks handlers to stay longer, where the way there is too long for proof."""
    warm = function.warm
    if warm is None:
        return row
    count = instances or warm.instances
    first = _round(backend, function, replace(row, requested=count), warm, warm.hold)
    done, overhead = first
    if done.exit_code is not Exit.INCONCLUSIVE or not done.holds or overhead is None:
        return done
    hold = min(_LONGEST_HOLD, warm.hold + math.ceil(2 * overhead))
    again, _ = _round(backend, function, replace(row, requested=count), warm, hold)
    return replace(
        again,
        environments=max(done.environments, again.environments),
        cold=(done.cold or 0) + (again.cold or 0),
        init_ms=_slowest([done.init_ms, again.init_ms]),
        cold_ms=_slowest([done.cold_ms, again.cold_ms]),
    )


def _round(backend: Backend, function: FunctionSpec, row: Warmed, warm: Warm, hold: int) -> tuple[Warmed, float | None]:
    """What came of it, and the milliseconds of a call, at most, that were the way's and not the environment's."""
    answers = call_at_once(
        backend.aws,
        row.region,
        function.physical,
        qualifier=row.qualifier,
        payload=warm.event(row.requested, hold=hold),
        count=row.requested,
    )
    silent = [answer.error for answer in answers if isinstance(answer.error, BotoCoreError)]
    if len(silent) == len(answers):
        raise explain(silent[0], doing=f"call {_named(row)}")
    reports = [last_of(answer.tail) for answer in answers]
    known = [(answer, report) for answer, report in zip(answers, reports, strict=True) if report is not None]
    cold = [report for _, report in known if report.is_cold]
    stayed = [report.duration_ms >= hold * _NEARLY for _, report in known] if row.requested > 1 else []
    overheads = [(answer.ended - answer.began - _busy(answer, report)) * 1000 for answer, report in known]
    done = replace(
        row,
        answered=sum(answer.error is None and not answer.fault for answer in answers),
        environments=environments(answers, reports),
        cold=len(cold) if known else None,
        init_ms=_slowest([report.init_ms or report.restore_ms for report in cold]),
        cold_ms=_slowest([report.duration_ms for report in cold]),
        warm_ms=_slowest([report.duration_ms for _, report in known if not report.is_cold]),
        holds=all(stayed) if stayed else None,
        errors=tuple(dict.fromkeys(told for answer in answers if (told := _told(answer, row)))),
    )
    return done, max(overheads, default=None)


def _told(answer: Answer, row: Warmed) -> str:
    """What went wrong with one call; empty when it went well."""
    if answer.error is not None:
        return str(explain(answer.error, doing=f"call {_named(row)}"))
    return f"the handler fails on the warmer's input ({answer.fault}): {answer.said[:_SHOWN]}" if answer.fault else ""


def _named(row: Warmed) -> str:
    return f"{row.region}/{row.function}:{row.qualifier or '$LATEST'}"


def _slowest(values: Sequence[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
