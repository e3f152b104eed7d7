"""A shop: a spec, its definition and the options of `cost`, for the tests of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from backendctl.errors import SpecError
from backendctl.warmth.cost.from_spec import workload_of
from backendctl.warmth.cost.request import Given, Request, understood
from backendctl.warmth.cost.workload import Workload

EAST, WEST = "us-east-1", "us-west-2"
ARN = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:shop-%s:${stageVariables.alias}"
URI = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/%s/invocations"


def _route(function: str) -> dict[str, Any]:
    uri = URI % (ARN % function)
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": uri}
    return {"responses": {"200": {"description": "ok"}}, "x-amazon-apigateway-integration": integration}


def shop() -> dict[str, Any]:
    """Two regions, three functions of which the API reaches two, one table with an index."""
    code = {"code": "s3://code-{{ region }}/k.zip", "runtime": "python3.13", "handler": "app.handler", "memory": 512}
    return {
        "backend": "shop",
        "regions": [EAST, WEST],
        "functions": {
            "search": {**code, "warm": {"every": "5 minutes", "instances": 2}},
            "orders": {**code, "regions": {WEST: {"memory": 256}}},
            "night": {**code, "warm": {"every": "1 hour"}, "aliases": ["live"]},
        },
        "tables": {
            "orders": {
                "key": {"hash": "id S"},
                "indexes": {
                    "all": {"hash": "owner S"},
                    "keys": {"hash": "state S", "projection": "keys"},
                },
            }
        },
        "api": {
            "definition": "api.json",
            "stages": {"v1": {"path": "v1", "variables": {"alias": "version1"}, "cache": {"size": "0.5"}}},
        },
        "domain": {
            "name": "api.shop.example",
            "zone": "shop.example",
            "health-check": {"path": "/v1/search", "interval": 10},
        },
    }


class Project:
    """A folder with a spec and its definition."""

    def __init__(self, folder: Path, spec: dict[str, Any]) -> None:
        self.folder = folder
        paths = {"/search": {"get": _route("search"), "post": _route("search")}, "/orders": {"get": _route("orders")}}
        definition = {"openapi": "3.0.1", "info": {"title": "shop", "version": "1"}, "paths": paths}
        (folder / "api.json").write_text(json.dumps(definition))
        self.spec = folder / "spec.yaml"
        self.spec.write_text(yaml.safe_dump(spec, sort_keys=False))

    def understood(self, *regions: str, prices: str | None = None, **given: Any) -> Request:
        file = self.folder / "prices.yaml"
        if prices is not None:
            file.write_text(prices)
        return understood(self.spec, regions, Given(**given), file if prices is not None else None)

    def workload(self, *regions: str, **given: Any) -> Workload:
        request = self.understood(*regions, **given)
        return workload_of(request.context, request.asked)

    def faults(self, *regions: str, prices: str | None = None, **given: Any) -> list[str]:
        with pytest.raises(SpecError) as raised:
            self.understood(*regions, prices=prices, **given)
        return [str(fault).removeprefix("command line: ") for fault in raised.value.faults]
