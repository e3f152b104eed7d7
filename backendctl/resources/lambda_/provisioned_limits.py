"""What Lambda would refuse of concurrency, and a turn that would lose some, found before the first call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from backendctl.aws.crew import together
from backendctl.aws.errors import ClientError, explain
from backendctl.engine.plan import Change
from backendctl.resources.lambda_ import provisioned_reads as reads
from backendctl.resources.lambda_.alias_names import slots_of
from backendctl.resources.lambda_.provisioned import ProvisionedConcurrency
from backendctl.resources.lambda_.reserved import ReservedConcurrency
from backendctl.resources.lambda_.slots import live_variables, serving_slots

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext

_UNRESERVED = 100
"""Concurrent executions that Lambda keeps for functions without a reservation (B49)."""


def over_limits(changes: Iterable[Change], aws: Aws) -> list[str]:
    """Why Lambda would refuse what these changes ask for, one sentence each (B49).

    Raises:
        AwsError: a region did not tell its limits.
    """
    changes = list(changes)
    reserving = [change.desired for change in changes if isinstance(change.desired, ReservedConcurrency)]
    reservations = {(one.region, one.physical): one.reserved for one in reserving}
    wanted: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for region, physical in reservations:
        wanted[region][physical] = {}
    for change in changes:
        one = change.desired
        if isinstance(one, ProvisionedConcurrency) and one.requested is not None:
            before = change.live
            if not isinstance(before, ProvisionedConcurrency) or before.requested != one.requested:
                wanted[one.region][one.physical][one.alias] = one.requested
    return [
        reason for region, functions in wanted.items() for reason in _in_region(aws, region, functions, reservations)
    ]


def _in_region(
    aws: Aws,
    region: str,
    functions: Mapping[str, Mapping[str, int]],
    reservations: Mapping[tuple[str, str], int | str],
) -> Iterator[str]:
    client = aws.lambda_(region)
    taken = 0
    free_for_all: dict[str, int] = {}
    try:
        unreserved = client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
        for physical, asked in functions.items():
            had = {name: config.requested for name, config in reads.configs(aws, region, physical).items()}
            both = {**had, **asked}
            before = _reserved(aws, region, physical)
            asked_for = reservations.get((region, physical), before)
            reserved = asked_for if isinstance(asked_for, int) else None
            taken += (reserved or 0) - (before or 0)
            if reserved is not None:
                yield from _beyond(f"{region}: {physical}", reserved, now=sum(had.values()), both=both)
            elif asked:
                free_for_all[physical] = sum(both.values())
    except ClientError as error:
        raise explain(error, doing=f"read the limits of concurrent executions in {region}") from error
    unreserved -= taken
    if taken > 0 and unreserved < _UNRESERVED:
        yield (
            f"{region}: `reserved-concurrency` as the spec has it would leave {unreserved} concurrent executions of "
            f"the account unreserved, and Lambda keeps {_UNRESERVED}: reserve less, or raise the account's limit"
        )
    elif free_for_all and sum(free_for_all.values()) > unreserved - _UNRESERVED:
        yield (
            f"{region}: {', '.join(free_for_all)} would have {sum(free_for_all.values())} provisioned environments, "
            f"and the account has {unreserved} unreserved concurrent executions, of which {_UNRESERVED} must stay "
            "unreserved; while a release turns, both slots have theirs"
        )


def _beyond(function: str, reserved: int, *, now: int, both: Mapping[str, int]) -> Iterator[str]:
    """Why a reservation is too small for what a function has and is to have provisioned; nothing where it is not.

    Args:
        both: by alias, what it has and what is asked for, since what is given back goes last.
    """
    total = sum(both.values())
    if reserved < now:  # the reservation is put first, and fewer environments, or none, only then
        yield (
            f"{function} has {now} provisioned environments now, and Lambda takes no reserved concurrency below that: "
            "deploy the lower `warm: {provisioned: …}` first, then `reserved-concurrency`"
        )
    elif total > reserved:
        told = ", ".join(f"{name} {number}" for name, number in sorted(both.items()))
        yield (
            f"{function} would have {total} provisioned environments ({told}) and has reserved concurrency of "
            f"{reserved}; during a release both slots have theirs"
        )


def _reserved(aws: Aws, region: str, physical: str) -> int | None:
    try:
        found = aws.lambda_(region).get_function_concurrency(FunctionName=physical)
    except aws.lambda_(region).exceptions.ResourceNotFoundException:  # it is made by the same plan
        return None
    return found.get("ReservedConcurrentExecutions")


def lost_by_turning(context: DeployContext, aws: Aws, *, stages: Iterable[str]) -> list[str]:
    """Stages that would turn from a slot with provisioned concurrency to one without (B46, B48), one sentence each.

    Only what somebody else has set is looked at: where the spec asks for it, the turn waits for it, and where the spec
    does so no longer, what backendctl had asked for is to go.

    Args:
        stages: the names of those that may turn.

    Raises:
        AwsError: a region did not tell.
    """
    asked = [partial(_lost, aws, *one) for one in _turning(context, aws, frozenset(stages))]
    return list(dict.fromkeys(reason for reasons in together(asked) for reason in reasons))


def look_ahead(context: DeployContext, aws: Aws) -> list[Callable[[], object]]:
    """What `lost_by_turning` will ask if every stage turns; the answers are shared."""
    stages = frozenset(stage.name for stage in context.spec.api.stages) if context.spec.api is not None else frozenset()
    places = {(region, physical) for region, physical, _, _ in _turning(context, aws, stages)}
    return [partial(reads.configs, aws, *place) for place in sorted(places)]


def _turning(context: DeployContext, aws: Aws, stages: frozenset[str]) -> Iterator[tuple[str, str, str, str]]:
    """Region, function's name in AWS, plain alias, and the slot that some of these stages would turn to."""
    api = context.spec.api
    for region in context.spec.regions if api is not None and stages else ():
        live = live_variables(aws, region, api.name if api is not None else "")
        for function in context.spec.functions_in(region):
            for alias, links in context.staged(region, function).items() if function.provisioned is None else ():
                target = context.slot_alias(region, function, alias)
                serving = serving_slots(alias, [link for link in links if link.stage.name in stages], live)
                if any(serving.values()) and not serving[target[-1]]:
                    yield region, function.physical, alias, target


def _lost(aws: Aws, region: str, physical: str, alias: str, target: str) -> list[str]:
    try:
        found = reads.configs(aws, region, physical)
        ours = reads.recorded(aws, region, physical) if found else {}
    except ClientError as error:
        raise explain(error, doing=f"read the provisioned concurrency of {physical} in {region}") from error
    kept = {name: found[name].requested for name in slots_of(alias) if name in found and name not in ours}
    if not kept or target in found:
        return []
    told = ", ".join(f"{physical}:{name}" for name in kept)
    reason = (
        f"{region}: {told} has provisioned concurrency and {physical}:{target}, where the release goes, has none; "
        f"say `warm: {{provisioned: {max(kept.values())}}}` in the spec"
    )
    return [reason]
