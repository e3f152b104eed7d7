"""Starting a canary of Lambda's own: for aliases that no stage leads to, by weights (B28)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.api_in_plan import answering
from backendctl.engine.plan import Plan
from backendctl.engine.resource import address
from backendctl.errors import RefusedError
from backendctl.foreseen import with_refusals
from backendctl.release.numbering import refuse_nobody
from backendctl.release.releasing import Releasing
from backendctl.release.running import refuse_unknown
from backendctl.release.running_canaries import Running, content_token
from backendctl.release.shift import plan_of
from backendctl.release.start import begun, canary_entry, percent_of
from backendctl.release.steps import earlier_wave
from backendctl.resources import assemble
from backendctl.resources.iam.role import Role
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.lambda_.alias_canary import AliasCanaryStart
from backendctl.resources.lambda_.alias_names import names_of, qualified
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.log_group import LogGroup

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.engine.resource import Resource
    from backendctl.resources.ssm.release_record import Record


def plan_start_aliases(
    backend: Backend,
    *,
    percent: float | None = None,
    names: Sequence[str] = (),
    waves: Sequence[Sequence[str]] = (),
    take_over: bool = False,
) -> Plan:
    """New versions, and a share of the calls for them on every alias that names an older one.

    Args:
        names: only these aliases, such as "places:live"; empty means all. The rest is as `plan_start` has it.

    Raises:
        RefusedError: two versions may not stand behind one alias, or somebody else has a release under way.
        UsageError: there is no such alias, or a canary runs already. BackendctlError: no region answers.
    """
    refuse_unknown(backend, names)
    begins = backend.spec.canary.steps[0] if percent is None else percent
    meant = backend.spec.regions
    backend, silent = answering(backend)
    releasing = Releasing(
        aws=backend.aws,
        context=backend.context,
        workers=backend.settings.workers,
        meant=meant,
        take_over=take_over,
    )
    logs = releasing.logs()
    refuse_nobody(logs.unfinished(), releasing)
    starts = [start for start in _starts(backend, begins) if not names or start.name in names]
    running = Running.read(starts, logs, releasing, percent=percent)
    if running.holds():
        return replace(running.plan(releasing), unreachable=silent)
    entry, earlier = canary_entry(
        logs,
        releasing,
        {start.name: begins for start in starts},
        token=content_token(releasing),
        lives=_lives(backend, starts),
        elsewhere=running.begun_elsewhere(meant),
    )
    running.refuse(entry)
    starts = _waiting(starts, entry, waves)
    plan = with_refusals(plan_of(backend, _parts(backend, starts), starts), backend.context, backend.aws)
    plan = replace(plan, unreachable={**silent, **plan.unreachable})
    _refuse(plan, starts, backend)
    if not starts or not (plan.changes or logs.at(entry.index)):
        return plan
    return begun(plan, entry, earlier, logs, releasing)


def _waiting(
    starts: Sequence[AliasCanaryStart], entry: Record, waves: Sequence[Sequence[str]]
) -> list[AliasCanaryStart]:
    """Each with the entry of the log, and after those of the wave of regions before it."""
    known = {address(start.region, start.kind, start.name) for start in starts}
    return [
        replace(
            start,
            entry=entry,
            percent=percent_of(entry, start.percent),
            requires=frozenset(address(region, start.kind, start.name) for region in earlier_wave(start.region, waves))
            & known,
        )
        for start in starts
    ]


def _parts(backend: Backend, starts: Sequence[AliasCanaryStart]) -> list[Resource]:
    wanted = {(start.region, start.physical) for start in starts}
    return [
        r
        for r in (assemble.desired(backend.context) if starts else ())
        if isinstance(r, Role)
        or (isinstance(r, Function) and (r.region, r.physical) in wanted)
        or (isinstance(r, LogGroup) and (r.region, r.name.rpartition("/")[2]) in wanted)
    ]


def _lives(backend: Backend, starts: Sequence[AliasCanaryStart]) -> list[Alias]:
    names = {(start.region, start.name) for start in starts}
    wanted = [one for one in Alias.desired(backend.context) if (one.region, one.name) in names]
    return [live for one in wanted if (live := Alias.read(backend.aws, one)) is not None]


def _starts(backend: Backend, percent: float) -> Iterator[AliasCanaryStart]:
    """For every alias whose version is not the release."""
    places = {(region, spec.physical) for region in backend.spec.regions for spec in backend.spec.functions_in(region)}
    lambda_reads.read_ahead(backend.aws, places, lambda_reads.aliases, lambda_reads.versions)
    for region in backend.spec.regions:
        for spec in backend.spec.functions_in(region):
            function = Function.wanted(backend.context, region, spec)
            aliases = lambda_reads.aliases(backend.aws, region, spec.physical)
            versions = {v.number: v for v in lambda_reads.versions(backend.aws, region, spec.physical)}
            for alias in names_of(backend.context, region, spec).plain:
                live = aliases.get(alias)
                if live is None or live.version not in versions:
                    continue
                if versions[live.version].carries(function.release or "", function.managed) and not live.weights:
                    continue
                yield AliasCanaryStart(
                    region=region,
                    name=qualified(spec.name, alias),
                    physical=spec.physical,
                    alias=alias,
                    managed=function.managed,
                    warm_input=spec.warm.event(spec.warm.instances) if spec.warm else None,
                    warm_count=spec.warm.instances if spec.warm else 1,
                    release=function.release or "",
                    percent=percent,
                )


def _refuse(plan: Plan, starts: Sequence[AliasCanaryStart], backend: Backend) -> None:
    reasons = [f"{change.address} exists and is not ours" for change in plan.changes if change.foreign]
    for start in starts:
        reasons += _incompatible(backend, start)
    if reasons:
        raise RefusedError(
            reasons, hint="see what is running: backendctl canary-status; end it: backendctl abort-canary"
        )


def _incompatible(backend: Backend, start: AliasCanaryStart) -> Iterator[str]:
    """Both versions need the same role and dead letters (B28)."""
    wanted = next(
        f for f in Function.desired(backend.context) if (f.region, f.physical) == (start.region, start.physical)
    )
    live = lambda_reads.aliases(backend.aws, start.region, start.physical)[start.alias]
    for version in lambda_reads.versions(backend.aws, start.region, start.physical):
        if version.number == live.version and version.config.get("Role") != wanted.role:
            yield (
                f"{start.region}: {start.physical}:{start.alias} cannot split its traffic: version "
                f"{version.number} has the role {version.config.get('Role')}, the release {wanted.role}"
            )
