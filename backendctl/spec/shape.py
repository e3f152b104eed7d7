"""The JSON schema of a spec, from the rows beside the fields of the model."""

from __future__ import annotations

import functools
from typing import Any

from backendctl.spec.analysis import AnswerCheck, Metric, MetricCheck, TestsCheck
from backendctl.spec.canary import JUDGED_ABOVE, CanarySpec, Hooks, Judging
from backendctl.spec.rows import (
    Schema,
    block,
    described,
    either,
    many,
    mapping,
    named,
    properties,
    ref,
    some,
    text,
    whole,
    words,
)
from backendctl.spec.shape_api import of_api, of_domains, of_stages
from backendctl.spec.shape_functions import of_functions, of_roles
from backendctl.spec.tables import Index, Key, LocalIndex, Scaling, TableReplica, TableSpec

_NAMES = {
    "propertyNames": text(
        "^[A-Za-z0-9][A-Za-z0-9_-]*$", "letters, digits, '-' and '_', beginning with a letter or digit"
    )
}
_PARTITION_KEY = {"partition-key": described(ref("attribute"), "Another name for hash.")}
_SORT_KEY = {"sort-key": described(ref("attribute"), "Another name for range.")}
_KEYS = {**properties(Key), **_PARTITION_KEY, **_SORT_KEY}


def _one_of(what: str, *names: str) -> Schema:
    """One of two names for the same setting has to be there; `synonyms` refuses both."""
    told = f"{what} needs {' or '.join(repr(name) for name in names)}"
    return {"x-fault": told, "anyOf": [{"required": [name]} for name in names]}


def _of_tables() -> dict[str, Schema]:
    return {
        "attribute": text(
            description="An attribute and its type: 'owner S' (text), 'created N' (number) or 'blob B' (binary)."
        ),
        "key": mapping(
            "a key",
            _KEYS,
            description="The key: hash (the partition key), and range (the sort key) if there is one.",
            **_one_of("a key", "hash", "partition-key"),
        ),
        "scaling": block(Scaling, "capacity", description="Provisioned capacity, kept by auto scaling."),
        "index": block(
            Index,
            "an index",
            also=_KEYS,
            description="A global secondary index.",
            **_one_of("an index", "hash", "partition-key"),
        ),
        "table": _table(),
        "local-index": mapping(
            "a local index",
            {**properties(LocalIndex), **_SORT_KEY},
            description="A local secondary index: the table's hash key with another range key.",
            **_one_of("a local index", "range", "sort-key"),
        ),
        "table-class": words("standard", "infrequent-access"),
        "table-replica": block(TableReplica, "a replica", description="What one region's table has of its own."),
    }


def _table() -> Schema:
    capacity = mapping("billing", {"read": ref("scaling"), "write": ref("scaling")}, required=("read", "write"))
    del capacity["type"]
    return block(
        TableSpec,
        "a table",
        also={
            "name": text(
                r"^([a-zA-Z0-9_.-]{3,255}|.*\{\{.*)$",
                "3 to 255 letters, digits, '_', '-' and '.'",
                description="The table's name in AWS; by default <backend>-<key>.",
            ),
            "billing": {
                "description": "on-demand, or provisioned capacity for reading and writing.",
                "type": ["string", "object"],
                "default": "on-demand",
                **either("string", {"enum": ["on-demand"]}, capacity),
            },
            "regions": many(
                ref("region"),
                least=1,
                once=True,
                description="Where the table is, the primary first; by default all regions.",
                what="regions",
            ),
        },
    )


def _of_canaries() -> dict[str, Schema]:
    expect = {
        "status": whole(100, 599, description="The status."),
        "json": {
            "description": "JSON path → the value there, e.g. '$.items[0].name: Oak'.",
            "type": "object",
            "minProperties": 1,
            "x-what": "json",
        },
        "body": text(description="The whole body."),
    }
    return {
        "metric": block(
            Metric,
            "a metric",
            description="A metric of CloudWatch. In a dimension's value ${alias.FUNCTION} and ${version.FUNCTION} are "
            "those of the side that is read, base or canary.",
        ),
        "check": mapping(
            "a check",
            {
                **properties(TestsCheck),
                **properties(MetricCheck),
                **properties(AnswerCheck),
                "metric": ref("metric"),
                "request": some(
                    description="A route of the definition, e.g. 'GET /places/{id}': canary and baseline are asked the "
                    "same, and their answers compared."
                ),
                "expect": mapping("expect", expect, description="What the canary must answer."),
            },
            required=("name",),
        ),
        "judge": block(Judging, "judge", without=JUDGED_ABOVE),
        "hooks": block(Hooks, "hooks"),
        "canary": block(
            CanarySpec,
            "the canary",
            also={
                **{key: one for key, one in properties(Judging).items() if key in JUDGED_ABOVE},
                "hold": text(description="The old name of bake-time.", deprecated=True),
            },
            description="How a release reaches its users: start-canary, promote-canary.",
        ),
    }


def _of_everything() -> dict[str, Schema]:
    return {
        "region": text(
            description="An AWS region.",
            examples=["us-east-1", "us-west-2", "eu-central-1", "eu-west-1", "ap-southeast-2", "ap-northeast-1"],
        ),
        "tags": named(
            "tags",
            text(most=256),
            description="Tags; 'aws:' and 'backendctl:' are reserved beginnings.",
            propertyNames={"maxLength": 128},
        ),
    }


_TOP = {
    "$schema": text(description="For editors."),
    "backend": text(
        "^[a-z][a-z0-9-]{1,30}$",
        "2 to 31 small letters, digits and '-', beginning with a letter",
        description="The backend's name; names in AWS begin with it.",
    ),
    "regions": many(
        ref("region"),
        least=1,
        once=True,
        description="The regions, the primary first.",
        what="regions",
    ),
    "role": ref("role"),
    "tags": ref("tags"),
    "functions": named("functions", ref("function"), description="Lambda functions by short name.", **_NAMES),
    "tables": named("tables", ref("table"), description="DynamoDB tables by short name.", **_NAMES),
    "api": ref("api"),
    "domain": ref("domain"),
    "domains": many(
        ref("further-domain"),
        most=20,
        description="Further custom domains beside `domain`, e.g. an old name while apps in the shops still call it.",
    ),
    "canary": ref("canary"),
}


@functools.cache
def spec_schema() -> dict[str, Any]:
    """The whole schema; not to be changed."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:backendctl:spec",
        "title": "backendctl spec",
        **mapping(
            "a spec",
            _TOP,
            required=("backend", "regions"),
            description="One REST backend, the same in every region.",
        ),
        "$defs": {
            **_of_everything(),
            **of_roles(),
            **of_functions(),
            **_of_tables(),
            **_of_canaries(),
            **of_stages(),
            **of_api(),
            **of_domains(),
        },
    }
