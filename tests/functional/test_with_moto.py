"""What moto holds honestly, in this process: whole use cases without a sandbox, for the kinds it keeps as AWS does.

Left to the sandbox: APIs (moto imports no Swagger and replaces a live deployment), replicas, whatever runs a handler.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.model import OperationModel
from moto import mock_aws

from backendctl.app import carry_out, open_backend, plan_deploy, plan_destroy
from backendctl.aws.connection import Access
from backendctl.backend import Backend, Settings
from backendctl.engine.events import Done, Event, Failed
from backendctl.engine.plan import Plan
from backendctl.engine.safety import Allowed, refuse_danger
from backendctl.errors import RefusedError
from backendctl.selecting import Selection

# Moto is not made for threads: its templates, compiled in several at once, can end in a SystemError of Python 3.11.
pytestmark = pytest.mark.full

EAST, WEST = "us-east-1", "us-west-2"
KINDS = {
    "region-index",
    "role",
    "log-group",
    "function",
    "alias",
    "table",
    "scaling",
    "warmer",
    "permission",
    "release",
}
CAPACITY = {"min": 2, "max": 20, "target": 60}


@pytest.fixture(autouse=True)
def moto() -> Iterator[None]:
    """An empty AWS."""
    with mock_aws():
        yield


def no_apis(*, model: OperationModel, **_: object) -> tuple[AWSResponse, dict[str, Any]]:
    """API Gateway without an API: moto's own wants a dozen packages before it can say so."""
    assert model.name.startswith("Get")
    return AWSResponse("", 200, HTTPHeaders(), None), {"items": []}


class House:
    """A spec of functions and one table in one or more regions, and the use cases on it."""

    def __init__(self, folder: Path, *, name: str = "hut") -> None:
        self.folder = folder
        (folder / "code").mkdir(exist_ok=True)
        self.write_code("1")
        function = {
            "code": "code",
            "runtime": "python3.13",
            "handler": "app.handler",
            "aliases": ["live"],
            "warm": {"every": "5 minutes"},
            "log-retention": "14 days",
            "environment": {"TABLE": '{{ table "things" }}'},
        }
        self.spec: dict[str, Any] = {
            "backend": name,
            "regions": [EAST],
            "functions": {"one": function},
            "tables": {"things": {"key": {"hash": "id S"}, "billing": {"read": CAPACITY, "write": CAPACITY}}},
        }

    def write_code(self, release: str) -> None:
        """The code of the one function."""
        (self.folder / "code" / "app.py").write_text(f"def handler(event, context): return {release!r}\n")

    def open(self, *, regions: tuple[str, ...] = ()) -> Backend:
        """As a new run of the command does, with --region when any are given."""
        path = self.folder / "spec.yaml"
        path.write_text(yaml.safe_dump(self.spec))
        access = Access(keys=("testing", "testing"), time_scale=0.0)
        backend = open_backend(Settings(spec=path, access=access, regions=regions))
        for region in (EAST, WEST):
            events: Any = backend.aws.apigateway(region).meta.events
            events.register_first("before-call.api-gateway", no_apis)  # its answer takes the place of the call
        return backend

    def plan(self, *, only: tuple[str, ...] = ()) -> Plan:
        """What a deploy would change."""
        return readable(plan_deploy(self.open(), Selection(only=only)))

    def deploy(self, *, only: tuple[str, ...] = ()) -> Plan:
        """Carry out the plan, and say which it was."""
        backend = self.open()
        plan = readable(plan_deploy(backend, Selection(only=only)))
        carried_out(plan, backend)
        return plan

    def destroy(self, *allowed: str) -> Plan:
        """Delete what is ours."""
        backend = self.open()
        plan = readable(plan_destroy(backend, Selection(delete=allowed)))
        refuse_danger(plan, Allowed(delete=allowed))
        carried_out(plan, backend)
        return plan


def readable(plan: Plan) -> Plan:
    """The plan, for which every region must have answered."""
    assert [error.message for error in plan.unreachable.values()] == []
    return plan


