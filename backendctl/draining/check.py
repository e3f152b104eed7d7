"""`check-regions`: whether a drain of each region would work right now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from backendctl.aws.errors import is_silent
from backendctl.aws.regions import each_region
from backendctl.doctor.account import QUOTAS
from backendctl.draining.drain import others_health, refuse_impossible
from backendctl.draining.equal import DEPLOY, Alike, look_alike
from backendctl.draining.facts import Facts, facts
from backendctl.draining.zone import Zone, ask_zone, only_there
from backendctl.engine.plan import Plan
from backendctl.engine.resource import GLOBAL
from backendctl.engine.traits import traits_of
from backendctl.errors import BackendctlError, Exit
from backendctl.resources import KINDS
from backendctl.resources.kind import Kind
from backendctl.resources.route53.evacuation import health_path
from backendctl.resources.ssm.drain_mark import DrainMark, read_marks

if TYPE_CHECKING:
    from backendctl.backend import Backend

_LATE = 60_000.0
"""Milliseconds by which a replica may be late: what clients would miss after a drain."""


class Outcome(StrEnum):
    """Of one check for one region."""

    OK = "ok"
    BAD = "bad"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One check for the drain of one region. said: what was found; command: what makes it right."""

    outcome: Outcome
    said: str = ""
    command: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionChecks:
    """Everything.

    Attributes:
        rows: check → region that would be drained → finding.
        unreachable: regions, or "global" for Route 53, that did not answer, and what they said.
    """

    backend: str
    regions: tuple[str, ...]
    rows: Mapping[str, Mapping[str, Finding]]
    unreachable: Mapping[str, BackendctlError] = field(default_factory=dict)

    def would_work(self, region: str) -> bool | None:
        """Whether a drain of that region would work; None when it cannot be told, or the region is drained."""
        found = {row[region].outcome for row in self.rows.values()}
        if Outcome.BAD in found:
            return False
        return None if found & {Outcome.UNKNOWN, Outcome.SKIPPED} or region in self.unreachable else True

    @property
    def exit_code(self) -> Exit:
        """As of every verb that judges: proven bad, then a silent region, then what cannot be told."""
        found = {one.outcome for row in self.rows.values() for one in row.values()}
        if Outcome.BAD in found:
            return Exit.FAILED_VERDICT
        if self.unreachable:
            return Exit.PARTIAL
        return Exit.INCONCLUSIVE if Outcome.UNKNOWN in found else Exit.OK


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """All that the checks look at.

    Attributes:
        facts: of the regions that answer. refused: what those said that do not let us look.
        needed: check → the plan that makes the kinds which it asks for as the spec says.
    """

    backend: Backend
    zone: Zone
    marks: Mapping[str, DrainMark]
    facts: Mapping[str, Facts]
    refused: Mapping[str, BackendctlError]
    alike: Alike
    needed: Mapping[str, Plan]

    def refuges(self, region: str) -> tuple[str, ...]:
        """Where the users of a region would go."""
        return tuple(one.region for one in others_health(self.backend, region, self.marks, self.zone) if one.is_well)


def check_regions(backend: Backend) -> RegionChecks:
    """Ask everything, then judge.

    Raises:
        UsageError: there is one region only, or no domain with a zone.
        BackendctlError: no region answers.
    """
    spec = backend.spec
    refuse_impossible(backend, spec.regions[0])
    marks, silent = read_marks(backend.aws, spec.all_regions)
    zone = ask_zone(backend)
    found, failed = each_region(
        spec.regions, partial(facts, backend), workers=backend.settings.workers, doing="look at"
    )
    alike = look_alike(backend)
    case = Case(
        backend=backend,
        zone=zone,
        marks=marks,
        facts=found,
        refused={one: error for one, error in failed.items() if not is_silent(error)},
        alike=alike,
        needed={check: _plan(backend, kinds) for check, kinds in _NEEDED.items()},
    )
    quiet = {**{one: error for one, error in failed.items() if is_silent(error)}, **silent, **alike.unreachable}
    if zone.silent is not None:
        quiet[GLOBAL] = zone.silent
    rows: dict[str, dict[str, Finding]] = {name: {} for name in _CHECKS}
    for region in spec.regions:
        refuges = case.refuges(region)
        for name in _CHECKS:
            rows[name][region] = _found(name, case, region, refuges)
    return RegionChecks(backend=spec.backend, regions=spec.regions, rows=rows, unreachable=quiet)


