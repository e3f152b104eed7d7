"""Which rows there are, from the spec and live AWS, or from a function and an alias that were named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from backendctl.aws.crew import together
from backendctl.aws.errors import quietly
from backendctl.resources.apigateway.api_reads import find_api, stages
from backendctl.resources.events import rule_reads
from backendctl.resources.events.warmer_layout import layout, warmer_name
from backendctl.resources.lambda_ import lambda_reads, provisioned_reads
from backendctl.resources.lambda_.alias_names import slots_of
from backendctl.warmth.rules import found_rules, wanted_rules, wanted_schedules
from backendctl.warmth.subject import LATEST, Subject
from backendctl.warmth.targets import Hit, hit_by_users

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.backend import Backend
    from backendctl.spec.model import FunctionSpec

_IDS = ("$context.integration.requestId", "$context.integrationRequestId", "$context.awsEndpointRequestId")
"""What an access log may call the Lambda request id."""
_SILENT_LEVELS = frozenset({"WARN"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """A function and alias given by hand. alias: None is the function itself."""

    physical: str
    alias: str | None


def of_spec(backend: Backend, region: str, name: str) -> list[Subject]:
    """One for each alias that users hit of a function of the spec; none where the region has no such function.

    Args:
        name: in the spec.
    """
    return [
        subject
        for function in backend.spec.functions_in(region)
        if function.name == name
        for subject in _of_function(backend, region, function)
    ]


def of_named(aws: Aws, region: str, one: Named) -> list[Subject]:
    """The same for a function made by hand, with whatever rules call it."""
    live = _live(aws, region, one.physical)
    subject = _subject(region, one.physical, one.physical, one.alias, live)
    qualifiers = dict.fromkeys((one.alias, None, *live.aliases)) if subject.is_there else {}
    rules = found_rules(aws, region, physical=one.physical, qualifiers=qualifiers) if qualifiers else ()
    return [replace(subject, rules=rules, versions=_behind(live, [one.alias]) or frozenset({LATEST}))]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Live:
    """A function as Lambda has it. config: None when it is not there."""

    config: Mapping[str, Any] | None
    aliases: Mapping[str, lambda_reads.AliasInfo]
    versions: Sequence[lambda_reads.Version]
    provisioned: Mapping[str, provisioned_reads.Config]


def _live(aws: Aws, region: str, physical: str) -> _Live:
    config = lambda_reads.functions(aws, region).get(physical)
    if config is None:
        return _Live(config=None, aliases={}, versions=(), provisioned={})
    versions = lambda_reads.versions(aws, region, physical)
    can_hold = any(not _snapshot(one.config) for one in versions)  # only a published version without SnapStart (B46)
    return _Live(
        config=config,
        aliases=lambda_reads.aliases(aws, region, physical),
        versions=versions,
        provisioned=provisioned_reads.configs(aws, region, physical) if can_hold else {},
    )


def _read_ahead(backend: Backend, region: str, function: FunctionSpec) -> None:
    """Ask at once for what does not wait for each other; all of it is shared."""
    aws, api = backend.aws, backend.spec.api

    def of_rules() -> None:
        rules = {rule["Name"]: rule for rule in rule_reads.rules(aws, region)}
        found = [rules[name] for name in layout(backend.context, region, function) if name in rules]
        asked: list[Callable[[], object]] = [partial(rule_reads.targets, aws, region, rule["Name"]) for rule in found]
        asked += [partial(rule_reads.tags, aws, region, rule) for rule in found]
        together(asked)

    def of_api() -> None:
        api_id = find_api(aws, region, api.name) if api is not None else None
        if api_id is not None:
            stages(aws, region, api_id)

    aliases = partial(lambda_reads.aliases, aws, region, function.physical)
    live = partial(_live, aws, region, function.physical)
    together(partial(quietly, read) for read in (live, aliases, of_rules, of_api))


def _of_function(backend: Backend, region: str, function: FunctionSpec) -> Iterator[Subject]:
    aws = backend.aws
    _read_ahead(backend, region, function)
    hits = hit_by_users(aws, backend.context, region, function)
    live = _live(aws, region, function.physical)
    rules, warm = layout(backend.context, region, function), function.warm
    if not hits:
        subject = _subject(region, function.name, function.physical, None, live)
        yield replace(subject, is_reached=False, is_in_spec=True, wants_warmth=warm is not None)
    for qualifier in dict.fromkeys(hit.qualifier for hit in hits):
        here = [hit for hit in hits if hit.qualifier == qualifier]
        subject = _subject(region, function.name, function.physical, qualifier, live)
        wanted = rules if subject.is_there else {}
        scheduled = warm is not None and warm.is_scheduled and subject.is_there
        groups = [warmer_name(backend.spec.backend, function.name)] if scheduled else []
        yield replace(
            subject,
            stages=tuple(hit.stage for hit in here if hit.stage is not None),
            api=_api(backend, here),
            versions=_versions(qualifier, hits, live),
            access_groups=_access_groups(backend, region, here),
            is_in_spec=True,
            wants_warmth=warm is not None,
            wants_provisioned=function.provisioned.environments if function.provisioned is not None else 0,
            disabled_by_spec=warm is not None and warm.enabled is False,
            instances=warm.instances if warm is not None else 1,
            rules=(
                *wanted_rules(aws, region, wanted, physical=function.physical, alias=qualifier),
                *(wanted_schedules(aws, region, group, physical=function.physical) for group in groups),
            ),
        )


def _subject(region: str, name: str, physical: str, alias: str | None, live: _Live) -> Subject:
    config, info = live.config, live.aliases.get(alias or "")
    known = {None, *live.aliases, *(one.number for one in live.versions)}
    if config is None or alias not in known:
        return Subject(region=region, function=name, physical=physical, alias=alias, is_there=False)
    version = info.version if info is not None else alias or LATEST
    config = next((one.config for one in live.versions if one.number == version), config)
    logging = config.get("LoggingConfig") or {}
    ready = live.provisioned.get(alias or "") or live.provisioned.get(version)
    return Subject(
        region=region,
        function=name,
        physical=physical,
        alias=alias,
        version=version,
        aliases={name: one.version for name, one in live.aliases.items()},
        versions=frozenset({version}),
        memory_mb=int(config.get("MemorySize", 128)),
        is_arm=config.get("Architectures") == ["arm64"],
        log_group=lambda_reads.log_group(physical, config),
        reports=logging.get("LogFormat") != "JSON" or logging.get("SystemLogLevel") not in _SILENT_LEVELS,  # K15
        published={one.number: _moment(one.config.get("LastModified", "")) for one in live.versions},
        provisioned=0 if ready is None else ready.requested,
        allocated=0 if ready is None else ready.allocated,
        allocation="" if ready is None else " ".join(filter(None, (ready.status, ready.reason))),
        snapshot=_snapshot(config),
    )


def _snapshot(config: Mapping[str, Any]) -> str:
    """Whether new environments of a version start from a SnapStart snapshot: AWS's word, empty without SnapStart."""
    found = config.get("SnapStart") or {}
    return str(found.get("OptimizationStatus", "Off")) if found.get("ApplyOn") == "PublishedVersions" else ""


