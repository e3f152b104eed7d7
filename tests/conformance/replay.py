"""Runs the calls of a recorded case and says in what the answers differ."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from tests.conformance.filling import ECHO, WRONG_REGION, Filling, MissingError, archive, constants
from tests.conformance.matching import RECORDED_ACCOUNT, Bindings, difference, named
from tests.conformance.recorded import Case, Step

ADDED_LATER = frozenset({"ipAddressType", "LoggingConfig"})
"""Members AWS has begun to give after some of the recordings were made."""

_UNDER_WAY = re.compile(r'"(Pending|InProgress|IN_PROGRESS|PENDING|CREATING|UPDATING)"')
PAUSE = 0.02
"""Seconds between two looks."""

PATIENCE = 60.0
"""Seconds in which what a recorded test waited for may come true, on the slowest of machines."""

_PASSED = 2.5
"""Seconds after which something under way that was not found so has surely passed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """One call after the fact; `problem` is None when the answer was the recorded one."""

    step: Step
    problem: str | None

    @property
    def is_late(self) -> bool:
        """Whether it came after the end of what it should have found under way."""
        found = _UNDER_WAY.search(json.dumps(self.step.answer)) or "in progress" in json.dumps(self.step.error)
        return self.problem is not None and bool(found)


class Replay:
    """Runs one case and remembers what its calls gave.

    Args:
        case: what to run.
        client: gives a boto3 client for a service in a region, without parameter validation.
        region: where the case runs.
        account: the account it calls.
        role: ARN of a role which Lambda may assume.
        patience: seconds in which what a recorded test waited for may come true.
    """

    def __init__(
        self,
        case: Case,
        client: Callable[[str, str], Any],
        *,
        region: str,
        account: str,
        role: str = "arn:aws:iam::1:role/r",
        patience: float = PATIENCE,
    ) -> None:
        self.patience = patience
        self.case = case
        self._client = client
        self.region = region
        self.filling = Filling(constants(region=region, account=account, role=role), self._derived)
        self.bindings = Bindings(
            {"<region>": region, "<partition>": "aws", "<wrong-region>": WRONG_REGION, RECORDED_ACCOUNT: account}
        )
        self.api: dict[str, Any] = {}
        self.function = ""
        self._zips = 0
        self.current: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """A client where the case runs."""
        return self._client(service, self.region)

    def run(self) -> list[Outcome]:
        """Every call in order; those that need what an earlier one did not give differ too."""
        outcomes: list[Outcome] = []
        waited = False
        for step in self.case.steps:
            if not step.operation:
                self._wait(step)
                waited = True
                continue
            if not step.recorded and "left out" in step.note:  # the request is not known
                continue
            problem = self._retried(step) if waited else self._problem(step)
            if problem is not None and self._is_under_way(step):
                problem = self._retried(step)
            waited = step.operation.startswith("iam.")  # the recorded tests tried until a new role was usable (B15)
            if problem is not None or step.recorded:
                outcomes.append(Outcome(step=step, problem=problem))
        return outcomes

    def _retried(self, step: Step) -> str | None:
        """The first call after a wait: the recorded test had asked until it was so."""
        began = time.monotonic()
        while True:
            before = self.bindings.snapshot()
            problem = self._problem(step)
            late = Outcome(step=step, problem=problem).is_late
            deadline = began + (min(self.patience, _PASSED) if late else self.patience)
            harmless = _reads(step) or (problem is not None and problem.startswith("refused with"))
            if problem is None or not harmless or time.monotonic() > deadline:
                return problem
            self.bindings.restore(before)
            time.sleep(PAUSE)

    def _is_under_way(self, step: Step) -> bool:
        """Whether a read says that something is not done yet, which the recorded test found done."""
        answered, recorded = (
            json.dumps(answer, default=str) for answer in (self.filling.answers.get(step.number), step.answer)
        )
        return _reads(step) and _UNDER_WAY.search(answered) is not None and _UNDER_WAY.search(recorded) is None

    def _problem(self, step: Step) -> str | None:
        try:
            answer = self._answer(step)
        except MissingError as missing:
            return str(missing)
        except ClientError as refused:
            return self._refused(step, refused)
        except (BotoCoreError, TypeError, ValueError, AttributeError) as broken:
            return f"the client broke: {type(broken).__name__}: {broken}"
        self.filling.answers[step.number] = answer
        if step.error is not None:
            return f"{step.operation} was not refused, recorded {step.error['Code']}: {step.error.get('Message', '')}"
        return self._unlike(step, answer) if step.recorded else None

    def _unlike(self, step: Step, answer: Any) -> str | None:
        status = answer["ResponseMetadata"]["HTTPStatusCode"] if "ResponseMetadata" in answer else step.status
        if step.status not in {None, status}:
            return f"status {status}, recorded {step.status}"
        plain = _plain(answer, step.answer)
        if self.case.is_partial:
            plain = named(step.answer, plain)
        return difference(step.answer, plain, self.bindings)

    def _refused(self, step: Step, refused: ClientError) -> str | None:
        error = {**refused.response["Error"]}
        said = f"{error.get('Code')}: {error.get('Message')}"
        if step.error is None:
            return None if step.may_fail else f"refused with {said}"
        recorded = {key: step.error[key] for key in ("Code", "Message") if key in step.error}
        problem = difference(recorded, {key: error.get(key) for key in recorded}, self.bindings)
        if problem is not None:
            return f"refused with {said}, recorded {': '.join(recorded.values())}"
        status = refused.response["ResponseMetadata"]["HTTPStatusCode"]
        if step.status not in {None, status}:
            return f"refused with status {status}, recorded {step.status}"
        if self.case.is_partial:
            return None
        expected = step.error.get("body", {})
        body = {key: each for key, each in refused.response.items() if key not in {"Error", "ResponseMetadata"}}
        if "message" not in expected and body.get("message") == error.get("Message"):
            body.pop("message", None)  # once more, when the client's model knows the error, as the recorder's did not
        more = {key: each for key, each in error.items() if key not in recorded}
        return difference(expected, body, self.bindings, "the error's body") or difference(
            step.error.get("more", {}), more, self.bindings, "Error"
        )

    def _answer(self, step: Step) -> Any:
        if step.operation.startswith("(setup) "):
            name = step.operation.removeprefix("(setup) ")
            return self._helpers()[name](self.filling.fill(step.request))
        service, _, operation = step.operation.partition(".")
        self.current = step.request
        request = self.filling.fill(step.request)
        if operation == "CreateHostedZone":
            request.setdefault("CallerReference", uuid.uuid4().hex)
        client = self._client(service, WRONG_REGION if step.elsewhere else self.region)
        answer = getattr(client, xform_name(operation))(**request)
        if operation == "CreateRestApi":
            self.api = answer
        if "create_lambda_function" in step.helper:
            self._settled(answer["FunctionName"])
        return answer

    def _helpers(self) -> dict[str, Callable[[dict[str, Any]], Any]]:
        queue = f"arn:aws:sqs:{self.filling.fill('<region>')}:{self.filling.fill('<account_id>')}:conformance"
        return {
            "create_api_for_deployment": self._api_for_deployment,
            "create_rest_apigw": self._rest_api,
            "create_lambda_function": self._function,
            "create_role": lambda request: self.client("iam").create_role(**request),
            "dynamodb_create_table": self._table,
            "events_scheduler_create_schedule_group": self._schedule_group,
            "sqs_create_queue": lambda _: queue,
            "sqs_get_queue_arn": lambda _: queue,
            "sqs_as_events_target": lambda _: (queue, queue),
        }

    def _rest_api(self, request: dict[str, Any]) -> dict[str, Any]:
        self.api = self.client("apigateway").create_rest_api(**{"name": "conformance", **request})
        if self.case.mentions("<stage>"):
            self._deployable({"statusCode": 200})
            self.client("apigateway").create_deployment(restApiId=self.api["id"], stageName="dev")
        return self.api

    def _api_for_deployment(self, request: dict[str, Any]) -> dict[str, Any]:
        template = request.pop("response_template", {"statusCode": 200, "message": "default deployment"})
        self.api = self.client("apigateway").create_rest_api(name="deployment test", **request)
        self._deployable(template)
        return self.api

    def _deployable(self, template: dict[str, Any]) -> None:
        client, api = self.client("apigateway"), self.api
        where = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
        client.put_method(**where, authorizationType="NONE")
        client.put_method_response(**where, statusCode="200")
        client.put_integration(**where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
        client.put_integration_response(
            **where, statusCode="200", responseTemplates={"application/json": json.dumps(template)}
        )

    def _stage_api(self) -> dict[str, Any]:
        """The API with the stage `s1` which a fixture of the recorded tests makes."""
        if not self.api:
            self.api = self.client("apigateway").create_rest_api(name="stage test")
            self._deployable({"statusCode": 200})
            deployment = self.client("apigateway").create_deployment(restApiId=self.api["id"])
            self.client("apigateway").create_stage(
                restApiId=self.api["id"],
                stageName="s1",
                deploymentId=deployment["id"],
                description="my stage",
                documentationVersion="v123",
            )
        return self.api

    def _function(self, request: dict[str, Any]) -> dict[str, Any]:
        self._zips += 1  # the recorded helper zipped anew, with the time in it: no two are the same
        text = f"{request.pop('handler_file', ECHO)}\n# {self._zips}\n"
        code = request.pop("zip_file", None) or archive(text)
        request.pop("client", None)
        names = {"func_name": "FunctionName", "runtime": "Runtime", "role": "Role", "handler": "Handler"}
        variables = request.pop("envvars", None) or {}  # the recorded helper always sent some, if empty
        settings = {names.get(key, _camel(key)): value for key, value in request.items()}
        settings["Environment"] = {"Variables": variables}
        defaults = {"Handler": "handler.handler", "Role": self.filling.fill("<lambda_su_role>"), "Timeout": 30}
        created = self.client("lambda").create_function(**{**defaults, "Code": {"ZipFile": code}, **settings})
        self._settled(created["FunctionName"])
        return {"CreateFunctionResponse": created, "CreateEventSourceMappingResponse": None}

    def _fixed_function(self) -> str:
        """The function which a fixture of the recorded tests makes."""
        if not self.function:
            made = self._function({"func_name": f"fixed-{self.filling.fill('<uid0>')}", "runtime": "python3.12"})
            self.function = made["CreateFunctionResponse"]["FunctionArn"]
        return self.function

    def _misplaced_function(self) -> str:
        """The ARN of the case's function in another service; the recorded test took another one on each side."""
        service = "iam" if "OnSuccess" in self.current["DestinationConfig"] else "_-/!lambda"
        arn: str = self.filling.member(1, ".Configuration.FunctionArn")
        return arn.replace(":lambda:", f":{service}:")

    def _table(self, request: dict[str, Any]) -> Any:
        key = request["partition_key"]
        tables = self.client("dynamodb")
        made = tables.create_table(
            TableName=request["table_name"],
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        waiter = tables.get_waiter("table_exists")
        waiter.wait(TableName=request["table_name"], WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})
        return made

    def _schedule_group(self, request: dict[str, Any]) -> Any:
        return self.client("scheduler").create_schedule_group(Name=request["arg0"])["ScheduleGroupArn"]

    def _bus(self) -> str:
        """The bus which a fixture of the recorded tests makes: one of its own, or the default one."""
        if "[custom]" not in self.case.name:
            return "default"
        name = f"bus-{self.filling.fill('<uid0>')}"
        if name not in {bus["Name"] for bus in self.client("events").list_event_buses()["EventBuses"]}:
            self.client("events").create_event_bus(Name=name)
        return name

    def _wait(self, step: Step) -> None:
        names = [each.request.get("FunctionName") for each in self.case.steps if "FunctionName" in each.request]
        if "provisioned" in step.note:
            self._provisioned(self.filling.fill({key: step.request[key] for key in ("FunctionName", "Qualifier")}))
        elif self.case.service == "lambda" and names and "waiter" in step.note:
            self._settled(self.filling.fill(names[0]))
        else:
            time.sleep(PAUSE)

    def _settled(self, function: str) -> None:
        """Until a function is active and no update of it runs."""
        deadline = time.monotonic() + max(self.patience, 10)
        while time.monotonic() < deadline:
            now = self.client("lambda").get_function_configuration(FunctionName=function)
            if now.get("State") == "Active" and now.get("LastUpdateStatus") != "InProgress":
                return
            time.sleep(PAUSE)

    def _provisioned(self, which: dict[str, str]) -> None:
        """Until provisioned concurrency is no longer being made."""
        deadline = time.monotonic() + max(self.patience, 10)
        read = self.client("lambda").get_provisioned_concurrency_config
        while time.monotonic() < deadline and read(**which)["Status"] == "IN_PROGRESS":
            time.sleep(PAUSE)

    def _derived(self, placeholder: str) -> Any:
        """Values which the recorded tests looked up or made in fixtures."""
        known: dict[str, Callable[[], Any]] = {
            "<upper of #0.id>": lambda: str(self.filling.member(0, ".id")).upper(),
            "<bus_name>": self._bus,
            "<api_id>": lambda: self._stage_api()["id"],
            "<resource_id>": lambda: self.api["rootResourceId"],
            "<fn_arn>": self._fixed_function,
            "<fn_arn.replace()>": self._misplaced_function,
        }
        return known[placeholder]() if placeholder in known else self._made(placeholder)

    def _made(self, placeholder: str) -> Any:
        if placeholder == "<max_reserved_concurrent_executions>":
            limits = self.client("lambda").get_account_settings()["AccountLimit"]
            return limits["UnreservedConcurrentExecutions"] - 100
        if placeholder == "<acm_request_certificate().CertificateArn>":
            acm = self.client("acm")
            return acm.request_certificate(DomainName="conformance.example", ValidationMethod="EMAIL")["CertificateArn"]
        return self._resource(placeholder)

    def _resource(self, placeholder: str) -> Any:
        root = re.fullmatch(r"<root resource id of #(\d+)>", placeholder)
        if root is not None:
            return self.filling.member(int(root[1]), ".rootResourceId")
        path = re.fullmatch(r"<id of resource (/.*)>", placeholder)
        if path is None:
            return None
        api_id = self.filling.fill(self.current["restApiId"])
        listed = self.client("apigateway").get_resources(restApiId=api_id)["items"]
        found = next((each["id"] for each in listed if each["path"] == path[1]), None)
        if found is None:
            raise MissingError(f"the API has no {path[1]}")
        return found


def _reads(step: Step) -> bool:
    return step.operation.partition(".")[2].startswith(("Get", "List", "Describe"))


def _camel(name: str) -> str:
    return name if name[0].isupper() else name.title().replace("_", "")


def _plain(answer: Any, expected: Any) -> Any:
    """The answer as the recorder kept it: without metadata, bodies read, later members left out."""
    if isinstance(answer, dict):
        wanted = expected if isinstance(expected, dict) else {}
        return {
            key: _plain(each, wanted.get(key))
            for key, each in answer.items()
            if key != "ResponseMetadata" and (key in wanted or key not in ADDED_LATER)
        }
    if isinstance(answer, (list, tuple)):
        others = expected if isinstance(expected, list) else []
        return [_plain(each, others[at] if at < len(others) else None) for at, each in enumerate(answer)]
    if hasattr(answer, "read"):
        return answer.read().decode()
    return answer.decode() if isinstance(answer, bytes) else answer
