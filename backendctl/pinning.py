"""Which stages a command releases, and what the others keep.

A stage that is named with --stage is released alone: the spec is narrowed to what that stage serves. Without --stage a
pinned stage keeps the definition and the versions that it serves; what it calls is read from what it serves, for the
spec may have moved on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.api import live as lives
from backendctl.aws.regions import each_region
from backendctl.bringing import Brought, bring
from backendctl.errors import BackendctlError
from backendctl.nearest import refuse_unknown
from backendctl.openapi.integrations import lambda_targets, resolve
from backendctl.pinned_stage import Kept
from backendctl.resources.apigateway.api_reads import find_api, stages
from backendctl.resources.apigateway.stage_writes import split_variables
from backendctl.resources.assemble import slot_variable
from backendctl.resources.deploy_context import Link
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_.alias_names import slots_of
from backendctl.resources.ssm import region_index
from backendctl.spec.model import SLOTS
from backendctl.stage_alone import served_only

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.engine.plan import Plan
    from backendctl.engine.resource import Resource
    from backendctl.errors import Fault
    from backendctl.resources.deploy_context import DeployContext
    from backendctl.spec.model import Api, FunctionSpec, StageSpec


def choosing(backend: Backend, names: Sequence[str]) -> Backend:
    """The backend narrowed to these stages; all but the pinned ones are released when none is named.

    What stands in the way of a release is noted in it, and refused by whoever plans one.

    Raises:
        UsageError: the spec has no such stage.
    """
    api = backend.spec.api
    known = api.stages if api else ()
    refuse_unknown("--stage", names, [stage.name for stage in known])
    if api is None:
        return backend
    if names:
        return _alone(backend, api, frozenset(names))
    pinned = tuple(stage for stage in known if stage.pinned)
    return _with_pinned(backend, api, pinned) if pinned else backend


def only_chosen(backend: Backend, plan: Plan, desired: Sequence[Resource]) -> tuple[Plan, list[Resource]]:
    """The plan and what is desired, restricted to what the chosen stages serve; with where else they serve."""
    plan, wanted = served_only(plan, desired)
    return replace(plan, remarks=(*plan.remarks, *_beyond(backend))), wanted


def _beyond(backend: Backend) -> Iterator[str]:
    """An older checkout may lack a region, and what is released there is not what is released here."""
    api, aws, chosen = backend.spec.api, backend.aws, backend.context.chosen
    if api is None or backend.settings.regions:
        return
    try:
        known = region_index.known_regions(aws, backend.spec.all_regions, silent=backend.unreachable)
    except BackendctlError as error:  # the rights of an older checkout need not reach further than its regions
        yield f"whether {', '.join(sorted(chosen))} serves in regions that the spec does not name is unknown: {error}"
        return

    def ask(region: str) -> frozenset[str]:
        api_id = find_api(aws, region, api.name)
        return chosen & stages(aws, region, api_id).keys() if api_id is not None else frozenset()

    others = [region for region in known if region not in backend.spec.all_regions]
    found, _ = each_region(others, ask, workers=backend.settings.workers, doing="read the stages of")
    for stage in sorted(chosen):
        if regions := [region for region in others if stage in found.get(region, ())]:
            yield (
                f"the stage {stage} serves in {', '.join(regions)} too, which {backend.spec.file.name} does not name, "
                "and stays as it is there: add it under `regions` to release it there as well"
            )


def _alone(backend: Backend, api: Api, names: frozenset[str]) -> Backend:
    """Nothing is left of the spec but what these stages serve, so that nothing else is compared or changed."""
    context = backend.context
    links = {
        region: tuple(link for link in found if link.stage.name in names) for region, found in context.links.items()
    }
    called = {(region, link.function.name) for region, found in links.items() for link in found}
    spec = backend.spec
    spec = replace(
        spec,
        api=replace(api, stages=tuple(one for one in api.stages if one.name in names), keys=(), usage_plans=()),
        functions={
            region: tuple(replace(one, aliases=()) for one in functions if (region, one.name) in called)
            for region, functions in spec.functions.items()
        },
        tables=(),
    )
    wanted = backend.wanted.only(names) if backend.wanted else None
    return replace(backend, spec=spec, context=replace(context, spec=spec, links=links, chosen=names), wanted=wanted)


def _with_pinned(backend: Backend, api: Api, pinned: Sequence[StageSpec]) -> Backend:
    def ask(region: str) -> list[Kept]:
        return [found for stage in pinned if (found := _kept(backend, api, region, stage)) is not None]

    spec, workers = backend.spec, backend.settings.workers
    found, failed = each_region(spec.regions, ask, workers=workers, doing="read the pinned stages of")
    if any(len(there) < len(pinned) for there in found.values()):  # they may serve in regions that were not chosen
        beside = tuple(region for region in spec.all_regions if region not in spec.regions)
        found |= each_region(beside, ask, workers=workers, doing="read the pinned stages of")[0]
    kept = [one for region in spec.all_regions for one in found.get(region, ())]
    names = frozenset(stage.name for stage in api.stages) - {stage.name for stage in pinned}
    wanted = backend.wanted.only(names) if backend.wanted else None
    brought = list(_brought(backend, api, pinned, kept))
    context = backend.context
    context = replace(
        context,
        links=_linked(context, kept, brought),
        kept=frozenset((one.region, one.stage) for one in kept),
        versions={(one.region, *key): number for one in kept for key, number in one.versions.items()},
        brought={(one.region, *key): version for one in brought for key, version in one.versions.items()},
        stage_specs={(one.region, one.stage.name): one.stage for one in brought},
        noted={(one.region, one.stage.name): one.entry for one in brought if one.entry is not None},
        stage_definitions={
            **context.stage_definitions,
            **{(one.region, one.stage.name): one.definition for one in brought},
        },
    )
    return replace(
        backend,
        context=context,
        wanted=wanted,
        unreachable={**failed, **backend.unreachable},
        faults=(*(_unserved(backend, pinned, kept) if not failed else ()), *_lost(backend, kept)),
        refusals=tuple(reason for one in brought for reason in one.refusals),
    )


def _brought(backend: Backend, api: Api, pinned: Sequence[StageSpec], kept: Sequence[Kept]) -> Iterator[Brought]:
    """Pinned stages for the regions that answer and lack them, from the first region that serves them."""
    there = {(one.region, one.stage) for one in kept}
    for stage in pinned:
        served = next((one for one in kept if one.stage == stage.name), None)
        for region in backend.spec.regions if served is not None else ():
            if (region, stage.name) not in there and region not in backend.unreachable and served is not None:
                yield bring(backend, api, stage, region=region, served=served)


def _linked(context: DeployContext, kept: Sequence[Kept], brought: Sequence[Brought]) -> dict[str, tuple[Link, ...]]:
    """Every region's calls; those of pinned stages as they serve."""
    served = {(one.region, one.stage): one.links for one in kept}
    served |= {(one.region, one.stage.name): one.links for one in brought}
    return {
        region: (
            *(link for link in links if (region, link.stage.name) not in served),
            *(link for (where, _), own in served.items() if where == region for link in own),
        )
        for region, links in context.links.items()
    }


