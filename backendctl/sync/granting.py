"""The right to call, alone: what a sync does about permissions, and how full each policy is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from backendctl.api.body import wanted
from backendctl.api.lambda_targets import LambdaTargets, find_lambda_targets
from backendctl.api.source import api_of
from backendctl.aws.crew import interleaved, together
from backendctl.aws.errors import ClientError, is_missing
from backendctl.aws.regions import each_region
from backendctl.engine.plan import Plan
from backendctl.engine.resource import address_of
from backendctl.errors import BackendctlError, RefusedError
from backendctl.resources.apigateway.api_reads import find_api
from backendctl.resources.lambda_.permission import LIMIT
from backendctl.sync.planning import called_context, permissions_of
from backendctl.sync.prepare import source_for

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.resources.lambda_.permission import Permission
    from backendctl.spec.model import Api
    from backendctl.sync.request import Request

__all__ = ["LIMIT", "Grant", "prepare_grant", "sizes"]


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What is to be granted. permissions: one for every qualifier that is called, granted already or not."""

    backend: Backend
    plan: Plan
    permissions: tuple[Permission, ...]


def prepare_grant(backend: Backend, request: Request) -> Grant:
    """Look up what every region's stages call.

    A live API's own region is among them: it is granted like all others.

    Raises:
        RefusedError: a stage calls what is not there, or a region has no such API.
        BackendctlError: no region can be read.
    """
    api = wanted(api_of(backend.spec), source_for(backend, request)).api
    regions = tuple(r for r in backend.spec.regions if not request.targets or r in request.targets)
    lambda_targets, failed = each_region(
        regions, partial(_reach, backend, api), workers=backend.settings.workers, doing="read the API of"
    )
    if not lambda_targets:
        raise next(iter(failed.values()))
    if missing := [line for one in lambda_targets.values() for line in one.missing]:
        raise RefusedError(list(dict.fromkeys(missing)))
    readable = tuple(region for region in regions if region in lambda_targets)
    granted = tuple(permissions_of(called_context(backend, api, lambda_targets, readable)))
    plan = replace(backend.planner, regions=readable).part(granted)
    return Grant(backend=backend, plan=replace(plan, unreachable={**failed, **plan.unreachable}), permissions=granted)


def sizes(grant: Grant) -> Mapping[str, int]:
    """Address → bytes of that qualifier's policy as it is now, of the 20,480 that AWS allows (B40)."""
    told = [one for one in grant.permissions if one.region not in grant.plan.unreachable]
    turns = interleaved(told, key=lambda one: one.region)
    bytes_of = together(partial(_size, grant.backend, one) for one in turns)
    found = dict(zip(map(address_of, turns), bytes_of, strict=True))
    return {address: found[address] for address in map(address_of, told)}


def _size(backend: Backend, one: Permission) -> int:
    client = backend.aws.lambda_(one.region)
    qualifier = {"Qualifier": one.qualifier} if one.qualifier else {}
    try:
        return len(client.get_policy(FunctionName=one.physical, **qualifier)["Policy"].encode())
    except ClientError as error:
        if is_missing(error):
            return 0
        raise


def _reach(backend: Backend, api: Api, region: str) -> LambdaTargets:
    if find_api(backend.aws, region, api.name) is None:
        raise BackendctlError(f"there is no API {api.name!r} in {region}", hint="bring it there: backendctl sync-api")
    return find_lambda_targets(
        backend.aws,
        backend.spec,
        region,
        document=api.definition,
        wanted=api.stages,
        api=api.name,
        account=backend.context.account,
    )
