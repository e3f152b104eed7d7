"""From a spec to the context that `desired` works from: definitions localised, links and slots found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from backendctl.aws.crew import Crew
from backendctl.aws.errors import attempt
from backendctl.errors import BackendctlError, RefusedError
from backendctl.openapi.integrations import Target, lambda_targets, resolve, stage_variables
from backendctl.package import Artefact
from backendctl.resources import KINDS
from backendctl.resources.deploy_context import Capacity, Definition, DeployContext, Link, SlotChoice, Stamp
from backendctl.resources.lambda_ import baking, lambda_reads, slots
from backendctl.spec.model import Spec

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.engine.resource import Resource


def make_context(
    spec: Spec,
    *,
    account: str,
    partition: str,
    artefacts: Mapping[tuple[str, str], Artefact],
    code_ids: Mapping[tuple[str, str], str],
    stamp: Stamp,
    definitions: Mapping[str, Definition] | None = None,
    stage_definitions: Mapping[tuple[str, str], Definition] | None = None,
) -> DeployContext:
    """Everything but the slots, without calling AWS.

    Args:
        spec: its API's definition is neutral.
        code_ids: of functions whose code AWS fetches itself; those built here are added.
        definitions: region → what it gets of the API's definition.
        stage_definitions: (region, stage) → the same of a stage that has its own.
    """
    built = {key: artefact.sha256 for key, artefact in artefacts.items()}
    return DeployContext(
        spec=spec,
        account=account,
        partition=partition,
        stamp=stamp,
        artefacts=dict(artefacts),
        code_ids={**code_ids, **built},
        definitions=dict(definitions or {}),
        stage_definitions=dict(stage_definitions or {}),
        links=links_of(spec, account=account),
    )


def links_of(spec: Spec, *, account: str) -> dict[str, tuple[Link, ...]]:
    """Region → every call of a function of the spec that a stage leads to; the definition is neutral."""
    stages = spec.api.stages if spec.api is not None else ()
    targets = {stage.name: lambda_targets(spec.api.document_of(stage)) for stage in stages} if spec.api else {}
    return {region: tuple(_links(spec, region, targets, account=account)) for region in spec.regions}


def with_slots(context: DeployContext, aws: Aws, *, workers: int) -> tuple[DeployContext, dict[str, BackendctlError]]:
    """The same context knowing the slot of each release and what is provisioned, and the regions that could not tell.

    Raises:
        RefusedError: there is no slot for the release in some region.
    """
    chosen: dict[tuple[str, str, str], SlotChoice] = {}
    ready: dict[tuple[str, str, str], Capacity] = {}
    failed: dict[str, BackendctlError] = {}

    def choose(region: str) -> None:
        there = lambda_reads.functions(aws, region).keys()
        named = {function.physical for function in context.spec.functions_in(region)}
        lambda_reads.read_ahead(aws, {(region, physical) for physical in there & named}, lambda_reads.aliases)
        here = replace(context, spec=context.spec.narrowed((region,)))
        found = slots.choose(aws, here)
        ready.update(baking.capacities(aws, replace(here, slots=found)))
        chosen.update(found)

    def ask(region: str) -> None:
        # Danger in one region is not met by going on in the others.
        error = attempt(partial(choose, region), doing=f"read {region}/alias", let=(RefusedError,))
        if error is not None:
            failed[region] = error

    with Crew(workers, name="slots") as crew:
        asked = [crew.submit(partial(ask, region)) for region in context.spec.regions]
        for answer in asked:
            answer.result()
    return replace(context, slots=chosen, capacity=ready), failed


def desired(context: DeployContext) -> list[Resource]:
    """Everything the spec asks for, in every region."""
    return [resource for kind in KINDS for resource in kind.desired(context)]


def _links(spec: Spec, region: str, targets: Mapping[str, Sequence[Target]], *, account: str) -> Iterator[Link]:
    if spec.api is None:
        return
    functions = {function.physical: function for function in spec.functions_in(region)}
    seen = set()
    for stage in spec.api.stages:
        for target in targets[stage.name]:
            found = resolve(target, stage.variables)
            if found is None or not found.is_in(region, account) or found.function not in functions:
                continue
            key = (stage.name, slot_variable(target), found.function, found.qualifier)
            if key not in seen:
                seen.add(key)
                yield Link(
                    stage=stage,
                    variable=slot_variable(target),
                    function=functions[found.function],
                    alias=found.qualifier,
                )


def called_names(spec: Spec) -> frozenset[str]:
    """What the API's functions are called in AWS, those beside the spec included."""
    if spec.api is None:
        return frozenset()
    pairs = [
        (target, stage.variables) for stage in spec.api.stages for target in lambda_targets(spec.api.document_of(stage))
    ]
    return frozenset(found.function for target, values in pairs if (found := resolve(target, values)) is not None)


def slot_variable(target: Target) -> str | None:
    """The stage variable that is the whole qualifier; only such a one can be turned to another slot."""
    names = stage_variables(target.qualifier or "")
    return next(iter(names)) if target.qualifier in {f"${{stageVariables.{name}}}" for name in names} else None
