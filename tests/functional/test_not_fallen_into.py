"""The 25 things that emulators let through and AWS refuses, and that backendctl falls into none of them.

`sandbox/test_refusals_*.py` holds that the sandbox refuses each of them as AWS does; what is held elsewhere for
backendctl is listed in `held_elsewhere.py`, the rest is here. A test's name tells its row.
"""

from __future__ import annotations

import ast
import contextlib
import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.permission import Permission
from backendctl.sandbox import process
from tests.functional.copied import copied
from tests.functional.held_elsewhere import HELD
from tests.functional.project import Project, make_project
from tests.functional.sandboxed import EAST, WEST, eventually, free_port
from tests.unit.resources.lambda_helpers import deploy, emulated, put_api, put_role, staged_context

TESTS = Path(__file__).parents[1]
ROWS = range(1, 26)

NewProject = Callable[..., Project]


def names_in(path: Path) -> list[str]:
    """The names of the tests of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


def rows_of(names: list[str]) -> set[int]:
    """The rows that tests are named after: `test_row_07_…`, `test_rows_12_and_13_…`."""
    named = [found[1] for name in names if (found := re.match(r"test_rows?_((?:\d\d_(?:and_)?)+)", name))]
    return {int(row) for rows in named for row in re.findall(r"\d\d", rows)}


@pytest.mark.parametrize("held", [one for tests in HELD.values() for one in tests])
def test_what_is_held_elsewhere_is_there(held: str) -> None:
    path, _, name = held.partition("::")
    assert name in names_in(TESTS / path)


def test_every_row_is_refused_by_the_sandbox() -> None:
    files = (TESTS / "functional" / "sandbox").glob("test_refusals_*.py")
    assert rows_of([name for path in files for name in names_in(path)]) == set(ROWS)


def test_every_row_is_held_for_backendctl() -> None:
    assert rows_of(names_in(Path(__file__))) | HELD.keys() == set(ROWS)


@pytest.fixture(scope="module")
def slow_project(command_line_home: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A first deploy against AWS's rates and AWS's delays, both at a twentieth of their length."""
    assert command_line_home  # its state lies where the command line looks for it
    port = free_port()
    data = process.default_data(port)
    process.start(port, data, time_scale=0.05, quotas=True, popen=copied)
    folder = tmp_path_factory.mktemp("slow-project")
    made = make_project(folder, name=f"t{uuid.uuid4().hex[:6]}", port=port, regions=[EAST, WEST])
    made.spec["api"]["stages"]["prodv2"] = {"path": "v2", "variables": {"oneAlias": "version2", "twoAlias": "version1"}}
    made.save()
    made.deploy()
    yield made
    process.stop(port, data)


