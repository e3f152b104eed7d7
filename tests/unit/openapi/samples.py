"""Definitions that the tests of this folder share."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
SPECS = Path(__file__).parents[3] / "specs"
INTEGRATION = "x-amazon-apigateway-integration"
AUTHORIZER = "x-amazon-apigateway-authorizer"
URI = (
    "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:{region}:{account}:function:{function}/invocations"
)


def corpus() -> list[Any]:
    """One parameter per real definition, or one that is skipped when they are not there."""
    files = sorted(CORPUS.glob("[0-9]*"))
    if not files:
        return [pytest.param(None, marks=pytest.mark.skip(reason="../shared/corpus is not there"))]
    return [pytest.param(path, id=path.stem) for path in files]


def loaded(path: Path) -> dict[str, Any]:
    """The definition as its file has it."""
    document = yaml.safe_load(path.read_text())
    assert isinstance(document, dict)
    return document


def finished(document: dict[str, Any]) -> dict[str, Any]:
    """A template of CloudFormation as it would be after a deployment, so that API Gateway can take it."""
    result = _finished(document)
    assert isinstance(result, dict)
    result.pop("x-amazon-apigateway-cors", None)
    for item in result["paths"].values():
        for method in item.values():
            integration = method[INTEGRATION]
            integration.pop("integrationResponses", None)
            if ":" not in integration.get("uri", ":"):
                integration["uri"] = lambda_uri(integration["uri"], region="us-west-2")
    return result


def _finished(value: Any) -> Any:
    if isinstance(value, list):
        return [_finished(each) for each in value]
    if not isinstance(value, dict):
        return value
    (key, inner), *others = [*value.items(), ("", None)]
    if key in {"Fn::GetAtt", "!GetAtt"}:
        return "arn:aws:iam::111122223333:role/api"
    if key == "Ref":
        return "stack"
    if key in {"Fn::Sub", "!Sub"} and len(others) == 1:
        return _NAMES.sub(_named, inner[0] if isinstance(inner, list) else inner)
    return {name: _finished(each) for name, each in value.items()}


_NAMES = re.compile(r"\$\{(?!AWS::)([A-Za-z_]+)(\.\w+)?\}")


def _named(found: re.Match[str]) -> str:
    if found[2] == ".Arn":
        return f"arn:aws:lambda:us-west-2:111122223333:function:{found[1]}"
    if found[1] == "StateMachine":
        return "arn:aws:states:us-west-2:111122223333:stateMachine:crud"
    return found[1].strip("_")


def example() -> dict[str, Any]:
    """The example backend's definition, OpenAPI 3."""
    return loaded(SPECS / "corkhounds.openapi.yaml")


def lambda_uri(function: str = "places", region: str = "us-east-1", account: str = "111122223333") -> str:
    """An integration URI."""
    return URI.format(region=region, account=account, function=function)


def operation(**members: Any) -> dict[str, Any]:
    """An operation that calls a function; members beside the integration, or `integration=` members within it."""
    within = members.pop("integration", {})
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": lambda_uri(), **within}
    return {"responses": {"200": {"description": "fine"}}, INTEGRATION: integration, **members}


def openapi(paths: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    """An OpenAPI 3 document; GET /places when no paths are given."""
    info = {"title": "places", "version": "1"}
    return {"openapi": "3.0.1", "info": info, "paths": paths or {"/places": {"get": operation()}}, **members}


def swagger(paths: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    """A Swagger 2 document."""
    info = {"title": "places", "version": "1"}
    return {"swagger": "2.0", "info": info, "paths": paths or {"/places": {"get": operation()}}, **members}


def large(resources: int = 300) -> dict[str, Any]:
    """A definition with so many resources, the root included; five methods, a model and an authorizer for each."""
    paths: dict[str, Any] = {}
    models: dict[str, Any] = {}
    for number in range((resources - 1) // 2):
        name = f"Thing{number}"
        ref = {"$ref": f"#/components/schemas/{name}"}
        models[name] = {
            "type": "object",
            "required": ["id", "name"],
            "properties": {f"p{n}": {"type": "string", "maxLength": n + 1} for n in range(20)},
        }
        body = {"content": {"application/json": {"schema": ref}}, "required": True}
        answer = {"200": {"description": "fine", "content": {"application/json": {"schema": ref}}}}
        limit = [{"name": "limit", "in": "query", "schema": {"type": "integer"}}]
        key = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
        secured = {"responses": answer, "security": [{"auth": []}]}
        paths[f"/things{number}"] = {
            "get": operation(parameters=limit, **secured),
            "post": operation(requestBody=body, **secured),
        }
        paths[f"/things{number}/{{id}}"] = {
            "get": operation(parameters=key, **secured),
            "put": operation(parameters=key, requestBody=body, **secured),
            "delete": operation(parameters=key, **secured),
        }
    scheme = {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        AUTHORIZER: {"authorizerUri": lambda_uri("auth")},
    }
    return openapi(paths, components={"schemas": models, "securitySchemes": {"auth": scheme}})


def text(document: Any) -> str:
    """The document as one text, to look for words in."""
    return json.dumps(document, ensure_ascii=False)
