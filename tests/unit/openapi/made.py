"""Definitions made by hypothesis, changes made to them, and rewritings that change nothing."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from backendctl.openapi.pointer import Way, nodes
from tests.unit.openapi.samples import AUTHORIZER, INTEGRATION, lambda_uri, openapi, swagger

WORDS = ("a", "b", "item", "user", "v1", "x-y", "a.b", "c_d")
MODELS = ("Pet", "Order", "Error2", "Empty", "A1")
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "x-amazon-apigateway-any-method")
STATUSES = ("200", "201", "302", "400", "404", "500")
KINDS = ("application/json", "application/hal+json", "text/csv")
SECURITY: tuple[list[Any], ...] = (
    [],
    [{}],
    [{"key": []}],
    [{"auth": []}],
    [{"auth": [], "key": []}],
    [{"users": ["write", "read"]}],
    [{"asking": []}],
    [{"iam": []}],
    [{"key": []}, {"iam": []}],
)
SEEDS = st.integers(0, 2**48)
"""A definition is drawn as one number: hypothesis chooses it, and tells it when a test fails."""


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes a definition from dice."""

    dice: random.Random
    old: bool

    @property
    def home(self) -> str:
        return "#/definitions/" if self.old else "#/components/schemas/"

    def maybe(self, members: dict[str, Callable[[], Any]]) -> dict[str, Any]:
        return {key: make() for key, make in members.items() if self.dice.random() < 0.4}

    def word(self) -> str:
        return self.dice.choice(WORDS)

    def words(self) -> list[str]:
        return self.dice.sample(WORDS, self.dice.randint(1, 3))

    def plain(self) -> list[str]:
        return [name for name in self.words() if "." not in name]  # the sandbox takes `a.b` for `b`

    def schema(self, depth: int = 2) -> dict[str, Any]:
        kind = self.dice.choice(("string", "number", "model", "array", "object"))
        if kind == "model":
            return {"$ref": self.home + self.dice.choice(MODELS)}
        if kind == "array" and depth:
            return {"type": "array", "items": self.schema(depth - 1), **self.maybe({"maxItems": lambda: 5})}
        if kind == "object" and depth:
            properties = {name: self.schema(depth - 1) for name in self.words()}
            extra = {"required": self.words, "title": self.word, "additionalProperties": lambda: False}
            return {"type": "object", "properties": properties, **self.maybe(extra)}
        if kind == "number":
            limits = {"minimum": lambda: -1, "maximum": lambda: 9, "readOnly": lambda: True, "example": lambda: 3}
            return {"type": self.dice.choice(("number", "integer")), **self.maybe(limits)}
        texts = {"enum": self.words, "maxLength": lambda: 7, "description": self.word, "default": self.word}
        return {"type": "string", **self.maybe(texts)}

    def content(self) -> dict[str, Any]:
        kinds = ["application/json", *self.dice.sample(KINDS[1:], self.dice.randint(0, 2))]
        return {kind: {"schema": self.schema()} for kind in kinds}

    def answers(self) -> dict[str, Any]:
        patterns = self.dice.sample(("default", "4\\d{2}", ".*Error.*"), self.dice.randint(0, 3))
        return {
            pattern: {"statusCode": str(200 + n), **self.maybe({"responseTemplates": self.templates})}
            for n, pattern in enumerate(patterns)
        }

    def templates(self) -> dict[str, str]:
        return {kind: self.word() for kind in self.dice.sample(KINDS, self.dice.randint(1, 2))}

    def integration(self) -> dict[str, Any]:
        match self.dice.choice(("aws_proxy", "mock", "aws", "http")):
            case "aws_proxy":
                names = ("places", "search:live", "${stageVariables.fn}", "search:${stageVariables.alias}")
                target = {"httpMethod": "POST", "uri": lambda_uri(self.dice.choice(names))}
                return {"type": "aws_proxy", **target, **self.maybe({"timeoutInMillis": lambda: 50})}
            case "mock":
                return {"type": "mock", "requestTemplates": self.templates(), "responses": self.answers()}
            case "http":
                return {
                    "type": "http",
                    "httpMethod": "GET",
                    "uri": "https://back.example/x",
                    "responses": self.answers(),
                }
        extra: dict[str, Callable[[], Any]] = {
            "passthroughBehavior": lambda: self.dice.choice(("never", "NEVER", "when_no_templates")),
            "contentHandling": lambda: "CONVERT_TO_TEXT",
            "cacheKeyParameters": lambda: ["method.request.querystring.b", "method.request.querystring.a"],
            "requestParameters": lambda: {"integration.request.header.X": "'y'"},
            "requestTemplates": self.templates,
            "responses": self.answers,
        }
        target = {"httpMethod": "POST", "uri": "arn:aws:apigateway:us-east-1:dynamodb:action/PutItem"}
        return {"type": "aws", **target, "credentials": "arn:aws:iam::111122223333:role/caller", **self.maybe(extra)}

    def parameters(self) -> list[dict[str, Any]]:
        kind: dict[str, Any] = {"type": "string"} if self.old else {"schema": {"type": "integer"}}
        return [
            {
                "name": name,
                "in": self.dice.choice(("query", "header")),
                **kind,
                **self.maybe({"required": lambda: True}),
            }
            for name in self.plain()
        ]

    def response(self) -> dict[str, Any]:
        header = {"type": "string"} if self.old else {"schema": {"type": "string"}}
        members: dict[str, Callable[[], Any]] = {"headers": lambda: {name: dict(header) for name in self.plain()}}
        members |= {"schema": self.schema} if self.old else {"content": self.content}
        return {"description": self.word(), **self.maybe(members)}

    def operation(self) -> dict[str, Any]:
        members: dict[str, Callable[[], Any]] = {
            "parameters": self.parameters,
            "summary": self.word,
            "tags": self.words,
            "deprecated": lambda: True,
            "security": lambda: self.dice.choice(SECURITY),
            "x-amazon-apigateway-request-validator": lambda: "all",
        }
        if self.old:
            members |= {"consumes": lambda: [KINDS[0]], "produces": lambda: [KINDS[1], KINDS[0]]}
        else:
            members["requestBody"] = lambda: {"content": self.content()}
        made = {INTEGRATION: self.integration(), **self.maybe(members)}
        if self.old and self.dice.random() < 0.4:
            body = {"in": "body", "name": self.word(), "schema": self.schema()}
            made["parameters"] = [*made.get("parameters", []), body]
        made["responses"] = {status: self.response() for status in self.dice.sample(STATUSES, self.dice.randint(0, 3))}
        return made

    def policy(self) -> dict[str, Any]:
        allow = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
        network = {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "198.51.100.0/24"]}}
        deny = {**allow, "Effect": "Deny", "Resource": ["execute-api:/*/GET/a"], "Condition": network}
        return {"Version": "2012-10-17", "Statement": [allow, deny][: self.dice.randint(1, 2)]}

    def schemes(self) -> dict[str, Any]:
        header = {"type": "apiKey", "name": "Authorization", "in": "header"}
        ttl = self.maybe({"authorizerResultTtlInSeconds": lambda: self.dice.choice((0, 300))})
        token = {"type": "token", "authorizerUri": lambda_uri("auth"), **ttl}
        asking = {**token, "type": "request", "identitySource": "method.request.header.A, method.request.querystring.b"}
        pools = [f"arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_{name}" for name in ("B", "A")]
        users = {"type": "cognito_user_pools", "providerARNs": pools}
        return {
            "key": {"type": "apiKey", "name": "X-API-Key", "in": "header"},
            "iam": {**header, "x-amazon-apigateway-authtype": "awsSigv4"},
            "auth": {**header, "x-amazon-apigateway-authtype": "custom", AUTHORIZER: token},
            "asking": {"type": "apiKey", "name": "A", "in": "query", AUTHORIZER: asking},
            "users": {**header, AUTHORIZER: users},
        }

    def definition(self) -> dict[str, Any]:
        paths: dict[str, Any] = {}
        for _ in range(self.dice.randint(1, 4)):
            path = "/" + "/".join(self.words()[: self.dice.randint(0, 3)])
            paths[path] = {method: self.operation() for method in self.dice.sample(METHODS, self.dice.randint(1, 2))}
            if self.dice.random() < 0.3:
                shared = {"name": "shared", "in": "header", "required": True}
                paths[path]["parameters"] = [{**shared, **({"type": "string"} if self.old else {})}]
        models = {name: {"type": "object", "properties": {"p": self.schema()}} for name in MODELS}
        root = {
            "x-amazon-apigateway-request-validators": {"all": {"validateRequestBody": True}},
            **self.maybe(
                {
                    "x-amazon-apigateway-binary-media-types": lambda: ["image/png", "a/b"],
                    "x-amazon-apigateway-gateway-responses": lambda: {"THROTTLED": {"statusCode": 430}},
                    "x-amazon-apigateway-minimum-compression-size": lambda: 1024,
                    "x-amazon-apigateway-api-key-source": lambda: "AUTHORIZER",
                    "x-amazon-apigateway-request-validator": lambda: "all",
                    "x-amazon-apigateway-policy": self.policy,
                    "security": lambda: self.dice.choice(SECURITY),
                }
            ),
        }
        schemes = self.schemes()
        if self.old:
            return swagger(paths, definitions=models, securityDefinitions=schemes, **root)
        return openapi(paths, components={"schemas": models, "securitySchemes": schemes}, **root)


