"""The first adoption of a live API: its definition, neutral of any region, and what a spec has to say beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.api import live as lives
from backendctl.api.review import undeployed
from backendctl.api.working_copy import working_copy
from backendctl.errors import BackendctlError
from backendctl.openapi.arns import ACCOUNT, REGION, Home
from backendctl.openapi.diff import Difference
from backendctl.openapi.integrations import Target, lambda_targets, resolve
from backendctl.openapi.localise import digest, unbound
from backendctl.openapi.repair import Repair, repaired
from backendctl.openapi.written import written
from backendctl.resources.apigateway.stage_live import method_throttling_of, methods_of

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.spec.callers import Throttling
    from backendctl.spec.model import LiveApi, StageSpec


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """What was found.

    Attributes:
        document: to be written to a file; ids of one region only stand in it as `${binding:NAME}`.
        bindings: name → id in that region.
        calls: every function and alias that the stage calls, "places:live".
        repairs: what was put right in AWS's own export.
        edited: edits that nobody deployed; the document does not hold them.
        methods: settings of single methods; a spec has words for their limits only.
        throttled: limits of single methods by route.
    """

    region: str
    api: str
    document: dict[str, Any]
    digest: str
    stage: StageSpec
    bindings: Mapping[str, str] = field(default_factory=dict)
    calls: tuple[str, ...] = ()
    repairs: tuple[Repair, ...] = ()
    edited: tuple[Difference, ...] = ()
    methods: Mapping[str, str] = field(default_factory=dict)
    throttled: Mapping[str, Throttling] = field(default_factory=dict)


def adopt(aws: Aws, place: LiveApi, *, api: str, form: str) -> Adoption:
    """Read what one stage of a live API serves.

    Args:
        api: name or id. form: "oas30" or "swagger".

    Raises:
        BackendctlError: there is no such API or stage.
    """
    api_id = lives.api_id_of(aws, place.region, api)
    if api_id is None:
        raise BackendctlError(f"there is no API {api!r} in {place.region}")
    stage = place.stage or lives.only_stage(aws, place.region, api_id)
    found = lives.served(aws, place.region, api_id, stage, form=form)
    if found is None:
        raise BackendctlError(f"the API {api!r} in {place.region} has no stage {stage!r}")
    bindings = names_for(found.document)
    home = Home(accounts=frozenset({aws.account}), regions=frozenset({place.region}))
    document = written(found.document, home=home, bindings=bindings)
    title = document["info"]["title"] or api
    own = lives.as_spec(found.stage)
    now = working_copy(aws, place.region, api_id)
    edited, _ = undeployed(aws, place.region, api_id, working_copy=now, first=(stage,), home=home)
    return Adoption(
        region=place.region,
        api=title,
        document=document,
        digest=digest(document),
        stage=own,
        bindings=bindings,
        calls=tuple(sorted({_told(one) for one in _called(document, own.variables)})),
        repairs=repaired(found.document)[1],
        edited=edited,
        methods=methods_of(found.stage),
        throttled=method_throttling_of(found.stage),
    )


def spec_of(found: Adoption, *, file: str) -> dict[str, Any]:
    """The `api` section that a spec needs for this definition; ids of other regions are left to be filled in."""
    stage = found.stage
    made: dict[str, Any] = {"tracing": True} if stage.tracing else {}
    if stage.variables:
        made["variables"] = dict(stage.variables)
    if stage.metrics:
        made["metrics"] = True
    if stage.throttling is not None:
        made["throttling"] = {"rate": stage.throttling.rate, "burst": stage.throttling.burst}
    if found.throttled:
        limits = {route: {"rate": one.rate, "burst": one.burst} for route, one in found.throttled.items()}
        made["method-throttling"] = limits
    if stage.cache_size is not None:
        made["cache"] = {"size": stage.cache_size, **({"ttl": stage.cache_ttl} if stage.cache_ttl is not None else {})}
    if stage.logging is not None and (stage.logging.level != "OFF" or stage.logging.access):
        logging = stage.logging
        told = {"level": logging.level.lower(), "data-trace": logging.data_trace or None}
        told |= {"access": logging.access, "format": logging.format}
        made["logging"] = {key: value for key, value in told.items() if value}
    if stage.description:
        made["description"] = stage.description
    api: dict[str, Any] = {"name": found.api, "definition": file}
    if found.bindings:
        api["bindings"] = {found.region: dict(found.bindings), "OTHER-REGION": dict.fromkeys(found.bindings, "…")}
    return {**api, "stages": {stage.name: made}}


def names_for(document: Mapping[str, Any]) -> dict[str, str]:
    """A name for every id that holds in this region only."""
    made: dict[str, str] = {}
    for one in unbound(document):
        if one.kind != "binding" and one.value not in made.values():
            number = sum(name.startswith(one.kind) for name in made) + 1
            made[one.kind if number == 1 else f"{one.kind}-{number}"] = one.value
    return made


def _called(document: Mapping[str, Any], variables: Mapping[str, str]) -> list[Target]:
    resolved = (resolve(target, variables) for target in lambda_targets(document))
    return [one for one in resolved if one is not None and one.is_in(REGION, ACCOUNT)]


def _told(found: Target) -> str:
    return f"{found.function}:{found.qualifier}" if found.qualifier else found.function
