"""Live traffic as a workload: what CloudWatch counted, scaled to a month of 43,800 minutes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from backendctl.aws.connection import Aws
from backendctl.errors import BackendctlError
from backendctl.warmth.cost.from_metrics import measured
from backendctl.warmth.cost.workload import FunctionLoad, RegionLoad, Workload
from tests.unit.release.cloudwatch import CloudWatch
from tests.unit.warmth.shop import EAST, WEST, Project, shop

NOW = 1_764_000_000 // 3600 * 3600
DAY = 86_400
TEN_DAYS = 10 * DAY
MONTH = 365 / 12
SCALE = MONTH / 10
GB = 1024**3


def _answering(aws: Aws, service: str, operation: str, answer: Mapping[str, Any] | str) -> None:
    """Every call of an operation gets this answer, or this error."""
    headers: Any = {}

    def give(**_: Any) -> tuple[AWSResponse, Any]:
        if isinstance(answer, str):
            raise ClientError({"Error": {"Code": answer, "Message": "no"}}, operation)
        return AWSResponse("", 200, headers, None), answer

    aws.client(service, EAST).meta.events.register(f"before-call.{service}.{operation}", give)


def _aws(
    cloud: CloudWatch, *, provisioned: int = 0, table: Mapping[str, Any] | str = "ResourceNotFoundException"
) -> Aws:
    aws = cloud.aws()
    arn = "arn:aws:lambda:us-east-1:123456789012:function:corkhounds-places:version1-a"
    found = {"FunctionArn": arn, "RequestedProvisionedConcurrentExecutions": provisioned}
    configs = [found] if provisioned else []
    answer = {"ProvisionedConcurrencyConfigs": configs}
    _answering(aws, "lambda", "ListProvisionedConcurrencyConfigs", answer)
    _answering(aws, "dynamodb", "DescribeTable", {"Table": table} if not isinstance(table, str) else table)
    return aws


def _measured(
    folder: Path, aws: Aws, *regions: str, window: int = TEN_DAYS, **given: Any
) -> tuple[Workload, dict[str, BackendctlError]]:
    request = Project(folder, shop()).understood(*(regions or (EAST,)), from_metrics="10d", **given)
    return measured(aws, request.context, request.asked, window=window, now=NOW, workers=2)


def _region(folder: Path, aws: Aws, **given: Any) -> RegionLoad:
    return _measured(folder, aws, **given)[0].regions[0]


def _function(region: RegionLoad, name: str) -> FunctionLoad:
    return next(one for one in region.functions if one.name == name)


def _lambda(cloud: CloudWatch, name: str, invocations: float, ms: float) -> None:
    at = NOW - 5 * DAY
    cloud.put("AWS/Lambda", "Invocations", at, [invocations], FunctionName=f"shop-{name}")
    cloud.put("AWS/Lambda", "Duration", at, [invocations * ms], FunctionName=f"shop-{name}")


def test_traffic_of_the_window_is_scaled_to_a_month(tmp_path: Path) -> None:
    cloud = CloudWatch()
    for day in (1, 4, 9):
        cloud.put("AWS/ApiGateway", "Count", NOW - day * DAY, [1000, 500], ApiName="shop")
    cloud.put("AWS/ApiGateway", "Count", NOW - 11 * DAY, [1e9], ApiName="shop")
    _lambda(cloud, "orders", 3000, 40)
    region = _region(tmp_path, _aws(cloud))
    assert region.requests == pytest.approx(4500 * SCALE)
    orders = _function(region, "orders")
    assert (orders.requests, orders.ms) == pytest.approx((3000 * SCALE, 40))


def test_pings_are_told_from_users_by_the_rules_that_fired(tmp_path: Path) -> None:
    cloud = CloudWatch()
    cloud.put("AWS/Lambda", "Invocations", NOW - DAY, [1500], FunctionName="shop-search")
    cloud.put("AWS/Lambda", "Duration", NOW - DAY, [500 * 2 + 1000 * 80], FunctionName="shop-search")
    cloud.put("AWS/Events", "Invocations", NOW - DAY, [520], RuleName="shop-warm-search")
    cloud.put("AWS/Events", "FailedInvocations", NOW - DAY, [20], RuleName="shop-warm-search")
    search = _function(_region(tmp_path, _aws(cloud), ping_duration="2"), "search")
    assert (search.pings, search.ping_ms) == pytest.approx((500 * SCALE, 2))
    assert (search.requests, search.ms) == pytest.approx((1000 * SCALE, 80))


def test_pings_of_schedules_are_told_from_users_by_their_group(tmp_path: Path) -> None:
    cloud = CloudWatch()
    spec = shop()
    spec["functions"]["search"]["warm"] = {"every": "cron(0/5 7-20 ? * MON-FRI *)", "time-zone": "Europe/Zurich"}
    _lambda(cloud, "search", 1500, 5)
    cloud.put("AWS/Scheduler", "InvocationAttemptCount", NOW - DAY, [520], ScheduleGroup="shop-warm-search")
    cloud.put("AWS/Scheduler", "TargetErrorCount", NOW - DAY, [20], ScheduleGroup="shop-warm-search")
    request = Project(tmp_path, spec).understood(EAST, from_metrics="10d")
    found, _ = measured(_aws(cloud), request.context, request.asked, window=TEN_DAYS, now=NOW, workers=2)
    search = _function(found.regions[0], "search")
    assert (search.pings, search.requests) == pytest.approx((500 * SCALE, 1000 * SCALE))


def test_a_ping_is_never_taken_to_be_slower_than_the_mean(tmp_path: Path) -> None:
    cloud = CloudWatch()
    _lambda(cloud, "search", 100, 5)
    cloud.put("AWS/Events", "Invocations", NOW - DAY, [100], RuleName="shop-warm-search")
    search = _function(_region(tmp_path, _aws(cloud)), "search")
    assert (search.requests, search.ms) == (0, 0)
    assert search.ping_seconds() == pytest.approx(100 * SCALE * 0.005)


def test_logs_are_measured_by_their_bytes(tmp_path: Path) -> None:
    cloud = CloudWatch()
    _lambda(cloud, "orders", 1000, 40)
    cloud.put("AWS/Logs", "IncomingBytes", NOW - DAY, [3 * 1024 * 1000], LogGroupName="/aws/lambda/shop-orders")
    assert _function(_region(tmp_path, _aws(cloud)), "orders").log_kb == pytest.approx(3)


def test_provisioned_concurrency_that_is_there_counts(tmp_path: Path) -> None:
    region = _region(tmp_path, _aws(CloudWatch(), provisioned=3))
    assert {one.provisioned for one in region.functions} == {3}


def test_a_table_is_its_units_its_indexes_and_its_size(tmp_path: Path) -> None:
    cloud = CloudWatch()
    for metric, own, index in (("ConsumedReadCapacityUnits", 100, 10), ("ConsumedWriteCapacityUnits", 60, 30)):
        cloud.put("AWS/DynamoDB", metric, NOW - DAY, [own], TableName="shop-orders")
        for name in ("all", "keys"):
            where = {"TableName": "shop-orders", "GlobalSecondaryIndexName": name}
            cloud.put("AWS/DynamoDB", metric, NOW - DAY, [index], **where)
    size = {"TableSizeBytes": 3 * GB, "GlobalSecondaryIndexes": [{"IndexSizeBytes": GB}, {"IndexSizeBytes": GB // 2}]}
    (table,) = _region(tmp_path, _aws(cloud, table=size)).tables
    assert (table.writes, table.reads, table.index_writes) == pytest.approx((60 * SCALE, 120 * SCALE, 60 * SCALE))
    assert (table.replicated, table.replicated_gb) == (0, 0)
    assert (table.gb, table.index_gb) == (3, 1.5)


def test_what_is_not_there_yet_is_nothing_and_that_is_said(tmp_path: Path) -> None:
    aws = _aws(CloudWatch())
    _answering(aws, "lambda", "ListProvisionedConcurrencyConfigs", "ResourceNotFoundException")
    workload, failed = _measured(tmp_path, aws)
    assert failed == {}
    assert workload.regions[0].requests == 0
    assert {one.requests + one.pings for one in workload.regions[0].functions} == {0}
    assert any("no figure of this backend" in sentence for sentence in workload.assumptions)


def test_a_window_that_is_older_than_the_backend_is_said(tmp_path: Path) -> None:
    cloud = CloudWatch()
    _lambda(cloud, "orders", 10, 40)
    said = _measured(tmp_path, _aws(cloud))[0].assumptions
    assert any(sentence.startswith("the first figure is of 2025-11-19 16:00 UTC") for sentence in said)


def test_a_short_window_is_read_by_the_minute(tmp_path: Path) -> None:
    cloud = CloudWatch()
    cloud.put("AWS/ApiGateway", "Count", NOW - 90, [7], ApiName="shop")
    workload, _ = _measured(tmp_path, _aws(cloud), window=600)
    assert workload.regions[0].requests == pytest.approx(7 * 43_800 / 10)


def test_a_region_that_does_not_answer_is_left_out_and_named(tmp_path: Path) -> None:
    cloud = CloudWatch()
    _lambda(cloud, "orders", 10, 40)
    aws = _aws(cloud)
    _refusing(aws, WEST)
    workload, failed = _measured(tmp_path, aws, EAST, WEST)
    assert [region.name for region in workload.regions] == [EAST]
    assert list(failed) == [WEST]
    assert any(sentence.startswith(f"{WEST} did not answer") for sentence in workload.assumptions)


def test_no_region_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BackendctlError, match="AccessDenied"):
        _measured(tmp_path, _aws(CloudWatch(refuses="AccessDenied")))


def _refusing(aws: Aws, region: str) -> None:
    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetMetricData")

    aws.cloudwatch(region).meta.events.register("before-call.cloudwatch.GetMetricData", refuse)
