"""Which log groups there are: of functions, and of the stages of the API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from backendctl.aws.regions import each_region
from backendctl.errors import BackendctlError, UsageError
from backendctl.resources.apigateway.api_reads import find_api, stages
from backendctl.resources.lambda_ import lambda_reads
from backendctl.spec.function_names import check_functions
from backendctl.warmth.targets import hit_by_users

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.spec.model import FunctionSpec

_LOGGED = frozenset({"ERROR", "INFO"})


class Kind(StrEnum):
    """Who writes a log."""

    FUNCTION = "function"
    ACCESS = "access"
    EXECUTION = "execution"


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One log group to read.

    Attributes:
        name: the function's name in the spec, or the stage's.
        physical: the function's name in AWS; empty for the API.
        canary: whether only a canary's requests are wanted or written there; None where both are.
        versions: only lines of these versions are wanted; None means all.
    """

    region: str
    group: str
    kind: Kind
    name: str
    physical: str = ""
    canary: bool | None = False
    versions: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which logs are asked for.

    Attributes:
        functions: names in the spec; empty means all.
        api: the access and execution logs of the API's stages too.
        canary: only what canaries wrote.
    """

    functions: tuple[str, ...] = ()
    api: bool = False
    canary: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The log groups, what is worth saying of them, and the regions that did not answer."""

    sources: tuple[Source, ...]
    notes: tuple[str, ...]
    unreachable: Mapping[str, BackendctlError]


def find(backend: Backend, wanted: Wanted) -> Found:
    """The log groups of every region.

    Raises:
        UsageError: there is no such function, or no API.
        BackendctlError: only canaries are asked for, and no region has one.
    """
    check_functions(backend.spec, wanted.functions)
    if wanted.api and backend.spec.api is None:
        raise UsageError(f"--api: {backend.spec.file} has no API")

    def work(region: str) -> tuple[list[Source], list[str]]:
        told: list[str] = []
        found = list(_of_functions(backend, region, wanted))
        if wanted.api:
            found += _of_api(backend, region, wanted, told)
        return found, told

    done, failed = each_region(backend.spec.regions, work, workers=backend.settings.workers, doing="find the logs of")
    sources = tuple(source for found, _ in done.values() for source in found)
    notes = tuple(note for _, told in done.values() for note in told)
    if wanted.canary and not sources and done:
        raise BackendctlError(f"no canary is running in {', '.join(done)}", hint="backendctl start-canary")
    return Found(sources=sources, notes=notes, unreachable=failed)


def _of_functions(backend: Backend, region: str, wanted: Wanted) -> Iterator[Source]:
    configs = lambda_reads.functions(backend.aws, region)
    for function in backend.spec.functions_in(region):
        if wanted.functions and function.name not in wanted.functions:
            continue
        versions = _canary_versions(backend, region, function) if wanted.canary else None
        if versions is None or versions:
            yield Source(
                region=region,
                group=lambda_reads.log_group(function.physical, configs.get(function.physical)),
                kind=Kind.FUNCTION,
                name=function.name,
                physical=function.physical,
                canary=True if wanted.canary else None,
                versions=versions,
            )


def _canary_versions(backend: Backend, region: str, function: FunctionSpec) -> frozenset[str]:
    """The versions that only a share of the requests arrives at: a stage's canary, or an alias's weights (B28)."""
    hits = hit_by_users(backend.aws, backend.context, region, function)
    if function.physical not in lambda_reads.functions(backend.aws, region):
        return frozenset()
    aliases = lambda_reads.aliases(backend.aws, region, function.physical)
    base = {aliases[hit.qualifier].version for hit in hits if not hit.is_canary and hit.qualifier in aliases}
    found: set[str] = set()
    for hit in hits:
        info = aliases.get(hit.qualifier or "")
        if info is not None:
            found |= {info.version} if hit.is_canary else set(info.weights)
    return frozenset(found - base)


def _of_api(backend: Backend, region: str, wanted: Wanted, notes: list[str]) -> Iterator[Source]:
    api = backend.spec.api
    api_id = find_api(backend.aws, region, api.name) if api is not None else None
    if api is None or api_id is None:
        notes.append(f"{region} has no API: deploy it first")
        return
    live = stages(backend.aws, region, api_id)
    for stage in api.stages:
        settings: Mapping[str, Any] = live.get(stage.name) or {}
        groups = dict(_groups(api_id, stage.name, settings))
        if not groups:
            notes.append(
                f"stage {stage.name} in {region} writes no log: set `logging: {{level: info, access: …}}` in the spec"
            )
        for kind, group in groups.items():
            if not wanted.canary:
                yield Source(region=region, group=group, kind=kind, name=stage.name)
            if settings.get("canarySettings"):  # A76
                yield Source(region=region, group=f"{group}/Canary", kind=kind, name=stage.name, canary=True)


def _groups(api_id: str, stage: str, settings: Mapping[str, Any]) -> Iterator[tuple[Kind, str]]:
    arn = str((settings.get("accessLogSettings") or {}).get("destinationArn", ""))
    if ":log-group:" in arn:
        yield Kind.ACCESS, arn.split(":log-group:", 1)[1].removesuffix(":*")
    methods = (settings.get("methodSettings") or {}).values()
    if any(one.get("loggingLevel") in _LOGGED for one in methods):
        yield Kind.EXECUTION, f"API-Gateway-Execution-Logs_{api_id}/{stage}"  # A59
