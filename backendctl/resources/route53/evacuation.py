"""The three ways in which Route 53 is made to send nobody to a region, each with its way back.

What Route 53 is told needs its control plane, which is in us-east-1. A method that is throttled to 0 needs the region
alone: the checkers of Route 53 get 429 there and learn it by themselves. That API Gateway answers 429 at a limit of 0
is not confirmed on AWS, so whoever throttles asks the health path afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.openapi.neutral import operations
from backendctl.resources.apigateway.stage_patch import setting_path
from backendctl.resources.apigateway.stage_writes import StagePlace, replacing
from backendctl.resources.route53.health_check import own_checks, probe_of
from backendctl.spec.callers import Throttling

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import HealthCheckTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.spec.model import Spec

CLOSED = Throttling(rate=0, burst=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthPath:
    """What Route 53's checkers ask in each region.

    Attributes:
        api: its name. stage: its name. path: below the stage, "/healthz".
        unfit: why the method behind it cannot be throttled alone, as a clause; empty when it can.
    """

    api: str
    stage: str
    path: str
    unfit: str = ""

    @property
    def route(self) -> str:
        """As settings of methods name it."""
        return f"GET {self.path}"


def health_path(spec: Spec) -> HealthPath | None:
    """The health path of a spec; None without a health check."""
    api, domain = spec.api, spec.domain
    if api is None or domain is None or domain.health_check is None:
        return None
    _, stage, rest = probe_of(api, domain.health_check.path).split("/", 2)
    path = f"/{rest}"
    return HealthPath(api=api.name, stage=stage, path=path, unfit=_unfit(api.document_named(stage), path))


def _unfit(document: dict[str, Any], path: str) -> str:
    if not document:
        return "the API's definition is taken from a live one, so that the method behind it is not known here"
    methods = {method for found, method, _ in operations(document) if found == path}
    if "get" in methods:
        return ""
    if methods:
        return f"{path} has no GET method of its own: throttling what answers it would throttle other requests too"
    return f"it is not a method of its own: throttling what answers GET {path} would throttle other requests too"


def is_forced(check: HealthCheckTypeDef) -> bool:
    """Whether Route 53 takes a check for unhealthy whatever its endpoint answers (E18)."""
    config = check["HealthCheckConfig"]
    return bool(config.get("Inverted")) and bool(config.get("Disabled"))


def force_checks(aws: Aws, region: str, *, down: bool) -> int:
    """Have every health check of ours of that region be unhealthy, or be measured again.

    Returns:
        How many there are.
    """
    aws.forget("health-checks")
    found = own_checks(aws, region)
    for check in found:
        config = check["HealthCheckConfig"]
        if (bool(config.get("Inverted")), bool(config.get("Disabled"))) != (down, down):
            aws.route53().update_health_check(HealthCheckId=check["Id"], Inverted=down, Disabled=down)
    aws.forget("health-checks")
    return len(found)


def limits_of(aws: Aws, region: str, place: HealthPath) -> Throttling | None:
    """The limits of the health path's own method as they are now; None when it has no settings of its own.

    Raises:
        BackendctlError: there is no such API or stage.
    """
    found = StagePlace(aws=aws, region=region, api=place.api, name=place.stage).found().get("methodSettings", {})
    keys = {f"{place.path.strip('/').replace('/', '~1')}/GET", setting_path(place.route)}
    one = next((found[key] for key in found if key in keys), None)
    if one is None:
        return None
    return Throttling(rate=one.get("throttlingRateLimit", -1), burst=one.get("throttlingBurstLimit", -1))


def set_limits(aws: Aws, region: str, place: HealthPath, limits: Throttling | None) -> None:
    """Give the health path's method these limits; None takes its own settings away."""
    stage = StagePlace(aws=aws, region=region, api=place.api, name=place.stage)
    at = f"/{setting_path(place.route)}"
    if limits is not None:
        changes = (("rateLimit", limits.rate), ("burstLimit", limits.burst))
        stage.patch(replacing(f"{at}/throttling/{name}", f"{value:g}") for name, value in changes)
    elif limits_of(aws, region, place) is not None:  # AWS refuses to remove what is not there (K14)
        stage.patch([{"op": "remove", "path": at}])
    aws.forget("stages", region)