Check = Callable[[Case, str, Sequence[str]], Iterator[Finding]]


def _found(name: str, case: Case, region: str, refuges: Sequence[str]) -> Finding:
    """The worst that a check says of the drain of one region."""
    mark = case.marks.get(region)
    if mark is not None and mark.is_drained:
        return Finding(outcome=Outcome.SKIPPED, said=f"{region} is {mark.phase}, {mark.told}")
    if not refuges and name != "refuge":
        return Finding(outcome=Outcome.SKIPPED, said="there is no other region for its users")
    for one in (*refuges, region):
        if one in case.refused and name in _OF_FACTS:
            return Finding(outcome=Outcome.UNKNOWN, said=case.refused[one].message, command=case.refused[one].hint)
    told = list(_CHECKS[name](case, region, refuges))
    order = (Outcome.BAD, Outcome.UNKNOWN, Outcome.OK, Outcome.SKIPPED)
    if not told:
        return Finding(outcome=Outcome.OK)
    worst = min(told, key=lambda one: order.index(one.outcome))
    alike = [one for one in told if one.outcome is worst.outcome and one.said]
    commands = dict.fromkeys(one.command for one in alike if one.command)
    said = "; ".join(dict.fromkeys(one.said for one in alike))
    return Finding(outcome=worst.outcome, said=said, command="; ".join(commands))


def _refuge(case: Case, region: str, refuges: Sequence[str]) -> Iterator[Finding]:
    if refuges:
        yield Finding(outcome=Outcome.OK, said=f"its users go to {', '.join(refuges)}")
        return
    why = "; ".join(one.said for one in others_health(case.backend, region, case.marks, case.zone))
    yield Finding(outcome=Outcome.BAD, said=f"no other region is healthy: {why}", command="backendctl doctor")


def _means(case: Case, region: str, refuges: Sequence[str]) -> Iterator[Finding]:
    del refuges
    place = health_path(case.backend.spec)
    if said := only_there(case.backend.spec, region):
        yield Finding(outcome=Outcome.BAD, said=said, command="give it `routing: latency` or `routing: failover`")
        return
    if case.zone.silent is not None:
        yield Finding(outcome=Outcome.UNKNOWN, said="Route 53's control plane does not answer")
        return
    if region not in case.zone.records:
        said = f"{region} has no record of ours"
        yield Finding(outcome=Outcome.BAD, said=said, command="backendctl deploy --only record")
    elif place is not None and not case.zone.records[region]:
        said = f"the records of {region} have no health check of ours"
        yield Finding(outcome=Outcome.BAD, said=said, command="backendctl deploy --only record --only health-check")
    elif place is None or place.unfit:
        why = "there is no health check" if place is None else place.unfit
        yield Finding(outcome=Outcome.OK, said=f"only while Route 53's control plane answers: {why}")


def _same(what: str, case: Case, region: str, refuges: Sequence[str]) -> Iterator[Finding]:
    for other in refuges:
        for one in case.alike.differing(other, [region]):
            if one.what == what:
                yield Finding(outcome=Outcome.BAD, said=one.said, command=one.command)


def _replication(case: Case, region: str, refuges: Sequence[str]) -> Iterator[Finding]:
    if region not in case.facts:
        yield Finding(outcome=Outcome.UNKNOWN, said=f"{region} does not answer")
        return
    for (table, to), late in case.facts[region].late.items():
        if to in refuges and late is not None and late > _LATE:
            said = f"{region}/table/{table} was {late / 1000:.0f} s late in {to} within the hour"
            yield Finding(outcome=Outcome.BAD, said=said, command="backendctl test-replication")


