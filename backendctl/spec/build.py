"""From a sound `View` to the model: defaults filled in, spellings turned into AWS's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backendctl.openapi.whole import with_whole_settings
from backendctl.spec.callers import Smoke, build_cors, build_key, build_plan, method_throttling, throttling
from backendctl.spec.canary import build_canary
from backendctl.spec.check_links import aliases
from backendctl.spec.check_tables import ATTRIBUTE
from backendctl.spec.domains import SIMPLE, Domain, HealthCheck, MutualTls, is_zone_id, normalised
from backendctl.spec.model import (
    Api,
    Attribute,
    Code,
    Function,
    Index,
    Key,
    LiveApi,
    LocalIndex,
    Logging,
    Scaling,
    Spec,
    Stage,
    Table,
    TableReplica,
    Vpc,
)
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

_DEFAULT_RETENTION = "30 days"
_NEVER = "never"
_PROJECTIONS = {"all": "ALL", "keys": "KEYS_ONLY"}


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


def _given(settings: dict[str, Any], *names: str) -> dict[str, Any]:
    """The settings that are there, under the names of the model; the model has the defaults."""
    return {name.replace("-", "_"): settings[name] for name in names if name in settings}


def _whole(settings: dict[str, Any], *names: str) -> dict[str, Any]:
    """The same for whole numbers: JSON Schema takes 512.0 for one."""
    return {name: int(value) for name, value in _given(settings, *names).items()}


def _tags(plain: dict[str, Any], own: dict[str, Any]) -> dict[str, str]:
    return {**plain.get("tags", {}), **own.get("tags", {})}


def _functions(view: View, region: str, folder: Path) -> tuple[Function, ...]:
    return tuple(_function(view, region, name, folder) for name in view.functions[region])


def _function(view: View, region: str, name: str, folder: Path) -> Function:
    settings = view.functions[region][name]
    vpc, warm = settings.get("vpc"), spelt_out(settings.get("warm"))
    return Function(
        name=name,
        physical=view.physical(name, settings),
        code=_code(settings["code"], folder),
        layers=tuple(settings.get("layers", ())),
        vpc=Vpc(subnets=tuple(vpc["subnets"]), security_groups=tuple(vpc["security-groups"])) if vpc else None,
        tracing="Active" if settings.get("tracing") else "PassThrough",  # B58
        aliases=aliases(view, region, name),
        warm=None if warm is None else build_warm(warm),
        provisioned=None if warm is None else build_provisioned(warm),
        snapstart=None if warm is None else warm.get(SNAPSTART),
        log_retention=_days(settings.get("log-retention", _DEFAULT_RETENTION)),
        tags=_tags(view.plain, settings),
        overridden=frozenset(_overridden(view, region, name)),
        role=role_arn(settings.get("role")),
        statements=role_statements(settings.get("role")),
        **_given(settings, "runtime", "handler", "description", "architecture", "environment"),
        **_whole(settings, "memory", "timeout", "ephemeral-storage"),
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
    return Code(
        path=(folder / local).resolve() if local else None,
        include=tuple((folder / one).resolve() for one in code.get("include", ())),
        **_given(code, "build", "follow-links", "s3", "image", "bucket"),
        **_whole(code, "build-timeout"),
    )


def _table(view: View, name: str, table: dict[str, Any]) -> Table:
    billing = table.get("billing")
    provisioned = billing if isinstance(billing, dict) else {}
    return Table(
        name=name,
        physical=view.physical(name, table),
        key=_key(table["key"]),
        regions=tuple(table.get("regions", view.regions)),
        indexes=tuple(_index(index, settings) for index, settings in table.get("indexes", {}).items()),
        tags=_tags(view.plain, table),
        read=_scaling(provisioned["read"]) if provisioned else None,
        write=_scaling(provisioned["write"]) if provisioned else None,
        local_indexes=tuple(_local_index(index, one) for index, one in table.get("local-indexes", {}).items()),
        stream=_stream(table.get("stream")),
        encryption=_encryption(table.get("encryption"), tuple(table.get("regions", view.regions))),
        resource_policies={
            region: None if policy == "none" else policy for region, policy in table.get("resource-policy", {}).items()
        },
        replicas={region: _replica(one) for region, one in table.get("replicas", {}).items()},
        **_given(table, "ttl", "point-in-time-recovery", "deletion-protection", "table-class"),
    )


def _local_index(name: str, index: dict[str, Any]) -> LocalIndex:
    return LocalIndex(name=name, range=_attribute(index["range"]), projection=_projection(index))


def _replica(replica: dict[str, Any]) -> TableReplica:
    return TableReplica(
        read=_scaling(replica["read"]) if "read" in replica else None,
        indexes={index: _scaling(scaling) for index, scaling in replica.get("indexes", {}).items()},
        table_class=replica.get("table-class"),
    )


def _stream(view: str | None) -> str | None:
    """As DynamoDB names it."""
    if view is None:
        return None
    return "" if view == "off" else view.replace("-", "_").upper()


def _encryption(given: str | dict[str, str] | None, regions: tuple[str, ...]) -> dict[str, str] | None:
    return dict.fromkeys(regions, given) if isinstance(given, str) else given


def _projection(index: dict[str, Any]) -> str | tuple[str, ...]:
    projection = index.get("projection", "all")
    return _PROJECTIONS[projection] if isinstance(projection, str) else tuple(projection)


def _index(name: str, index: dict[str, Any]) -> Index:
    return Index(
        name=name,
        key=_key(index),
        projection=_projection(index),
        **{part: _scaling(index[part]) for part in ("read", "write") if part in index},
    )


def _key(key: dict[str, str]) -> Key:
    return Key(hash=_attribute(key["hash"]), range=_attribute(key["range"]) if "range" in key else None)


def _attribute(text: str) -> Attribute:
    found = ATTRIBUTE.match(text)
    if found is None:
        message = f"an unchecked attribute: {text}"
        raise ValueError(message)
    return Attribute(name=found["name"], type=found["type"])


def _scaling(scaling: dict[str, Any]) -> Scaling:
    return Scaling(**_whole(scaling, "min", "max", "target"))


def _api(view: View, file: Path) -> Api:
    api = view.plain["api"]
    given, folder = api["definition"], file.resolve().parent
    live = given if isinstance(given, dict) else None
    return Api(
        name=api.get("name", view.backend),
        path=folder / file.name if live else (folder / given).resolve(),
        definition=view.definition.value if view.definition else {},
        stages=_stages(view, live),
        tags=_tags(view.plain, api),
        source=LiveApi(region=live["export"], stage=live["stage"], api=live.get("api")) if live else None,
        stages_told=live is None or bool(view.stages()),
        bindings=api.get("bindings", {}),
        smoke=tuple(_smoke(route, asked) for route, asked in api.get("smoke", {}).items()),
        keep=tuple(api.get("keep", ())),
        cors=build_cors(api["cors"]) if "cors" in api else None,
        keys=tuple(build_key(view.physical(name, {}), name, key) for name, key in api.get("keys", {}).items()),
        usage_plans=tuple(
            build_plan(view.physical(name, {}), name, plan) for name, plan in api.get("usage-plans", {}).items()
        ),
        **_given(api, "source-account", "source-region"),
        **_whole(api, "timeout-quota"),
    )


def _stages(view: View, live: dict[str, Any] | None) -> tuple[Stage, ...]:
    told = tuple(_stage(view, name, stage) for name, stage in view.stages().items())
    return told or ((Stage(name=live["stage"]),) if live else ())


def _smoke(route: str, asked: dict[str, Any] | bool) -> Smoke:  # noqa: FBT001 - the value of a setting
    method, _, path = route.partition(" ")
    given = asked if isinstance(asked, dict) else {}
    body = given.get("body")
    return Smoke(
        method=method,
        path=path,
        parameters=given.get("path", {}),
        body=body if isinstance(body, str) or body is None else json.dumps(body),
        skip=asked is False,
        **_given(given, "query", "headers"),
        **_whole(given, "expect"),
    )


def _stage(view: View, name: str, stage: dict[str, Any]) -> Stage:
    cache, methods, plain = stage.get("cache", {}), stage.get("method-throttling"), view.plain
    own, whole = view.own_definitions.get(name), view.definition
    return Stage(
        name=name,
        definition=with_whole_settings(own.value, whole.value) if own and whole else None,
        file=Path(own.file).resolve() if own else None,
        throttling=throttling(stage["throttling"]) if "throttling" in stage else None,
        method_throttling=None if methods is None else method_throttling(methods),
        cache_size=cache.get("size"),
        cache_ttl=int(cache.get("ttl", 300)) if cache else None,
        logging=_logging(stage["logging"]) if "logging" in stage else None,
        log_retention=_days(stage.get("logging", {}).get("retention", _NEVER)),
        tags=_tags(plain, plain["api"]) | stage.get("tags", {}),
        **_given(stage, "path", "pinned", "variables", "tracing", "metrics", "description"),
    )


def _logging(logging: dict[str, Any]) -> Logging:
    access = logging.get("access")
    line = logging.get("format", ACCESS_FORMAT).strip("\n")
    return Logging(
        level=logging.get("level", "off").upper(),
        access=access,
        format=line if access else None,
        **_given(logging, "data-trace"),
    )


def _days(retention: str) -> int | None:
    return None if retention == _NEVER else int(retention.split(maxsplit=1)[0])


def _domain(plain: dict[str, Any], domain: dict[str, Any]) -> Domain:
    check, mutual = domain.get("health-check"), domain.get("mutual-tls")
    return Domain(
        name=normalised(domain["name"]),
        zone=_zone(domain["zone"]) if "zone" in domain else None,
        certificates=domain.get("certificate", {}),
        mutual_tls=MutualTls(**mutual) if mutual else None,
        health_check=HealthCheck(path=check["path"], **_whole(check, "interval", "failures")) if check else None,
        tags=_tags(plain, domain),
        **_given(domain, "routing", "security-policy", "evaluate-target-health", "ipv6"),
    )


def _further_domain(plain: dict[str, Any], domain: dict[str, Any]) -> Domain:
    """With the health check of the first domain: it asks the region, whatever name callers used."""
    check = plain.get("domain", {}).get("health-check")
    guarded = check is not None and "zone" in domain and domain.get("routing") != SIMPLE
    return _domain(plain, {**domain, "health-check": check} if guarded else domain)


def _zone(given: str) -> str:
    """A name in small letters without the last dot; an id, which has no dots, as it is."""
    return given if is_zone_id(given) else normalised(given)
