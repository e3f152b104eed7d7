"""A custom domain that is edge-optimised: why it cannot stay so, and how it becomes regional without an outage.

CloudFront answers for such a name everywhere and sends all requests to the one region that has it; the name is taken
world-wide (A82). AWS lets a domain have both endpoints while it moves: the regional one is added, DNS moves to it, and
the edge-optimised one goes. The records move between the two, so that it takes two runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from backendctl.aws.errors import BotoCoreError, ClientError, is_denied, is_silent
from backendctl.errors import BackendctlError
from backendctl.resources.apigateway.domain import Domain
from backendctl.resources.apigateway.endpoint_move import EDGE, obstacle

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.engine.plan import Change, Plan


def edge_refusals(plan: Plan, aws: Aws) -> tuple[str, ...]:
    """Why a domain cannot be made, or cannot become regional, one sentence each.

    The name cannot be made in other regions while one has it for the edge.
    """
    return (*_taken(plan), *(told for change in plan.changes for told in _obstacles(change, aws)))


def _obstacles(change: Change, aws: Aws) -> Iterator[str]:
    live, desired = change.live, change.desired
    if not isinstance(live, Domain) or not isinstance(desired, Domain):
        return
    try:
        held = obstacle(aws, live.region, live.name, endpoint=live.endpoint, zone=desired.zone)
    except (ClientError, BotoCoreError, BackendctlError) as error:
        if is_denied(error) or is_silent(error):  # who only plans may see less; a deploy tells it then
            return
        raise
    if held is not None:
        yield f"{change.address}: {held.message}; {held.hint}"


def _taken(plan: Plan) -> Iterator[str]:
    edge = _edges(plan)
    return (
        f"{change.region} cannot have {change.name} while {edge[change.name]} has it edge-optimised, which makes a "
        f"name unique in the world: backendctl sync-dns -r {edge[change.name]} --adopt first, "
        f"{'twice' if change.desired.zone else 'and what it then says about the edge endpoint'}, then without -r"
        for change in plan.changes
        if isinstance(change.desired, Domain) and change.live is None and change.name in edge
    )


def edge_remarks(plan: Plan) -> tuple[str, ...]:
    """What is done about an edge-optimised domain, step by step."""
    return tuple(
        f"{change.address} is {change.live.endpoint}: CloudFront takes all requests for it to one region, so that "
        "latency routing cannot work on it, and its cache helps no queries that are all different. "
        + _step(first=change.live.endpoint == EDGE, zone=change.desired.zone)
        for change in plan.changes
        if isinstance(change.live, Domain) and isinstance(change.desired, Domain) and EDGE in change.live.endpoint
    )


def _step(*, first: bool, zone: str | None) -> str:
    if first and zone:
        return "This run adds a regional endpoint beside it and moves the record; run it again, and the edge one goes"
    if first:
        return (
            "This run adds a regional endpoint beside it; point the name at that where you keep its DNS, and run it "
            "again: the edge one goes where the record can be seen in a zone of this account"
        )
    if zone:
        return (
            "This run takes the edge one away when the records lead to the regional one; when they do not yet, it "
            "moves them, and the next run takes it away"
        )
    return "This run takes the edge one away where a zone of this account shows that the name leads to the regional one"


def _edges(plan: Plan) -> dict[str, str]:
    return {live.name: live.region for live in _lives(plan) if EDGE in live.endpoint}


def _lives(plan: Plan) -> Iterator[Domain]:
    for live in (*plan.unchanged, *(change.live for change in plan.changes)):
        if isinstance(live, Domain):
            yield live