def carried_out(plan: Plan, backend: Backend) -> list[Event]:
    """Everything in the plan must succeed."""
    events = list(carry_out(plan, backend, stop=threading.Event()))
    assert [event.error.message for event in events if isinstance(event, Failed)] == []
    assert len([event for event in events if isinstance(event, Done)]) == len(plan.changes)
    return events


def client(service: str, region: str = EAST) -> Any:
    """A stock client."""
    return boto3.client(service, region_name=region)  # type: ignore[call-overload]  # the name is a variable here


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Not deployed."""
    return House(tmp_path)


@pytest.fixture
def deployed(house: House) -> House:
    """Deployed to one region."""
    house.deploy()
    return house


def test_a_first_deploy_makes_every_kind_and_the_second_plan_is_empty(house: House) -> None:
    first = house.deploy()
    assert {str(change.action) for change in first.changes if change.kind != "release"} == {"create"}
    assert {change.kind for change in first.changes} == KINDS
    assert house.plan().changes == ()


def test_two_regions_without_tables_are_deployed_at_once(house: House) -> None:
    del house.spec["tables"], house.spec["functions"]["one"]["environment"]
    house.spec["regions"] = [EAST, WEST]
    house.deploy()
    for region in (EAST, WEST):
        assert client("lambda", region).get_alias(FunctionName="hut-one", Name="live")["FunctionVersion"] == "1"
    assert house.plan().changes == ()


def test_one_region_alone_takes_nothing_from_the_others(house: House) -> None:
    del house.spec["tables"], house.spec["functions"]["one"]["environment"]
    house.spec["regions"] = [EAST, WEST]
    house.spec["functions"]["one"]["regions"] = {WEST: {"tracing": True}}  # needs a statement of the one role
    house.deploy()
    for region in (EAST, WEST):
        assert readable(plan_deploy(house.open(regions=(region,)))).changes == ()


def test_the_log_group_has_its_retention(deployed: House) -> None:
    (group,) = client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/hut-one")["logGroups"]
    assert group["retentionInDays"] == 14
    deployed.spec["functions"]["one"]["log-retention"] = "30 days"
    assert [change.kind for change in deployed.deploy().changes] == ["log-group"]
    (group,) = client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/hut-one")["logGroups"]
    assert group["retentionInDays"] == 30


def test_the_role_trusts_lambda_and_allows_the_table_and_the_logs_only(deployed: House) -> None:
    role = client("iam").get_role(RoleName="hut-lambda")["Role"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    policy = client("iam").get_role_policy(RoleName="hut-lambda", PolicyName="backendctl")["PolicyDocument"]
    allowed = {action for one in policy["Statement"] for action in one["Action"]}
    assert {action.partition(":")[0] for action in allowed} == {"logs", "dynamodb"}
    resources = {
        one["Resource"] if isinstance(one["Resource"], str) else "".join(one["Resource"]) for one in policy["Statement"]
    }
    assert all("hut-" in resource for resource in resources)
    assert deployed.plan().changes == ()


def test_a_role_policy_that_somebody_widened_is_put_back(deployed: House) -> None:
    wide = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
    client("iam").put_role_policy(RoleName="hut-lambda", PolicyName="backendctl", PolicyDocument=wide)
    assert [change.address for change in deployed.deploy().changes] == ["global/role/hut-lambda"]
    assert deployed.plan().changes == ()


def test_the_table_scales_between_its_limits(deployed: House) -> None:
    targets = client("application-autoscaling").describe_scalable_targets(ServiceNamespace="dynamodb")
    limits = {one["ScalableDimension"]: (one["MinCapacity"], one["MaxCapacity"]) for one in targets["ScalableTargets"]}
    assert limits == {"dynamodb:table:ReadCapacityUnits": (2, 20), "dynamodb:table:WriteCapacityUnits": (2, 20)}
    deployed.spec["tables"]["things"]["billing"]["read"] = {**CAPACITY, "max": 50}
    assert {change.kind for change in deployed.deploy().changes} == {"scaling"}
    assert deployed.plan().changes == ()


def test_the_warmer_is_a_rule_that_sends_the_input_to_the_alias(deployed: House) -> None:
    events = client("events")
    (rule,) = events.list_rules(NamePrefix="hut")["Rules"]
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(5 minutes)", "ENABLED")
    (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert target["Arn"].endswith(":function:hut-one:live")
    assert json.loads(target["Input"]) == {"instruction": "warmer"}
    deployed.spec["functions"]["one"]["warm"] = {"every": "10 minutes"}
    assert [change.kind for change in deployed.deploy().changes] == ["warmer"]
    (rule,) = events.list_rules(NamePrefix="hut")["Rules"]
    assert rule["ScheduleExpression"] == "rate(10 minutes)"


def test_new_code_is_a_new_version_behind_the_same_alias(deployed: House) -> None:
    deployed.write_code("2")
    assert {change.kind for change in deployed.deploy().changes} == {"function", "alias", "release"}
    alias = client("lambda").get_alias(FunctionName="hut-one", Name="live")
    assert alias["FunctionVersion"] == "2"
    assert deployed.plan().changes == ()


def test_only_one_kind_is_deployed_when_only_that_is_asked_for(house: House) -> None:
    assert {change.kind for change in house.deploy(only=("log-group",)).changes} == {"log-group"}
    assert client("lambda").list_functions()["Functions"] == []
    assert "log-group" not in {change.kind for change in house.plan().changes}


def test_what_somebody_else_made_is_refused_and_left_alone(house: House) -> None:
    client("logs").create_log_group(logGroupName="/aws/lambda/hut-one")
    plan = house.plan()
    (foreign,) = [change for change in plan.changes if change.foreign]
    assert foreign.kind == "log-group"
    with pytest.raises(RefusedError, match="exists and is not ours"):
        refuse_danger(plan)


def test_two_backends_in_one_account_leave_each_other_alone(deployed: House, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    shed = House(other, name="shed")
    made = shed.deploy().changes
    assert {str(change.action) for change in made if change.kind != "release"} == {"create"}
    shed.destroy("table/things")
    assert deployed.plan().changes == ()


def test_logs_outlive_their_function_unless_they_are_named(deployed: House) -> None:
    plan = deployed.destroy(f"{EAST}/table/things")
    kept = f"{EAST}/log-group//aws/lambda/hut-one"
    assert [remark for remark in plan.remarks if kept in remark and "--allow-delete" in remark]
    assert client("logs").describe_log_groups()["logGroups"][0]["logGroupName"] == "/aws/lambda/hut-one"
    assert plan_destroy(deployed.open()).changes == ()
    named = Selection(delete=(kept,))
    assert [change.address for change in plan_destroy(deployed.open(), named).changes] == [kept]


def test_destroy_refuses_the_table_until_it_is_named_and_then_leaves_nothing(deployed: House) -> None:
    with pytest.raises(RefusedError, match=f"{EAST}/table/things holds data"):
        deployed.destroy()
    assert client("dynamodb").list_tables()["TableNames"] == ["hut-things"]
    deployed.destroy(f"{EAST}/table/things", f"{EAST}/log-group//aws/lambda/hut-one")
    assert client("dynamodb").list_tables()["TableNames"] == []
    assert client("lambda").list_functions()["Functions"] == []
    assert client("events").list_rules()["Rules"] == []
    assert client("logs").describe_log_groups()["logGroups"] == []
    assert client("iam").list_roles()["Roles"] == []
    assert client("ssm").describe_parameters()["Parameters"] == []
    assert plan_destroy(deployed.open()).changes == ()


def test_what_the_spec_no_longer_names_is_deleted(deployed: House) -> None:
    deployed.spec["functions"]["one"]["warm"] = False
    assert {(str(change.action), change.kind) for change in deployed.deploy().changes} == {
        ("delete", "warmer"),
        ("delete", "permission"),
    }
    assert client("events").list_rules()["Rules"] == []
    assert deployed.plan().changes == ()
