"""A reference backend of R regions and F functions, as files, for the other benches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

REGIONS = (
    "us-east-1",
    "us-west-2",
    "eu-west-1",
    "eu-central-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "ap-south-1",
    "sa-east-1",
    "ca-central-1",
)
NAME = "bench"
ROUTES = 99
"""Functions with a route at most: each has a stage variable, of which a stage takes 100."""

_HANDLER = """RELEASE = {release!r}


def handler(event, context):
    return {{"statusCode": 200, "body": RELEASE}}
"""


def make(folder: Path, *, regions: int, functions: int) -> Path:
    """Write it: a route, an alias and a warmer per function, two global tables, a domain with latency records.

    Returns:
        the path of the spec.
    """
    names = [f"f{number:03}" for number in range(functions)]
    for name in names:
        write_function(folder, name, release="1")
    (folder / "api.json").write_text(json.dumps(_definition(names)), encoding="utf-8")
    spec = folder / "spec.yaml"
    spec.write_text(yaml.safe_dump(_spec(names, REGIONS[:regions]), sort_keys=False), encoding="utf-8")
    return spec


def write_function(folder: Path, name: str, *, release: str) -> None:
    """The code of one function."""
    where = folder / "functions" / name
    where.mkdir(parents=True, exist_ok=True)
    (where / "app.py").write_text(_HANDLER.format(release=release), encoding="utf-8")


def _spec(names: list[str], regions: tuple[str, ...]) -> dict[str, Any]:
    settings = {
        "runtime": "python3.13",
        "handler": "app.handler",
        "log-retention": "14 days",
        "warm": {"every": "5 minutes", "input": {"instruction": "warmer"}},
    }
    variables = {f"{name}Alias": "version1" for name in names[:ROUTES]}
    functions = {name: {"code": f"functions/{name}", **settings} for name in names}
    for name in names[ROUTES:]:
        functions[name]["aliases"] = ["version1"]
    return {
        "backend": NAME,
        "regions": list(regions),
        "functions": functions,
        "tables": {table: {"key": {"hash": "id S"}, "billing": "on-demand"} for table in ("one", "two")},
        "api": {"definition": "api.json", "stages": {"prodv1": {"path": "v1", "variables": variables}}},
        "domain": {
            "name": f"api.{NAME}.example",
            "zone": f"{NAME}.example",
            "routing": "latency",
            "health-check": {"path": f"/v1/{names[0]}"},
        },
    }


def _definition(names: list[str]) -> dict[str, Any]:
    return {
        "openapi": "3.0.1",
        "info": {"title": NAME, "version": "1"},
        "paths": {f"/{name}": {"get": _operation(name)} for name in names[:ROUTES]},
    }


def _operation(name: str) -> dict[str, Any]:
    target = (
        "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:"
        f"{NAME}-{name}:${{stageVariables.{name}Alias}}"
    )
    service = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31"
    uri = f"{service}/functions/{target}/invocations"
    return {
        "responses": {"200": {"description": "an answer"}},
        "x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": uri},
    }
