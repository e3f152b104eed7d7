"""TestInvokeMethod, SDKs and documentation, and what is not emulated."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.sandbox_apigateway.test_dataplane import ARN, make, mock, proxy


def resource_of(aws: Any, api: str, path: str) -> str:
    listed = aws.client().get_resources(restApiId=api)["items"]
    return next(str(each["id"]) for each in listed if each["path"] == path)


def trial(aws: Any, api: str, path: str, **request: Any) -> Any:
    return aws.client().test_invoke_method(
        restApiId=api, resourceId=resource_of(aws, api, path), httpMethod="GET", **request
    )


def test_a_test_runs_the_working_definition_and_not_the_deployed_one(aws: Any) -> None:
    api = make(aws, {"/": {"get": mock('{"v": 1}')}})
    aws.client().update_integration_response(
        restApiId=api,
        resourceId=resource_of(aws, api, "/"),
        httpMethod="GET",
        statusCode="200",
        patchOperations=[{"op": "replace", "path": "/responseTemplates/application~1json", "value": '{"v": 2}'}],
    )
    answer = trial(aws, api, "/")
    assert (answer["status"], answer["body"]) == (200, '{"v": 2}')
    assert answer["headers"]["Content-Type"] == "application/json"
    assert aws.call(api, "dev", "/").body == b'{"v": 1}'


def test_a_test_gives_the_function_what_was_sent(aws: Any) -> None:
    api = make(aws, {"/places/{id}": {"get": proxy()}})
    aws.backplane.add("places", "a", lambda _: {"statusCode": 201}, source=f"{ARN}{api}/test-invoke-stage/GET/places/*")
    answer = trial(
        aws,
        api,
        "/places/{id}",
        pathWithQueryString="/places/7?q=1",
        headers={"X-Own": "y"},
        stageVariables={"alias": "a"},
    )
    event = aws.backplane.events[-1]
    assert answer["status"] == 201
    assert event["pathParameters"] == {"id": "7"}
    assert event["queryStringParameters"] == {"q": "1"}
    assert event["headers"]["X-Own"] == "y"
    assert event["requestContext"]["stage"] == "test-invoke-stage"


def test_a_test_without_permission_says_so_in_its_log(aws: Any) -> None:
    api = make(aws, {"/": {"get": proxy("places")}})
    answer = trial(aws, api, "/")
    assert (answer["status"], json.loads(answer["body"])) == (500, {"message": "Internal server error"})
    assert "Invalid permissions on Lambda function" in answer["log"]


def test_a_test_of_an_unknown_method_is_refused(aws: Any) -> None:
    api = make(aws, {"/": {"post": mock("{}")}})
    with pytest.raises(ClientError, match="Invalid Method identifier specified"):
        trial(aws, api, "/")


def sdk(aws: Any, api: str, **request: Any) -> bytes:
    answer = aws.client().get_sdk(restApiId=api, stageName="dev", **request)
    return bytes(answer["body"].read())


def test_the_sdk_calls_every_route(aws: Any) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    api = make(aws, {"/": {"get": mock("{}")}, "/places/{id}": {"get": proxy(), "put": proxy()}})
    files = zipfile.ZipFile(io.BytesIO(sdk(aws, api, sdkType="javascript")))
    script = files.read("apiGateway-js-sdk/apigClient.js").decode()
    program = """
    const seen = [];
    const client = module.exports.newClient({
      apiKey: "k",
      fetch: async (url, request) => {
        seen.push([url, request.method, request.headers["x-api-key"], request.body || null]);
        return {status: 200, headers: new Map(), text: async () => '{"ok": true}'};
      },
    });
    (async () => {
      await client.rootGet();
      await client.placesIdGet({id: "a b"}, null, {queryParams: {q: 1}});
      const answer = await client.placesIdPut({id: 7}, {name: "x"});
      console.log(JSON.stringify([seen, answer.data]));
    })();
    """
    told = subprocess.run([node, "-e", script + program], capture_output=True, text=True, check=True, timeout=20)
    base = f"https://{api}.execute-api.us-east-1.amazonaws.com/dev"
    assert json.loads(told.stdout) == [
        [
            [f"{base}/", "GET", "k", None],
            [f"{base}/places/a%20b?q=1", "GET", "k", None],
            [f"{base}/places/7", "PUT", "k", '{"name":"x"}'],
        ],
        {"ok": True},
    ]


def test_the_same_stage_gives_the_same_sdk(aws: Any) -> None:
    api = make(aws, {"/": {"get": mock("{}")}})
    assert sdk(aws, api, sdkType="javascript") == sdk(aws, api, sdkType="javascript")


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ({"sdkType": "android"}, "groupId, artifactId, artifactVersion, invokerPackage"),
        ({"sdkType": "java", "parameters": {"serviceName": "x"}}, "javaPackageName"),
        ({"sdkType": "swift"}, "classPrefix"),
        ({"sdkType": "python"}, "Invalid SDK type specified"),
        ({"sdkType": "ruby"}, "JavaScript SDKs only"),
    ],
)
def test_other_sdks_are_refused(aws: Any, request_: dict[str, Any], text: str) -> None:
    api = make(aws, {"/": {"get": mock("{}")}})
    with pytest.raises(ClientError, match=text):
        sdk(aws, api, **request_)


def test_documentation_parts_live_and_die(aws: Any) -> None:
    client, api = aws.client(), make(aws, {"/": {"get": mock("{}")}})
    where = {"type": "METHOD", "path": "/", "method": "GET"}
    part = client.create_documentation_part(restApiId=api, location=where, properties='{"description": "root"}')
    with pytest.raises(client.exceptions.ConflictException):
        client.create_documentation_part(restApiId=api, location=where, properties="{}")
    operations = [{"op": "replace", "path": "/properties", "value": '{"description": "new"}'}]
    client.update_documentation_part(restApiId=api, documentationPartId=part["id"], patchOperations=operations)
    assert client.get_documentation_parts(restApiId=api, type="METHOD")["items"][0]["properties"] == (
        '{"description": "new"}'
    )
    assert client.get_documentation_parts(restApiId=api, type="API")["items"] == []
    client.delete_documentation_part(restApiId=api, documentationPartId=part["id"])
    with pytest.raises(client.exceptions.NotFoundException):
        client.get_documentation_part(restApiId=api, documentationPartId=part["id"])


def test_imported_definitions_bring_their_documentation(aws: Any) -> None:
    documentation = {
        "documentationParts": [{"location": {"type": "API"}, "properties": {"description": "all"}}],
        "version": "1",
    }
    api = make(aws, {"/": {"get": mock("{}")}}, **{"x-amazon-apigateway-documentation": documentation})
    parts = aws.client().get_documentation_parts(restApiId=api)["items"]
    assert [(each["location"], json.loads(each["properties"])) for each in parts] == [
        ({"type": "API"}, {"description": "all"})
    ]


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("get_client_certificates", {}),
        ("generate_client_certificate", {}),
        ("get_documentation_versions", {"restApiId": "a"}),
        ("get_sdk_types", {}),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(aws: Any, operation: str, request_: dict[str, str]) -> None:
    with pytest.raises(ClientError, match="The sandbox does not emulate"):
        getattr(aws.client(), operation)(**request_)


def test_a_stage_refuses_a_client_certificate(aws: Any) -> None:
    client, api = aws.client(), make(aws, {"/": {"get": mock("{}")}})
    operations = [{"op": "replace", "path": "/clientCertificateId", "value": "nothere"}]
    with pytest.raises(client.exceptions.BadRequestException):
        client.update_stage(restApiId=api, stageName="dev", patchOperations=operations)


def test_documentation_survives_a_restart(aws: Any) -> None:
    client, api = aws.client(), make(aws, {"/": {"get": mock("{}")}})
    client.create_documentation_part(restApiId=api, location={"type": "API"}, properties="{}")
    aws.gateway.load(json.loads(json.dumps(aws.gateway.dump())))
    assert len(client.get_documentation_parts(restApiId=api)["items"]) == 1
