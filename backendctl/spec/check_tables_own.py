"""What is wrong with what each region's table has of its own: stream, encryption, policy, capacity of a replica."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from backendctl.nearest import nearest
from backendctl.spec.regions import PARTITION

if TYPE_CHECKING:
    from backendctl.spec.loader import Way
    from backendctl.spec.view import View

OWNED = ("aws-owned", "aws-managed")
_KEY = re.compile(r"^arn:[a-z-]+:kms:(?P<region>[a-z0-9-]+):\d{12}:key/[A-Za-z0-9-]+$")
_POLICY_BYTES = 20_480


def check_own(view: View, way: Way, table: dict[str, Any]) -> None:
    """Put every fault into the view's report."""
    regions = [region for region in table.get("regions", view.regions) if region in PARTITION]
    _check_stream(view, way, table, regions)
    _check_encryption(view, way, table.get("encryption"), regions)
    _check_policy(view, way, table.get("resource-policy", {}))
    for region, replica in table.get("replicas", {}).items():
        _check_place(view, (*way, "replicas", region), region, regions)
        _check_reads(view, (*way, "replicas", region), replica, table)


def _check_stream(view: View, way: Way, table: dict[str, Any], regions: list[str]) -> None:
    """C14: a global table replicates through its stream."""
    stream = table.get("stream")
    if stream in (None, "new-and-old-images") or len(regions) <= 1:
        return
    message = "a table in several regions replicates through its stream, which then has new-and-old-images"
    view.report.add((*way, "stream"), message)


def _check_encryption(view: View, way: Way, given: str | dict[str, str] | None, regions: list[str]) -> None:
    """C55: one key for each region, and all of one kind; C53: AWS tells a key's ARN, never its alias."""
    place: Way = (*way, "encryption")
    if isinstance(given, str):
        _check_key(view, place, given, regions[0] if len(regions) == 1 else None)
        return
    if given is None:
        return
    for region, key in given.items():
        if region not in regions:
            near = nearest(region, regions) or f"; it is in {', '.join(regions)}"
            view.report.add((*place, region), f"the table is not in '{region}'{near}", key=True)
        elif key in OWNED:
            view.report.add((*place, region), f"write 'encryption: {key}': it holds for all regions of a table")
        else:
            _check_key(view, (*place, region), key, region)
    missing = [region for region in regions if region not in given]
    if missing:
        message = f"there is no key for {', '.join(missing)}: a table has keys in all of its regions or in none"
        view.report.add(place, message, key=True)


def _check_key(view: View, place: Way, key: str, region: str | None) -> None:
    """One key. region: where it has to be; None where one key for several regions was given."""
    if key in OWNED:
        return
    found = _KEY.match(key)
    if found is None:
        what = "an alias" if "alias/" in key else f"'{key}'"
        message = f"{what} will not do: aws-owned, aws-managed, or a key's ARN (arn:aws:kms:REGION:ACCOUNT:key/ID)"
        view.report.add(place, message)
    elif region is None:
        message = "a key serves the region it is in: give the ARN of one for each region, as REGION: ARN"
        view.report.add(place, message)
    elif found["region"] != region:
        view.report.add(place, f"this key is in {found['region']}, and {region} needs one of its own")


def _check_policy(view: View, way: Way, policies: dict[str, Any]) -> None:
    """By region, as `view` has expanded it."""
    for policy in policies.values():
        if isinstance(policy, dict) and len(json.dumps(policy).encode()) > _POLICY_BYTES:
            message = f"the policy is longer than the {_POLICY_BYTES // 1024} KB that DynamoDB takes"
            view.report.add((*way, "resource-policy"), message, key=True)
            return


def _check_place(view: View, place: Way, region: str, regions: list[str]) -> None:
    if region not in regions:
        near = nearest(region, regions[1:]) or f"; its replicas are in {', '.join(regions[1:]) or 'no region'}"
        view.report.add(place, f"the table is not in '{region}'{near}", key=True)
    elif region == regions[0]:
        view.report.add(place, f"'{region}' is the primary region: what it has stands in the table itself", key=True)


def _check_reads(view: View, place: Way, replica: dict[str, Any], table: dict[str, Any]) -> None:
    """C30: reads and the table class may differ by region, writes never do."""
    provisioned = isinstance(table.get("billing"), dict)
    for part in ("read", "indexes"):
        if replica.get(part) and not provisioned:
            view.report.add((*place, part), f"'{part}' has no use: the table is billed on demand", key=True)
    scalings: dict[Way, dict[str, int]] = {("read",): replica.get("read", {})}
    for name, scaling in replica.get("indexes", {}).items():
        scalings["indexes", name] = scaling
        if name not in table.get("indexes", {}):
            near = nearest(name, table.get("indexes", {}))
            view.report.add((*place, "indexes", name), f"the table has no index '{name}'{near}", key=True)
    for where, scaling in scalings.items():
        if "min" in scaling and "max" in scaling and scaling["min"] > scaling["max"]:
            message = f"'min' is {scaling['min']} and 'max' is {scaling['max']}"
            view.report.add((*place, *where, "min"), message)
