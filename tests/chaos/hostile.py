"""What another hand, or a bug, may have left in AWS; no command may end in a traceback over it, or print it raw."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.chaos.ground import Ground, shown
from tests.chaos.verbs import reach
from tests.functional.killing import Run, ended
from tests.functional.sandboxed import EAST

NASTY = "\x1b[2J\x1b]0;owned\x07 \u202edrowssap <script>alert(1)</script> '; DROP"
_TAG = "a\u202eb <script>"
_LOG = "/backendctl/chaos/release-log"
_RAW = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]")
_CODES = frozenset({0, 1, 2, 3, 4, 5})
READERS: tuple[tuple[str, ...], ...] = (
    ("plan",),
    ("status",),
    ("history",),
    ("canary-status",),
    ("destroy", "--dry-run"),
    ("logs", "--since", "1h"),
    ("warm-status",),
    ("doctor",),
    ("traces",),
    ("cost", "--from-metrics", "1d"),
    ("invoke", "one", "--api-event", "GET /one", "--all-regions"),
    ("diff", "v1", "v1"),
    ("test",),
    ("warm",),
    ("check-regions",),
    ("sync-tables", "--check"),
    ("sync-dns", "--check"),
    ("sync-api", "--check"),
    ("sync-warmers", "--dry-run"),
    ("test-replication",),
    ("sdk", "--type", "javascript"),
    ("drain", EAST, "--dry-run"),
    ("deploy", "-y"),
)


@dataclass(frozen=True, kw_only=True)
class Met:
    """What became of one command in front of one hostile thing."""

    verb: str
    what: str
    code: int
    faults: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.verb} {self.what}: exit {self.code}{shown(self.faults)}"


def _parameter(name: str, value: str) -> Callable[[Ground], None]:
    def plant(ground: Ground) -> None:
        ground.client("ssm", EAST).put_parameter(Name=name, Value=value, Type="String", Overwrite=True)

    return plant


def _stage(*operations: Mapping[str, str]) -> Callable[[Ground], None]:
    def plant(ground: Ground) -> None:
        api = ground.project.apis(EAST)[0]["id"]
        patches: Any = [{"op": "replace", **one} for one in operations]
        ground.client("apigateway", EAST).update_stage(restApiId=api, stageName="prodv1", patchOperations=patches)

    return plant


def _described(ground: Ground) -> None:
    functions = ground.client("lambda", EAST)
    functions.update_function_configuration(FunctionName="chaos-one", Description=NASTY[:256])
    functions.tag_resource(
        Resource=functions.get_function(FunctionName="chaos-one")["Configuration"]["FunctionArn"],
        Tags={"note": "a\u202eb", "backendctl:name": "one"},
    )


def _logged(ground: Ground) -> None:
    logs = ground.client("logs", EAST)
    group, stream = "/aws/lambda/chaos-one", "2026/11/28/[1]0123"
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    now = int(time.time() * 1000)
    said = [NASTY, '{"status": "\u00b2", "requestId": {}}', "[" * 3000, f"REPORT RequestId: {NASTY}", "\x00\u2028x"]
    events = [{"timestamp": now + number, "message": message} for number, message in enumerate(said)]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def _table(ground: Ground) -> None:
    """One of ours with odd tags and a policy of another hand; and one that only looks like ours."""
    dynamodb = ground.client("dynamodb", EAST)
    arn = dynamodb.describe_table(TableName="chaos-things")["Table"]["TableArn"]
    dynamodb.tag_resource(
        ResourceArn=arn, Tags=[{"Key": "note", "Value": _TAG}, {"Key": "backendctl:name", "Value": _TAG}]
    )
    made = dynamodb.create_table(
        TableName="chaos-hand",
        KeySchema=[{"AttributeName": NASTY[:40], "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": NASTY[:40], "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "backendctl:backend", "Value": "chaos"}, {"Key": "backendctl:primary", "Value": "nowhere-1"}],
    )
    assert made["TableDescription"]["TableName"] == "chaos-hand"


def _dns(ground: Ground) -> None:
    """Records that carry our mark and lead elsewhere, and texts with anything in them."""
    route53 = ground.client("route53", EAST)
    zone = route53.list_hosted_zones()["HostedZones"][0]
    name, value = zone["Name"], [{"Value": "192.0.2.1"}]
    marked = {"SetIdentifier": f"chaos-{EAST}", "Region": EAST, "Type": "A", "TTL": 60, "ResourceRecords": value}
    text = {"Name": f"txt.{name}", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": r'"\033[2J <script>"'}]}
    delegation = [{"Value": "ns.elsewhere.example."}]
    records = [
        {"Name": f"hand.{name}", **marked},
        {"Name": f"\\052.{name}", **marked, "SetIdentifier": "chaos-nowhere-1"},
        {"Name": f"deep.{name}", "Type": "NS", "TTL": 60, "ResourceRecords": delegation},
        text,
    ]
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": one} for one in records]}
    route53.change_resource_record_sets(HostedZoneId=zone["Id"], ChangeBatch=batch)
    config = {"Type": "HTTPS", "FullyQualifiedDomainName": f"api.{name}", "Port": 443, "ResourcePath": "/\u202e<x>"}
    route53.create_health_check(CallerReference=f"backendctl/chaos/{EAST}/x", HealthCheckConfig=config)


def _log_group(ground: Ground) -> None:
    """Groups that are called as ours would be, one with our mark and odd tags."""
    logs = ground.client("logs", EAST)
    logs.create_log_group(logGroupName="/aws/lambda/chaos-hand", tags={"backendctl:backend": "chaos", "note": _TAG})
    logs.create_log_group(logGroupName="/aws/lambda/chaos-one/_x.y#z")
    logs.put_metric_filter(
        logGroupName="/aws/lambda/chaos-one",
        filterName="hand",
        filterPattern="",
        metricTransformations=[{"metricName": "x", "metricNamespace": "y", "metricValue": "1"}],
    )


def _alarm(ground: Ground) -> None:
    ground.client("cloudwatch", EAST).put_metric_alarm(
        AlarmName="chaos-hand \u202e<script>",
        AlarmDescription=NASTY,
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": "chaos-one"}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )


def _rule(ground: Ground) -> None:
    """A rule of another hand that calls our function with anything."""
    events = ground.client("events", EAST)
    arn = ground.client("lambda", EAST).get_function(FunctionName="chaos-one")["Configuration"]["FunctionArn"]
    events.put_rule(Name="chaos-hand", ScheduleExpression="rate(5 minutes)", Description=NASTY[:256])
    for number, given in enumerate(('{"holdMs": 1e999}', '{"instruction": ["\\u202e"]}', "[" * 500 + "]" * 500)):
        events.put_targets(Rule="chaos-hand", Targets=[{"Id": f"t{number}", "Arn": arn, "Input": given}])


def _role(ground: Ground) -> None:
    """The functions' role, opened wide by hand in an odd spelling."""
    iam = ground.client("iam", EAST)
    name = next(role["RoleName"] for role in iam.list_roles()["Roles"] if role["RoleName"].startswith("chaos"))
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    iam.put_role_policy(RoleName=name, PolicyName="hand", PolicyDocument=json.dumps(document))
    iam.update_role(RoleName=name, Description="hand <script>")


