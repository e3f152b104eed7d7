"""What is wrong with functions, per region."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from backendctl.spec.check_links import aliases
from backendctl.spec.check_names import alias_fault, check_regions_named, check_tags
from backendctl.spec.loader import MISSING
from backendctl.spec.view import SOURCES
from backendctl.spec.warming import warm_faults

if TYPE_CHECKING:
    from backendctl.spec.view import View

_MAX_NAME = 64  # B54
_MAX_ENVIRONMENT = 4096  # bytes of JSON, B55
_LAYER = re.compile(r"^arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):[0-9]{12}:layer:[a-zA-Z0-9_-]+:[0-9]+$")
_IMAGE_REGION = re.compile(r"\.dkr\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.")
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
_FOR_FOLDERS = ("include",)
_FOR_FILES = ("include", "build", "bucket")


def check(view: View) -> None:
    """Put every fault into the view's report."""
    for region, functions in view.functions.items():
        for name, function in functions.items():
            _check_name(view, name, view.physical(name, function))
            _check_code(view, region, name, function)
            _check_environment(view, region, name, function.get("environment", {}))
            _check_layers(view, region, name, function.get("layers", []))
            _check_aliases(view, region, name, function)
            _check_warm(view, region, name, function)
            check_tags(view, view.way(region, name, "tags"), function.get("tags", {}))
    _check_networks(view)
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
            view.report.add(view.way(region, name, "code", setting), f"'{setting}' has no use with '{kind}'", key=True)
    if kind == "image":
        _check_image(view, region, name, function)
        return
    if kind in _LOCAL and "build" not in code and not (view.folder / code[kind]).exists():
        view.report.add(view.way(region, name, "code", kind), f"there is no '{code[kind]}' beside the spec")
    for setting in ("runtime", "handler"):
        way = view.way(region, name, setting)
        given = view.document.raw(way)
        if given is None or given is MISSING:
            message = f"a function needs '{setting}' unless its code is an image"
            view.report.add(("functions", name) if given is MISSING else way, message, key=True)


def _check_image(view: View, region: str, name: str, function: dict[str, Any]) -> None:
    for setting in _ZIP_ONLY:
        if function.get(setting):
            message = f"'{setting}' belongs to an archive; an image brings its own"
            view.report.add(view.way(region, name, setting), message, key=True)
    found = _IMAGE_REGION.search(function["code"]["image"])
    if found and found["region"] != region:
        message = f"the image is in {found['region']} and Lambda in {region} takes its own region's only"
        view.report.add(view.way(region, name, "code", "image"), message + "; use {{ region }} in its name")


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
            message = f"'{layer}' is no layer version: arn:aws:lambda:region:123456789012:layer:name:1"
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


def _check_warm(view: View, region: str, name: str, function: dict[str, Any]) -> None:
    warm = function.get("warm")
    if not isinstance(warm, dict):
        return
    for setting, message, offset in warm_faults(warm):
        view.report.add(view.way(region, name, "warm", setting), message, offset=offset, key=offset is None)
    if not view.backend or (view.definition is None and "api" in view.plain):
        return  # these are faulty, so the aliases are not known
    if not aliases(view, region, name):
        message = (
            f"'{name}' has no alias that could be kept warm: name one under 'aliases', or let the definition "
            "call it through a stage variable"
        )
        view.report.add(view.way(region, name, "warm"), message, key=True)
