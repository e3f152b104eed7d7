"""Which operation a request reaches."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.openapi.matching import route_of

DOCUMENT: dict[str, Any] = {
    "paths": {
        "/": {"get": {}},
        "/places": {"get": {}, "post": {}},
        "/places/{id}": {"get": {}},
        "/places/near": {"get": {}},
        "/places/{id}/{rest+}": {"x-amazon-apigateway-any-method": {}},
        "/{proxy+}": {"get": {}},
    }
}


@pytest.mark.parametrize(
    ("method", "path", "template", "parameters"),
    [
        ("GET", "/", "/", {}),
        ("GET", "/places/", "/places", {}),
        ("GET", "/places/near", "/places/near", {}),
        ("GET", "/places/a%20b", "/places/{id}", {"id": "a b"}),
        ("DELETE", "/places/7/x/y", "/places/{id}/{rest+}", {"id": "7", "rest": "x/y"}),
        ("GET", "/elsewhere/at/all", "/{proxy+}", {"proxy": "elsewhere/at/all"}),
    ],
)
def test_the_most_specific_route_wins(method: str, path: str, template: str, parameters: dict[str, str]) -> None:
    found = route_of(DOCUMENT, method, path)
    assert found is not None
    assert (found.path, dict(found.parameters)) == (template, parameters)


@pytest.mark.parametrize(("method", "path"), [("POST", "/"), ("PUT", "/places")])
def test_a_route_that_is_not_there_is_none(method: str, path: str) -> None:
    assert route_of(DOCUMENT, method, path) is None
