"""What tests of the sandbox's refusals share: names of their own, refused calls as text, and a small API."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.sandboxed import ACCOUNT, EAST, archive, eventually

if TYPE_CHECKING:
    from tests.functional.sandboxed import Sandbox

MOCK = {
    "x-amazon-apigateway-integration": {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode": 200}'},
        "responses": {"default": {"statusCode": "200"}},
    }
}


def unique(kind: str) -> str:
    """A name no other test uses."""
    return f"{kind}-{uuid.uuid4().hex[:8]}"


def refused(call: Any, **arguments: Any) -> str:
    """`CODE STATUS: MESSAGE` of a call that AWS does not do."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error, status = caught.value.response["Error"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]
    return f"{error['Code']} {status}: {error['Message']}"


def function_settings(sandbox: Sandbox, name: str, code: str, **more: Any) -> dict[str, Any]:
    """What CreateFunction takes for a Python function of one file."""
    made = {"FunctionName": name, "Runtime": "python3.13", "Handler": "app.handler"}
    return {**made, "Code": {"ZipFile": archive(code)}, "Role": more.pop("Role", None) or sandbox.role(), **more}


def make_function(sandbox: Sandbox, name: str, code: str, *, region: str = EAST) -> dict[str, Any]:
    """CreateFunction, as soon as its role can be assumed; what it answers."""
    client, answers = sandbox.client("lambda", region), list[dict[str, Any]]()
    asked = function_settings(sandbox, name, code)

    def made() -> bool:
        try:
            answers.append(client.create_function(**asked))
        except client.exceptions.InvalidParameterValueException:
            return False
        return True

    eventually(made)
    return answers[0]


def active_function(sandbox: Sandbox, code: str, *, region: str = EAST) -> str:
    """The name of a new function which is ready."""
    name = unique("function")
    make_function(sandbox, name, code, region=region)
    sandbox.settled(name, region=region)
    return name


def definition(*paths: str, operation: dict[str, Any] | None = None, **members: Any) -> str:
    """An OpenAPI document with a GET on every path; a mock unless told otherwise."""
    return json.dumps(
        {
            "openapi": "3.0.1",
            "info": {"title": unique("api"), "version": "1"},
            "paths": {path: {"get": operation or MOCK} for path in paths},
            **members,
        }
    )


def through_alias(region: str, function: str, variable: str) -> dict[str, Any]:
    """An operation which calls the alias that a stage variable names."""
    target = f"arn:aws:lambda:{region}:{ACCOUNT}:function:{function}:${{stageVariables.{variable}}}"
    uri = f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{target}/invocations"
    return {"x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": uri}}


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """An API with the stage `live`."""

    sandbox: Sandbox
    region: str
    id: str

    @property
    def client(self) -> Any:
        """API Gateway of its region."""
        return self.sandbox.client("apigateway", self.region)

    def patch(self, *operations: tuple[str, str, str | None]) -> Any:
        """UpdateStage with (op, path, value); the value of a copy is where it comes from."""
        return self.client.update_stage(
            restApiId=self.id,
            stageName="live",
            patchOperations=[
                {"op": op, "path": path} | ({} if value is None else {"from" if op == "copy" else "value": value})
                for op, path, value in operations
            ],
        )

    def deploy(self, **options: Any) -> str:
        """A deployment on the stage; its id."""
        made: str = self.client.create_deployment(restApiId=self.id, stageName="live", **options)["id"]
        return made

    def status(self, path: str) -> int:
        """What a caller of the stage gets."""
        return self.sandbox.get(f"/_aws/execute-api/{self.id}/live{path}")[0]

    def answers(self, **statuses: int) -> None:
        """What callers get once every change has reached the hosts that serve (A51)."""
        self.sandbox.arrived()
        assert {name: self.status(f"/{name}") for name in statuses} == statuses


def served(sandbox: Sandbox, *, region: str = EAST, body: str | None = None, **options: Any) -> Served:
    """Import a definition and deploy it."""
    client = sandbox.client("apigateway", region)
    regional = {"endpointConfigurationTypes": "REGIONAL"}
    made = client.import_rest_api(body=body or definition("/a"), parameters=regional)
    api = Served(sandbox=sandbox, region=region, id=made["id"])
    api.deploy(**options)
    return api


def certificate(sandbox: Sandbox, name: str, region: str = EAST) -> str:
    """A certificate which is ISSUED at once, as somebody has followed the link in the mail."""
    arn: str = sandbox.client("acm", region).request_certificate(DomainName=name, ValidationMethod="EMAIL")[
        "CertificateArn"
    ]
    return arn
