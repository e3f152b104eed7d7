"""How far each region lags behind another: CloudWatch's figures of what users write, nothing of ours."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from backendctl.aws.crew import together
from backendctl.aws.errors import BotoCoreError, ClientError, explain
from backendctl.aws.metrics import Series, fetch, resolution
from backendctl.errors import BackendctlError, unreachable_data

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.spec.model import TableSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A table's way from one region to another."""

    table: str
    source: str
    target: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Lag:
    """What is known of a pair.

    Attributes:
        median, worst: milliseconds; None where nothing is known.
        samples: how many figures that rests on: minutes with writes, or markers seen.
        lost: markers that were not seen in time.
    """

    median: float | None
    worst: float | None
    samples: int
    lost: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Lags:
    """Every pair of every table.

    Attributes:
        how: "metrics" or "markers". unreachable: regions that did not answer, and what they said.
    """

    how: str
    pairs: Mapping[Pair, Lag]
    unreachable: Mapping[str, BackendctlError]

    @property
    def known(self) -> bool:
        """Whether anything is known, and no marker was lost."""
        lags = self.pairs.values()
        return any(lag.samples for lag in lags) and not any(lag.lost for lag in lags)

    def data(self) -> dict[str, Any]:
        """As JSON-able data, the same keys for ever."""
        return {
            "method": self.how,
            "pairs": [
                {
                    "table": pair.table,
                    "from": pair.source,
                    "to": pair.target,
                    "median_ms": lag.median,
                    "worst_ms": lag.worst,
                    "samples": lag.samples,
                    "lost": lag.lost,
                }
                for pair, lag in self.pairs.items()
            ],
            "unreachable": unreachable_data(self.unreachable),
        }


def summary(samples: Sequence[float], *, worst: float | None = None, lost: int = 0) -> Lag:
    """Median and worst of milliseconds. worst: where it is known apart from the samples."""
    if not samples:
        return Lag(median=None, worst=None, samples=0, lost=lost)
    most = max(samples) if worst is None else worst
    return Lag(median=statistics.median(samples), worst=most, samples=len(samples), lost=lost)


def pairs_of(table: TableSpec, regions: Iterable[str]) -> list[Pair]:
    """Every region to every other, of those that are looked at."""
    among = [region for region in table.regions if region in set(regions)]
    return [Pair(table=table.name, source=one, target=other) for one in among for other in among if one != other]


def measured_lags(aws: Aws, tables: Sequence[TableSpec], regions: Sequence[str], *, minutes: int) -> Lags:
    """ReplicationLatency of the last minutes, which each region tells of what it sends (C34)."""
    physical = {table.name: table.physical for table in tables}
    pairs = [pair for table in tables for pair in pairs_of(table, regions)]
    sources = list(dict.fromkeys(pair.source for pair in pairs))
    asked = together(
        partial(_from, aws, one, [p for p in pairs if p.source == one], physical, minutes) for one in sources
    )
    found: dict[Pair, Lag] = {}
    silent: dict[str, BackendctlError] = {}
    for source, answer in zip(sources, asked, strict=True):
        if isinstance(answer, BackendctlError):
            silent[source] = answer
        else:
            found |= answer
    return Lags(how="metrics", pairs={pair: found[pair] for pair in pairs if pair in found}, unreachable=silent)


def _from(
    aws: Aws, source: str, pairs: Sequence[Pair], physical: Mapping[str, str], minutes: int
) -> dict[Pair, Lag] | BackendctlError:
    now = int(time.time()) + 1
    span = int(minutes * 60 * (1 if aws.time_scale >= 1 else max(aws.time_scale, 0.5)))
    try:
        both = {
            pair: [_series(pair, physical, stat, resolution(aws)) for stat in ("Average", "Maximum")] for pair in pairs
        }
        wanted = [one for two in both.values() for one in two]
        values = fetch(aws, source, wanted, since=now - span, until=now)
    except (ClientError, BotoCoreError, BackendctlError) as error:
        return explain(error, doing=f"read {source}/metrics")
    made = {}
    for pair, (average, maximum) in both.items():
        most = values[maximum].values()
        made[pair] = summary(list(values[average].values()), worst=max(most) if most else None)
    return made


def _series(pair: Pair, physical: Mapping[str, str], stat: str, period: int) -> Series:
    return Series(
        namespace="AWS/DynamoDB",
        metric="ReplicationLatency",
        dimensions=(("TableName", physical[pair.table]), ("ReceivingRegion", pair.target)),
        stat=stat,
        period=period,
    )
