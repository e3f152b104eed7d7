"""What API Gateway would refuse is found before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backendctl.openapi.limits import limits, resources
from tests.quick import read_yaml
from tests.unit.openapi.samples import definitions

URI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:1:function:f/invocations"
SPECS = Path(__file__).parents[3] / "specs"


def limit_faults(document: dict[str, Any]) -> list[str]:
    return [found.message for found in limits(document)]


def routes(*paths: str, **integration: Any) -> dict[str, Any]:
    return {"paths": {path: {"get": {"x-amazon-apigateway-integration": integration}} for path in paths}}


def test_the_example_has_no_faults() -> None:
    assert limit_faults(read_yaml(SPECS / "corkhounds.openapi.yaml")) == []


def test_definitions_that_are_live_somewhere_have_no_faults() -> None:
    found = definitions()
    assert {path.name: limit_faults(read_yaml(path)) for path in found} == {path.name: [] for path in found}


def test_nodes_in_between_and_the_root_are_resources() -> None:
    assert resources(routes("/a/b/c", "/a/d")) == {"/", "/a", "/a/b", "/a/b/c", "/a/d"}


def test_three_hundred_resources_fit_and_one_more_does_not() -> None:
    assert limit_faults(routes(*(f"/r{n}" for n in range(299)))) == []
    (fault,) = limit_faults(routes(*(f"/r{n}" for n in range(300))))
    assert "301 resources" in fault


def test_six_megabytes_are_the_most() -> None:
    (fault,) = limit_faults({"info": {"description": "x" * (6 * 1024 * 1024 + 1)}})
    assert "takes 6 MB" in fault


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (routes("/ping"), "/ping is reserved"),
        (routes("/a b"), "/a b: a path segment"),
        (routes("/{id}.json"), "a path segment"),
        (routes("/{proxy+}", "/{id}"), "{id} and {proxy+} stand side by side"),
        (routes("/a/{x}/b", "/a/{y}/c"), "/a: {x} and {y} stand side by side"),
        (routes("/{proxy+}/x"), "nothing can follow /{proxy+}"),
        (routes("/a", timeoutInMillis=30000), "GET /a: a timeout of 30000 ms"),
        (routes("/a", uri=URI, httpMethod="GET"), "must be POST for a Lambda function, not GET"),
        (routes("/a", uri=URI), "must be POST for a Lambda function, not missing"),
        ({"definitions": {"Foo_Bar": {}}}, "model Foo_Bar"),
        ({"components": {"schemas": {"Foo-Bar": {}}}}, "model Foo-Bar"),
    ],
)
def test_one_fault_is_one_sentence(document: dict[str, Any], told: str) -> None:
    (fault,) = limit_faults(document)
    assert told in fault


def test_all_faults_are_told_at_once() -> None:
    assert len(limit_faults({**routes("/ping", timeoutInMillis=1), "definitions": {"a_b": {}}})) == 3


def test_a_greedy_path_beside_a_fixed_one_is_fine() -> None:
    assert limit_faults(routes("/{proxy+}", "/a", "/a/{id}", "/a/{id}/b_c-d.e,f:g")) == []
