"""The plan of a sync: a deploy's plan, restricted to the kinds an API is made of.

The functions' code and aliases are nobody's business here: stages keep the slots that serve now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from backendctl.api.body import stage_definitions
from backendctl.api.elsewhere import with_lambda_targets
from backendctl.api.judge import kept
from backendctl.engine.plan import Plan
from backendctl.engine.resource import Resource, address_of
from backendctl.engine.traits import traits_of
from backendctl.errors import RefusedError
from backendctl.release.releasing import Releasing
from backendctl.release.running_canaries import Running
from backendctl.release.start import begun, numbered_canaries
from backendctl.resources import KINDS
from backendctl.resources.apigateway.api_account import ApiAccount
from backendctl.resources.apigateway.canary import CanaryStart
from backendctl.resources.apigateway.rest_api import RestApi
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.apigateway.usage_plan import UsagePlan
from backendctl.resources.deploy_context import DeployContext
from backendctl.resources.lambda_.permission import Permission
from backendctl.resources.ssm.release_record import token_of
from backendctl.sync.request import Request

if TYPE_CHECKING:
    from backendctl.api.body import Body, Wanted
    from backendctl.api.lambda_targets import LambdaTargets
    from backendctl.api.look import Look
    from backendctl.backend import Backend
    from backendctl.spec.model import Api


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a plan is made from.

    Attributes:
        wanted: the API with the definition and the stages that all regions are to have.
        bodies: what each region gets. look: what each region serves and reaches.
    """

    backend: Backend
    wanted: Wanted
    bodies: Mapping[str, Body]
    look: Look
    request: Request

    @property
    def regions(self) -> tuple[str, ...]:
        """Those that could be read."""
        return self.look.regions


def plan_of(parts: Parts) -> tuple[Plan, list[Resource]]:
    """Everything that differs, and what is wanted."""
    context = called_context(parts.backend, parts.wanted.api, parts.look.lambda_targets, parts.regions)
    context = replace(
        context,
        definitions={region: parts.bodies[region].definition for region in parts.regions},
        stage_definitions=stage_definitions(
            parts.wanted, parts.regions, account=context.account, partition=context.partition
        ),
    )
    permissions = list(permissions_of(context))
    wanted: list[Resource] = [*RestApi.desired(context), *permissions, *ApiAccount.desired(context)]
    stages = list(_stages(context, parts, permissions))
    canaries, begin = _canaries(stages, parts)
    if parts.request.canary is None:
        wanted += stages
        wanted += (one for kind in KINDS if traits_of(kind).part_of_needed for one in kind.desired(context))
    wanted += _usage_plans(parts)
    wanted = kept(wanted, parts.look)
    plan = replace(parts.backend.planner, regions=parts.regions).part(wanted, canaries)
    return (plan if begin is None else begin(plan)), wanted


def called_context(
    backend: Backend, api: Api, lambda_targets: Mapping[str, LambdaTargets], regions: tuple[str, ...]
) -> DeployContext:
    """The context of this API alone: whatever it calls is taken as it serves now."""
    context = replace(backend.context, spec=replace(backend.spec.narrowed(regions), api=api), links={}, slots={})
    return with_lambda_targets(context, {region: lambda_targets[region] for region in regions})


def permissions_of(context: DeployContext) -> Iterator[Permission]:
    """One for every qualifier that a route calls now or after the next release."""
    for permission in Permission.desired(context):
        if any(source.startswith("execute-api:") for source in (permission.statements or {}).values()):
            yield permission


def _stages(context: DeployContext, parts: Parts, permissions: Sequence[Permission]) -> Iterator[Stage]:
    for stage in Stage.desired(context):
        after = {address_of(one) for one in permissions if one.region == stage.region}
        after |= {need for need in stage.needs() if "/alias/" not in need and "/function/" not in need}
        yield replace(
            stage,
            methods=parts.wanted.source.methods.get(stage.name),
            requires=frozenset(after),
            pruned=parts.request.pruned,
        )


def _canaries(stages: Sequence[Stage], parts: Parts) -> tuple[list[CanaryStart], Callable[[Plan], Plan] | None]:
    """A canary for every stage, as a release with a number; and what announces it in the plan.

    One that is on with the same is left as it is.

    Raises:
        UsageError: another canary is on.
    """
    backend, aws = parts.backend, parts.backend.aws
    found = [one for stage in stages for one in _canary(stage, parts)]
    if all((on := one.running(aws)) is not None and one.is_on(on) for one in found):
        return found, None
    context = replace(backend.context, spec=replace(backend.spec.narrowed(parts.regions), api=parts.wanted.api))
    releasing = Releasing(aws=aws, context=context, workers=backend.settings.workers)
    logs = releasing.logs()
    if logs.unreachable and not logs.regions:  # nothing would be announced anywhere
        raise next(iter(logs.unreachable.values()))
    token = token_of("sync-api", "canary", parts.wanted.digest)
    running = Running.read(found, logs, releasing, percent=parts.request.canary, token=token)
    canaries, entry, earlier = numbered_canaries(found, stages, logs, releasing, running=running, token=token)
    return canaries, lambda plan: begun(plan, entry, earlier, logs, releasing)


def _canary(stage: Stage, parts: Parts) -> Iterator[CanaryStart]:
    """The same definition for a share of the requests; nothing where the stage serves it already.

    Raises:
        RefusedError: there is no stage beside which it could be (A63).
    """
    percent = parts.request.canary
    if percent is None:
        return
    live = Stage.read(parts.backend.aws, stage)
    if live is None:
        raise RefusedError(
            [f"{address_of(stage)} is not there yet, so a canary has nothing to stand beside"],
            hint="sync it once without --canary",
        )
    if canary := CanaryStart.beside(stage, live, percent=percent):
        yield canary


def _usage_plans(parts: Parts) -> Iterator[UsagePlan]:
    """Of the live stage that the definition comes from; the stage of that name, or the only one, is in them too."""
    stages = [
        one.name
        for one in parts.wanted.api.stages
        if one.name == parts.wanted.source.stage or len(parts.wanted.api.stages) == 1
    ]
    managed = {plan.physical for plan in parts.wanted.api.usage_plans}  # those are the spec's, and deploy's to bring
    for region in parts.regions if stages else ():
        for plan in parts.wanted.source.plans:
            if plan.name in managed:
                continue
            yield UsagePlan.after(
                plan, region=region, api=parts.wanted.api.name, owner=parts.backend.spec.backend, stages=stages
            )
