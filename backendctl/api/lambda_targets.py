"""Which alias of which function each stage calls in one region, and with which values of its variables.

Functions need not be in the spec: what a definition calls is looked for in AWS. An alias that has slots is called
through the slot that serves now: a sync changes no code, so it never turns a stage to another slot.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from backendctl.aws.crew import both
from backendctl.nearest import nearest
from backendctl.openapi.integrations import Target, lambda_targets, resolve
from backendctl.resources.apigateway.api_reads import find_api, stages
from backendctl.resources.assemble import slot_variable
from backendctl.resources.deploy_context import Link
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_.alias_names import slots_of
from backendctl.spec.model import Code, FunctionSpec, Spec, StageSpec
from backendctl.spec.report import listed

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

_LATEST = "$LATEST"


@dataclass(frozen=True, kw_only=True)
class LambdaTargets:
    """What one region's stages call.

    Attributes:
        variables: stage → the variables it is to have.
        links: every (stage, function, alias) that is called; with the variable where the alias has two slots.
        missing: what stands in the way, one sentence each.
    """

    region: str
    variables: dict[str, dict[str, str]] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    missing: tuple[str, ...] = ()


def find_lambda_targets(
    aws: Aws,
    spec: Spec,
    region: str,
    *,
    document: Mapping[str, Any],
    wanted: Sequence[StageSpec],
    api: str,
    account: str,
    built: Collection[str] = (),
) -> LambdaTargets:
    """Look up everything that the definition calls through the wanted stages' variables.

    Args:
        document: the definition of stages that have none of their own, neutral: functions of another account or
            region are not looked for.
        api: name of the API whose stages serve now. account: the one we deploy to.
        built: names in AWS of the functions that are deployed with it: those need not be there yet.
    """
    search = _Search(aws, spec, region, account=account, built=built)
    calls = [(stage, lambda_targets(document if stage.definition is None else stage.definition)) for stage in wanted]
    api_id, _ = both(partial(find_api, aws, region, api), partial(search.read_ahead, calls))
    serving = stages(aws, region, api_id) if api_id else {}
    variables: dict[str, dict[str, str]] = {}
    links: dict[tuple[str, str, str | None], Link] = {}
    missing: dict[str, None] = {}
    for stage, targets in calls:
        live = dict(serving.get(stage.name, {}).get("variables") or {})
        values = {name: search.value(name, value, live, targets, stage) for name, value in stage.variables.items()}
        variables[stage.name] = values
        for target in targets:
            found = resolve(target, values)
            if found is None:
                lacking = ", ".join(sorted(target.variables - values.keys()))
                missing[f"stage {stage.name} has no variable {lacking}, which {_route(target)} needs"] = None
                continue
            if found.function in built or not found.is_in(region, account):
                continue
            fault = search.fault(found)
            if fault:
                missing[f"{region}: {_route(target)} calls {_called(found)}{_through(target, stage)}; {fault}"] = None
                continue
            link = search.link(target, found, stage)
            links[stage.name, link.function.physical, link.alias] = link
    return LambdaTargets(region=region, variables=variables, links=tuple(links.values()), missing=tuple(missing))


class _Search:
    """The functions and aliases of one region."""

    def __init__(self, aws: Aws, spec: Spec, region: str, *, account: str, built: Collection[str]) -> None:
        self._account = account
        self._built = built
        self._aws = aws
        self._region = region
        self._known = {one.physical: one for one in spec.functions.get(region, ())}

    def read_ahead(self, calls: Iterable[tuple[StageSpec, Iterable[Target]]]) -> None:
        """Ask at once for the aliases of all functions that stages call, by the variables of the spec."""
        resolved = [resolve(target, stage.variables) for stage, targets in calls for target in targets]
        names = {one.function for one in resolved if one is not None and one.is_in(self._region, self._account)}
        if asked := names - {*self._built}:
            there = lambda_reads.functions(self._aws, self._region)
            places = {(self._region, physical) for physical in asked & there.keys()}
            lambda_reads.read_ahead(self._aws, places, lambda_reads.aliases)

    def aliases(self, function: str) -> set[str]:
        """Names of the aliases of a function; empty when it is not there."""
        if function not in lambda_reads.functions(self._aws, self._region):
            return set()
        return set(lambda_reads.aliases(self._aws, self._region, function))

    def value(self, name: str, value: str, live: Mapping[str, str], targets: Iterable[Target], stage: StageSpec) -> str:
        """What a variable is to say: the slot that serves now, where its value names an alias that has slots."""
        functions = set(self._named(name, targets, stage))
        prefix, _, alias = value.rpartition(":")
        slots = [f"{prefix}:{slot}" if prefix else slot for slot in slots_of(alias)]
        if not functions or live.get(name) in {value, *slots}:
            return live[name] if functions and name in live else value
        exists = set.intersection(*(self.aliases(function) for function in functions))
        same = [other for other in sorted(live) if live[other] in slots and name != other]
        served = [live[other] for other in same if functions & set(self._named(other, targets, stage))]
        return next((one for one in (*served, value, *slots) if one.rpartition(":")[2] in exists), value)

    def fault(self, found: Target) -> str:
        """Why a call would fail; empty when it would not."""
        functions = lambda_reads.functions(self._aws, self._region)
        if found.function not in functions:
            return f"there is no function {found.function!r}{nearest(found.function, functions)}"
        if found.qualifier in {None, _LATEST}:
            return ""
        qualifier = str(found.qualifier)
        if qualifier.isdigit():
            numbers = {v.number for v in lambda_reads.versions(self._aws, self._region, found.function)}
            return "" if qualifier in numbers else f"there is no version {qualifier}"
        aliases = self.aliases(found.function)
        return "" if qualifier in aliases else f"there is no alias {qualifier!r}; aliases: {listed(sorted(aliases))}"

    def link(self, target: Target, found: Target, stage: StageSpec) -> Link:
        """What is called: through a variable where that may name the other slot after the next release."""
        function = self._known.get(found.function) or FunctionSpec(
            name=found.function, physical=found.function, code=Code()
        )
        qualifier = None if found.qualifier == _LATEST else found.qualifier
        variable, plain = slot_variable(target), _plain(qualifier)
        if qualifier is not None and variable and {plain, *slots_of(plain)} <= self.aliases(found.function):
            return Link(stage=stage, variable=variable, function=function, alias=plain)
        return Link(stage=stage, variable=None, function=function, alias=qualifier)

    def _named(self, variable: str, targets: Iterable[Target], stage: StageSpec) -> Iterator[str]:
        """The functions whose alias this variable says."""
        for target in targets:
            if variable in target.variables:
                found = resolve(target, stage.variables)
                if found is None or found.function in self._built or not found.is_in(self._region, self._account):
                    continue
                if found.qualifier is not None:
                    yield found.function


def _plain(qualifier: str | None) -> str:
    text = qualifier or ""
    return text[:-2] if text.endswith(("-a", "-b")) else text


def _route(target: Target) -> str:
    return f"the authorizer {target.path}" if target.method == "AUTHORIZER" else f"{target.method} {target.path}"


def _called(found: Target) -> str:
    return f"{found.function}:{found.qualifier}" if found.qualifier else found.function


def _through(target: Target, stage: StageSpec) -> str:
    names = ", ".join(sorted(target.variables))
    return f" (stage {stage.name}, variable {names})" if names else ""
