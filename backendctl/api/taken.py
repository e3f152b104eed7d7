"""What callers lose or must newly bring when a stage turns to a deployment that is there already.

AWS exports no deployment but a stage's (A20); the summary of a deployment tells its routes and whom they ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.aws.errors import BotoCoreError, ClientError

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

OPEN = "NONE"
Routes = Mapping[tuple[str, str], Mapping[str, Any]]
"""(method, path) → authorizationType and apiKeyRequired."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """One stage from one deployment to another; both are ids."""

    region: str
    stage: str
    api_id: str
    before: str
    after: str


def taken(aws: Aws, moves: Iterable[Move]) -> tuple[str, ...]:
    """One sentence for each loss, with the stages and regions where it is one.

    Whoever goes back has a reason to: this only tells, so a deployment that cannot be read is passed over.
    """
    found: dict[str, list[str]] = {}
    for move in moves:
        for told in _lost(aws, move) if move.before != move.after else ():
            found.setdefault(told, []).append(f"{move.stage} in {move.region}")
    return tuple(f"{told} ({', '.join(places)})" for told, places in found.items())


def _lost(aws: Aws, move: Move) -> Iterator[str]:
    try:
        before, after = (routes(aws, move.region, move.api_id, each) for each in (move.before, move.after))
    except (ClientError, BotoCoreError):
        return
    for (method, path), asked in before.items():
        now = after.get((method, path)) or after.get(("ANY", path))
        if now is None:
            yield f"this takes {method} {path} from callers"
        elif now.get("authorizationType", OPEN) not in {OPEN, asked.get("authorizationType", OPEN)}:
            yield f"callers of {method} {path} must pass {now['authorizationType']} then"
        elif now.get("apiKeyRequired") and not asked.get("apiKeyRequired"):
            yield f"callers of {method} {path} must pass an API key then"


def routes(aws: Aws, region: str, api_id: str, deployment: str) -> Routes:
    """What a deployment answers, whether a stage serves it or not.

    Raises:
        ClientError: it is gone, among others.
    """
    answer: Any = aws.apigateway(region).get_deployment(restApiId=api_id, deploymentId=deployment, embed=["apisummary"])
    summary: Mapping[str, Mapping[str, Any]] = answer.get("apiSummary") or {}
    return {(method, path): asked for path, methods in summary.items() for method, asked in methods.items()}
