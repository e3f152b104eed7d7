from __future__ import annotations

import json
import re
import time
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.sandboxed import ACCOUNT, EAST, eventually

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.functional.sandboxed import Sandbox

CODE = """
import logging, time
def handler(event, context):
    print("printed")
    logging.warning("warned")
    if "wait" in event: time.sleep(event["wait"])
    if "raise" in event: raise ValueError(event["raise"])
    if "path" in event: return {"statusCode": 503 if "fail" in event["path"] else 200, "body": ""}
    return {"version": context.function_version}
"""
REPORT = re.compile(
    r"REPORT RequestId: (?P<id>[0-9a-f-]{36})\tDuration: (?P<duration>[\d.]+) ms\tBilled Duration: (?P<billed>\d+) ms\t"
    r"Memory Size: (?P<size>\d+) MB\tMax Memory Used: (?P<used>\d+) MB\t(?:Init Duration: (?P<init>[\d.]+) ms\t)?"
    r"(?:Status: (?P<status>\w+)\t)?(?:Error Type: (?P<error>[\w.]+)\t)?\n"
)
OPEN_ROLE = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


def _function(sandbox: Sandbox, **settings: Any) -> str:
    name = f"function-{uuid.uuid4().hex[:8]}"
    sandbox.function(name, CODE, **settings)
    return name


def _call(sandbox: Sandbox, name: str, event: Any = None, **more: Any) -> Any:
    return sandbox.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event or {}).encode(), **more)


def _log(sandbox: Sandbox, name: str, *, reports: int) -> list[str]:
    """The texts in a function's log group, once so many calls are in it."""
    logs, texts = sandbox.client("logs"), list[str]()

    def there() -> bool:
        try:
            pages = list(logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{name}"))
        except logs.exceptions.ResourceNotFoundException:
            return False
        texts[:] = [event["message"] for page in pages for event in page["events"]]
        return sum(text.startswith("REPORT") for text in texts) >= reports

    eventually(there)
    return texts


def _reports(texts: list[str]) -> list[dict[str, str | None]]:
    found = [REPORT.fullmatch(text) for text in texts if text.startswith("REPORT")]
    assert None not in found
    return [one.groupdict() for one in found if one is not None]


def _sum(sandbox: Sandbox, namespace: str, metric: str, dimensions: Mapping[str, str], statistic: str = "Sum") -> Any:
    now = datetime.now(UTC)
    points = sandbox.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(minutes=30),
        EndTime=now + timedelta(minutes=30),
        Period=3600,
        Statistics=[statistic],
    )["Datapoints"]
    values = [point[statistic] for point in points]
    return max(values) if statistic in {"Maximum", "Average"} and values else sum(values)


def test_a_call_leaves_start_end_and_report(sandbox: Sandbox) -> None:
    name = _function(sandbox, MemorySize=512)
    _call(sandbox, name)
    texts = _log(sandbox, name, reports=1)
    report = _reports(texts)[0]
    assert texts[0] == f"START RequestId: {report['id']} Version: $LATEST\n"
    assert texts[1] == "printed"
    assert re.fullmatch(rf"\[WARNING\]\t[\d:.TZ-]+\t{report['id']}\twarned", texts[2])
    assert texts[3] == f"END RequestId: {report['id']}\n"
    assert len(texts) == 5
    assert report["size"] == "512"
    assert 5 < int(report["used"] or 0) < 512


def test_only_a_cold_start_reports_and_bills_its_init(sandbox: Sandbox) -> None:
    name = _function(sandbox)
    _call(sandbox, name)
    _call(sandbox, name)
    cold, warm = _reports(_log(sandbox, name, reports=2))
    assert cold["init"] is not None
    assert warm["init"] is None
    whole = float(cold["duration"] or 0) + float(cold["init"])
    assert whole <= float(cold["billed"] or 0) <= whole + 1.1
    assert float(warm["duration"] or 0) <= float(warm["billed"] or 0) <= float(warm["duration"] or 0) + 1.1


def test_one_environment_writes_one_stream_named_after_its_version(sandbox: Sandbox) -> None:
    name, client = _function(sandbox), sandbox.client("lambda")
    client.publish_version(FunctionName=name)
    for qualifier in ("1", "1", "$LATEST"):
        _call(sandbox, name, Qualifier=qualifier)
    _log(sandbox, name, reports=3)
    streams = sandbox.client("logs").describe_log_streams(logGroupName=f"/aws/lambda/{name}")["logStreams"]
    names = sorted(stream["logStreamName"] for stream in streams)
    assert [re.sub(r"^\d{4}/\d\d/\d\d/|[0-9a-f]{32}$", "", one) for one in names] == ["[$LATEST]", "[1]"]


