"""What a batch must hold so that one region's latency records stand; pure (E2 to E7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from backendctl.errors import BackendctlError
from backendctl.resources import dns

if TYPE_CHECKING:
    from mypy_boto3_route53.literals import ChangeActionType
    from mypy_boto3_route53.type_defs import ChangeTypeDef, ResourceRecordSetOutputTypeDef

LATENCY = "latency"


def set_identifier(backend: str, region: str) -> str:
    """The mark of a region's records (E1)."""
    return f"{backend}-{region}"


def own(
    found: Iterable[ResourceRecordSetOutputTypeDef], *, backend: str, region: str
) -> list[ResourceRecordSetOutputTypeDef]:
    """Address records with our mark for that region."""
    mark = set_identifier(backend, region)
    return [r for r in found if r["Type"] in dns.ADDRESSES and r.get("SetIdentifier") == mark]


def in_the_way(
    found: Iterable[ResourceRecordSetOutputTypeDef], *, backend: str, region: str, types: Iterable[str]
) -> list[ResourceRecordSetOutputTypeDef]:
    """Records that Route 53 does not let ours stand beside.

    A CNAME (E7), one of another policy (E2), and a latency record of the same region (E4).
    """
    wanted = set(types)
    mark = set_identifier(backend, region)
    return [
        r
        for r in found
        if r["Type"] == "CNAME"
        or (
            r["Type"] in wanted
            and r.get("SetIdentifier") != mark
            and (dns.routing_of(r) != LATENCY or r.get("Region") == region)
        )
    ]


def batch(
    wanted: Iterable[ResourceRecordSetOutputTypeDef],
    found: list[ResourceRecordSetOutputTypeDef],
    *,
    name: str,
    region: str,
    types: Sequence[str],
    backend: str,
    adopt: bool,
) -> list[ChangeTypeDef]:
    """The changes that bring what is found to what is wanted, for one batch.

    Args:
        adopt: whether simple and latency records in the way are replaced.

    Raises:
        BackendctlError: something is in the way that is not ours to replace.
    """
    mine = {r["Type"]: r for r in own(found, backend=backend, region=region)}
    rivals = in_the_way(found, backend=backend, region=region, types=types)
    fixed = [r for r in rivals if not adopt or dns.routing_of(r) not in {"simple", LATENCY}]
    if fixed:
        told = ", ".join(f"{dns.routing_of(r)} {r['Type']} → {dns.points_at(r)}" for r in fixed)
        raise BackendctlError(
            f"{name} has records that latency records cannot stand beside: {told}",
            hint="remove them from the zone, or take over simple ones with --adopt",
        )
    changes = [change("DELETE", r) for r in rivals]
    changes += [change("DELETE", r) for kind, r in mine.items() if kind not in types]
    # UPSERT only what is proven ours (E6).
    changes += [change("UPSERT" if r["Type"] in mine else "CREATE", r) for r in wanted]
    return changes


def change(action: ChangeActionType, record: ResourceRecordSetOutputTypeDef) -> ChangeTypeDef:
    """One change of a batch, the record as Route 53 returned it or as it is to be."""
    return {"Action": action, "ResourceRecordSet": record}
