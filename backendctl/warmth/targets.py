"""Which alias of a function users hit now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.resources.lambda_.alias_names import names_of, slots_of
from backendctl.resources.lambda_.slots import LiveVariables, live_variables

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext, Link
    from backendctl.spec.model import FunctionSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """One way in which calls reach a function.

    Attributes:
        stage: the live stage that calls it; None for an alias that no stage leads to.
        alias: its plain name in the spec; None for the function itself, without a qualifier.
        qualifier: what is called, e.g. "version1-b" where the alias has two slots; None for the function itself.
        is_canary: whether only a canary's share of the stage's requests arrives there.
    """

    stage: str | None
    alias: str | None
    qualifier: str | None
    is_canary: bool = False


def hit_by_users(aws: Aws, context: DeployContext, region: str, function: FunctionSpec) -> tuple[Hit, ...]:
    """What the live stages' variables name now, then the aliases that no stage leads to.

    Stages are read through `Aws.shared`: call `aws.forget("stages")` first to ask again. A function that nothing
    names an alias for is hit as it is. The result is empty when the spec's stages lead to the function, but none of
    them is live.
    """
    api = context.spec.api
    live = live_variables(aws, region, api.name) if api is not None else {}
    return targets_in(context, region, function, live)


def targets_in(context: DeployContext, region: str, function: FunctionSpec, live: LiveVariables) -> tuple[Hit, ...]:
    """The same, from what the live stages say."""
    links = context.links_to(region, function)
    names = names_of(context, region, function)
    plain = {slot: alias for alias in names.staged for slot in slots_of(alias)}
    in_spec = {stage.name for stage in context.spec.api.stages} if context.spec.api is not None else set()
    hits = [
        Hit(stage=stage, alias=plain.get(qualifier or "", qualifier), qualifier=qualifier, is_canary=is_canary)
        for stage, variables in live.items()
        for link in links
        if link.stage.name == stage or stage not in in_spec
        for qualifier, is_canary in _named(function, link, variables)
    ]
    spelt = {link.alias for link in links}
    hits += [Hit(stage=None, alias=alias, qualifier=alias) for alias in names.plain if alias not in spelt]
    if not hits and not links:
        hits.append(Hit(stage=None, alias=None, qualifier=None))
    return tuple(dict.fromkeys(hits))


def _named(
    function: FunctionSpec, link: Link, variables: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str | None, bool]]:
    """The qualifiers that a link means on a live stage, and whether it is the canary's."""
    if link.variable is None:
        yield link.alias, False
        return
    values = list(dict.fromkeys(variables.get(link.variable, ())))
    for number, value in enumerate(values):
        name, _, qualifier = value.rpartition(":")  # a variable may hold "function:alias" (A28)
        if name in {"", function.physical}:
            yield qualifier, number > 0
