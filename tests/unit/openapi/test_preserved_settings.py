"""Settings made beside the definition survive an overwriting put."""

from __future__ import annotations

import json

from backendctl.openapi.preserved_settings import settings_in, with_preserved

POLICY = {"Version": "2012-10-17", "Statement": []}


def test_what_the_body_lacks_is_added_and_what_it_has_wins() -> None:
    body = json.dumps({"openapi": "3.0.1", "info": {"title": "n"}, "x-amazon-apigateway-api-key-source": "HEADER"})
    found = json.loads(
        with_preserved(
            body.encode(),
            {
                "api-key-source": "AUTHORIZER",
                "policy": POLICY,
                "binary-media-types": ["image/png"],
                "description": "by hand",
            },
        )
    )
    assert found["x-amazon-apigateway-api-key-source"] == "HEADER"
    assert found["x-amazon-apigateway-policy"] == POLICY
    assert found["x-amazon-apigateway-binary-media-types"] == ["image/png"]
    assert found["info"] == {"title": "n", "description": "by hand"}


def test_endpoint_settings_go_where_each_format_keeps_them() -> None:
    setting = {"disableExecuteApiEndpoint": True}
    swagger = json.loads(with_preserved(b'{"swagger": "2.0"}', {"endpoint-configuration": setting}))
    openapi = json.loads(with_preserved(b'{"openapi": "3.0.1"}', {"endpoint-configuration": setting}))
    assert swagger["x-amazon-apigateway-endpoint-configuration"] == setting
    assert openapi["servers"] == [{"url": "/", "x-amazon-apigateway-endpoint-configuration": setting}]
    for document in (swagger, openapi):
        assert settings_in(json.dumps(document).encode()) == {"endpoint-configuration"}


def test_a_body_that_lacks_nothing_is_sent_as_it_is() -> None:
    body = b'{"x-amazon-apigateway-policy":   {}}'
    assert with_preserved(body, {"policy": POLICY}) is body
    assert with_preserved(body, {}) is body