def _versions(qualifier: str | None, hits: Sequence[Hit], live: _Live) -> frozenset[str]:
    """The versions whose users are those of this qualifier: its own, and those that served them before."""
    if qualifier is None:
        return frozenset({LATEST})
    own = _behind(live, [qualifier])
    mine = {hit.alias for hit in hits if hit.qualifier == qualifier}
    if any(hit.is_canary for hit in hits if hit.qualifier == qualifier):
        return own
    others = [name for hit in hits if hit.alias not in mine and hit.alias for name in (hit.alias, *slots_of(hit.alias))]
    canaries = [hit.qualifier for hit in hits if hit.is_canary and hit.qualifier]
    taken = _behind(live, [*others, *canaries]) - own
    if others:
        before = _behind(live, [name for alias in mine if alias for name in (alias, *slots_of(alias))])
        return own | (before - taken)
    return frozenset({one.number for one in live.versions} - taken) | own


def _behind(live: _Live, names: Sequence[str | None]) -> frozenset[str]:
    """The versions that calls of these qualifiers run, those that an alias gives a share of them among these (B28)."""
    found = [live.aliases.get(name or "") for name in names]
    numbers = {name for name in names if name is not None and name.isdigit()}
    return frozenset(numbers.union(*({one.version, *one.weights} for one in found if one is not None)))


def _api(backend: Backend, hits: Sequence[Hit]) -> str | None:
    """The API through which all users come."""
    api = backend.spec.api
    return None if api is None or any(hit.stage is None or hit.is_canary for hit in hits) else api.name


def _access_groups(backend: Backend, region: str, hits: Sequence[Hit]) -> tuple[str, ...] | None:
    """The access logs of all stages that lead here; None when one of them does not tell the request id."""
    api = backend.spec.api
    api_id = find_api(backend.aws, region, api.name) if api is not None else None
    if api_id is None or not hits or any(hit.stage is None for hit in hits):
        return None
    live = stages(backend.aws, region, api_id)
    groups: dict[str, None] = {}
    for hit in hits:
        settings = (live.get(hit.stage or "") or {}).get("accessLogSettings") or {}
        arn = str(settings.get("destinationArn", ""))
        if ":log-group:" not in arn or not any(name in str(settings.get("format", "")) for name in _IDS):
            return None
        groups[arn.split(":log-group:", 1)[1].removesuffix(":*")] = None
    return tuple(groups)


def _moment(text: str) -> float:
    """Seconds since the epoch of Lambda's "2026-11-28T13:00:00.000+0000"; 0 for none."""
    return datetime.fromisoformat(text).timestamp() if text else 0.0
