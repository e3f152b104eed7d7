"""CloudWatch metrics as their readers see them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.functional.sandboxed import Sandbox

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
SPAN = {"StartTime": NOW - timedelta(minutes=30), "EndTime": NOW + timedelta(minutes=1)}


def _measured(sandbox: Sandbox) -> tuple[Any, str]:
    """A namespace with `Calls` of 1, 2, 3 in the last three minutes of a function, and 10 of another."""
    client, namespace = sandbox.client("cloudwatch"), f"own/{uuid.uuid4().hex[:8]}"
    data = [
        {
            "MetricName": "Calls",
            "Dimensions": [{"Name": "Function", "Value": name}],
            "Timestamp": NOW - timedelta(minutes=ago),
            "Value": value,
            "Unit": "Count",
        }
        for name, ago, value in (("a", 3, 1.0), ("a", 2, 2.0), ("a", 1, 3.0), ("b", 3, 10.0))
    ]
    client.put_metric_data(Namespace=namespace, MetricData=data)
    return client, namespace


def _query(namespace: str, query_id: str, function: str = "a", **more: Any) -> dict[str, Any]:
    metric = {"Namespace": namespace, "MetricName": "Calls", "Dimensions": [{"Name": "Function", "Value": function}]}
    return {"Id": query_id, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, **more}


def test_data_comes_newest_first_unless_asked_otherwise(sandbox: Sandbox) -> None:
    client, namespace = _measured(sandbox)
    found = client.get_metric_data(MetricDataQueries=[_query(namespace, "m1")], **SPAN)["MetricDataResults"][0]
    assert (found["Label"], found["Values"], found["StatusCode"]) == ("Calls", [3.0, 2.0, 1.0], "Complete")
    assert found["Timestamps"] == [NOW - timedelta(minutes=ago) for ago in (1, 2, 3)]
    up = client.get_metric_data(MetricDataQueries=[_query(namespace, "m1")], ScanBy="TimestampAscending", **SPAN)
    assert up["MetricDataResults"][0]["Values"] == [1.0, 2.0, 3.0]


def test_data_comes_in_pages_of_so_many_points(sandbox: Sandbox) -> None:
    client, namespace = _measured(sandbox)
    queries = [_query(namespace, "m1"), _query(namespace, "m2", "b")]
    asked = {"MetricDataQueries": queries, "MaxDatapoints": 2, **SPAN}
    first = client.get_metric_data(**asked)
    assert [result["StatusCode"] for result in first["MetricDataResults"]] == ["PartialData", "PartialData"]
    second = client.get_metric_data(**asked, NextToken=first["NextToken"])
    assert "NextToken" not in second
    values = [[page["MetricDataResults"][one]["Values"] for page in (first, second)] for one in (0, 1)]
    assert values == [[[3.0, 2.0], [1.0]], [[], [10.0]]]
    with pytest.raises(client.exceptions.InvalidNextToken):
        client.get_metric_data(**asked, NextToken="x")


def test_metric_math_is_done_and_hidden_queries_stay_hidden(sandbox: Sandbox) -> None:
    client, namespace = _measured(sandbox)
    queries = [
        {"Id": "e1", "Expression": "m1 + FILL(m2, 0)"},
        _query(namespace, "m1", ReturnData=False),
        _query(namespace, "m2", "b", ReturnData=False),
    ]
    found = client.get_metric_data(MetricDataQueries=queries, **SPAN)["MetricDataResults"]
    assert [(result["Id"], result["Label"], result["Values"]) for result in found] == [("e1", "e1", [3.0, 2.0, 11.0])]


def test_what_is_refused_has_awss_code(sandbox: Sandbox) -> None:
    client, namespace = _measured(sandbox)

    def refused(operation: str, **asked: Any) -> str:
        with pytest.raises(ClientError) as caught:
            getattr(client, operation)(**asked)
        code: str = caught.value.response["Error"]["Code"]
        return code

    for query in (_query(namespace, "M"), {"Id": "s1", "Expression": "SEARCH('{x}', 'Sum', 60)"}):
        assert refused("get_metric_data", MetricDataQueries=[query], **SPAN) == "ValidationError"
    datum = [{"MetricName": "Errors", "Value": 1}]
    assert refused("put_metric_data", Namespace="AWS/Lambda", MetricData=datum) == "InvalidParameterValue"
    one = {"Namespace": namespace, "MetricName": "Calls", "Period": 60, **SPAN}
    assert refused("get_metric_statistics", **one) == "InvalidParameterCombination"
    assert refused("get_metric_statistics", **{**one, "Period": 61}, Statistics=["Sum"]) == "InvalidParameterValue"


def test_a_metric_is_its_dimensions_and_all_of_them(sandbox: Sandbox) -> None:
    client, namespace = _measured(sandbox)
    one = {"Namespace": namespace, "MetricName": "Calls", "Period": 3600, "Statistics": ["Sum"], **SPAN}
    assert client.get_metric_statistics(**one)["Datapoints"] == []
    named = [{"Name": "Function", "Value": "b"}]
    assert [each["Sum"] for each in client.get_metric_statistics(**one, Dimensions=named)["Datapoints"]] == [10.0]
    listed = client.list_metrics(Namespace=namespace, Dimensions=[{"Name": "Function"}], RecentlyActive="PT3H")
    assert sorted(metric["Dimensions"][0]["Value"] for metric in listed["Metrics"]) == ["a", "b"]
    assert client.list_metrics(Namespace=namespace, Dimensions=[{"Name": "Other"}])["Metrics"] == []


def test_data_that_an_sdk_compresses_is_taken(sandbox: Sandbox) -> None:
    client, namespace = sandbox.client("cloudwatch"), f"own/{uuid.uuid4().hex[:8]}"
    datum = {"MetricName": "Calls", "Dimensions": [{"Name": "Function", "Value": "a"}], "Timestamp": NOW, "Value": 1.0}
    encodings: list[str] = []
    client.meta.events.register(
        "before-send.cloudwatch.PutMetricData",
        lambda request, **_: encodings.append(str(request.headers.get("Content-Encoding"))),
    )
    client.put_metric_data(Namespace=namespace, MetricData=[datum] * 200)
    found = client.get_metric_data(MetricDataQueries=[_query(namespace, "m1")], **SPAN)["MetricDataResults"][0]
    assert ("gzip" in encodings[0], found["Values"]) == (True, [200.0])
