"""The spec, the definition and the code of the example agree with each other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.quick import read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

SPECS = Path(__file__).parents[3] / "specs"
SPEC = read_yaml(SPECS / "corkhounds.yaml")
DEFINITION = read_yaml(SPECS / "corkhounds.openapi.yaml")
URI = re.compile(
    r"arn:\$\{AWS::Partition\}:apigateway:\$\{AWS::Region\}:lambda:path/2015-03-31/functions/"
    r"arn:\$\{AWS::Partition\}:lambda:\$\{AWS::Region\}:\$\{AWS::AccountId\}:function:"
    r"corkhounds-(?P<function>\w+):\$\{stageVariables\.(?P<variable>\w+)\}/invocations"
)
DROPPED = {"discriminator", "exclusiveMinimum", "readOnly", "example", "default"}  # A15


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in DEFINITION["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def called() -> dict[str, set[str]]:
    """The routes that reach each function."""
    routes: dict[str, set[str]] = {name: set() for name in SPEC["functions"]}
    for route, operation in operations():
        integration = operation["x-amazon-apigateway-integration"]
        if integration["type"] == "aws_proxy":
            match = URI.fullmatch(integration["uri"])
            assert match is not None, route
            routes[match["function"]].add(route)
    return routes


@pytest.mark.parametrize("function", SPEC["functions"])
def test_a_function_answers_just_the_routes_that_reach_it(app: Callable[[str], ModuleType], function: str) -> None:
    assert app(function).app.routes == called()[function]


def test_every_integration_with_a_function_is_a_post() -> None:
    for route, operation in operations():
        integration = operation["x-amazon-apigateway-integration"]
        if integration["type"] == "aws_proxy":
            assert integration["httpMethod"] == "POST", route  # A98


def test_every_stage_has_just_the_variables_the_definition_names() -> None:
    used = set(re.findall(r"stageVariables\.(\w+)", (SPECS / "corkhounds.openapi.yaml").read_text()))
    for stage in SPEC["api"]["stages"].values():
        assert stage["variables"].keys() == used - {"…"}


def test_the_code_of_every_function_is_where_the_spec_says() -> None:
    for function in SPEC["functions"].values():
        module, _, name = function["handler"].partition(".")
        source = (SPECS / function["code"]["folder"] / f"{module}.py").read_text()
        assert f"\n{name} = " in source
        assert all((SPECS / folder).is_dir() for folder in function["code"]["include"])


def test_every_function_gets_the_variables_its_code_reads() -> None:
    for name, function in SPEC["functions"].items():
        source = (SPECS / function["code"]["folder"] / "app.py").read_text()
        assert set(re.findall(r'open_store\("(\w+)"', source)) == function["environment"].keys(), name


def test_every_path_parameter_is_declared() -> None:
    for route, operation in operations():
        declared = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
        assert declared == set(re.findall(r"\{(\w+)\}", route)), route


def test_models_have_names_api_gateway_takes_and_lose_nothing_there() -> None:
    schemas = DEFINITION["components"]["schemas"]
    assert all(re.fullmatch(r"[A-Za-z0-9]+", name) for name in schemas)  # A16
    words = set(re.findall(r"(\w+):", yaml.safe_dump(schemas)))
    assert not words & DROPPED


def test_every_reference_leads_to_a_model_and_every_model_is_used() -> None:
    text = (SPECS / "corkhounds.openapi.yaml").read_text()
    assert set(re.findall(r"#/components/schemas/(\w+)", text)) == DEFINITION["components"]["schemas"].keys()


def test_operation_ids_are_unique_since_sdks_make_methods_of_them() -> None:
    names = [operation["operationId"] for _, operation in operations()]
    assert len(names) == len(set(names))


def test_health_is_checked_at_a_route_of_a_stage_that_is_not_reserved() -> None:
    _, stage, path = SPEC["domain"]["health-check"]["path"].split("/")
    assert stage in {given["path"] for given in SPEC["api"]["stages"].values()}
    assert f"/{path}" in DEFINITION["paths"]
    assert not {"/ping", "/sping"} & DEFINITION["paths"].keys()  # A90
