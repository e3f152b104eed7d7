"""Publishing versions, and the proof that every region has the same bits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from backendctl.api_in_plan import answering
from backendctl.aws.regions import in_parallel
from backendctl.engine.plan import Plan
from backendctl.engine.resource import address_of
from backendctl.errors import RefusedError, unreachable_data
from backendctl.foreseen import with_refusals
from backendctl.nearest import refuse_unknown
from backendctl.release.numbering import content_of, numbered
from backendctl.release.releasing import Releasing
from backendctl.release.running import serving
from backendctl.release.shift import plan_of
from backendctl.resources import assemble
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.apigateway.stage_writes import held_by_canary
from backendctl.resources.iam.role import Role
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.lambda_.alias_names import names_of
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.log_group import LogGroup
from backendctl.resources.lambda_.permission import Permission
from backendctl.resources.ssm.release_record import Event, token_of

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.engine.resource import Resource
    from backendctl.errors import BackendctlError


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """The newest version of one function in one region.

    Attributes:
        expected: whether its code is what was built here; None when AWS fetches the code itself.
    """

    function: str
    region: str
    version: str
    code_sha256: str
    expected: bool | None


def plan_publish(backend: Backend, names: Sequence[str], *, alias: str | None, take_over: bool = False) -> Plan:
    """A version of every named function whose code or configuration changed, and an alias that moves to it at once.

    Regions that do not answer are `unreachable` in the plan.

    An alias that a stage's variable names is released as a deploy does it: by the idle one of its pair.

    Args:
        names: of the spec; empty means all.

    Raises:
        UsageError: there is no such function, or none has such an alias.
        RefusedError: a canary runs on a stage whose variables would change.
        BackendctlError: no region answers.
    """
    functions = _chosen(backend, names)
    meant = backend.spec.regions
    backend, silent = answering(backend)
    everything = assemble.desired(backend.context)
    parts = [resource for resource in everything if _is_part(resource, functions)]
    if alias is None:
        return _seen(plan_of(backend, parts), backend, silent)
    _refuse_unknown(backend, functions, alias)
    parts += [r for r in everything if isinstance(r, Alias | Permission) and _is_of(r, functions, alias)]
    parts += _stages(backend, everything, functions, alias)
    plan = _seen(plan_of(backend, parts), backend, silent)
    releasing = Releasing(
        aws=backend.aws,
        context=backend.context,
        workers=backend.settings.workers,
        meant=meant,
        take_over=take_over,
    )
    content = [str(Event.DEPLOY), "publish", alias, sorted(functions), content_of(backend.context)]
    return numbered(plan, parts, releasing, token=token_of(*content))


def _seen(plan: Plan, backend: Backend, silent: Mapping[str, BackendctlError]) -> Plan:
    plan = with_refusals(plan, backend.context, backend.aws)
    return replace(plan, unreachable={**silent, **plan.unreachable})


def published(backend: Backend, names: Sequence[str], *, regions: Collection[str]) -> list[Published]:
    """The newest version of each function in these regions, asked now."""
    functions = _chosen(backend, names)
    wanted = [r for r in Function.desired(backend.context) if r.name in functions and r.region in regions]

    def ask(function: Function) -> list[Published]:
        backend.aws.forget("lambda-versions", function.region, function.physical)
        found = lambda_reads.versions(backend.aws, function.region, function.physical)
        version = lambda_reads.newest(found, function.release or "", function.managed)
        if version is None:
            return []
        built = function.artefact
        return [
            Published(
                function=function.name,
                region=function.region,
                version=version.number,
                code_sha256=version.code_sha256,
                expected=None if built is None else version.code_sha256 == built.sha256,
            )
        ]

    return [one for many in in_parallel(wanted, ask, workers=backend.settings.workers) for one in many]


def same_bits(found: Sequence[Published]) -> bool:
    """Whether every region has the code that was built here, and all have the same."""
    by_function: dict[str, set[str]] = {}
    for one in found:
        by_function.setdefault(one.function, set()).add(one.code_sha256)
    return all(len(codes) == 1 for codes in by_function.values()) and all(one.expected is not False for one in found)


def published_document(plan: Plan, found: Sequence[Published]) -> dict[str, Any]:
    """The JSON document of `publish`; `same_bits` is about the regions that answered."""
    return {
        "backend": plan.backend,
        "same_bits": same_bits(found),
        "versions": [
            {"function": one.function, "region": one.region, "version": one.version, "code_sha256": one.code_sha256}
            for one in found
        ],
        "unreachable": unreachable_data(plan.unreachable),
    }


def _chosen(backend: Backend, names: Sequence[str]) -> frozenset[str]:
    known = [function.name for function in backend.spec.functions_in(backend.spec.regions[0])]
    refuse_unknown("function", names, known)
    return frozenset(names or known)


def _is_part(resource: Resource, functions: frozenset[str]) -> bool:
    if isinstance(resource, LogGroup):
        return any(resource.name.endswith(f"-{name}") for name in functions)
    return isinstance(resource, Role) or (isinstance(resource, Function) and resource.name in functions)


def _is_of(resource: Alias | Permission, functions: frozenset[str], alias: str) -> bool:
    name, _, own = resource.name.partition(":")
    return name in functions and own in {alias, f"{alias}-a", f"{alias}-b"}


def _refuse_unknown(backend: Backend, functions: frozenset[str], alias: str) -> None:
    region = backend.spec.regions[0]
    known: set[str] = set()
    for function in backend.spec.functions_in(region):
        if function.name in functions:
            names = names_of(backend.context, region, function)
            known |= {*names.staged, *names.plain}
    refuse_unknown("--alias", [alias], sorted(known), what="the aliases are")


def _stages(backend: Backend, everything: Sequence[Resource], functions: frozenset[str], alias: str) -> Iterator[Stage]:
    """The stages whose variables lead to this alias of these functions; what else they are stays as it is."""
    live = {(one.region, one.stage): one for one in serving(backend)[0]}
    running: list[str] = []
    for stage in (r for r in everything if isinstance(r, Stage) and (r.region, r.name) in live):
        wanted = {
            link.variable: (stage.variables or {})[link.variable]
            for link in backend.context.links[stage.region]
            if link.stage.name == stage.name
            and link.variable is not None
            and link.alias == alias
            and link.function.name in functions
        }
        one = live[stage.region, stage.name]
        if not wanted:
            continue
        if one.canary is not None:
            running.append(held_by_canary(address_of(stage)))
        slots = {value.rpartition(":")[2] for value in wanted.values()}
        yield Stage(
            region=stage.region,
            name=stage.name,
            owner=stage.owner,
            api=stage.api,
            stamp=stage.stamp,
            routes=stage.routes,
            behind=tuple(behind for behind in stage.behind if behind.alias in slots),
            requires=stage.requires,
            variables={**one.variables, **wanted},
        )
    if running:
        raise RefusedError(running, hint="see what is running: backendctl canary-status")
