"""Asks canary and baseline the same: the version behind the alias of each, or the stage, which draws one each time.

The version is called by its number, not by the alias: such a call is no user's, and must not count as one.
"""

from __future__ import annotations

import json
import math
import time
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from backendctl.aws.errors import explain
from backendctl.aws.metrics import lag, resolution
from backendctl.aws.regions import in_parallel
from backendctl.aws.wait import until
from backendctl.errors import BackendctlError, WaitTimeoutError
from backendctl.http_call import HttpAnswer, send
from backendctl.openapi.integrations import lambda_targets, resolve
from backendctl.release.access_counts import Span, requests_of
from backendctl.release.access_log import AccessLog
from backendctl.release.answers import Said, compared, from_proxy
from backendctl.release.outcome import Finding, Outcome
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_.calling import call_at_once
from backendctl.spec.analysis import STAGE, AnswerCheck
from backendctl.warmth.logs import LogReader

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

_TIMES = 2
"""Answers of each side by alias: what differs between two of the baseline is not the canary's fault."""
_SURE = 5.0
"""Requests through the stage, in canary requests on average: once in 150 times none of them meets the canary."""
_MOST = 500
_AT_ONCE = 4
_REQUEST_ID = "x-amzn-requestid"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where to ask: one stage in one region with its canary.

    Attributes:
        url: of the stage, without a slash at its end. definition: of the API.
        base, canary: the stage variables of either. target_percent: of the canary.
    """

    region: str
    stage: str
    api_id: str
    url: str
    definition: Mapping[str, Any]
    base: Mapping[str, str]
    canary: Mapping[str, str]
    target_percent: float
    access: AccessLog | str


def ask(aws: Aws, place: Place, check: AnswerCheck) -> Finding:
    """The answer to one check; trouble in asking is no trouble with the release."""
    try:
        if check.through == STAGE:
            base, canary = _through_stage(aws, place, check)
        else:
            base, canary = _by_alias(aws, place, check)
    except BackendctlError as error:
        return Finding(outcome=Outcome.INCONCLUSIVE, told=f"{check.name}: cannot tell: {error.message}")
    return compared(check, base=base, canary=canary)


def _by_alias(aws: Aws, place: Place, check: AnswerCheck) -> tuple[list[Said], list[Said]]:
    event = json.dumps(proxy_event(place, check, account=aws.account))
    return (
        _invoked(aws, place, check, place.base, event),
        _invoked(aws, place, check, place.canary, event),
    )


def version_of(
    aws: Aws, place: Place, *, method: str, path: str, variables: Mapping[str, str]
) -> tuple[str, str | None]:
    """The function that answers a route on the side of these variables, and its version.

    A call of the alias itself would be counted among its users'.

    Raises:
        BackendctlError: no function does.
    """
    for target in lambda_targets(place.definition):
        if target.path == path and target.method in {method, "ANY"}:
            found = resolve(target, variables)
            if found is not None:
                known = lambda_reads.aliases(aws, place.region, found.function).get(found.qualifier or "")
                return found.function, known.version if known is not None else found.qualifier
    raise BackendctlError(f"no function answers {method} {path}")


def _invoked(aws: Aws, place: Place, check: AnswerCheck, variables: Mapping[str, str], event: str) -> list[Said]:
    function, version = version_of(aws, place, method=check.method, path=check.path, variables=variables)
    answers = call_at_once(aws, place.region, function, qualifier=version, payload=event, count=_TIMES)
    doing = f"invoke {function}:{version} in {place.region}"
    return [
        from_proxy(one.said, fault=one.fault)
        if one.error is None
        else Said(trouble=explain(one.error, doing=doing).message)
        for one in answers
    ]


def proxy_event(place: Place, check: AnswerCheck, *, account: str) -> dict[str, Any]:
    """What API Gateway sends to a proxy handler for this request, with the stage variables of the baseline alike."""
    headers = {"User-Agent": "backendctl", "Accept": "*/*", **check.headers}
    path = filled(check)
    return {
        "resource": check.path,
        "path": path,
        "httpMethod": check.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": dict(check.query) or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in check.query.items()} or None,
        "pathParameters": dict(check.parameters) or None,
        "stageVariables": dict(place.base) or None,
        "requestContext": {
            "accountId": account,
            "apiId": place.api_id,
            "stage": place.stage,
            "resourcePath": check.path,
            "httpMethod": check.method,
            "path": f"/{place.stage}{path}",
            "protocol": "HTTP/1.1",
            "requestId": str(uuid.uuid4()),
            "requestTimeEpoch": int(time.time() * 1000),
            "identity": {"sourceIp": "127.0.0.1", "userAgent": "backendctl"},
        },
        "body": check.body,
        "isBase64Encoded": False,
    }


def filled(check: AnswerCheck) -> str:
    """The path with its parameters."""
    path = check.path
    for name, value in check.parameters.items():
        path = path.replace(f"{{{name}}}", quote(value, safe="")).replace(f"{{{name}+}}", quote(value))
    return path


def tries(target_percent: float) -> int:
    """So many requests that the canary hardly misses all of them, API Gateway drawing for each (A73); at most 500.

    Args:
        target_percent: of the canary.
    """
    return min(_MOST, math.ceil(_SURE * 100 / target_percent)) if target_percent > 0 else 0


def _through_stage(aws: Aws, place: Place, check: AnswerCheck) -> tuple[list[Said], list[Said]]:
    if isinstance(place.access, str):
        raise BackendctlError(f"the access log does not show who answered: {place.access}")
    if "request" not in place.access.named:
        raise BackendctlError(
            f"the access log does not show who answered: {place.access.group} has no $context.requestId"
        )
    count = tries(place.target_percent)
    began = time.time()
    url = place.url + filled(check) + (f"?{urlencode(check.query)}" if check.query else "")
    replies = in_parallel(range(count), lambda _: _replied(url, check), workers=_AT_ONCE)
    known = {reply.headers.get(_REQUEST_ID, ""): reply for reply in replies if reply is not None}
    if not known:
        raise BackendctlError(f"none of {count} requests to {url} was answered")
    whose = _whose(aws, place.access, place.region, began=began, wanted=known.keys())
    sides: tuple[list[Said], list[Said]] = ([], [])
    for name, is_canary in whose.items():
        sides[is_canary].append(Said(status=known[name].status, body=known[name].body.decode(errors="replace")))
    return sides


def _replied(url: str, check: AnswerCheck) -> HttpAnswer | None:
    try:
        body = None if check.body is None else check.body.encode()
        return send(url, method=check.method, headers=check.headers, body=body)
    except (OSError, ValueError):  # the second for a header that HTTP does not carry
        return None


def _whose(aws: Aws, log: AccessLog, region: str, *, began: float, wanted: Collection[str]) -> dict[str, bool]:
    """Request id → whether the canary answered it, as far as the access log tells in time."""
    found: dict[str, bool] = {}

    def probe() -> bool | None:
        now = math.ceil(time.time()) + 1
        span = Span(region=region, begin=int(began) - 1, settled=0, end=now, resolution=1)
        for line in requests_of(aws, LogReader(), log, span):
            if line.request in wanted:
                found[line.request] = line.is_canary
        return True if len(found) == len(wanted) else None

    try:
        limit = (lag(aws) + 2 * resolution(aws)) / max(aws.time_scale, 0.2)
        until(aws, f"the access log {log.group} to tell who has answered", probe, limit=limit)
    except WaitTimeoutError:
        pass  # what is known by now has to do
    return found
