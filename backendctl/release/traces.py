"""Where a canary that was aborted has left its traces: command lines to read its logs with."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from backendctl.release.judging import moment
from backendctl.resources.apigateway.served import qualifier
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_.alias_canary import AliasCanary

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.release.running import Serving


def log_commands(backend: Backend, found: Sequence[Serving]) -> list[str]:
    """One per function and region that the canary replaced, and one per stage for API Gateway's own words (A76).

    Lambda names a stream after the day and the version, so that a version's lines are found among all others'.

    Args:
        found: as it was before the abort.
    """
    return list(dict.fromkeys(line for one in found if one.canary is not None for line in _of(backend, one)))


def _of(backend: Backend, one: Serving) -> Iterator[str]:
    day = time.strftime("%Y/%m/%d", time.gmtime(moment(one.began) or time.time()))
    for physical, number in _versions(backend, one):
        yield (
            f"aws logs filter-log-events --region {one.region} --log-group-name /aws/lambda/{physical} "
            f"--log-stream-name-prefix '{day}/[{number}]'"
        )
    if one.api_id:
        yield f"aws logs tail --region {one.region} API-Gateway-Execution-Logs_{one.api_id}/{one.stage}/Canary"


def _versions(backend: Backend, one: Serving) -> Iterator[tuple[str, str]]:
    if isinstance(one.canary, AliasCanary):
        yield one.canary.physical, one.canary.number
        return
    after = {**one.variables, **((one.canary.variables or {}) if one.canary else {})}
    lambda_reads.read_ahead(backend.aws, one.functions, lambda_reads.aliases)
    for route in one.routes:
        canary = qualifier(route, after)
        alias = lambda_reads.aliases(backend.aws, one.region, route.physical).get(canary)
        if alias is not None and canary != qualifier(route, one.variables):
            yield route.physical, alias.version
