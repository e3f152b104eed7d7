"""What is wrong with functions, per region."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from backendctl.spec.check_arns import arn_fault, image_fault
from backendctl.spec.check_links import aliases, calls_latest, waits
from backendctl.spec.check_names import alias_fault, check_regions_named, check_tags, looks_like
from backendctl.spec.limits import limit_faults
from backendctl.spec.loader import MISSING
from backendctl.spec.paths import path_fault
from backendctl.spec.ready import ready_faults
from backendctl.spec.regions import PARTITION
from backendctl.spec.values import asks_aws
from backendctl.spec.view import SOURCES
from backendctl.spec.warming import SNAPSTART, spelt_out, warm_faults

if TYPE_CHECKING:
    from backendctl.spec.loader import Way
    from backendctl.spec.view import View

_MAX_NAME = 64  # B54
_MAX_ENVIRONMENT = 4096  # bytes of JSON, B55
_LAYER = re.compile(
    r"^arn:(?P<partition>aws[a-z-]*):lambda:(?P<region>[a-z0-9-]+):[0-9]{12}:layer:[a-zA-Z0-9_-]+:[0-9]+$"
)
_RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    }
)
_LOCAL = ("folder", "archive")
_ZIP_ONLY = ("runtime", "handler", "layers")
_FOR_FOLDERS = ("include", "follow-links")
_FOR_FILES = (*_FOR_FOLDERS, "build", "build-timeout", "bucket")
_API_TIMEOUT = 29_000  # ms that API Gateway waits unless the account has a larger quota


def check_functions(view: View) -> None:
    """Put every fault into the view's report."""
    _check_buckets(view)
    for region, functions in view.functions.items():
        for name, function in functions.items():
            _check_name(view, name, view.physical(name, function))
            _check_code(view, region, name, function)
            _check_environment(view, region, name, function.get("environment", {}))
            _check_layers(view, region, name, function.get("layers", []))
            _check_aliases(view, region, name, function)
            _check_warm(view, region, name, function)
            _check_limits(view, region, name, function)
            _check_timeout(view, region, name, function)
            check_tags(view, view.way(region, name, "tags"), function.get("tags", {}))
    _check_networks(view)
    _check_similar_aliases(view)
    given = view.document.raw(("functions",))
    for name, function in given.items() if isinstance(given, dict) else ():
        overrides = function.get("regions") if isinstance(function, dict) else None
        if isinstance(overrides, dict):
            check_regions_named(view, ("functions", name, "regions"), list(overrides), key=True)


def _check_name(view: View, name: str, physical: str) -> None:
    if len(physical) > _MAX_NAME:
        message = f"'{physical}' has {len(physical)} characters; a function's name has at most {_MAX_NAME}"
        view.report.add(("functions", name), message, key=True)


def _check_code(view: View, region: str, name: str, function: dict[str, Any]) -> None:
    code = function.get("code", {})
    kind = next((one for one in SOURCES if one in code), None)
    if kind is None:
        return
    for setting in {"folder": (), "archive": _FOR_FOLDERS}.get(kind, _FOR_FILES):
        if setting in code:
            view.report.add(
                view.way(region, name, "code", setting), f"'{setting}' has no effect with '{kind}'", key=True
            )
    _check_build(view, region, name, code)
    if kind == "image":
        _check_image(view, region, name, function)
        return
    if kind in _LOCAL and (message := path_fault(code[kind], view.folder, there="build" not in code)):
        view.report.add(view.way(region, name, "code", kind), message)
    for index, folder in enumerate(code.get("include", ())):
        if message := path_fault(folder, view.folder, there="build" not in code):
            view.report.add(view.way(region, name, "code", "include", index), message)
    for setting in ("runtime", "handler"):
        way = view.way(region, name, setting)
        given = view.document.raw(way)
        if given is None or given is MISSING:
            message = f"a function needs '{setting}' unless its code is an image"
            view.report.add(("functions", name) if given is MISSING else way, message, key=True)


def _check_buckets(view: View) -> None:
    """A bucket is in one region, and Lambda takes code from one of its own region only (B21)."""
    first: dict[tuple[str, str], str] = {}
    for region, functions in view.functions.items():
        for name, function in functions.items():
            code = function.get("code", {})
            setting = "s3" if "s3" in code else "bucket"
            bucket = str(code.get(setting, "")).removeprefix("s3://").partition("/")[0].replace("{region}", region)
            other = first.setdefault((name, bucket), region)
            if bucket and other != region:
                way = "'{{ region }}'" if setting == "s3" else "'{region}'"
                message = f"the bucket '{bucket}' is in one region, and the code of {other} and {region} would come "
                message += f"from it; name one for each region, with {way} in it or under 'regions'"
                view.report.add(view.way(region, name, "code", setting), message)


def _check_build(view: View, region: str, name: str, code: dict[str, Any]) -> None:
    if "build-timeout" in code and "build" not in code:
        view.report.add(
            view.way(region, name, "code", "build-timeout"), "'build-timeout' has no effect without 'build'", key=True
        )
    way = view.way(region, name, "code", "build")
    given = view.document.raw(way)
    if isinstance(given, str) and asks_aws(given):
        view.report.add(way, "'build' runs before AWS is asked, so it can use neither 'ssm' nor 'account'", key=True)


def _check_image(view: View, region: str, name: str, function: dict[str, Any]) -> None:
    for setting in _ZIP_ONLY:
        if function.get(setting):
            message = f"'{setting}' belongs to an archive; an image brings its own"
            view.report.add(view.way(region, name, setting), message, key=True)
    if message := image_fault(function["code"]["image"], region):
        view.report.add(view.way(region, name, "code", "image"), message, free=True)