def test_an_exception_is_one_event_of_the_log(sandbox: Sandbox) -> None:
    name = _function(sandbox)
    answer = _call(sandbox, name, {"raise": "boom"})
    assert answer["FunctionError"] == "Unhandled"
    error = json.loads(answer["Payload"].read())
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "boom")
    texts = _log(sandbox, name, reports=1)
    told = [text for text in texts if text.startswith("[ERROR] ValueError: boom\nTraceback (most recent call last):\n")]
    assert len(told) == 1
    assert 'File "/var/task/app.py"' in told[0]


def test_a_timeout_is_in_the_log_and_in_the_report(sandbox: Sandbox) -> None:
    name = _function(sandbox, Timeout=1)
    _call(sandbox, name, {"wait": 20})
    texts = _log(sandbox, name, reports=1)
    report = _reports(texts)[0]
    assert any(text.endswith(f"Z {report['id']} Task timed out after 1.00 seconds") for text in texts)
    assert (report["duration"], report["status"]) == ("1000.00", "timeout")


def test_the_tail_of_the_log_comes_with_the_answer(sandbox: Sandbox) -> None:
    import base64  # noqa: PLC0415 - nothing else here needs it

    name = _function(sandbox)
    tail = base64.b64decode(_call(sandbox, name, LogType="Tail")["LogResult"]).decode()
    assert tail.startswith("START RequestId: ")
    assert "\nREPORT RequestId: " in tail


def test_calls_and_errors_are_counted_by_function_and_by_alias(sandbox: Sandbox) -> None:
    name, client = _function(sandbox), sandbox.client("lambda")
    client.publish_version(FunctionName=name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    for event in ({}, {"raise": "x"}):
        _call(sandbox, name, event, Qualifier="live")
    _call(sandbox, name)
    function = {"FunctionName": name}
    alias = {**function, "Resource": f"{name}:live"}
    eventually(lambda: _sum(sandbox, "AWS/Lambda", "Invocations", function) == 3)
    assert _sum(sandbox, "AWS/Lambda", "Errors", function) == 1
    assert _sum(sandbox, "AWS/Lambda", "Throttles", function) == 0
    assert _sum(sandbox, "AWS/Lambda", "Invocations", alias) == 2
    assert _sum(sandbox, "AWS/Lambda", "Errors", alias) == 1
    assert _sum(sandbox, "AWS/Lambda", "Duration", alias, "Maximum") > 0
    assert _sum(sandbox, "AWS/Lambda", "ConcurrentExecutions", function, "Maximum") == 1


def test_errors_of_calls_nobody_waits_for_are_counted(sandbox: Sandbox) -> None:
    name, client = _function(sandbox), sandbox.client("lambda")
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    _call(sandbox, name, {"raise": "x"}, InvocationType="Event")
    function = {"FunctionName": name}
    eventually(lambda: _sum(sandbox, "AWS/Lambda", "Errors", function) == 1)
    assert _sum(sandbox, "AWS/Lambda", "Invocations", function) == 1


def test_the_versions_behind_a_weighted_alias_are_counted_apart(sandbox: Sandbox) -> None:
    from tests.functional.sandboxed import archive  # noqa: PLC0415 - nothing else here needs it

    name, client = _function(sandbox), sandbox.client("lambda")
    client.publish_version(FunctionName=name)
    client.update_function_code(FunctionName=name, ZipFile=archive(CODE + "\n# two"))
    sandbox.settled(name)
    client.publish_version(FunctionName=name)
    half = {"AdditionalVersionWeights": {"2": 0.5}}
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1", RoutingConfig=half)
    time.sleep(0.2)
    drawn = Counter(json.loads(_call(sandbox, name, Qualifier="live")["Payload"].read())["version"] for _ in range(20))
    alias = {"FunctionName": name, "Resource": f"{name}:live"}
    eventually(lambda: _sum(sandbox, "AWS/Lambda", "Invocations", alias) == 20)
    for version in ("1", "2"):
        counted = _sum(sandbox, "AWS/Lambda", "Invocations", {**alias, "ExecutedVersion": version})
        assert counted == drawn[version]


def test_a_throttled_call_is_no_invocation(sandbox: Sandbox) -> None:
    name, client = _function(sandbox), sandbox.client("lambda")
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)

    def throttled() -> bool:
        try:
            _call(sandbox, name)
        except client.exceptions.TooManyRequestsException:
            return True
        return False

    assert throttled()
    function = {"FunctionName": name}
    eventually(lambda: _sum(sandbox, "AWS/Lambda", "Throttles", function) == 1)
    assert _sum(sandbox, "AWS/Lambda", "Invocations", function) == 0