def definition(seed: int) -> dict[str, Any]:
    """A definition that API Gateway takes: Swagger 2 for an odd seed, OpenAPI 3 for an even one."""
    return Maker(random.Random(seed), old=bool(seed % 2)).definition()  # noqa: S311  # dice, not a secret


def rewritten(document: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """The same API in other words: other order, other region, what an export adds, defaults said or not said."""
    result: dict[str, Any] = _shuffled(copy.deepcopy(document), dice)
    for item in result["paths"].values():
        shared = item.pop("parameters", [])
        for operation in item.values():
            operation["parameters"] = [*(dict(each) for each in shared), *operation.get("parameters", [])]
            if "security" in result:
                operation.setdefault("security", result["security"])
            integration = operation.get(INTEGRATION, {})
            integration.setdefault("passthroughBehavior", "WHEN_NO_MATCH")
            integration.setdefault("timeoutInMillis", "29000")
            integration["type"] = str(integration.get("type", "mock")).upper()
            dice.shuffle(operation.get("parameters", []))
            dice.shuffle(operation.get("tags", []))
            for parameter in operation.get("parameters", []):
                parameter.setdefault("required", False)
    result.pop("security", None)
    result["x-amazon-apigateway-importexport-version"] = "1.0"
    result = _elsewhere(result)
    if "swagger" in result:
        result.update(host="abc123.execute-api.eu-west-1.amazonaws.com", basePath="/prod", schemes=["https"])
    else:
        result["servers"] = [{"url": "https://abc123.execute-api.eu-west-1.amazonaws.com/prod"}]
    return result


def _shuffled(value: Any, dice: random.Random) -> Any:
    if isinstance(value, list):
        return [_shuffled(each, dice) for each in value]
    if not isinstance(value, dict):
        return value
    keys = list(value)
    dice.shuffle(keys)
    return {key: _shuffled(value[key], dice) for key in keys}


def _elsewhere(value: Any) -> Any:
    """In the fields that are meant to differ: the ARNs of functions, services and roles."""
    if isinstance(value, dict):
        return {key: _elsewhere(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_elsewhere(each) for each in value]
    if not isinstance(value, str) or not value.startswith(("arn:aws:apigateway", "arn:aws:iam")):
        return value
    return value.replace("us-east-1", "eu-west-1").replace("111122223333", "444455556666")


def places(form: dict[str, Any]) -> list[Way]:
    """Every place of a document that a change can be made at."""
    return [way for way, _ in nodes(form) if way]


def changed(form: dict[str, Any], way: Way, how: Callable[[Any], Any] | None) -> dict[str, Any]:
    """A copy with the value at the end of the way changed, or taken away."""
    result = copy.deepcopy(form)
    holder: Any = result
    for step in way[:-1]:
        holder = holder[int(step)] if isinstance(holder, list) else holder[step]
    last: Any = int(way[-1]) if isinstance(holder, list) else way[-1]
    if how is None:
        del holder[last]
    else:
        holder[last] = how(holder[last])
    return result


def other(value: Any) -> Any:
    """A value of the same kind that is not this one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return f"{value}x"
    if isinstance(value, list):
        return [*value, "x"]
    return {**value, "x-new": 1} if isinstance(value, dict) else 1