@pytest.fixture(scope="module")
def project(command_line_home: int, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A deployed backend which tests may add to."""
    name = f"t{uuid.uuid4().hex[:6]}"
    made = make_project(tmp_path_factory.mktemp(name), name=name, port=command_line_home, regions=[EAST, WEST])
    made.spec["api"]["stages"]["prodv1"]["logging"] = {"level": "info", "access": f"/access/{name}"}
    made.routes["/gone"] = "two"
    made.save()
    made.deploy()
    return made


def answers(project: Project, path: str, region: str, **body: str) -> None:
    """Wait until callers get that; a change takes a moment to reach the hosts that serve (A51)."""

    def seen() -> bool:
        status, found = project.get(path, region)
        return status == 200 and found == found | body

    eventually(seen)


@contextlib.contextmanager
def fault(project: Project, **wanted: Any) -> Iterator[Callable[[], int]]:
    """Calls go wrong for a while; what it gives tells how many did."""
    url = f"{project.url}/_sandbox/faults"
    ours = {"X-Sandbox-Client": "tests"}
    made = urllib3.request("POST", url, json=wanted, headers=ours, retries=False).json()["id"]

    def struck() -> int:
        listed = urllib3.request("GET", url, headers=ours, retries=False).json()["faults"]
        return sum(int(one["struck"]) for one in listed if one["id"] == made)

    try:
        yield struck
    finally:
        urllib3.request("DELETE", f"{url}/{made}", headers=ours, retries=False)


def api_id(project: Project, region: str) -> str:
    """The API's id there."""
    apis = project.client("apigateway", region).get_rest_apis(limit=500)["items"]
    (found,) = [api["id"] for api in apis if api["name"] == project.name]
    return str(found)


@pytest.mark.full
def test_row_01_a_rate_that_somebody_else_uses_up_is_waited_for(project: Project) -> None:
    project.routes["/row01"] = "one"
    project.save()
    busy = {"effect": "throttled", "service": "apigateway", "operation": "CreateDeployment", "region": WEST}
    with fault(project, **busy, times=8) as struck:  # more often than botocore tries
        project.deploy()
        assert struck() == 8
    answers(project, "/v1/row01", WEST, function="one")


def test_row_02_a_full_quota_ends_that_region_at_once_and_the_same_command_finishes(project: Project) -> None:
    project.routes["/row02"] = "one"
    project.save()
    full = {"effect": "limit", "service": "apigateway", "operation": "CreateDeployment", "region": WEST}
    with fault(project, **full) as struck:
        result = project.deploy(expect=5)
        assert struck() == 1
    assert "LimitExceededException" in result.err
    project.deploy()
    answers(project, "/v1/row02", WEST, function="one")


def test_row_03_apis_and_domains_are_regional_everywhere(project: Project) -> None:
    for region in (EAST, WEST):
        client = project.client("apigateway", region)
        api = client.get_rest_api(restApiId=api_id(project, region))
        domain = client.get_domain_name(domainName=project.domain)
        assert api["endpointConfiguration"]["types"] == domain["endpointConfiguration"]["types"] == ["REGIONAL"]
        assert domain["regionalCertificateArn"].split(":")[3] == region


def test_row_04_a_route_that_left_is_gone_and_what_was_set_by_hand_stays(project: Project) -> None:
    answers(project, "/v1/gone", EAST, function="two")
    client, api = project.client("apigateway", EAST), api_id(project, EAST)
    allow = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"}
    policy = {"op": "replace", "path": "/policy", "value": json.dumps({"Version": "2012-10-17", "Statement": [allow]})}
    binary = {"op": "add", "path": "/binaryMediaTypes/image~1png"}
    client.update_rest_api(restApiId=api, patchOperations=[policy, binary])
    del project.routes["/gone"]
    project.save()
    assert "breaks callers: the path /gone is removed" in project.deploy(expect=1).err
    project.deploy("--allow-breaking")
    eventually(lambda: project.get("/v1/gone", EAST)[0] == 403)
    kept = client.get_rest_api(restApiId=api)
    assert kept["binaryMediaTypes"] == ["image/png"]
    assert "execute-api:Invoke" in kept["policy"]


def test_row_06_a_stage_that_logs_finds_the_role_in_each_region(project: Project) -> None:
    for region in (EAST, WEST):
        client = project.client("apigateway", region)
        assert client.get_account()["cloudwatchRoleArn"].endswith(":role/backendctl-apigateway-logs")
        stage = client.get_stage(restApiId=api_id(project, region), stageName="prodv1")
        assert stage["methodSettings"]["*/*"]["loggingLevel"] == "INFO"
        assert stage["accessLogSettings"]["destinationArn"].endswith(f":log-group:/access/{project.name}")


def test_row_07_a_canary_that_is_on_is_not_run_into(project: Project) -> None:
    client, where = project.client("apigateway", WEST), {"restApiId": api_id(project, WEST), "stageName": "prodv1"}
    client.create_deployment(**where, canarySettings={"percentTraffic": 10})
    project.routes["/row07"] = "one"
    project.save()
    result = project.run("deploy", "-y", expect=1)
    assert f"{WEST}/stage/prodv1 has a canary, and its definition would change" in result.err
    assert " abort-canary " in result.err
    listed = project.client("apigateway", EAST).get_resources(restApiId=api_id(project, EAST), limit=500)["items"]
    assert "/row07" not in {found["path"] for found in listed}  # nowhere, so that the regions stay the same
    client.update_stage(**where, patchOperations=[{"op": "remove", "path": "/canarySettings"}])
    project.deploy()
    answers(project, "/v1/row07", WEST, function="one")
    project.assert_nothing_to_do()


@pytest.mark.full
def test_rows_12_and_13_code_settings_and_the_rights_of_the_role_may_change_at_once(slow_project: Project) -> None:
    slow_project.write_function("one", release="2")
    changed = slow_project.spec["functions"]["one"]
    changed["environment"]["GREETING"] = "hello"
    changed["tracing"] = True  # the role, made seconds ago by the first deploy, gets its right to trace in this run
    slow_project.save()
    slow_project.deploy()
    for region in (EAST, WEST):
        answers(slow_project, "/v1/one", region, release="2", greeting="hello")
        client = slow_project.client("lambda", region)
        now = client.get_function_configuration(FunctionName=f"{slow_project.name}-one")
        assert now["TracingConfig"]["Mode"] == "Active"
    slow_project.assert_nothing_to_do()


def test_row_15_one_policy_has_one_writer_at_a_time() -> None:
    lock, busy, most = threading.Lock(), [0], [0]

    def writing(**_: Any) -> None:
        with lock:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
        time.sleep(0.05)

    def written(**_: Any) -> None:
        with lock:
            busy[0] -= 1

    context = staged_context()
    with emulated() as aws:
        put_role(aws)
        put_api(aws)
        deploy(aws, [*Function.desired(context), *Alias.desired(context)])
        events: Any = aws.lambda_(EAST).meta.events
        events.register("before-call.lambda.AddPermission", writing)
        events.register("after-call.lambda.AddPermission", written)
        threads = [threading.Thread(target=one.create, args=(aws,)) for one in Permission.desired(context)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        aws.forget()
        found = [Permission.read(aws, one) for one in Permission.desired(context)]
    assert len(threads) == 2, "one for each slot"
    assert most == [1]
    assert [one and one.statements for one in found] == [one.statements for one in Permission.desired(context)]


def test_row_17_provisioned_concurrency_is_not_promised(new_project: NewProject) -> None:
    project = new_project()
    project.spec["functions"]["one"]["provisioned-concurrency"] = 5
    project.save()
    result = project.deploy(expect=64)
    assert "provisioned-concurrency" in result.err


def only_tables(project: Project) -> Project:
    """The same backend without functions, API and domain."""
    for part in ("functions", "api", "domain"):
        del project.spec[part]
    project.save()
    return project


@pytest.mark.full
def test_rows_19_22_and_23_a_provisioned_table_is_the_same_in_every_region(new_project: NewProject) -> None:
    project = only_tables(new_project())
    table = project.spec["tables"]["things"]
    capacity = {"min": 1, "max": 5, "target": 70}
    table |= {"billing": {"read": capacity, "write": dict(capacity)}, "ttl": "expires", "tags": {"team": "red"}}
    table |= {"point-in-time-recovery": True, "deletion-protection": True}
    project.save()
    project.deploy()
    project.assert_nothing_to_do()
    for region in (EAST, WEST):
        assert_guarded(project, region, team="red")
    table |= {"tags": {"team": "blue"}}
    capacity["max"] = 6
    project.save()
    project.deploy()
    project.assert_nothing_to_do()
    for region in (EAST, WEST):
        assert_guarded(project, region, team="blue")


def assert_guarded(project: Project, region: str, *, team: str) -> None:
    """Scaling, expiry, recovery, protection and tags are those of the spec there."""
    client, name = project.client("dynamodb", region), f"{project.name}-things"
    table = client.describe_table(TableName=name)["Table"]
    assert "BillingModeSummary" not in table  # it was never on-demand
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 1
    assert table["DeletionProtectionEnabled"] is True
    ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    tags = client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    assert {"Key": "team", "Value": team} in tags


def test_row_21_two_indexes_and_protection_may_be_added_at_once(new_project: NewProject) -> None:
    project = only_tables(new_project())
    project.deploy()
    table = project.spec["tables"]["things"]
    table["indexes"] |= {"by-place": {"hash": "place S"}, "by-time": {"hash": "time N"}}
    table["deletion-protection"] = True
    project.save()
    project.deploy()
    project.assert_nothing_to_do()
    for region in (EAST, WEST):
        found = project.client("dynamodb", region).describe_table(TableName=f"{project.name}-things")["Table"]
        states = {index["IndexName"]: index["IndexStatus"] for index in found["GlobalSecondaryIndexes"]}
        assert states == dict.fromkeys(("by-owner", "by-place", "by-time"), "ACTIVE")
        assert found["DeletionProtectionEnabled"] is True


def test_row_25_a_simple_record_is_left_alone_until_it_is_adopted_and_never_missing(new_project: NewProject) -> None:
    project = new_project()
    del project.spec["tables"]
    for function in project.spec["functions"].values():
        function["environment"] = {"TABLE": "none"}
    project.save()
    dns = project.client("route53", EAST)
    zone = dns.create_hosted_zone(Name=f"{project.name}.example", CallerReference=project.name)["HostedZone"]["Id"]
    simple = {"Name": project.domain, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": simple}]}
    dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)

    def records() -> list[str]:
        listed = dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
        return sorted(one.get("Region", "simple") for one in listed if one["Type"] == "A")

    refused = project.deploy(expect=1)
    assert "--adopt" in refused.err
    assert records() == ["simple"]
    project.deploy("--adopt")
    assert records() == [EAST, WEST]
    project.assert_nothing_to_do()