def _needed(which: str, case: Case, region: str, refuges: Sequence[str]) -> Iterator[Finding]:
    del region
    plan = case.needed[which]
    for one in refuges:
        if (error := plan.unreachable.get(one)) is not None:
            yield Finding(outcome=Outcome.UNKNOWN, said=error.message, command=error.hint)
    for change in plan.changes:
        told = {one.field for one in change.fields}
        if change.region in refuges and not (change.live is not None and told <= traits_of(change.resource).follows):
            fields = ", ".join(one.field for one in change.fields)
            said = f"{change.address} is not as the spec says{f' ({fields})' if change.live is not None else ''}"
            adopting = f" --adopt {change.address}" if change.foreign else ""
            yield Finding(outcome=Outcome.BAD, said=said, command=f"{DEPLOY}{adopting}")


def _concurrency(case: Case, region: str, refuges: Sequence[str]) -> Iterator[Finding]:
    """Whoever is nearest may get all of them: each of the others must have room for all (in doubt it has)."""
    mine = case.facts[region].peak if region in case.facts else None
    for other in refuges:
        there = case.facts.get(other)
        if there is None or region not in case.facts:
            yield Finding(outcome=Outcome.UNKNOWN, said=f"{other if there is None else region} does not answer")
        elif there.concurrency and (need := (mine or 0.0) + (there.peak or 0.0)) > there.concurrency:
            said = f"{other} may run {there.concurrency} at once, and both together had {need:.0f} at their busiest"
            yield Finding(outcome=Outcome.BAD, said=said, command=f"raise it: {QUOTAS}")


def _capacity(case: Case, region: str, refuges: Sequence[str]) -> Iterator[Finding]:
    for other in refuges:
        there = case.facts[other].reads if other in case.facts else {}
        here = case.facts[region].reads if region in case.facts else {}
        for table, (used, most) in there.items():
            mine = here.get(table, (None, 0))[0]
            if used is None and mine is None:
                yield Finding(outcome=Outcome.UNKNOWN, said=f"CloudWatch has no reads of {table} within a day")
            elif (need := (used or 0.0) + (mine or 0.0)) > most:
                said = f"{other}/table/{table} scales to {most} reads a second, and both together used {need:.0f}"
                yield Finding(outcome=Outcome.BAD, said=said, command="raise `max` in the spec, then backendctl deploy")


def _certificate(case: Case, region: str, refuges: Sequence[str]) -> Iterator[Finding]:
    del region
    for other in refuges:
        if other in case.facts and (said := case.facts[other].certificate):
            yield Finding(outcome=Outcome.BAD, said=said, command="backendctl doctor")


def _needed_kinds() -> dict[str, list[type[Kind]]]:
    found: dict[str, list[type[Kind]]] = {}
    for kind in KINDS:
        if check := traits_of(kind).region_check:
            found.setdefault(check, []).append(kind)
    return found


_NEEDED = _needed_kinds()
_CHECKS: Mapping[str, Check] = {
    "refuge": _refuge,
    "means": _means,
    "release": partial(_same, "release"),
    "definition": partial(_same, "definition"),
    "tables": partial(_same, "table"),
    "replication": _replication,
    **{check: partial(_needed, check) for check in _NEEDED},
    "concurrency": _concurrency,
    "table capacity": _capacity,
    "certificate": _certificate,
}
_OF_FACTS = frozenset({"replication", "concurrency", "table capacity", "certificate"})


def _plan(backend: Backend, kinds: Sequence[type[Kind]]) -> Plan:
    """What these kinds lack in any region; what stands beside them is nobody's business here."""
    return backend.planner.part([one for kind in kinds for one in kind.desired(backend.context)])
