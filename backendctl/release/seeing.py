"""Base and canary from the best source that there is.

1. The access log of the stage, where its format tells canary requests: every answer, whoever gave it.
2. AWS/ApiGateway, where it shows the canary as a stage of its own (A76, unconfirmed).
3. AWS/Lambda by alias: exceptions and timeouts only. A 5xx that a handler returns is a call that went well to it, so
   that a verdict on this alone is blind in that eye, and says so.

A source is believed where it shows requests of the canary, or where no other source has seen any.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.aws.errors import ClientError, explain
from backendctl.errors import AwsError
from backendctl.release.access_counts import Span, read_lines
from backendctl.release.access_query import query_counts
from backendctl.release.metrics import GATEWAY, Scope, read
from backendctl.release.observed import Observed
from backendctl.release.thresholds import Thresholds
from backendctl.warmth.look import PAGED

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.warmth.logs import LogReader

Pair = tuple[Observed, Observed]


def see(aws: Aws, scope: Scope, reader: LogReader, settings: Thresholds, *, among: int, paged: int = PAGED) -> Pair:
    """Base and canary over the same minutes.

    Args:
        reader: the same at every look, so that a line of the log is read once.
        settings, among: as `judge` takes them.
        paged: requests up to which the access log is read line by line, and not by Logs Insights.

    Raises:
        AwsError: CloudWatch refused, or gave no more than a part.
    """
    counted = read(aws, scope, settings, among=among)
    if scope.api is None:
        return counted
    logged = _logged(aws, scope, reader, settings, among=among, is_many=sum(s.requests for s in counted) > paged)
    if isinstance(logged, str):
        why = logged
    elif logged[1].requests or not counted[1].requests:
        both = zip(logged, counted, strict=True)
        base, canary = (_joined(told, seen, has_latency=_tells_latency(scope)) for told, seen in both)
        return base, canary
    else:
        why = f"the access log {_group(scope)} names none of the canary's requests"
    base, canary = counted
    return (base, canary) if canary.source == GATEWAY else (base, replace(canary, unseen=why))


def _logged(
    aws: Aws, scope: Scope, reader: LogReader, settings: Thresholds, *, among: int, is_many: bool
) -> Pair | str:
    """From the access log; or why it does not tell, as a clause. Trouble with it is no trouble with the release."""
    log = scope.access
    if isinstance(log, str):
        return log
    span = Span(
        region=scope.region,
        begin=scope.begin,
        settled=scope.settled,
        end=scope.end,
        resolution=scope.resolution,
    )
    missing = f"there is no log group {log.group}"
    try:
        if is_many:
            return query_counts(aws, log, span, settings, among=among) or missing
        return read_lines(aws, reader, log, span) or missing
    except (ClientError, AwsError) as error:
        told = explain(error, doing=f"read the log {log.group} in {scope.region}").message
        return f"the access log {log.group} cannot be read: {told}"


def _tells_latency(scope: Scope) -> bool:
    return not isinstance(scope.access, str) and "latency" in scope.access.named


def _joined(logged: Observed, counted: Observed, *, has_latency: bool) -> Observed:
    """What the log told of the API and its routes, and Lambda of the functions.

    Lambda's duration is without what the network and API Gateway take, so that a slow function shows sooner.
    """
    parts = (*logged.parts, *counted.parts)
    if has_latency:
        return replace(logged, parts=parts)
    return replace(logged, curve=counted.curve, sampled=counted.sampled, is_rough=counted.is_rough, parts=parts)


def _group(scope: Scope) -> str:
    return scope.access if isinstance(scope.access, str) else scope.access.group
