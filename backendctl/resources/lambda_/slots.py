"""Which of an alias's two slots a release goes to: the one that holds it, else the one that no stage uses.

So that alias moves and stage changes never have to reach AWS's hosts at the same moment (A51), the next release is
put where no traffic is, and a stage's variables are what changes over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from backendctl.aws.crew import together
from backendctl.errors import RefusedError
from backendctl.resources.apigateway.api_reads import find_api, stages
from backendctl.resources.deploy_context import DeployContext, Link, SlotChoice
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_.function import Function
from backendctl.spec.model import SLOTS, FunctionSpec

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws


class SlotsTakenError(RefusedError):
    """Both slots of an alias serve, so that there is none for a release."""


LiveVariables = Mapping[str, Mapping[str, Sequence[str]]]
"""Stage → variable → its values: the stage's own, and the one a canary puts over it."""


def live_variables(aws: Aws, region: str, api: str) -> LiveVariables:
    """What the live stages of an API say now; {} when there is no such API."""
    api_id = find_api(aws, region, api)
    found: dict[str, dict[str, list[str]]] = {}
    for name, stage in (stages(aws, region, api_id) if api_id is not None else {}).items():
        said = found.setdefault(name, {})
        overrides = (stage.get("canarySettings") or {}).get("stageVariableOverrides") or {}
        for variable, value in [*(stage.get("variables") or {}).items(), *overrides.items()]:
            said.setdefault(variable, []).append(value)
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class _Member:
    """One staged alias of one function.

    Attributes:
        variables: the (stage, variable) pairs that name it.
        exists, holding: slots that exist, and those that hold the desired release.
        serving: slot → stages that name it now.
        kept: whether it stays where it serves.
    """

    function: FunctionSpec
    alias: str
    variables: frozenset[tuple[str, str]]
    exists: tuple[str, ...]
    holding: tuple[str, ...]
    serving: Mapping[str, Sequence[str]]
    kept: bool = False


def choose(
    aws: Aws, context: DeployContext, *, variables: Callable[[Aws, str, str], LiveVariables] = live_variables
) -> dict[tuple[str, str, str], SlotChoice]:
    """For every (region, function's name in AWS, staged alias), the slot of the desired release.

    Functions that share a stage variable share the slot, for the variable has one value.

    Args:
        variables: what the live stages of an API say now.

    Raises:
        SlotsTakenError: both slots of an alias serve, and neither holds the release.
    """
    chosen: dict[tuple[str, str, str], SlotChoice] = {}
    refused: list[str] = []
    api = context.spec.api
    for region in context.spec.regions:
        live = variables(aws, region, api.name) if api is not None else {}
        for group in _groups(_members(aws, context, region, live)):
            target = _target(group)
            if target is None:
                refused.append(f"{region}: {_told(group)}")
                continue
            for member in group:
                key = (region, member.function.physical, member.alias)
                chosen[key] = SlotChoice(
                    target=target,
                    idle_exists=any(slot != target for slot in member.exists),
                    has_stage=any(stage in live for stage, _ in member.variables) or any(member.serving.values()),
                )
    if refused:
        raise SlotsTakenError(
            refused,
            hint="end the running canary, if there is one; or deploy once more, with the code that one of these "
            "stages serves (the version's description names its commit), so that they share a slot; or give one "
            "stage an alias of its own",
        )
    return chosen


def _target(group: Sequence[_Member]) -> str | None:
    """Where all hold their release, rather where it serves already; else where nothing serves, "a" before "b"."""
    serves = {slot: any(member.serving[slot] for member in group) for slot in SLOTS}
    if any(member.kept for member in group):
        return next((slot for slot in SLOTS if serves[slot]), None)
    holding = [slot for slot in SLOTS if all(slot in member.holding for member in group)]
    free = [slot for slot in SLOTS if not serves[slot]]
    return next(iter(sorted(holding, key=lambda slot: not serves[slot]) or free), None)


def _told(group: Sequence[_Member]) -> str:
    names = ", ".join(f"{member.function.physical}:{member.alias}" for member in group)
    users = {slot: sorted({stage for member in group for stage in member.serving[slot]}) for slot in SLOTS}
    told = " and ".join(f"{', '.join(users[slot])} on slot {slot}" for slot in SLOTS)
    return f"both slots of {names} serve ({told}), so there is none for a new release"


def _members(aws: Aws, context: DeployContext, region: str, live: LiveVariables) -> list[_Member]:
    found: list[_Member] = []
    staged = [
        (function, alias, links)
        for function in context.spec.functions_in(region)
        for alias, links in context.staged(region, function).items()
    ]
    serving = [serving_slots(alias, links, live) for _, alias, links in staged]
    asked = [
        partial(_slots, aws, Function.behind_alias(context, region, function, alias), alias, serves)
        for (function, alias, _), serves in zip(staged, serving, strict=True)
    ]
    for (function, alias, links), serves, (exists, holding) in zip(staged, serving, together(asked), strict=True):
        named = {(link.stage.name, link.variable) for link in links if link.variable is not None}
        found.append(
            _Member(
                function=function,
                alias=alias,
                variables=frozenset(named),
                exists=tuple(exists),
                holding=tuple(holding),
                serving=serves,
                kept=context.is_kept(region, function.physical, alias),
            )
        )
    return found


def _groups(members: Sequence[_Member]) -> list[list[_Member]]:
    """Members that share a variable, directly or through others."""
    groups: list[list[_Member]] = []
    for member in members:
        joined = [group for group in groups if any(member.variables & other.variables for other in group)]
        groups = [group for group in groups if group not in joined]
        groups.append([*(other for group in joined for other in group), member])
    return groups


def _slots(aws: Aws, wanted: Function, alias: str, serving: Mapping[str, Sequence[str]]) -> tuple[list[str], list[str]]:
    """The slots that exist, and those that hold the desired release.

    Where one that serves says that it does, the other is not asked, which would take the list of versions.
    """
    if wanted.physical not in lambda_reads.functions(aws, wanted.region):
        return [], []
    live = lambda_reads.aliases(aws, wanted.region, wanted.physical)
    exists = [slot for slot in SLOTS if f"{alias}-{slot}" in live]
    told = [slot for slot in exists if wanted.release and live[f"{alias}-{slot}"].release == wanted.release]
    if any(serving[slot] for slot in told):
        return exists, told
    versions = {v.number: v for v in lambda_reads.versions(aws, wanted.region, wanted.physical)} if exists else {}
    holding = [
        slot
        for slot in exists
        if (version := versions.get(live[f"{alias}-{slot}"].version)) is not None
        and version.carries(wanted.release or "", wanted.managed)
    ]
    return exists, holding


def serving_slots(alias: str, links: Sequence[Link], live: LiveVariables) -> dict[str, list[str]]:
    """Slot → the live stages that name it now, be they in the spec or not."""
    variables = {link.variable for link in links if link.variable is not None}
    return {
        slot: [
            stage
            for stage, said in live.items()
            if any(f"{alias}-{slot}" == _alias_in(value) for name in variables for value in said.get(name, ()))
        ]
        for slot in SLOTS
    }


def _alias_in(value: str) -> str:
    """A variable may hold "function:alias" (A28)."""
    return value.rpartition(":")[2]
