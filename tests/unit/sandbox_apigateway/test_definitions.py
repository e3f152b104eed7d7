"""Import, put and export of definitions."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from tests.unit.openapi.samples import corpus

SHARED = Path(__file__).parents[4] / "shared"
# Their URIs are filled in by CloudFormation and the like; API Gateway itself refuses them as they stand.
TEMPLATES = ("008", "009", "011", "012", "014", "unfinished-")
LAMBDA = (
    "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:places:${stageVariables.alias}/invocations"
)


def definition(*paths: str, **members: Any) -> dict[str, Any]:
    operation = {"x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": LAMBDA}}
    return {
        "openapi": "3.0.1",
        "info": {"title": "places", "version": "1"},
        "paths": {path: {"get": operation} for path in paths},
        **members,
    }


def imported(client: Any, document: dict[str, Any], **parameters: str) -> dict[str, Any]:
    answer = client.import_rest_api(body=json.dumps(document).encode(), parameters=parameters)
    assert isinstance(answer, dict)
    return answer


def put(client: Any, api_id: str, document: dict[str, Any], **options: Any) -> dict[str, Any]:
    answer = client.put_rest_api(restApiId=api_id, body=json.dumps(document).encode(), **options)
    assert isinstance(answer, dict)
    return answer


def paths_of(client: Any, api_id: str) -> list[str]:
    return [each["path"] for each in client.get_resources(restApiId=api_id, limit=500)["items"]]


def export(client: Any, api_id: str, stage: str, kind: str, **options: Any) -> dict[str, Any]:
    options.setdefault("parameters", {"extensions": "apigateway"})
    answer = client.get_export(restApiId=api_id, stageName=stage, exportType=kind, **options)
    document = yaml.safe_load(answer["body"].read())
    assert isinstance(document, dict)
    return document


def test_import_is_edge_unless_told_otherwise(aws: Any) -> None:
    client = aws.client()
    assert imported(client, definition("/a"))["endpointConfiguration"]["types"] == ["EDGE"]
    regional = imported(client, definition("/a"), endpointConfigurationTypes="REGIONAL")
    assert regional["endpointConfiguration"]["types"] == ["REGIONAL"]


def test_region_and_account_are_filled_in(aws: Any) -> None:
    client = aws.client("eu-west-1")
    api = imported(client, definition("/a"))
    resource = client.get_resources(restApiId=api["id"], embed=["methods"])["items"][1]
    uri = resource["resourceMethods"]["GET"]["methodIntegration"]["uri"]
    assert uri.startswith("arn:aws:apigateway:eu-west-1:lambda:")
    assert "arn:aws:lambda:eu-west-1:111111111111:function:places:${stageVariables.alias}" in uri


def test_put_merges_unless_told_to_overwrite(aws: Any) -> None:
    client = aws.client()
    api = imported(client, definition("/a", "/b/c"))
    put(client, api["id"], definition("/d"))
    assert paths_of(client, api["id"]) == ["/", "/a", "/b", "/b/c", "/d"]
    put(client, api["id"], definition("/d"), mode="overwrite")
    assert paths_of(client, api["id"]) == ["/", "/d"]


def test_overwrite_resets_settings_and_merge_unions_binary_types(aws: Any) -> None:
    client = aws.client()
    binary = "x-amazon-apigateway-binary-media-types"
    api = imported(
        client, definition("/a", **{binary: ["image/png"], "x-amazon-apigateway-api-key-source": "AUTHORIZER"})
    )
    merged = put(client, api["id"], definition("/a", **{binary: ["image/gif"]}))
    assert merged["binaryMediaTypes"] == ["image/png", "image/gif"]
    assert merged["apiKeySource"] == "AUTHORIZER"
    overwritten = put(client, api["id"], definition("/a"), mode="overwrite")
    assert "binaryMediaTypes" not in overwritten
    assert overwritten["apiKeySource"] == "HEADER"


def test_overwrite_keeps_stages_tags_and_the_root(aws: Any) -> None:
    client = aws.client()
    api = imported(client, definition("/a"))
    client.tag_resource(resourceArn=f"arn:aws:apigateway:us-east-1::/restapis/{api['id']}", tags={"team": "red"})
    client.create_deployment(restApiId=api["id"], stageName="dev")
    answer = put(client, api["id"], definition("/b"), mode="overwrite")
    assert answer["tags"] == {"team": "red"}
    assert answer["rootResourceId"] == api["rootResourceId"]
    assert [each["stageName"] for each in client.get_stages(restApiId=api["id"])["item"]] == ["dev"]


def test_a_broken_document_changes_nothing(aws: Any) -> None:
    client = aws.client()
    api = imported(client, definition("/a"))
    before = client.get_rest_api(restApiId=api["id"])
    with pytest.raises(ClientError, match="Invalid OpenAPI input"):
        client.put_rest_api(restApiId=api["id"], mode="overwrite", body=b"{'key:value}")
    broken = definition("/b", "/c")
    broken["paths"]["/c"]["get"] = {"x-amazon-apigateway-integration": {"type": "aws_proxy", "uri": LAMBDA}}
    with pytest.raises(ClientError, match="Enumeration value for HttpMethod must be non-empty"):
        put(client, api["id"], broken, mode="overwrite")
    assert paths_of(client, api["id"]) == ["/", "/a"]
    after = client.get_rest_api(restApiId=api["id"])
    assert {**after, "ResponseMetadata": 0} == {**before, "ResponseMetadata": 0}


def test_warnings_refuse_the_import_when_asked_to(aws: Any) -> None:
    client = aws.client()
    document = definition("/a")
    integration = document["paths"]["/a"]["get"]["x-amazon-apigateway-integration"]
    integration["requestParameters"] = {"integration.request.header.nothing": True}
    api = imported(client, document)
    expected = (
        "Invalid format for 'requestParameters'. Expected type string for property "
        "'integration.request.header.nothing' of resource '/a' and method 'GET' but got 'true'"
    )
    assert api["warnings"] == [expected]
    with pytest.raises(ClientError, match="Warnings found during import"):
        client.import_rest_api(body=json.dumps(document), failOnWarnings=True)
    assert len(client.get_rest_apis()["items"]) == 1


def test_sibling_variables_are_refused(aws: Any) -> None:
    with pytest.raises(ClientError, match="already has a variable path part"):
        imported(aws.client(), definition("/a/{id}", "/a/{proxy+}"))


def test_base_path_is_ignored_prepended_or_split(aws: Any) -> None:
    client = aws.client()
    server = {"servers": [{"url": "https://x.example/{basePath}", "variables": {"basePath": {"default": "a/b"}}}]}
    document = definition("/c", **server)
    assert paths_of(client, imported(client, document)["id"]) == ["/", "/c"]
    prepended = imported(client, document, basepath="prepend")
    assert paths_of(client, prepended["id"]) == ["/", "/a", "/a/b", "/a/b/c"]
    split = imported(client, document, basepath="split")
    assert paths_of(client, split["id"]) == ["/", "/b", "/b/c"]


def test_root_security_is_ignored_and_operation_security_is_not(aws: Any) -> None:
    client = aws.client()
    scheme = {"type": "apiKey", "name": "x-api-key", "in": "header"}
    document = definition("/a", "/b", security=[{"key": []}], components={"securitySchemes": {"key": scheme}})
    document["paths"]["/b"] = {"get": {**document["paths"]["/b"]["get"], "security": [{"key": []}]}}
    api = imported(client, document)
    items = client.get_resources(restApiId=api["id"], embed=["methods"])["items"]
    required = {
        each["path"]: each["resourceMethods"]["GET"]["apiKeyRequired"] for each in items if "resourceMethods" in each
    }
    assert required == {"/a": False, "/b": True}


@pytest.mark.parametrize("path", corpus())
def test_definitions_survive_import_export_import(path: Path, aws: Any) -> None:
    client = aws.client()
    if path.name.startswith(TEMPLATES):
        with pytest.raises(ClientError, match=r"Invalid ARN|AWS ARN for integration"):
            client.import_rest_api(body=path.read_bytes())
        return
    api = client.import_rest_api(body=path.read_bytes())
    complete = all(
        "methodIntegration" in method
        for each in client.get_resources(restApiId=api["id"], limit=500, embed=["methods"])["items"]
        for method in each.get("resourceMethods", {}).values()
    )
    if not complete:
        with pytest.raises(ClientError, match="No integration defined for method"):
            client.create_deployment(restApiId=api["id"], stageName="dev")
        return
    client.create_deployment(restApiId=api["id"], stageName="dev")
    for kind in ("swagger", "oas30"):
        exported = export(client, api["id"], "dev", kind)
        again = imported(client, exported)
        client.create_deployment(restApiId=again["id"], stageName="dev")
        text = json.dumps(export(client, again["id"], "dev", kind)).replace(again["id"], api["id"])
        assert json.loads(text) == exported


@pytest.mark.parametrize("kind", ["swagger", "oas30"])
def test_recorded_export_comes_out_alike(kind: str, aws: Any) -> None:
    source = SHARED / "corpus" / "075-recorded-export-swagger-petstore.json"
    if not source.exists():
        pytest.skip("needs ../shared/recorded, what AWS exported; test_definitions_survive_… has ours")
    client = aws.client()
    api = client.import_rest_api(body=source.read_bytes())
    client.create_deployment(restApiId=api["id"], stageName="local")
    recorded = json.loads((SHARED / "recorded" / "apigateway.json").read_text())
    bodies = [
        call["response"]["body"]
        for case in recorded
        for call in case["calls"]
        if "PETSTORE" in case["what"] and call.get("request", {}).get("exportType") == kind
    ]
    assert len(bodies) == 2
    for body, parameters in zip(bodies, ({}, {"extensions": "apigateway"}), strict=True):
        exported = export(client, api["id"], "local", kind, parameters=parameters)
        text = json.dumps(exported).replace(f"{api['id']}.execute-api.us-east-1", "<api-id:1>.execute-api.<region>")
        assert json.loads(text) == body


def test_export_names_its_file_and_knows_yaml(aws: Any) -> None:
    client = aws.client()
    api = imported(client, definition("/a"))
    client.create_deployment(restApiId=api["id"], stageName="dev")
    answer = client.get_export(restApiId=api["id"], stageName="dev", exportType="oas30", accepts="application/yaml")
    assert answer["contentType"] == "application/octet-stream"
    assert answer["contentDisposition"] == 'attachment; filename="oas30_1.yaml"'
    document = yaml.safe_load(answer["body"].read())
    assert document["servers"][0]["variables"]["basePath"]["default"] == "dev"
    assert "x-amazon-apigateway-integration" not in document["paths"]["/a"]["get"]


def test_undeployed_edits_are_not_exported(aws: Any) -> None:
    client = aws.client()
    api = imported(client, definition("/a"))
    client.create_deployment(restApiId=api["id"], stageName="dev")
    put(client, api["id"], definition("/b"), mode="overwrite")
    assert list(export(client, api["id"], "dev", "oas30")["paths"]) == ["/a"]


@pytest.mark.parametrize("kind", ["swagger", "oas30"])
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (None, set()),
        ("integrations", {"integration"}),
        ("authorizers", {"authtype", "authorizer"}),
        ("integrations,authorizers", {"integration", "authtype", "authorizer"}),
        ("apigateway", {"integration", "authtype", "authorizer", "binary-media-types", "gateway-responses"}),
        ("postman", set()),
    ],
)
def test_an_export_has_the_extensions_that_were_asked_for(
    aws: Any, kind: str, asked: str | None, found: set[str]
) -> None:
    authorizer = {"type": "token", "authorizerUri": LAMBDA, "authorizerResultTtlInSeconds": 0}
    scheme = {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": authorizer,
    }
    document = definition(
        "/a",
        components={"securitySchemes": {"auth": scheme}},
        **{
            "x-amazon-apigateway-binary-media-types": ["image/png"],
            "x-amazon-apigateway-gateway-responses": {"THROTTLED": {"statusCode": 420}},
        },
    )
    document["paths"]["/a"]["get"] = {**document["paths"]["/a"]["get"], "security": [{"auth": []}]}
    client = aws.client()
    api = imported(client, document)
    client.create_deployment(restApiId=api["id"], stageName="dev")
    exported = export(client, api["id"], "dev", kind, parameters={"extensions": asked} if asked else {})
    assert set(re.findall(r'"x-amazon-apigateway-([a-z-]+)"', json.dumps(exported))) == found
