"""How much of a log there is to read, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backendctl.aws.errors import BotoCoreError, ClientError, explain, is_silent
from backendctl.aws.metrics import Series, fetch
from backendctl.errors import BackendctlError

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.logs.sources import Source
    from backendctl.warmth.cost.prices import PriceList

_CENT = 0.01
_GIGABYTE = 1e9
_LONG = 3600.0


def gigabytes(aws: Aws, region: str, groups: Sequence[str], *, since: float, until: float) -> float | None:
    """What was written to these groups, by CloudWatch's metric; None when it has no figure.

    Args:
        since, until: seconds since the epoch; counted by the hour.
    """
    series = [
        Series(namespace="AWS/Logs", metric="IncomingBytes", dimensions=(("LogGroupName", group),), period=3600)
        for group in groups
    ]
    values = fetch(aws, region, series, since=int(since // 3600) * 3600, until=int(until))
    total = sum(sum(found.values()) for found in values.values())
    return total / _GIGABYTE if total else None


def reading_cost(aws: Aws, sources: Sequence[Source], prices: PriceList, *, since: float, until: float) -> str:
    """What reading all of it costs, in a sentence, or why that cannot be told; empty when it is a cent or less.

    FilterLogEvents itself is free; what leaves AWS is charged as data transfer (K20). A look back of less than an hour
    is not worth the question.
    """
    if until - since < _LONG:
        return ""
    size = usd = 0.0
    denied = ""
    for region in dict.fromkeys(source.region for source in sources):
        groups = list(dict.fromkeys(source.group for source in sources if source.region == region))
        price = prices.find(region, "transfer-out-gb")
        try:
            found = gigabytes(aws, region, groups, since=since, until=until) or 0.0
        except (BackendctlError, ClientError, BotoCoreError) as error:
            if not is_silent(error):  # a silent region is told where its log is read
                told = explain(error, doing=f"read the size of logs in {region}")
                denied = denied or f"what reading them costs is not known: {told}"
            continue
        size += found
        usd += found * (price.first if price is not None else 0.0)
    if usd <= _CENT:
        return denied
    return f"reading {size:,.1f} GB of log: up to ${usd:,.2f} of data transfer out of AWS"