def _kept(backend: Backend, api: Api, region: str, stage: StageSpec) -> Kept | None:
    """What a stage serves in a region; None where there is no such stage."""
    aws, context = backend.aws, backend.context
    api_id = find_api(aws, region, api.name)
    found = lives.served(aws, region, api_id, stage.name, form=lives.OPENAPI) if api_id is not None else None
    if found is None:
        return None
    known = {function.physical: function for function in backend.spec.functions_in(region)}
    variables, tag = split_variables(found.stage.get("variables"))
    links: dict[tuple[str | None, str, str], Link] = {}
    versions: dict[tuple[str, str], str] = {}
    lost: dict[str, None] = {}
    for target in lambda_targets(found.document):
        called = resolve(target, variables)
        if called is None or not called.is_in(region, context.account):
            continue
        function = known.get(called.function)
        if function is None:
            if called.function in lambda_reads.ours(aws, region):
                lost[called.function] = None
            continue
        alias = called.qualifier or ""
        variable = slot_variable(target) if _is_slot(alias, backend, region, function) else None
        plain = alias[:-2] if variable else alias
        number = lambda_reads.version_behind(aws, region, function.physical, alias)
        if number:
            links[variable, function.name, plain] = Link(stage=stage, variable=variable, function=function, alias=plain)
            versions[function.physical, plain] = number
    return Kept(
        region=region,
        stage=stage.name,
        links=tuple(links.values()),
        versions=versions,
        api_id=api_id or "",
        document=found.document,
        digest=found.digest,
        variables={**variables, **_plain(variables, links.values())},
        tag=tag,
        lost=tuple(lost),
    )


def _plain(variables: Mapping[str, str], links: Iterable[Link]) -> dict[str, str]:
    """The variables that name slots, with the plain alias in their place; a value may be "function:alias" (A28)."""
    return {
        link.variable: variables[link.variable][: -len(f"-{SLOTS[0]}")]
        for link in links
        if link.variable is not None and link.variable in variables
    }


def _is_slot(alias: str, backend: Backend, region: str, function: FunctionSpec) -> bool:
    there = lambda_reads.aliases(backend.aws, region, function.physical)
    return alias.endswith(tuple(f"-{slot}" for slot in SLOTS)) and any(slot in there for slot in slots_of(alias[:-2]))


def _unserved(backend: Backend, pinned: Sequence[StageSpec], kept: Sequence[Kept]) -> Iterator[Fault]:
    """A pinned stage keeps what it serves, so it must have served something somewhere."""
    served = {one.stage for one in kept}
    for stage in pinned:
        if stage.name not in served and backend.draft is not None:
            message = f"the stage '{stage.name}' is pinned and has never served: deploy it once without 'pinned'"
            yield backend.draft.document.fault(("api", "stages", stage.name, "pinned"), message)


def _lost(backend: Backend, kept: Sequence[Kept]) -> Iterator[Fault]:
    """What a pinned stage calls has to stay in the spec."""
    if backend.draft is None:
        return
    found: dict[tuple[str, str], list[str]] = {}
    for one in kept:
        for function in one.lost:
            found.setdefault((one.stage, function), []).append(one.region)
    for (stage, function), regions in found.items():
        message = (
            f"the stage '{stage}' is pinned and calls {function} ({', '.join(regions)}), which the spec does not have: "
            "leave it in the spec as long as the stage is pinned"
        )
        yield backend.draft.document.fault(("api", "stages", stage, "pinned"), message)
