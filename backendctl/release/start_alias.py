"""Starting a canary of Lambda's own: for aliases that no stage leads to, by weights (B28)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.engine.plan import Action, Plan, make_plan
from backendctl.engine.resource import address
from backendctl.errors import RefusedError
from backendctl.release.running import refuse_unknown
from backendctl.release.steps import earlier_wave
from backendctl.resources import KINDS, assemble, lambda_reads
from backendctl.resources.alias_names import names_of, qualified
from backendctl.resources.canary import Canary
from backendctl.resources.function import Function
from backendctl.resources.log_group import LogGroup
from backendctl.resources.role import Role
from backendctl.resources.share import Share

if TYPE_CHECKING:
    from backendctl.app import Backend


def plan_start_aliases(
    backend: Backend, *, percent: float, names: Sequence[str] = (), waves: Sequence[Sequence[str]] = ()
) -> Plan:
    """New versions, and a share of the calls for them on every alias that names an older one.

    Args:
        names: only these aliases, such as "places:live"; empty means all. The rest is as `plan_start` has it.

    Raises:
        RefusedError: an alias shares its calls already, or its two versions may not stand behind one alias.
    """
    refuse_unknown(backend, names)
    shares = [share for share in _shares(backend, percent) if not names or share.name in names]
    known = {address(share.region, share.kind, share.name) for share in shares}
    shares = [
        replace(
            share,
            requires=frozenset(address(region, share.kind, share.name) for region in earlier_wave(share.region, waves))
            & known,
        )
        for share in shares
    ]
    wanted = {(share.region, share.physical) for share in shares}
    parts = [
        r
        for r in assemble.desired(backend.world)
        if isinstance(r, Role)
        or (isinstance(r, Function) and (r.region, r.physical) in wanted)
        or (isinstance(r, LogGroup) and (r.region, r.name.rpartition("/")[2]) in wanted)
    ]
    plan = make_plan(
        desired=[*(parts if shares else ()), *shares],
        kinds=(*KINDS, Canary),
        aws=backend.aws,
        regions=backend.spec.regions,
        workers=backend.settings.workers,
        backend=backend.spec.backend,
        strays=False,
    )
    _refuse(plan, shares, backend)
    return plan


def _shares(backend: Backend, percent: float) -> Iterator[Share]:
    """For every alias whose version is not the release; one that runs keeps its share."""
    for region in backend.spec.regions:
        for spec in backend.spec.functions_in(region):
            function = Function.wanted(backend.world, region, spec)
            aliases = lambda_reads.aliases(backend.aws, region, spec.physical)
            versions = {v.number: v for v in lambda_reads.versions(backend.aws, region, spec.physical)}
            for alias in names_of(backend.world, region, spec).plain:
                live = aliases.get(alias)
                if live is None or live.version not in versions:
                    continue
                if versions[live.version].carries(function.release or "", function.managed) and not live.weights:
                    continue
                share = Share(
                    region=region,
                    name=qualified(spec.name, alias),
                    owner=backend.spec.backend,
                    physical=spec.physical,
                    alias=alias,
                    managed=function.managed,
                    warm_input=spec.warm.event(spec.warm.instances) if spec.warm else None,
                    warm_count=spec.warm.instances if spec.warm else 1,
                    release=function.release,
                    percent=percent,
                )
                running = Share.read(backend.aws, share)
                yield share if running is None else replace(share, percent=running.percent)


def _refuse(plan: Plan, shares: Sequence[Share], backend: Backend) -> None:
    reasons = [
        f"{change.address} shares its calls already: {', '.join(f'{f.field} {f.before}' for f in change.fields)}"
        for change in plan.changes
        if change.kind == Share.kind and change.action is Action.UPDATE
    ]
    reasons += [f"{change.address} exists and is not ours" for change in plan.changes if change.foreign]
    for share in shares:
        reasons += _incompatible(backend, share)
    if reasons:
        raise RefusedError(reasons, hint="look at what runs: backendctl canary-status; end it: backendctl abort-canary")


def _incompatible(backend: Backend, share: Share) -> Iterator[str]:
    """Both versions need the same role and dead letters (B28)."""
    wanted = next(
        f for f in Function.desired(backend.world) if (f.region, f.physical) == (share.region, share.physical)
    )
    live = lambda_reads.aliases(backend.aws, share.region, share.physical)[share.alias]
    for version in lambda_reads.versions(backend.aws, share.region, share.physical):
        if version.number == live.version and version.config.get("Role") != wanted.role:
            yield (
                f"{share.region}: {share.physical}:{share.alias} cannot share its calls: version {version.number} has "
                f"the role {version.config.get('Role')}, the release {wanted.role}"
            )
