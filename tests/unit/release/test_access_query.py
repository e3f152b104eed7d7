"""Many requests added up by Logs Insights, held against the same requests read line by line."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from backendctl.release.access_counts import Span, read_lines
from backendctl.release.access_log import AccessLog
from backendctl.release.access_query import query_counts
from backendctl.release.observed import Observed
from backendctl.release.thresholds import Thresholds
from backendctl.sandbox.insights import commands, records, run
from backendctl.sandbox.logs.store import Event
from backendctl.spec.build import ACCESS_FORMAT
from backendctl.warmth.logs import LogReader
from tests.unit.warmth.logs_service import ACCOUNT, REGION, Logs

T = 1_764_000_000 // 60 * 60
GROUP = "/aws/apigateway/shop"
LOG = AccessLog(group=GROUP, format=ACCESS_FORMAT, stage="prodv1", api_id="abc123")
SPAN = Span(region=REGION, begin=T, settled=T + 120, end=T + 600, resolution=60)


@dataclass(kw_only=True)
class Queried(Logs):
    """Answers any query of Logs Insights, by the sandbox's own reading of it."""

    def _start(self, params: dict[str, Any]) -> dict[str, Any]:
        if not set(params["logGroupNames"]) <= self.groups:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "no"}}, "StartQuery")
        return super()._start(params)

    def _results(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = self.asked["StartQuery"][int(params["queryId"])]
        (group,) = asked["logGroupNames"]
        rows = [
            records.row(
                Event(
                    timestamp=int(line.at * 1000),
                    ingested=0,
                    message=line.message,
                    id=str(number),
                    stream=line.stream,
                    cursor=(number, 0, "s", 0),
                ),
                f"{ACCOUNT}:{group}",
            )
            for number, line in enumerate(self.lines)
            if line.group == group and asked["startTime"] <= line.at < asked["endTime"] + 1
        ]
        result = run.run(commands.read(asked["queryString"]), rows, limit=10_000)
        told = [[{"field": name, "value": value} for name, value in row] for row in result.rows]
        return {"status": "Complete", "results": told}


def _filled(logs: Logs, *, own_group: bool) -> None:
    """Ten minutes of two routes, a tenth of which the canary answers, and fails for more often."""
    rng = random.Random(4)  # noqa: S311 - the same lines every time
    for number in range(3000):
        is_canary = rng.random() < 0.1
        values = {
            "requestId": f"r-{number}",
            "requestTimeEpoch": str(T * 1000),
            "identity.sourceIp": "10.0.0.1",
            "httpMethod": "GET",
            "resourcePath": rng.choice(["/one", "/two/{id}"]),
            "status": str(500 if rng.random() < (0.2 if is_canary else 0.01) else rng.choice([200, 200, 404])),
            "responseLatency": str(round(rng.lognormvariate(4, 0.5))),
            "integrationLatency": "1",
            "integrationStatus": "200",
            "isCanaryRequest": str(is_canary).lower(),
            "error.message": "-",
        }
        text = ACCESS_FORMAT
        for name, value in values.items():
            text = text.replace(f'"$context.{name}"', f'"{value}"')
        place = f"{GROUP}/Canary" if own_group and is_canary else GROUP
        logs.put(place, [T + number / 5], text.replace("{", "{{").replace("}", "}}"))


@pytest.mark.parametrize("own_group", [False, True])
def test_both_ways_of_reading_tell_the_same(own_group: bool) -> None:  # noqa: FBT001 - a parameter of the test
    logs = Queried()
    _filled(logs, own_group=own_group)
    lines = read_lines(logs.aws(), LogReader(), LOG, SPAN)
    added = query_counts(logs.aws(), LOG, SPAN, Thresholds(), among=1)
    assert lines is not None
    assert added is not None
    for one, other in zip(lines, added, strict=True):
        assert one.requests > 200
        assert [_counts(minute) for minute in one.minutes] == [_counts(minute) for minute in other.minutes]
        assert one.sampled == other.sampled
        for level in (0.5, 0.95, 0.99):
            assert one.at_level(level) == pytest.approx(other.at_level(level), rel=0.1)
        assert [_present(part) for part in one.parts] == [_present(part) for part in other.parts]


def _counts(minute: Any) -> tuple[int, ...]:
    return minute.at, minute.requests, minute.errors, minute.rejections


def _present(part: Observed) -> tuple[str, int, int]:
    return part.name, sum(m.requests for m in part.present), sum(m.errors for m in part.present)


def test_without_a_log_group_there_is_nothing_to_tell() -> None:
    logs = Queried()
    assert query_counts(logs.aws(), LOG, SPAN, Thresholds(), among=1) is None
