"""What is wrong with the stages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from backendctl.nearest import nearest
from backendctl.spec.check_arns import check_by_region
from backendctl.spec.check_names import check_regions_named, check_tags
from backendctl.spec.loader import MISSING
from backendctl.spec.regions import PARTITION
from backendctl.spec.report import listed

if TYPE_CHECKING:
    from backendctl.spec.loader import Way
    from backendctl.spec.view import View

_STAGE = re.compile(r"^[a-zA-Z0-9_-]{1,128}$")  # A52
_VARIABLE_NAME = re.compile(r"^\w{1,64}$", re.ASCII)  # A53
_LONGEST_VALUE = 512
_MOST_VARIABLES = 99  # of a stage's 100; the release log's own is one
_NOT_IN_VARIABLE = re.compile(r"[^A-Za-z0-9\-._~:/?#&=,]")  # A53
_NOT_IN_PATH = re.compile(r"[^a-zA-Z0-9$\-_.+!*'()]")
_REQUEST_ID = re.compile(r"\$context\.(requestId|extendedRequestId)\b")  # A56
TELLS_CANARY = ("$context.isCanaryRequest", "$context.status")
_LONGEST_PATH = 300
_RESERVED_PATHS = ("ping", "sping")  # A90
_ROUTE = re.compile(r"^(GET|PUT|POST|DELETE|OPTIONS|HEAD|PATCH|ANY) (/\S*)$")
_PARAMETER = re.compile(r"\{([^}+]+)\+?\}")


def check_api(view: View) -> None:
    """Put every fault into the view's report."""
    paths: dict[str, str] = {}
    api = view.plain.get("api", {})
    check_tags(view, ("api", "tags"), api.get("tags", {}))
    _check_source(view, api)
    for route, asked in api.get("smoke", {}).items():
        _check_smoke(view, route, asked if isinstance(asked, dict) else {})
    for name, stage in view.stages().items():
        way: Way = ("api", "stages", name)
        if not _STAGE.match(name):
            message = f"'{name}' is not a valid stage name: at most 128 letters, digits, '-' and '_'"
            view.report.add(way, message, key=True)
        _check_path(view, way, stage.get("path"), paths)
        _check_variables(view, (*way, "variables"), stage.get("variables", {}))
        _check_logging(view, (*way, "logging"), stage.get("logging", {}))
        check_by_region(view, (*way, "web-acl"), stage.get("web-acl", {}), service="wafv2", also=_web_acl_fault)
        check_tags(view, (*way, "tags"), stage.get("tags", {}))


def _web_acl_fault(arn: str) -> str:
    if arn.split(":", 5)[-1].startswith("regional/webacl/"):
        return ""
    return f"'{arn}' is not a regional web ACL, and a stage takes no other (one of CloudFront is global)"


def _check_source(view: View, api: dict[str, Any]) -> None:
    definition = api.get("definition")
    live = definition.get("export") if isinstance(definition, dict) else None
    if live is not None and live not in PARTITION:
        message = f"'{live}' is not an AWS region{nearest(live, PARTITION)}"
        view.report.add(("api", "definition", "export"), message)
    named = [region for region in api.get("bindings", {}) if region != live]  # the source may lie elsewhere
    check_regions_named(view, ("api", "bindings"), named, key=True)


def _check_smoke(view: View, route: str, asked: dict[str, Any]) -> None:
    found = _ROUTE.match(route)
    if found is None:
        view.report.add(("api", "smoke", route), f"'{route}' is not a route: write 'GET /places/{{id}}'", key=True)
        return
    paths = view.paths()
    if paths and found[2] not in paths:
        hint = nearest(found[2], [str(path) for path in paths])
        view.report.add(("api", "smoke", route), f"the definition has no path '{found[2]}'{hint}", key=True)
    wanted = set(_PARAMETER.findall(found[2]))
    lacking = sorted(wanted - set(asked.get("path", {}))) if asked else []
    if lacking:
        view.report.add(("api", "smoke", route), f"'path' must say what {', '.join(lacking)} is", key=True)


def _check_path(view: View, way: Way, path: str | None, paths: dict[str, str]) -> None:
    if path is None:
        return
    place = (*way, "path")
    levels = path.split("/") if path else []
    if not all(levels):
        view.report.add(place, f"the path '{path}' has a '/' too many; write '{'/'.join(filter(None, levels))}'")
    elif len(path) > _LONGEST_PATH:  # A88
        view.report.add(place, f"the path has {len(path)} characters, and a base path at most {_LONGEST_PATH}")
    elif found := next((found for level in levels if (found := _NOT_IN_PATH.search(level))), None):
        view.report.add(place, f"the path '{path}' holds '{found[0]}', which a base path cannot")
    elif path in _RESERVED_PATHS:
        view.report.add(place, f"API Gateway keeps '/{path}' for itself")
    elif path in paths:
        told = f"'{path}'" + ("" if path else ", the root,")
        view.report.add(place, f"the stage '{paths[path]}' has the path {told} already")
    paths.setdefault(path, str(way[-1]))


def _check_variables(view: View, way: Way, variables: dict[str, str]) -> None:
    for variable, value in variables.items():
        _check_variable(view, (*way, variable), value)
    if len(variables) > _MOST_VARIABLES:
        message = (
            f"{len(variables)} stage variables are too many: a stage takes {_MOST_VARIABLES}, "
            "and one more that says which release it serves"
        )
        view.report.add(way, message, key=True)


def _check_variable(view: View, way: Way, value: str) -> None:
    name = str(way[-1])
    if not _VARIABLE_NAME.match(name):
        message = f"'{name}' is not a valid stage variable name: at most 64 letters, digits and '_'"
        view.report.add(way, message, key=True)
    if len(value) > _LONGEST_VALUE:
        message = f"the stage variable '{name}' has {len(value)} characters, and API Gateway takes {_LONGEST_VALUE}"
        view.report.add(way, message, free=True)
    if not value:
        view.report.add(way, f"the stage variable '{name}' is empty, which API Gateway refuses", free=True)
    elif found := _NOT_IN_VARIABLE.search(value):
        shown = "a space" if found[0] == " " else f"'{found[0]}'"
        view.report.add(way, f"the stage variable '{name}' holds {shown}, which API Gateway refuses", free=True)


def _check_logging(view: View, way: Way, logging: dict[str, Any]) -> None:
    if "retention" in logging and "access" not in logging and logging.get("level", "off") == "off":
        view.report.add((*way, "retention"), "'retention' has no effect without 'access' or a 'level'", key=True)
    line = logging.get("format")
    if line is None:
        return
    if view.document.raw((*way, "access")) is MISSING:
        view.report.add((*way, "format"), "'format' has no effect without 'access', the log group", key=True)
    if not _REQUEST_ID.search(line):
        message = "'format' must hold $context.requestId or $context.extendedRequestId"
        view.report.add((*way, "format"), message)
    if lacking := [name for name in TELLS_CANARY if name not in line]:  # A77
        message = f"without {listed(lacking)} the access log does not tell how a canary answers, and none may pass"
        view.report.warn((*way, "format"), message)
    if "\n" in line.strip("\n"):
        view.report.add((*way, "format"), "'format' must be a single line; in YAML, use '>-' to fold it")
