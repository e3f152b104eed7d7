"""What API Gateway does not keep is known beforehand, with its place and the number of the fact."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.openapi.lost import losses
from backendctl.openapi.pointer import at
from tests.unit.openapi.everywhere import canonical, surviving
from tests.unit.openapi.samples import INTEGRATION, example, openapi, operation, swagger

GET = "/paths/~1places/get"


def with_get(**members: Any) -> dict[str, Any]:
    return openapi({"/places": {"get": {**operation(), "responses": {}, **members}}})


def modelled(**schema: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}
    return {
        **with_get(requestBody={"content": content}),
        "components": {"schemas": {"A": {"type": "object", **schema}}},
    }


@pytest.mark.parametrize(
    ("document", "place", "fact"),
    [
        (with_get(deprecated=True), f"{GET}/deprecated", "A15"),
        (with_get(summary="x"), f"{GET}/summary", "A10"),
        (with_get(tags=["x"]), f"{GET}/tags/0", "A10"),
        (with_get(responses={"200": {"description": "x"}}), f"{GET}/responses/200/description", "A10"),
        (with_get(responses={"default": {}}), f"{GET}/responses/default", ""),
        (modelled(example={}), "/components/schemas/A/example", "A15"),
        (modelled(properties={"a": {"default": 1}}), "/components/schemas/A/properties/a/default", "A15"),
        (modelled(properties={"a": {"readOnly": True}}), "/components/schemas/A/properties/a/readOnly", "A15"),
        (modelled(discriminator={"propertyName": "a"}), "/components/schemas/A/discriminator", "A15"),
        (modelled(**{"x-order": 1}), "/components/schemas/A/x-order", ""),
        ({**with_get(), "components": {"schemas": {"Unused": {"type": "object"}}}}, "/components", ""),
        ({**with_get(), "externalDocs": {"url": "x"}}, "/externalDocs", "A10"),
    ],
)
def test_a_loss_is_told_with_its_place(document: dict[str, Any], place: str, fact: str) -> None:
    told = losses(document)
    assert [each.fact for each in told if each.pointer.startswith(place)] == [fact]
    assert len(told) == 1
    assert told[0].why


def test_a_property_called_like_a_lost_keyword_is_kept() -> None:
    document = modelled(properties={"example": {"type": "string"}, "default": {"type": "string"}})
    assert losses(document) == []
    assert surviving(document)["components"]["schemas"]["A"]["properties"].keys() == {"example", "default"}


def test_every_loss_of_the_example_is_in_its_canonical_form() -> None:
    form = canonical(example())
    told = losses(example())
    assert told
    for loss in told:
        steps = [step.replace("~1", "/").replace("~0", "~") for step in loss.pointer.split("/")[1:]]
        assert at(form, steps) is not None


def test_a_parameter_is_a_text_for_api_gateway() -> None:
    given = {
        "name": "n",
        "in": "query",
        "required": True,
        "description": "x",
        "schema": {"type": "integer", "minimum": 1},
    }
    kept = surviving(with_get(parameters=[given]))["paths"]["/places"]["get"]["parameters"]
    assert kept == [{"name": "n", "in": "query", "required": True, "schema": {"type": "string"}}]


def test_content_types_of_templates_become_those_of_models() -> None:
    body = {"in": "body", "name": "b", "schema": {"type": "object"}}
    templates = {"requestTemplates": {"text/xml": "x", "application/json": "y"}}
    document = swagger({"/a": {"post": operation(parameters=[body], integration=templates)}})
    assert surviving(document)["paths"]["/a"]["post"]["consumes"] == ["application/json", "text/xml"]


def test_what_is_kept_is_kept_as_it_is() -> None:
    document = with_get(
        operationId="x",
        security=[{"api_key": []}],
        parameters=[{"name": "a", "in": "header", "schema": {"type": "string"}}],
    )
    document["x-amazon-apigateway-binary-media-types"] = ["a/b"]
    document["x-amazon-apigateway-policy"] = {"Statement": [{"Effect": "Allow"}]}
    assert losses(document) == []
    assert surviving(document) == canonical(document)
    assert INTEGRATION in surviving(document)["paths"]["/places"]["get"]
