"""What is wrong with the custom domain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from backendctl.openapi.integrations import ANY_METHOD
from backendctl.spec.check_arns import check_by_region
from backendctl.spec.check_names import check_tags
from backendctl.spec.domains import FAILOVER, LATENCY, SIMPLE, is_zone_id, normalised
from backendctl.spec.loader import MISSING
from backendctl.spec.report import listed

if TYPE_CHECKING:
    from backendctl.spec.loader import Way
    from backendctl.spec.view import View

_RESERVED = ("/ping", "/sping")  # A90
_MUTUAL_POLICY = "TLS_1_2"
_LONGEST_PATH = 255
_GREEDY = re.compile(r"\{[^}/]+\+\}")
_PARAMETER = re.compile(r"\{[^}/]+\}")


def check_domain(view: View) -> None:
    """Put every fault into the view's report."""
    if "domain" not in view.plain and view.plain.get("domains"):
        view.report.add(
            ("domains",), "'domains' are further ones: name the one that callers use under 'domain'", key=True
        )
    seen: set[str] = set()
    for way, domain in view.domains():
        if view.document.raw(("api",)) is MISSING:
            view.report.add(way, "a domain needs an 'api' to stand in front of", key=way == ("domain",))
        _check_one(view, way, domain)
        name = normalised(domain.get("name", ""))
        if name and name in seen:
            view.report.add((*way, "name"), f"'{name}' is a domain of this backend already")
        seen.add(name)
    path = view.plain.get("domain", {}).get("health-check", {}).get("path")
    if path is not None:
        _check_health(view, path)


def _check_one(view: View, way: Way, domain: dict[str, Any]) -> None:
    check_tags(view, (*way, "tags"), domain.get("tags", {}))
    _check_zone(view, way, domain)
    check_by_region(view, (*way, "certificate"), domain.get("certificate", {}), service="acm")  # A79
    _check_routing(view, way, domain)
    policy = domain.get("security-policy", _MUTUAL_POLICY)
    if policy == "TLS_1_0" and (deep := [one for one in view.stages().values() if "/" in one.get("path", "")]):  # A88
        message = f"the path '{deep[0]['path']}' of several levels needs {_MUTUAL_POLICY} at least"
        view.report.add((*way, "security-policy"), message)
    if "mutual-tls" in domain and policy != _MUTUAL_POLICY:  # A84, A86
        message = f"'mutual-tls' goes with {_MUTUAL_POLICY} only, not with {policy}"
        view.report.add((*way, "security-policy"), message)


def _check_zone(view: View, way: Way, domain: dict[str, Any]) -> None:
    name, zone = domain.get("name", ""), domain.get("zone", "").rstrip(".")
    if name and not is_zone_id(zone) and not f".{normalised(name)}".endswith(f".{normalised(zone)}"):
        view.report.add((*way, "zone"), f"'{name}' is not inside the zone '{zone}'")


def _check_routing(view: View, way: Way, domain: dict[str, Any]) -> None:
    """What each kind of record needs."""
    routing, place = domain.get("routing", LATENCY), (*way, "routing")
    without_zone = "zone" not in domain and view.document.raw((*way, "zone")) is MISSING
    if "routing" in domain and without_zone:
        view.report.add(place, "'routing' has no use without 'zone'", key=True)
    if "health-check" in domain:
        where = (*way, "health-check")
        if without_zone:
            view.report.add(where, "a health check has no use without 'zone'", key=True)
        elif routing == SIMPLE:
            view.report.add(where, "Route 53 answers with a simple record whatever its health", key=True)
    regions = view.plain.get("regions", ())
    if routing == FAILOVER:
        if len(regions) != len(("primary", "secondary")):
            message = f"'failover' has one primary and one secondary region, and the spec has {len(regions)}"
            view.report.add(place, f"{message}; take 'latency'")
        if view.document.raw(("domain", "health-check")) is MISSING:
            view.report.add(place, "'failover' needs domain.health-check: without one nobody ever fails over")


def _check_health(view: View, path: str) -> None:
    way = ("domain", "health-check", "path")
    if path in _RESERVED:
        view.report.add(way, f"API Gateway keeps '{path}' for itself; use a path of your own")
        return
    stages = {stage["path"]: name for name, stage in view.stages().items() if "path" in stage}
    bases = list(stages)
    served = [base for base in bases if not base or path == f"/{base}" or path.startswith(f"/{base}/")]
    if not served:
        known = listed(f"/{base}" for base in bases)
        view.report.add(way, f"'{path}' does not begin with the path of a stage; paths: {known}")
        return
    base = max(served, key=len)
    asked = f"/{stages[base]}/{path.removeprefix(f'/{base}' if base else '').lstrip('/')}"
    if len(asked) > _LONGEST_PATH:
        view.report.add(
            way, f"Route 53 asks for paths of at most {_LONGEST_PATH} characters: {len(asked)} with the stage"
        )
    route = path.removeprefix(f"/{base}" if base else "").partition("?")[0] or "/"
    definition = view.definition_of(stages[base])
    if definition is None:
        return
    if not _answers(definition.value.get("paths"), route):
        view.report.add(way, f"the definition has no GET {route}, so no region would ever be healthy")
    elif _is_closed(definition.value):  # E13
        view.report.add(
            way, "the definition disables the API's own endpoint, which the health check asks: it would see 403"
        )


def _is_closed(definition: Any) -> bool:
    """Whether a definition says disableExecuteApiEndpoint, at its top or, in OpenAPI 3, with a server."""
    servers = definition.get("servers") if isinstance(definition.get("servers"), list) else []
    places = [definition, *(one for one in servers if isinstance(one, dict))]
    told = [place.get("x-amazon-apigateway-endpoint-configuration") for place in places]
    return any(isinstance(one, dict) and one.get("disableExecuteApiEndpoint") is True for one in told)


def _answers(paths: Any, route: str) -> bool:
    """Whether some GET, or any-method, of the definition is what this route reaches."""
    for template, item in paths.items() if isinstance(paths, dict) else ():
        parts = re.split(r"(\{[^}/]+\+?\})", template)
        pattern = "".join(
            ".+" if _GREEDY.match(part) else "[^/]+" if _PARAMETER.match(part) else re.escape(part) for part in parts
        )
        if re.fullmatch(pattern, route) and isinstance(item, dict) and {"get", ANY_METHOD} & item.keys():
            return True
    return False