def _check_environment(view: View, region: str, name: str, environment: dict[str, str]) -> None:
    """B55; the values are never repeated."""
    for key in _RESERVED & environment.keys():
        message = f"'{key}' is set by Lambda itself and cannot be given"
        view.report.add(view.way(region, name, "environment", key), message, key=True)
    size = len(json.dumps(environment, separators=(",", ":"), ensure_ascii=False).encode())
    if size > _MAX_ENVIRONMENT:
        message = f"the environment has {size} bytes; Lambda takes {_MAX_ENVIRONMENT}"
        view.report.add(view.way(region, name, "environment"), message, key=True)


def _check_layers(view: View, region: str, name: str, layers: list[str]) -> None:
    for index, layer in enumerate(layers):
        found = _LAYER.match(layer)
        if found is None:
            message = f"'{layer}' is not a layer version: arn:aws:lambda:region:123456789012:layer:name:1"
            view.report.add(view.way(region, name, "layers", index), message, free=True)
        elif found["partition"] != PARTITION.get(region, found["partition"]):
            message = arn_fault(layer, service="lambda", region=region)
            view.report.add(view.way(region, name, "layers", index), message)
        elif found["region"] != region:  # B54, B57
            message = f"this layer is in {found['region']} and {region} needs its own; use {{{{ region }}}} in the ARN"
            view.report.add(view.way(region, name, "layers", index), message)


def _check_networks(view: View) -> None:
    """A subnet's id belongs to one region."""
    seen: dict[str, str] = {}
    for region, functions in view.functions.items():
        for name, function in functions.items():
            for index, subnet in enumerate((function.get("vpc") or {}).get("subnets", ())):
                if seen.setdefault(subnet, region) != region:
                    message = (
                        f"the subnet '{subnet}' is given for {seen[subnet]} and {region}; it belongs to one of them"
                    )
                    way = view.way(region, name, "vpc", "subnets", index)
                    view.report.add(way, message + ", use 'regions'")


def _check_aliases(view: View, region: str, name: str, function: dict[str, Any]) -> None:
    for index, alias in enumerate(function.get("aliases", [])):
        if message := alias_fault(alias):
            view.report.add(view.way(region, name, "aliases", index), message)


def _check_timeout(view: View, region: str, name: str, function: dict[str, Any]) -> None:
    """Behind an API nobody waits longer than API Gateway does."""
    timeout = function.get("timeout")
    longest = max(waits(view, view.physical(name, function), default=_API_TIMEOUT), default=None)
    if isinstance(timeout, int) and longest is not None and timeout * 1000 > longest:
        message = (
            f"the API gives up after {longest / 1000:g} s and answers 504, while '{name}' may run {timeout} s; "
            "give it less, or call it without waiting"
        )
        view.report.warn(view.way(region, name, "timeout"), message)


def _check_similar_aliases(view: View) -> None:
    """Each alias that a spec names is made, so one with a typo is a second one that nobody calls or everybody does."""
    uses: dict[str, list[Way]] = {}
    known: set[str] = set()
    for region, functions in view.functions.items():
        for name, function in functions.items():
            known.update(aliases(view, region, name))
            for index, alias in enumerate(function.get("aliases", [])):
                uses.setdefault(alias, []).append(view.way(region, name, "aliases", index))
    for stage, settings in view.stages().items():
        for variable, value in settings.get("variables", {}).items():
            if value in known:
                uses.setdefault(value, []).append(("api", "stages", stage, "variables", variable))
    ranked = sorted(uses, key=lambda alias: -len(uses[alias]))  # stable: of two equals the first is meant
    for at, alias in enumerate(ranked):
        if near := next((better for better in ranked[:at] if looks_like(alias, better)), None):
            for way in uses[alias]:
                message = f"the alias '{alias}' looks like a typo of '{near}'; as it stands, there will be both"
                view.report.warn(way, message)


def _check_limits(view: View, region: str, name: str, function: dict[str, Any]) -> None:
    given = view.document.raw(view.way(region, name, "log-format"))
    refused = "log-format" not in function and given not in (None, MISSING)
    known = len(aliases(view, region, name))
    override = view.document.raw(("functions", name, "regions", region))
    for way, message, is_fault in limit_faults(
        function,
        aliases=known,
        refused=refused,
        region=region,
        override=override if isinstance(override, dict) else None,
    ):
        (view.report.add if is_fault else view.report.warn)(view.way(region, name, *way), message)


def _check_warm(view: View, region: str, name: str, function: dict[str, Any]) -> None:
    warm = spelt_out(function.get("warm"))
    if warm is None:
        return
    for setting, message, offset in warm_faults(warm):
        view.report.add(view.way(region, name, "warm", setting), message, offset=offset, key=offset is None)
    short = function.get("warm") == SNAPSTART
    for way, message in ready_faults(function, warm):
        at = ("warm",) if short and way[0] == "warm" else way
        view.report.add(view.way(region, name, *at), message, key=True)
    if not view.backend or (not view.documents() and "api" in view.plain):
        return  # these are faulty, so the aliases are not known
    if not aliases(view, region, name):
        message = (
            f"'{name}' has no alias that could be kept warm: name one under 'aliases', or let the definition "
            "call it through a stage variable"
        )
        view.report.add(view.way(region, name, "warm"), message, key=True)
    elif (warm.get(SNAPSTART) or "provisioned" in warm) and calls_latest(view, region, name):
        message = (
            f"the API calls '{name}' without an alias as well, which is $LATEST, and Lambda has neither provisioned "
            "concurrency nor SnapStart for it: let every route name an alias"
        )  # B46, B52
        view.report.add(view.way(region, name, "warm"), message, key=True)