def _key(ground: Ground) -> None:
    ground.client("apigateway", EAST).create_api_key(
        name="chaos-hand", description=NASTY, value="v" * 40, tags={"backendctl:backend": "chaos"}
    )


def _unwritten_alias(ground: Ground) -> None:
    ground.client("lambda", EAST).create_alias(
        FunctionName="chaos-one", Name="hand", FunctionVersion="$LATEST", Description=NASTY[:256]
    )


PLANTS: Mapping[str, Callable[[Ground], None]] = {
    **{
        f"release log {number}": _parameter(f"{_LOG}/{90 + number}", value)
        for number, value in enumerate(
            (
                *("[" * 4000, '{"number": 1e400, "event": "deploy", "token": "01234567"}'),
                *("null", "[]", "{", "x", '{"event": 7}', '{"number": 1, "event": "deploy", "versions": null}'),
                '{"number": 1, "event": "deploy", "token": {}}',
            )
        )
    },
    "entry without a number": _parameter(f"{_LOG}/not-a-number", "{}"),
    "older release log": _parameter("/backendctl/chaos/releases/prodv1", '{"how": "deploy", "versions": null}'),
    "region index": _parameter("/backendctl/chaos/regions/not-a-region", NASTY[:40]),
    "descriptions": _described,
    "stage": _stage({"path": "/description", "value": NASTY}, {"path": "/variables/oneAlias", "value": "nowhere"}),
    "alias": _unwritten_alias,
    "log": _logged,
    "table": _table,
    "DNS": _dns,
    "log group": _log_group,
    "alarm": _alarm,
    "rule": _rule,
    "role": _role,
    "API key": _key,
    **{
        f"drain mark {number}": _parameter(f"/backendctl/chaos/drained/{where}", value)
        for number, (where, value) in enumerate(
            (
                (EAST, '{"phase": "drained", "serial": Infinity}'),
                (EAST, "[" * 3000),
                (EAST, json.dumps({"phase": "restored", "serial": 1, "operator": NASTY, "reason": NASTY})),
                ("nowhere-1", json.dumps({"phase": "drained", "serial": 1, "time": NASTY, "means": ["record"]})),
            )
        )
    },
}


def hostile(ground: Ground, plants: Sequence[str], commands: Sequence[tuple[str, ...]] = READERS) -> Iterator[Met]:
    """Every command in front of each."""
    for plant in plants:
        reach(ground, "one")
        PLANTS[plant](ground)
        for line in commands:
            run = ended(ground.start(*line))
            yield Met(verb=f"hostile {line[0]}", what=plant, code=run.code, faults=tuple(_faults(run)))


def _faults(run: Run) -> Iterator[str]:
    if run.code not in _CODES:
        yield f"exit {run.code}: {run.err[-500:]}"
    if run.traceback:
        yield f"a traceback: {run.err[-1500:]}"
    if raw := _RAW.search(run.out + run.err):
        yield f"printed {raw[0]!r} raw"
