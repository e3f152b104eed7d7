"""What the schema refuses, and the words for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from backendctl.spec import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEAD = "backend: shop\nregions: [us-east-1, us-west-2]\n"
FUNCTION = HEAD + "functions:\n  items:\n    code: x.zip\n    runtime: java21\n    handler: a.B\n    "
TABLE = HEAD + "tables:\n  items:\n    key: {hash: id S}\n    "


@pytest.mark.parametrize("name", ["schema.json", "config.schema.json"])
def test_shipped_schemas_are_valid(name: str) -> None:
    Draft202012Validator.check_schema(schema.load(name))


def _described(node: object, way: str = "") -> list[str]:
    if isinstance(node, list):
        return [bare for item in node for bare in _described(item, way)]
    if not isinstance(node, dict):
        return []
    bare = []
    for name, item in node.get("properties", {}).items():
        if isinstance(item, dict) and not {"$ref", "if", "description"} & item.keys():
            bare.append(f"{way}/{name}")
    return bare + [bare for key, item in node.items() for bare in _described(item, f"{way}/{key}")]


@pytest.mark.parametrize("name", ["schema.json", "config.schema.json"])
def test_every_setting_is_explained_to_editors(name: str) -> None:
    assert _described(schema.load(name)) == []


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["1:1: the file is empty"]),
        ("- a\n", ["1:1: the file must be a mapping, not a list"]),
        ("{}\n", ["1:1: a spec needs 'backend'", "1:1: a spec needs 'regions'"]),
        (
            "backend: Shop\nregions: [us-east-1]\n",
            ["1:10: 'Shop' is not valid for 'backend': 2 to 31 small letters, digits and '-', beginning with a letter"],
        ),
        ("backend: shop\nregions: []\n", ["2:10: 'regions' is empty"]),
        ("backend: shop\nregions: us-east-1\n", ["2:10: 'regions' must be a list, not text"]),
        (
            "backend: shop\nregions: [us-east-1, us-east-1]\n",
            ["2:10: 'us-east-1' appears twice in 'regions'"],
        ),
        (HEAD + "fucntions: {}\n", ["3:1: 'fucntions' is not a setting of a spec; did you mean 'functions'?"]),
        (HEAD + "domain:\n", ["3:8: 'domain' has no value"]),
        (
            HEAD + "role: role/x\n",
            [
                "3:7: 'role/x' is not valid for 'role': the ARN of a role, arn:aws:iam::123456789012:role/name, or {statements: [...]}"  # noqa: E501
            ],
        ),
        (
            HEAD + "tags: {version: 1.10}\n",
            ["3:17: 'version' must be text and 1.10 reads as a number (1.1); put it in quotes: \"1.10\""],
        ),
        (
            HEAD + "tags: {owner: 012345678901}\n",
            [
                "3:15: 'owner' must be text and 012345678901 reads as a number (12345678901); put it in quotes: \"012345678901\""  # noqa: E501
            ],
        ),
        (
            HEAD + "tags: {public: true}\n",
            ["3:16: 'public' must be text and true reads as true or false; put it in quotes: \"true\""],
        ),
        (FUNCTION + "memroy: 1\n", ["8:5: 'memroy' is not a setting of a function; did you mean 'memory'?"]),
        (FUNCTION + "memory: 64\n", ["8:13: 'memory' must be from 128 to 10240 MB, not 64"]),
        (FUNCTION + "memory: 512.5\n", ["8:13: 'memory' must be a whole number, not 512.5"]),
        (FUNCTION + "memory: '512'\n", ["8:13: 'memory' must be a whole number; write 512 without quotes"]),
        (FUNCTION + "memory: 1_024\n", ["8:13: 'memory' must be a whole number; write 1024 without _"]),
        (FUNCTION + "memory: 1024 MB\n", ["8:13: 'memory' must be a whole number; write 1024, it is in MB"]),
        (FUNCTION + "timeout: 901\n", ["8:14: 'timeout' must be from 1 to 900 seconds, not 901"]),
        (FUNCTION + "tracing: yes\n", ["8:14: 'tracing' must be true or false; 'yes' is text here, write true"]),
        (FUNCTION + "architecture: arm\n", ["8:19: 'architecture' cannot be 'arm'; did you mean 'arm64'?"]),
        (
            FUNCTION + "environment: {PIN: 1234}\n",
            ["8:24: 'PIN' must be text and reads as a number; put it in quotes"],
        ),
        (
            FUNCTION + "environment: {a-b: x}\n",
            [
                "8:19: 'a-b' is not a valid name in 'environment': two or more letters, digits and '_', beginning with a letter"  # noqa: E501
            ],
        ),
        (
            FUNCTION + "warm: true\n",
            ["8:11: 'warm' is false, snapstart or a mapping such as {every: 5 minutes} or {provisioned: 2}"],
        ),
        (
            FUNCTION + "aliases: [live]\n    warm: {every: 90 seconds}\n",
            [
                (
                    "9:19: '90 seconds' is not valid for 'every': whole minutes or hours, "
                    "for instance '5 minutes' or cron(…)"
                )
            ],
        ),
        (
            FUNCTION + "aliases: [live]\n    warm: {instances: 6}\n",
            ["9:23: 'instances' must be from 1 to 5, not 6"],
        ),
        (FUNCTION + "layers: [a, b, c, d, e, f]\n", ["8:13: 'layers' may have at most 5, and has 6"]),
        (
            FUNCTION + "regions: {us-west-2: {memroy: 1}}\n",
            ["8:27: 'memroy' is not a setting of an override; did you mean 'memory'?"],
        ),
        (HEAD + "functions:\n  items: {}\n", ["4:3: a function needs 'code'"]),
        (
            HEAD + "functions:\n  items: {code: {folder: a, s3: s3://b/c}, runtime: x, handler: y}\n",
            ["4:17: code needs exactly one of 'folder', 'archive', 's3' and 'image'"],
        ),
        (TABLE + "billing: ondemand\n", ["6:14: 'billing' cannot be 'ondemand'; did you mean 'on-demand'?"]),
        (TABLE + "billing: {read: {min: 1, max: 2}}\n", ["6:5: billing needs 'write'"]),
        (
            TABLE + "billing: {read: {min: 1, max: 2, target: 95}, write: {min: 1, max: 2}}\n",
            ["6:46: 'target' must be from 20 to 90 %, not 95"],
        ),
        (
            HEAD + "api: {definition: {export: us-east-1}}\n",
            ["3:7: the definition needs 'stage'"],
        ),
    ],
)
def test_fault_in_sentence_out(text: str, faults: list[str], faults_of: Callable[..., list[str]]) -> None:
    assert faults_of(text) == faults


def test_log_retention_takes_only_the_numbers_of_cloudwatch(faults_of: Callable[..., list[str]]) -> None:
    (fault,) = faults_of(FUNCTION + "log-retention: 13 days\n")
    assert fault.startswith("8:20: 'log-retention' cannot be '13 days'; logs are kept 1, 3, 5, 7, 14, 30")


def test_environment_values_are_never_repeated(faults_of: Callable[..., list[str]]) -> None:
    text = FUNCTION + "environment: {A1: 424242, A2: 'x {{ env \"A\" hunter2 }}', AWS_REGION: hunter3}\n"
    shown = "\n".join(faults_of(text))
    assert shown.count("\n") == 2
    assert not any(secret in shown for secret in ("424242", "hunter2", "hunter3"))


_NAMED, _LISTED = {"properties", "$defs"}, {"allOf"}
_WITHOUT_A_SENTENCE = {
    "$ref",
    "properties",
    "items",
    "additionalProperties",
    "required",
    "propertyNames",
    "allOf",
    "if",
}


def _parts(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every schema within a schema, but for those of a choice, which is refused as a whole."""
    yield part
    for key, value in part.items():
        inner = value.values() if key in _NAMED else value if key in _LISTED else [value]
        if key in _NAMED | _LISTED | {"items", "additionalProperties", "propertyNames", "then", "else"}:
            for one in inner:
                yield from _parts(one) if isinstance(one, dict) else ()


@pytest.mark.parametrize("name", ["schema.json", "config.schema.json", "prices.schema.json", "tests.schema.json"])
def test_every_rule_of_a_schema_has_its_sentence(name: str) -> None:
    rules = set(schema.validator(name).VALIDATORS)
    told = schema._SENTENCES.keys() | _WITHOUT_A_SENTENCE
    untold = [
        (rule, part)
        for part in _parts(schema.load(name))
        for rule in rules & part.keys() - told
        if not (rule in {"anyOf", "oneOf", "not"} and "x-fault" in part)
    ]
    assert untold == []
