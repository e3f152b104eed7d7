"""What a spec wants of a stage: its variables, what has to stand behind them, and what it needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from backendctl.aws.crew import together
from backendctl.engine.resource import address
from backendctl.errors import BackendctlError
from backendctl.resources.apigateway import stage_live
from backendctl.resources.apigateway.served import Route
from backendctl.resources.deploy_context import DeployContext, Link
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_.alias_names import qualified
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.prewarm import prewarm
from backendctl.resources.lambda_.provisioned import ready_before_turn
from backendctl.spec.model import StageSpec

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws


@dataclass(frozen=True, kw_only=True, slots=True)
class Behind:
    """A slot that a stage turns to, and the release of the function that it has to hold by then.

    Attributes:
        variable: of the stage, and the value by which it names the slot.
        warm_input: JSON that the release is called with before the stage is made; None where its alias does that.
        warm_count: in so many calls at once.
    """

    variable: str
    value: str
    physical: str
    alias: str
    release: str
    managed: frozenset[str]
    warm_input: str | None = None
    warm_count: int = 1


def variables_of(context: DeployContext, region: str, stage: StageSpec) -> dict[str, str]:
    """All of a stage's variables; one that names a staged alias names the slot."""
    found = dict(stage.variables)
    for link in _links(context, region, stage):
        if link.variable is None or link.alias is None or link.variable not in stage.variables:
            continue
        slot = context.slot_alias(region, link.function, link.alias)
        value = stage.variables[link.variable].removesuffix(link.alias) + slot  # "version1" or "places:version1" (A28)
        if found[link.variable] not in {stage.variables[link.variable], value}:
            raise BackendctlError(
                f"stage {stage.name} in {region}: variable {link.variable} serves functions whose releases stand in "
                f"different slots ({found[link.variable]}, {value})",
                hint="give every function a variable of its own in the definition and in the stage",
            )
        found[link.variable] = value
    return {name: context.serving.get((region, stage.name, name), value) for name, value in found.items()}


def look_at_slots(aws: Aws, region: str, behind: Iterable[Behind], *, serving: Mapping[str, str]) -> None:
    """Just before a stage turns: ask what the slots that it turns to hold now; shared until somebody forgets it.

    Args:
        serving: the stage's variables now. A slot that it is led to already is not looked at: it serves, and so is
            moved by nobody.
    """
    names = {one.physical for one in _turned_to(behind, serving)}
    for physical in names:
        aws.forget("lambda-aliases", region, physical)
    lambda_reads.read_ahead(aws, {(region, physical) for physical in names}, lambda_reads.aliases)


def refuse_slots(aws: Aws, region: str, behind: Iterable[Behind], *, serving: Mapping[str, str]) -> None:
    """The slots that a stage turns to, as they were looked at, hold the release that was planned.

    Raises:
        BackendctlError: one holds something else.
    """
    together(partial(_refuse_slot, aws, region, one) for one in _turned_to(behind, serving))


def _turned_to(behind: Iterable[Behind], serving: Mapping[str, str]) -> list[Behind]:
    return [one for one in behind if serving.get(one.variable) != one.value]


def _refuse_slot(aws: Aws, region: str, one: Behind) -> None:
    alias = lambda_reads.aliases(aws, region, one.physical).get(one.alias)
    versions = {v.number: v for v in lambda_reads.versions(aws, region, one.physical)}
    version = versions.get(alias.version) if alias is not None else None
    if version is None or not version.carries(one.release, one.managed):
        raise BackendctlError(
            f"{one.physical}:{one.alias} in {region} does not hold this release: somebody else moved it",
            hint="run the same command again",
        )


def warm(aws: Aws, region: str, behind: Iterable[Behind]) -> None:
    """Before a stage is made: call what it will lead to and nothing has called yet.

    Raises:
        BackendctlError: a function answers with an error, or has no version of the release.
    """
    together(partial(_warm_one, aws, region, one, one.warm_input) for one in behind if one.warm_input is not None)


def _warm_one(aws: Aws, region: str, one: Behind, payload: str) -> None:
    number = lambda_reads.number_of(aws, region, one.physical, release=one.release, managed=one.managed)
    aws.shared(  # stages and variables may lead to the same version
        ("warmed", region, one.physical, number),
        lambda: prewarm(aws, region, one.physical, version=number, payload=payload, count=one.warm_count),
    )


def behind_of(context: DeployContext, region: str, stage: StageSpec) -> Iterable[Behind]:
    """What has to stand behind a stage's variables when it turns."""
    values = variables_of(context, region, stage)
    for link in _links(context, region, stage):
        if link.variable is None or link.alias is None or link.variable not in stage.variables:
            continue
        built = (region, link.function.name) in context.code_ids  # the API may call others' functions
        if built and (region, link.function.physical, link.alias) in context.slots:
            function = Function.behind_alias(context, region, link.function, link.alias)
            served = context.slots[region, link.function.physical, link.alias].has_stage
            warm = None if served else link.function.warm
            yield Behind(
                variable=link.variable,
                value=values[link.variable],
                physical=function.physical,
                alias=context.slot_alias(region, link.function, link.alias),
                release=function.release or "",
                managed=function.managed,
                warm_input=warm.event(warm.instances) if warm else None,
                warm_count=warm.instances if warm else 1,
            )


def routes_of(context: DeployContext, region: str, stage: StageSpec) -> tuple[Route, ...]:
    """The functions that a stage leads to through aliases."""
    return tuple(
        Route(variable=link.variable, physical=link.function.physical, alias=link.alias)
        for link in _links(context, region, stage)
        if link.alias is not None
    )


def requirements(context: DeployContext, region: str, stage: StageSpec) -> frozenset[str]:
    """Addresses of everything that a stage's requests meet behind it, and of the account's log role."""
    found = {address(region, "api-account", "logging")} if stage_live.logs(stage.logging) else set()
    for link in _links(context, region, stage):
        alias = link.alias
        if alias is not None and link.variable is not None:
            alias = context.slot_alias(region, link.function, alias)
        name = qualified(link.function.name, alias)
        found.add(address(region, "permission", name))
        found.add(address(region, "function" if alias is None else "alias", name))
        found |= ready_before_turn(region, link.function, alias or "")
        found |= context.data_before_calls(region, link.function.physical, link.alias)
    return frozenset(found)


def _links(context: DeployContext, region: str, stage: StageSpec) -> list[Link]:
    return [link for link in context.links.get(region, ()) if link.stage.name == stage.name]
