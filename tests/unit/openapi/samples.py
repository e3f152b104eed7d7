"""Definitions that the tests of this folder share."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.quick import read_yaml

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
OWN = Path(__file__).parents[2] / "definitions"
UNFINISHED = ("008", "010", "011", "012", "013", "014", "unfinished-")
"""How the names of templates of CloudFormation and the like begin: they hold what API Gateway itself refuses."""
_OWN_ORIGIN = {
    "regions": ["us-east-1", "us-west-2", "eu-west-1"],
    "accounts": ["222233334444"],
    "api_hosts": ["a1b2c3d4e5", "f6g7h8i9j0"],
}
SPECS = Path(__file__).parents[3] / "specs"
INTEGRATION = "x-amazon-apigateway-integration"
AUTHORIZER = "x-amazon-apigateway-authorizer"
URI = (
    "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:{region}:{account}:function:{function}/invocations"
)


def definitions() -> list[Path]:
    """Those of our own writing, and the real ones where they lie beside the repository."""
    return [*sorted(OWN.glob("*.yaml")), *sorted(CORPUS.glob("[0-9]*"))]


def corpus() -> list[Any]:
    """One parameter for each of them; one that is skipped when the real ones are not there."""
    found = [pytest.param(path, id=path.stem) for path in definitions()]
    if not CORPUS.is_dir():
        reason = "needs ../shared/corpus, the real definitions; those of tests/definitions were tried"
        found.append(pytest.param(None, marks=pytest.mark.skip(reason=reason), id="real"))
    return found


def origin(path: Path) -> dict[str, list[str]]:
    """Where a definition comes from: `regions`, `accounts` and ids of APIs, `api_hosts`."""
    if path.parent == OWN:
        return _OWN_ORIGIN
    manifest: list[dict[str, Any]] = json.loads((CORPUS / "manifest.json").read_text())
    return next(each for each in manifest if each["file"] == path.name)


def loaded(path: Path) -> dict[str, Any]:
    """The definition as its file has it."""
    document = read_yaml(path)
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
