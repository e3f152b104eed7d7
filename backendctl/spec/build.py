"""From a sound `View` to the model: defaults filled in, spellings turned into AWS's."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backendctl.openapi.whole import with_whole_settings
from backendctl.spec import rows
from backendctl.spec.callers import ApiKey, Smoke, UsagePlan
from backendctl.spec.canary import build_canary
from backendctl.spec.check_links import aliases
from backendctl.spec.domains import SIMPLE, DomainSpec
from backendctl.spec.function import NEVER, days
from backendctl.spec.model import Api, Code, FunctionSpec, LiveApi, Logging, Scaling, Spec, StageSpec, TableSpec
from backendctl.spec.roles import role_arn, role_statements
from backendctl.spec.warming import SNAPSTART, build_provisioned, build_warm, spelt_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backendctl.spec.view import View

ACCESS_FORMAT = json.dumps(
    {
        "requestId": "$context.requestId",
        "time": "$context.requestTimeEpoch",
        "ip": "$context.identity.sourceIp",
        "method": "$context.httpMethod",
        "route": "$context.resourcePath",
        "status": "$context.status",
        "latency": "$context.responseLatency",
        "integrationLatency": "$context.integrationLatency",
        "integrationStatus": "$context.integrationStatus",
        "integrationRequestId": "$context.integration.requestId",
        "traceId": "$context.xrayTraceId",
        "canary": "$context.isCanaryRequest",
        "error": "$context.error.message",
    },
    separators=(",", ":"),
)
"""The access log line when the spec names a log group and no format (A56, A77)."""


def build(view: View, *, file: Path) -> Spec:
    """The model of a view without faults; paths are made absolute from the folder of `file`."""
    plain = view.plain
    folder = file.resolve().parent
    functions = {region: _functions(view, region, folder) for region in view.regions}
    return Spec(
        backend=view.backend,
        file=file,
        regions=view.regions,
        functions=functions,
        tables=tuple(_table(view, name, table) for name, table in plain.get("tables", {}).items()),
        api=_api(view, file) if "api" in plain else None,
        domain=_domain(plain, plain["domain"]) if "domain" in plain else None,
        further_domains=tuple(_further_domain(plain, domain) for domain in plain.get("domains", ())),
        role=role_arn(plain.get("role")),
        statements=role_statements(plain.get("role")),
        tags=plain.get("tags", {}),
        canary=build_canary(plain, view.regions, folder),
    )


def _tags(plain: dict[str, Any], own: dict[str, Any]) -> dict[str, str]:
    return {**plain.get("tags", {}), **own.get("tags", {})}


def _functions(view: View, region: str, folder: Path) -> tuple[FunctionSpec, ...]:
    return tuple(_function(view, region, name, folder) for name in view.functions[region])


def _function(view: View, region: str, name: str, folder: Path) -> FunctionSpec:
    settings = view.functions[region][name]
    warm = spelt_out(settings.get("warm"))
    return rows.build(
        FunctionSpec,
        settings,
        name=name,
        physical=view.physical(name, settings),
        code=_code(settings["code"], folder),
        aliases=aliases(view, region, name),
        warm=None if warm is None else build_warm(warm),
        provisioned=None if warm is None else build_provisioned(warm),
        snapstart=None if warm is None else warm.get(SNAPSTART),
        tags=_tags(view.plain, settings),
        overridden=frozenset(_overridden(view, region, name)),
        statements=role_statements(settings.get("role")),
    )


def _overridden(view: View, region: str, name: str) -> Iterator[str]:
    """The settings that the file says of one region of a function."""
    given = view.document.raw(("functions", name, "regions", region))
    for key, value in given.items() if isinstance(given, dict) else ():
        if key == "environment" and isinstance(value, dict):
            yield from (f"environment.{variable}" for variable in value)
        else:
            yield key.replace("-", "_")


def _code(code: dict[str, Any], folder: Path) -> Code:
    local = code.get("folder") or code.get("archive")
    return rows.build(
        Code,
        code,
        path=(folder / local).resolve() if local else None,
        include=tuple((folder / one).resolve() for one in code.get("include", ())),
    )


def _table(view: View, name: str, table: dict[str, Any]) -> TableSpec:
    billing = table.get("billing")
    provisioned = billing if isinstance(billing, dict) else {}
    regions = tuple(table.get("regions", view.regions))
    encryption = table.get("encryption")
    return rows.build(
        TableSpec,
        table,
        name=name,
        physical=view.physical(name, table),
        regions=regions,
        tags=_tags(view.plain, table),
        read=rows.build(Scaling, provisioned["read"]) if provisioned else None,
        write=rows.build(Scaling, provisioned["write"]) if provisioned else None,
        encryption=dict.fromkeys(regions, encryption) if isinstance(encryption, str) else encryption,
    )


def _api(view: View, file: Path) -> Api:
    api = view.plain["api"]
    given, folder = api["definition"], file.resolve().parent
    live = given if isinstance(given, dict) else None
    return rows.build(
        Api,
        api,
        name=api.get("name", view.backend),
        path=folder / file.name if live else (folder / given).resolve(),
        definition=view.definition.value if view.definition else {},
        stages=_stages(view, live),
        tags=_tags(view.plain, api),
        source=rows.build(LiveApi, live) if live else None,
        stages_told=live is None or bool(view.stages()),
        smoke=tuple(_smoke(route, asked) for route, asked in api.get("smoke", {}).items()),
        keys=tuple(
            rows.build(ApiKey, key, name=name, physical=view.physical(name, {}))
            for name, key in api.get("keys", {}).items()
        ),
        usage_plans=tuple(
            rows.build(UsagePlan, plan, name=name, physical=view.physical(name, {}))
            for name, plan in api.get("usage-plans", {}).items()
        ),
    )


def _stages(view: View, live: dict[str, Any] | None) -> tuple[StageSpec, ...]:
    told = tuple(_stage(view, name, stage) for name, stage in view.stages().items())
    return told or ((StageSpec(name=live["stage"]),) if live else ())


def _smoke(route: str, asked: Any) -> Smoke:
    """Of what stands below the route: settings, or false."""
    method, _, path = route.partition(" ")
    return rows.build(Smoke, asked if isinstance(asked, dict) else {}, method=method, path=path, skip=asked is False)


def _stage(view: View, name: str, stage: dict[str, Any]) -> StageSpec:
    cache, plain = stage.get("cache", {}), view.plain
    own, whole = view.own_definitions.get(name), view.definition
    return rows.build(
        StageSpec,
        stage,
        name=name,
        definition=with_whole_settings(own.value, whole.value) if own and whole else None,
        file=Path(own.file).resolve() if own else None,
        cache_size=cache.get("size"),
        cache_ttl=int(cache.get("ttl", 300)) if cache else None,
        logging=_logging(stage["logging"]) if "logging" in stage else None,
        log_retention=days(stage.get("logging", {}).get("retention", NEVER)),
        tags=_tags(plain, plain["api"]) | stage.get("tags", {}),
    )


def _logging(logging: dict[str, Any]) -> Logging:
    made = rows.build(Logging, {"format": ACCESS_FORMAT, **logging})
    return made if made.access else replace(made, format=None)


def _domain(plain: dict[str, Any], domain: dict[str, Any]) -> DomainSpec:
    return rows.build(DomainSpec, domain, tags=_tags(plain, domain))


def _further_domain(plain: dict[str, Any], domain: dict[str, Any]) -> DomainSpec:
    """With the health check of the first domain: it asks the region, whatever name callers used."""
    check = plain.get("domain", {}).get("health-check")
    guarded = check is not None and "zone" in domain and domain.get("routing") != SIMPLE
    return _domain(plain, {**domain, "health-check": check} if guarded else domain)
