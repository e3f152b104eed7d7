"""A CloudWatch in memory, at botocore's own seam: the service model checks each call, and so do its limits."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from backendctl.aws.connection import Access, Aws

REGION = "us-east-1"
Key = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass(kw_only=True)
class CloudWatch:
    """What was measured, and how it was asked for.

    Attributes:
        from_epoch: periods begin at the epoch; otherwise at the start of the time asked for.
        page: results per page. status: of every result. refuses: an error code for every call.
    """

    from_epoch: bool = True
    page: int = 10_000
    status: str = "Complete"
    refuses: str = ""
    points: dict[Key, list[tuple[int, float]]] = field(default_factory=lambda: defaultdict(list))
    asked: list[dict[str, Any]] = field(default_factory=list)

    def put(self, namespace: str, metric: str, at: int, values: Iterable[float], **dimensions: str) -> None:
        """Values of one metric at that second."""
        self.points[namespace, metric, tuple(sorted(dimensions.items()))] += [(at, value) for value in values]

    def aws(self) -> Aws:
        """A connection that asks this one."""
        aws = Aws(Access(keys=("testing", "testing"), time_scale=0.0), backend="corkhounds")
        events: Any = aws.cloudwatch(REGION).meta.events
        headers: Any = {}
        for operation, answer in (("GetMetricData", self._data), ("ListMetrics", self._list)):

            def note(*, params: dict[str, Any], **_: Any) -> None:
                self.asked.append(params)

            def give(*, answer: Any = answer, operation: str = operation, **_: Any) -> tuple[AWSResponse, Any]:
                if self.refuses:
                    raise ClientError({"Error": {"Code": self.refuses, "Message": "no"}}, operation)
                return AWSResponse("", 200, headers, None), answer(self.asked[-1])

            events.register(f"before-parameter-build.cloudwatch.{operation}", note)
            events.register(f"before-call.cloudwatch.{operation}", give)
        return aws

    def _list(self, params: Mapping[str, Any]) -> dict[str, Any]:
        wanted = {(one["Name"], one["Value"]) for one in params["Dimensions"]}
        found = [
            {"Namespace": ns, "MetricName": metric, "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions]}
            for ns, metric, dimensions in self.points
            if (ns, metric) == (params["Namespace"], params["MetricName"]) and wanted <= set(dimensions)
        ]
        return {"Metrics": found}

    def _data(self, params: Mapping[str, Any]) -> dict[str, Any]:
        queries = params["MetricDataQueries"]
        assert len(queries) <= 500
        first = int(params.get("NextToken") or 0)
        begin, end = params["StartTime"].timestamp(), params["EndTime"].timestamp()
        answer: dict[str, Any] = {
            "MetricDataResults": [self._series(one, begin, end) for one in queries[first : first + self.page]]
        }
        if first + self.page < len(queries):
            answer["NextToken"] = str(first + self.page)
        return answer

    def _series(self, query: Mapping[str, Any], begin: float, end: float) -> dict[str, Any]:
        stat, metric = query["MetricStat"], query["MetricStat"]["Metric"]
        assert stat["Period"] % 60 == 0, "what AWS measures by itself has no finer periods"
        dimensions = tuple(sorted((one["Name"], one["Value"]) for one in metric["Dimensions"]))
        slots: dict[int, list[float]] = defaultdict(list)
        origin = 0 if self.from_epoch else int(begin)
        for at, value in self.points.get((metric["Namespace"], metric["MetricName"], dimensions), []):
            if begin <= at < end:
                slots[(at - origin) // stat["Period"] * stat["Period"] + origin].append(value)
        moments = sorted(slots)
        return {
            "Id": query["Id"],
            "Label": query["Id"],
            "StatusCode": self.status,
            "Messages": [{"Code": "x", "Value": "told why"}] if self.status != "Complete" else [],
            "Timestamps": [datetime.fromtimestamp(moment, UTC) for moment in moments],
            "Values": [_statistic(slots[moment], stat["Stat"]) for moment in moments],
        }


def _statistic(values: list[float], stat: str) -> float:
    if stat == "Sum":
        return sum(values)
    if stat == "SampleCount":
        return float(len(values))
    assert stat.startswith("p"), stat
    rank = math.ceil(float(stat[1:]) / 100 * len(values))
    return sorted(values)[max(0, rank - 1)]
