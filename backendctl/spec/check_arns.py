"""What AWS would refuse of an ARN or an image's address, because it lies in another service, partition or region."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from backendctl.spec.check_names import check_regions_named
from backendctl.spec.regions import PARTITION

if TYPE_CHECKING:
    from collections.abc import Callable

    from backendctl.spec.loader import Way
    from backendctl.spec.view import View

_ARN_PARTS = 6
_IMAGE = re.compile(r"^[0-9]{12}\.dkr\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.(?P<suffix>[a-z0-9.-]+?)/")


def arn_fault(arn: str, *, service: str, region: str, global_: bool = False) -> str:
    """Why this ARN cannot serve in the region; empty when it can, or when it holds what only AWS knows.

    Args:
        service: such as "acm". global_: whether its kind belongs to no region, as roles do.
    """
    parts = arn.split(":", _ARN_PARTS - 1)
    if len(parts) < _ARN_PARTS or parts[0] != "arn":
        return f"'{arn}' is not an ARN"
    _, partition, found, where, _, _ = parts
    own = PARTITION.get(region, partition)
    if found != service:
        return f"'{arn}' is of {found or 'no service'}; one of {service} belongs here"
    if partition != own:
        return f"'{arn}' is in the partition {partition}, and {region} is in {own}"
    if not global_ and where != region:
        return f"'{arn}' is in {where or 'no region'}, and {region} needs one of its own"
    return ""


def check_by_region(
    view: View, way: Way, arns: dict[str, str], *, service: str, also: Callable[[str], str] = lambda _: ""
) -> None:
    """Put the faults of ARNs, of which each serves its own region only, into the view's report.

    Args:
        way: of the setting, an ARN for every region or a mapping. arns: by region.
        also: what else is wrong with one; empty for nothing.
    """
    given = view.document.raw(way)
    if isinstance(given, dict):
        check_regions_named(view, way, list(given), key=True)
    hint = "" if isinstance(given, dict) else "; write {{{region}: arn, …}} or leave it out"
    for region, arn in arns.items():
        if message := arn_fault(arn, service=service, region=region):
            view.report.add((*way, region), message + hint.format(region=region), free=True)
        elif message := also(arn):
            view.report.add((*way, region), message, free=True)


def image_fault(image: str, region: str) -> str:
    """Why Lambda in that region would not take the image; empty when it may."""
    found = _IMAGE.match(image)
    if found is None:
        return f"'{image}' is not an image of ECR: 123456789012.dkr.ecr.{region}.amazonaws.com/name:tag"
    if found["region"] != region:
        return (
            f"the image is in {found['region']} and Lambda in {region} takes its own region's only; "
            "use {{ region }} in its name"
        )
    return ""


def check_arns(view: View) -> None:
    """Put the faults of roles into the view's report; layers, images and certificates are with what they belong to."""
    _check_role(view, ("role",), view.plain.get("role"), view.regions)
    _check_role(view, ("api", "role"), view.plain.get("api", {}).get("role"), view.regions)
    for region, functions in view.functions.items():
        for name, function in functions.items():
            way, role = view.way(region, name, "role"), function.get("role")
            _check_role(view, way, role, (region,))
            if isinstance(role, dict) and isinstance(view.plain.get("role"), str):
                view.report.add(way, "statements go into the role that backendctl keeps, but 'role' names another")


def _check_role(view: View, way: Way, role: Any, regions: tuple[str, ...]) -> None:
    for region in regions if isinstance(role, str) and role.startswith("arn:") else ():  # the schema tells of others
        if message := arn_fault(role, service="iam", region=region, global_=True):
            view.report.add(way, message, free=True)
            return