def test_metric_data_has_percentiles(sandbox: Sandbox) -> None:
    name = _function(sandbox)
    for _ in range(3):
        _call(sandbox, name, {"wait": 0.05})
    now = datetime.now(UTC)
    stat = {
        "Metric": {
            "Namespace": "AWS/Lambda",
            "MetricName": "Duration",
            "Dimensions": [{"Name": "FunctionName", "Value": name}],
        },
        "Period": 3600,
        "Stat": "p99",
    }

    def measured() -> bool:
        answer = sandbox.client("cloudwatch").get_metric_data(
            MetricDataQueries=[{"Id": "slow", "MetricStat": stat}],
            StartTime=now - timedelta(hours=2),
            EndTime=now + timedelta(hours=2),
        )
        return bool(answer["MetricDataResults"][0]["Values"]) and max(answer["MetricDataResults"][0]["Values"]) >= 50

    eventually(measured)


def _api(sandbox: Sandbox) -> str:
    """An API on one function, with the stage `live`; its id. It is called like the function."""
    name = _function(sandbox)
    gateway = sandbox.client("apigateway")
    uri = f"arn:aws:apigateway:{EAST}:lambda:path/2015-03-31/functions/arn:aws:lambda:{EAST}:{ACCOUNT}:function:{name}"
    definition = {
        "swagger": "2.0",
        "info": {"title": name, "version": "1"},
        "paths": {
            "/{word}": {
                "get": {
                    "parameters": [{"name": "word", "in": "path", "required": True, "type": "string"}],
                    "responses": {"200": {"description": "ok"}},
                    "x-amazon-apigateway-integration": {
                        "type": "aws_proxy",
                        "httpMethod": "POST",
                        "uri": f"{uri}/invocations",
                    },
                }
            }
        },
    }
    made = gateway.import_rest_api(
        body=json.dumps(definition).encode(), parameters={"endpointConfigurationTypes": "REGIONAL"}
    )
    api: str = made["id"]
    gateway.create_deployment(restApiId=api, stageName="live")
    sandbox.client("lambda").add_permission(
        FunctionName=name,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{EAST}:{ACCOUNT}:{api}/*/*/*",
    )
    sandbox.arrived()
    assert sandbox.get(f"/_aws/execute-api/{api}/live/ready")[0] == 200
    return api


def _name(sandbox: Sandbox, api: str) -> str:
    name: str = sandbox.client("apigateway").get_rest_api(restApiId=api)["name"]
    return name


def _patch(sandbox: Sandbox, api: str, **values: str) -> None:
    names = {"level": "/*/*/logging/loglevel", "metrics": "/*/*/metrics/enabled"}
    sandbox.client("apigateway").update_stage(
        restApiId=api,
        stageName="live",
        patchOperations=[{"op": "replace", "path": names[name], "value": value} for name, value in values.items()],
    )


def _let_api_gateway_log(sandbox: Sandbox) -> None:
    iam = sandbox.client("iam")
    try:
        arn = iam.create_role(RoleName="gateway-logs", AssumeRolePolicyDocument=json.dumps(OPEN_ROLE))["Role"]["Arn"]
    except iam.exceptions.EntityAlreadyExistsException:
        arn = iam.get_role(RoleName="gateway-logs")["Role"]["Arn"]
    managed = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
    iam.attach_role_policy(RoleName="gateway-logs", PolicyArn=managed)
    role = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}]
    gateway = sandbox.client("apigateway")

    def taken() -> bool:
        try:
            gateway.update_account(patchOperations=role)
        except gateway.exceptions.BadRequestException:
            return False
        return True

    eventually(taken)


def _groups(sandbox: Sandbox, api: str) -> list[str]:
    prefix = f"API-Gateway-Execution-Logs_{api}/"
    found = sandbox.client("logs").describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
    return sorted(group["logGroupName"].removeprefix(prefix) for group in found)


def test_requests_are_counted_by_api_and_by_stage(sandbox: Sandbox) -> None:
    api = _api(sandbox)
    stage = {"ApiName": _name(sandbox, api), "Stage": "live"}

    def is_settled() -> bool:
        counted = _sum(sandbox, "AWS/ApiGateway", "Count", stage)
        time.sleep(0.5)
        return bool(counted and counted == _sum(sandbox, "AWS/ApiGateway", "Count", stage))

    eventually(is_settled)
    before = _sum(sandbox, "AWS/ApiGateway", "Count", stage)
    errors = {name: _sum(sandbox, "AWS/ApiGateway", name, stage) for name in ("4XXError", "5XXError")}
    for path in ("well", "fail", "no/such/resource"):
        sandbox.get(f"/_aws/execute-api/{api}/live/{path}")
    eventually(lambda: _sum(sandbox, "AWS/ApiGateway", "Count", stage) == before + 3)
    assert _sum(sandbox, "AWS/ApiGateway", "Count", {"ApiName": stage["ApiName"]}) == before + 3
    for name, count in errors.items():
        assert _sum(sandbox, "AWS/ApiGateway", name, stage) == count + 1
    slowest = [_sum(sandbox, "AWS/ApiGateway", name, stage, "Maximum") for name in ("Latency", "IntegrationLatency")]
    assert slowest[0] >= slowest[1] > 0


