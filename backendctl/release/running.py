"""The canaries that run, as AWS tells them now: the whole memory of a release that is under way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from backendctl.aws.errors import explain
from backendctl.aws.tags import owner_of
from backendctl.errors import BackendctlError
from backendctl.nearest import refuse_unknown as refuse_unknown_names
from backendctl.release import access_log
from backendctl.release.access_log import AccessLog
from backendctl.resources import lambda_reads, ledger
from backendctl.resources.alias import owner_in
from backendctl.resources.alias_names import names_of, qualified
from backendctl.resources.api_reads import list_deployments, list_stages, require_api
from backendctl.resources.canary import Canary
from backendctl.resources.deployments import definition_of
from backendctl.resources.share import Share
from backendctl.resources.stage import routes_of
from backendctl.spec.canary import ALIAS

if TYPE_CHECKING:
    from backendctl.app import Backend
    from backendctl.spec.model import Stage as Spec


@dataclass(frozen=True, kw_only=True, slots=True)
class Serving:
    """One stage in one region; or an alias that no stage leads to, where canaries are Lambda's own.

    Attributes:
        stage: its name; of an alias "places:live". api, api_id: empty for an alias.
        deployment: id of the base's. definition: its digest. variables: the stage's own.
        canary: what it shares its requests with, None when nothing. canary_deployment: id.
        began: UTC, ISO 8601: when the canary was started, from the ledger; empty when unknown.
        shifted: the same for its last change of share.
        access: the stage's access log, or why there is none that tells, as a clause.
    """

    region: str
    stage: str
    api: str
    api_id: str
    routes: tuple[ledger.Route, ...]
    owner: str | None
    deployment: str
    definition: str | None
    variables: Mapping[str, str]
    canary: Canary | Share | None = None
    canary_deployment: str = ""
    began: str = ""
    shifted: str = ""
    commit: str = ""
    by: str = ""
    access: AccessLog | str = ""


def serving(backend: Backend, *, stages: Sequence[str] = ()) -> tuple[list[Serving], dict[str, BackendctlError]]:
    """Every stage of the spec in every region, asked now, and the regions that did not answer.

    Args:
        stages: only these; empty means all of the spec's.

    Raises:
        BackendctlError: no region at all could be read, so that nothing is known.
        UsageError: the spec has no such stage.
    """
    refuse_unknown(backend, stages)
    failed: dict[str, BackendctlError] = {}

    def ask(region: str) -> list[Serving]:
        try:
            return list(_in_region(backend, region, stages))
        except Exception as error:  # noqa: BLE001  # one region's failure is that region's
            failed[region] = explain(error, doing=f"read {region}/canary")
            return []

    regions = backend.spec.regions
    with ThreadPoolExecutor(max_workers=backend.settings.workers, thread_name_prefix="canary") as pool:
        found = [one for many in pool.map(ask, regions) for one in many]
    if len(failed) == len(regions):
        raise failed[regions[0]]
    return found, failed


def refuse_unknown(backend: Backend, stages: Sequence[str]) -> None:
    """A name that nothing has is a slip of the hand, and not a release that has nothing to do.

    Args:
        stages: names of stages; of aliases, such as "places:live", where canaries are Lambda's own.

    Raises:
        UsageError: there is no such one.
    """
    if backend.spec.canary.strategy == ALIAS:
        region = backend.spec.regions[0]
        known = [
            qualified(function.name, alias)
            for function in backend.spec.functions_in(region)
            for alias in names_of(backend.world, region, function).plain
        ]
    else:
        known = [stage.name for stage in backend.spec.api.stages] if backend.spec.api else []
    refuse_unknown_names("--stage", stages, known)


def _in_region(backend: Backend, region: str, stages: Sequence[str]) -> Iterator[Serving]:
    if backend.spec.canary.strategy == ALIAS:
        yield from _aliases(backend, region, stages)
        return
    api = backend.spec.api
    if api is None:
        return
    api_id = require_api(backend.aws, region, api.name)
    live = list_stages(backend.aws, region, api_id)
    told = {d["id"]: d.get("description", "") for d in list_deployments(backend.aws, region, api_id)}
    for spec in api.stages:
        if spec.name in live and (not stages or spec.name in stages):
            others = [stage for name, stage in live.items() if name != spec.name]
            access = access_log.of_stage(live[spec.name], api_id=api_id, others=others)
            found = _one(backend, region, spec, live[spec.name], api_id=api_id, told=told)
            yield replace(found, access=access)


def _one(backend: Backend, region: str, spec: Spec, live: Any, *, api_id: str, told: Mapping[str, str]) -> Serving:
    api = backend.spec.api.name if backend.spec.api else ""
    routes = routes_of(backend.world, region, spec)
    canary = Canary.of_stage(live, region=region, api=api, described=told, routes=routes)
    history = ledger.read(backend.aws, region, spec.name) if canary else []
    began, shifted = _moments(history)
    return Serving(
        region=region,
        stage=spec.name,
        api=api,
        api_id=api_id,
        routes=routes,
        owner=owner_of(live.get("tags")),
        deployment=live.get("deploymentId", ""),
        definition=definition_of(told.get(live.get("deploymentId", ""))),
        variables=dict(live.get("variables") or {}),
        canary=canary,
        canary_deployment=(live.get("canarySettings") or {}).get("deploymentId", ""),
        began=began,
        shifted=shifted,
        commit=history[0].commit if history else "",
        by=history[0].by if history else "",
    )


def _aliases(backend: Backend, region: str, names: Sequence[str]) -> Iterator[Serving]:
    aws = backend.aws
    aws.forget("lambda-aliases", region)
    for function in backend.spec.functions_in(region):
        found = lambda_reads.aliases(aws, region, function.physical)
        for alias in names_of(backend.world, region, function).plain:
            name = qualified(function.name, alias)
            if alias not in found or (names and name not in names):
                continue
            owner = owner_in(found[alias].description)
            share = Share(region=region, name=name, owner=owner, physical=function.physical, alias=alias)
            running = Share.read(aws, share)
            history = ledger.read(aws, region, name) if running else []
            began, shifted = _moments(history)
            yield Serving(
                region=region,
                stage=name,
                api="",
                api_id="",
                routes=(ledger.Route(variable=None, physical=function.physical, alias=alias),),
                owner=owner,
                deployment="",
                definition=None,
                variables={},
                canary=running,
                began=began,
                shifted=shifted,
                commit=history[0].commit if history else "",
                by=history[0].by if history else "",
            )


def _moments(history: Sequence[ledger.Entry]) -> tuple[str, str]:
    """When the running canary was started and last shifted; the newest entries come first."""
    ours: list[ledger.Entry] = []
    for entry in history:
        if entry.percent is None:
            break
        ours.append(entry)
    return (ours[-1].time, ours[0].time) if ours else ("", "")
