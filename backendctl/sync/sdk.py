"""A client library for the API, once it is sure that every region serves what it is made for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from backendctl.api import live as lives
from backendctl.api.comparable import comparable
from backendctl.aws.errors import explain
from backendctl.aws.regions import each_region
from backendctl.errors import BackendctlError, RefusedError, UsageError
from backendctl.nearest import nearest, refuse_unknown
from backendctl.openapi.arns import Home
from backendctl.openapi.localise import digest
from backendctl.resources.apigateway.api_reads import require_api
from backendctl.spec.report import listed
from backendctl.sync.sdk_address import readdressed, region_url, shared_url

if TYPE_CHECKING:
    from backendctl.backend import Backend

REQUIRED: Mapping[str, tuple[str, ...]] = {  # A94
    "javascript": (),
    "java": ("serviceName", "javaPackageName"),
    "android": ("groupId", "artifactId", "artifactVersion", "invokerPackage"),
    "swift": ("classPrefix",),
    "objectivec": ("classPrefix",),
    "ruby": (),
}
"""Type → the parameters it cannot do without."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sdk:
    """A generated library.

    Attributes:
        definitions: region → digest of what its stage serves; all the same.
        region: whose stage it was generated from. sha256: hex digits.
        url: what it calls. shared: whether that is the name of all regions.
        why: why it calls one region only, or what of it still names one; empty when there is nothing to say.
    """

    region: str
    stage: str
    body: bytes
    definitions: Mapping[str, str]
    url: str
    shared: bool = False
    why: str = ""

    @property
    def sha256(self) -> str:
        """The checksum of the zip."""
        return hashlib.sha256(self.body).hexdigest()


def check_parameters(kind: str, given: Mapping[str, str]) -> None:
    """A94, before AWS is asked.

    Raises:
        UsageError: a parameter is missing, or is not one of this type.
    """
    wanted = REQUIRED[kind]
    for name in given:
        if name not in wanted:
            raise UsageError(f"{kind} has no parameter {name!r}{nearest(name, wanted) or f'; it has {listed(wanted)}'}")
    if missing := [name for name in wanted if not given.get(name)]:
        raise UsageError(
            f"{kind} needs {listed(missing)}", hint="add " + " ".join(f"--parameter {name}=…" for name in missing)
        )


def generate(backend: Backend, *, kind: str, stage: str | None, parameters: Mapping[str, str]) -> Sdk:
    """The library for the shared name; for one region's endpoint where regions were chosen, or where it cannot be.

    Raises:
        RefusedError: the regions do not serve the same.
        BackendctlError: a region has no such API or stage, or does not answer.
    """
    name = _stage(backend, stage)
    found, failed = each_region(
        backend.spec.all_regions,
        partial(_definition, backend, name),
        workers=backend.settings.workers,
        doing="read the API of",
    )
    if failed:
        raise next(iter(failed.values()))
    definitions = {region: found[region] for region in backend.spec.all_regions}
    if len(set(definitions.values())) > 1:
        raise RefusedError(
            [f"{region} serves {told}" for region, told in definitions.items()],
            hint="make them the same first: backendctl sync-api",
        )
    region = backend.spec.regions[0]
    api_id = require_api(backend.aws, region, backend.spec.api.name if backend.spec.api else "")
    try:
        answer = backend.aws.apigateway(region).get_sdk(
            restApiId=api_id, stageName=name, sdkType=kind, parameters=dict(parameters)
        )
        body = answer["body"].read()
    except Exception as error:
        raise explain(error, doing=f"generate the {kind} SDK of {region}/stage/{name}") from error
    return _addressed(
        backend,
        Sdk(
            region=region,
            stage=name,
            body=body,
            definitions=definitions,
            url=region_url(api_id, region, name, partition=backend.context.partition),
        ),
        api_id,
    )


def _addressed(backend: Backend, made: Sdk, api_id: str) -> Sdk:
    """The library with the shared name in it, as far as the region's own stands in it."""
    if backend.settings.regions:
        return made
    if backend.spec.domain is None:
        return replace(made, why="the spec has no `domain`, so there is no name for all regions")
    url = shared_url(backend.spec, made.stage)
    if url is None:
        why = f"the stage {made.stage} has no `path` in the spec, so {backend.spec.domain.name} does not lead to it"
        return replace(made, why=why)
    found = readdressed(
        made.body,
        api_id=api_id,
        region=made.region,
        stage=made.stage,
        partition=backend.context.partition,
        url=url,
    )
    if not found.changed:
        return replace(made, why=f"its address could not be made {url}: {made.url} stands nowhere in it in full")
    left = f"{made.region} is still named in {', '.join(found.left)}" if found.left else ""
    return replace(made, body=found.body, url=url, shared=True, why=left)


def _stage(backend: Backend, stage: str | None) -> str:
    api = backend.spec.api
    if api is None:
        raise UsageError(f"{backend.spec.file} has no `api`")
    names = [one.name for one in api.stages] or ([api.source.stage] if api.source else [])
    if stage is None and len(names) == 1:
        return names[0]
    if stage is None:
        raise UsageError(f"say which stage: --stage {' or '.join(names) or 'STAGE'}")
    if names:
        refuse_unknown("--stage", [stage], names)
    return stage


def _definition(backend: Backend, stage: str, region: str) -> str:
    """The digest of what a region's stage serves, from the export itself: a description may claim anything."""
    api = backend.spec.api
    if api is None:
        raise AssertionError(region)
    api_id = require_api(backend.aws, region, api.name)
    found = lives.served(backend.aws, region, api_id, stage, form=lives.OPENAPI)
    if found is None:
        raise BackendctlError(f"the API {api.name!r} in {region} has no stage {stage!r}")
    home = Home(accounts=frozenset({backend.context.account}), regions=frozenset({region}))
    return digest(comparable(found.document, home=home, bindings=api.bindings.get(region, {})))