def test_methods_are_counted_where_their_metrics_are_on(sandbox: Sandbox) -> None:
    api = _api(sandbox)
    method = {"ApiName": _name(sandbox, api), "Stage": "live", "Resource": "/{word}", "Method": "GET"}
    assert _sum(sandbox, "AWS/ApiGateway", "Count", method) == 0
    _patch(sandbox, api, metrics="true")

    def counted() -> bool:
        sandbox.get(f"/_aws/execute-api/{api}/live/well")
        return bool(_sum(sandbox, "AWS/ApiGateway", "Count", method))

    eventually(counted)


def test_a_canary_has_metrics_and_logs_of_its_own(sandbox: Sandbox) -> None:
    api, gateway = _api(sandbox), sandbox.client("apigateway")
    _let_api_gateway_log(sandbox)
    gateway.create_deployment(restApiId=api, stageName="live", canarySettings={"percentTraffic": 100})
    sandbox.arrived()
    canary = {"ApiName": _name(sandbox, api), "Stage": "live/Canary"}

    def asked() -> bool:
        sandbox.get(f"/_aws/execute-api/{api}/live/well")
        return bool(_sum(sandbox, "AWS/ApiGateway", "Count", canary))

    eventually(asked)
    assert _groups(sandbox, api) == []
    _patch(sandbox, api, level="INFO")

    def logged() -> bool:
        sandbox.get(f"/_aws/execute-api/{api}/live/well")
        return "live/Canary" in _groups(sandbox, api)

    eventually(logged)


def test_execution_logs_are_written_only_while_they_are_on(sandbox: Sandbox) -> None:
    api = _api(sandbox)
    _let_api_gateway_log(sandbox)
    _patch(sandbox, api, level="ERROR")
    sandbox.arrived()
    sandbox.get(f"/_aws/execute-api/{api}/live/well")
    stage = {"ApiName": _name(sandbox, api), "Stage": "live"}
    eventually(lambda: _sum(sandbox, "AWS/ApiGateway", "Count", stage) >= 2)
    assert _groups(sandbox, api) == []

    def logged() -> bool:
        sandbox.get(f"/_aws/execute-api/{api}/live/fail")
        return _groups(sandbox, api) == ["live"]

    eventually(logged)


def test_the_access_log_has_a_line_of_the_stages_own_format(sandbox: Sandbox) -> None:
    api, logs = _api(sandbox), sandbox.client("logs")
    _let_api_gateway_log(sandbox)
    group = f"access-{api}"
    logs.create_log_group(logGroupName=group)
    settings = {
        "destinationArn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}",
        "format": "$context.requestId $context.httpMethod $context.status $context.integration.status "
        "$context.integration.requestId",
    }
    patches = [
        {"op": "replace", "path": f"/accessLogSettings/{key}", "value": value} for key, value in settings.items()
    ]
    sandbox.client("apigateway").update_stage(restApiId=api, stageName="live", patchOperations=patches)
    sandbox.arrived()
    sandbox.get(f"/_aws/execute-api/{api}/live/well")

    lines: list[list[str]] = []

    def told() -> bool:
        lines[:] = [event["message"].split() for event in logs.filter_log_events(logGroupName=group)["events"]]
        return bool(lines)

    eventually(told)
    assert [line[1:4] for line in lines] == [["GET", "200", "200"]]
    name = _name(sandbox, api)
    reported = {report["id"] for report in _reports(_log(sandbox, name, reports=2))}
    assert {line[4] for line in lines} <= reported, "the invocation's own id, as its log has it"


@pytest.mark.parametrize("namespace", ["AWS/Lambda", "AWS/ApiGateway"])
def test_metrics_are_of_one_region(sandbox: Sandbox, namespace: str) -> None:
    api = _api(sandbox)
    name = _name(sandbox, api)

    def names(region: str) -> set[str]:
        pages = sandbox.client("cloudwatch", region).get_paginator("list_metrics").paginate(Namespace=namespace)
        return {one["Value"] for page in pages for metric in page["Metrics"] for one in metric["Dimensions"]}

    eventually(lambda: name in names(EAST))
    assert name not in names("eu-west-3")
