"""What is wrong with the custom domain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from backendctl.openapi.integrations import ANY_METHOD
from backendctl.spec.check_arns import arn_fault
from backendctl.spec.check_names import check_regions_named, check_tags
from backendctl.spec.loader import MISSING
from backendctl.spec.report import listed

if TYPE_CHECKING:
    from backendctl.spec.view import View

_RESERVED = ("/ping", "/sping")  # A90
_GREEDY = re.compile(r"\{[^}/]+\+\}")
_PARAMETER = re.compile(r"\{[^}/]+\}")


def check(view: View) -> None:
    """Put every fault into the view's report."""
    domain = view.plain.get("domain")
    if domain is None:
        return
    if view.document.raw(("api",)) is MISSING:
        view.report.add(("domain",), "a domain needs an 'api' to stand in front of", key=True)
    check_tags(view, ("domain", "tags"), domain.get("tags", {}))
    _check_zone(view, domain)
    _check_certificates(view, domain.get("certificate", {}))
    path = domain.get("health-check", {}).get("path")
    if path is not None:
        if view.document.raw(("domain", "zone")) is MISSING:
            view.report.add(("domain", "health-check"), "a health check has no use without 'zone'", key=True)
        _check_health(view, path)


def _check_zone(view: View, domain: dict[str, Any]) -> None:
    name, zone = domain.get("name", ""), domain.get("zone", "").rstrip(".")
    if name and zone and name.lower() != zone.lower() and not name.lower().endswith("." + zone.lower()):
        view.report.add(("domain", "zone"), f"'{name}' is not inside the zone '{zone}'")


def _check_certificates(view: View, certificates: dict[str, str]) -> None:
    """A79: a certificate serves its own region only."""
    given = view.document.raw(("domain", "certificate"))
    if isinstance(given, dict):
        check_regions_named(view, ("domain", "certificate"), list(given), key=True)
    for region, arn in certificates.items():
        if message := arn_fault(arn, service="acm", region=region):
            hint = "" if isinstance(given, dict) else f"; write {{{region}: arn, …}} or leave it out"
            view.report.add(("domain", "certificate", region), message + hint, free=True)


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
    route = path.removeprefix(f"/{base}" if base else "").partition("?")[0] or "/"
    definition = view.definition_of(stages[base])
    if definition is not None and not _answers(definition.value.get("paths"), route):
        view.report.add(way, f"the definition has no GET {route}, so no region would ever be healthy")


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
