"""The part of a spec's schema that is about functions and their roles."""

from __future__ import annotations

from backendctl.spec.function import CODE_IN_FILES, Code, FunctionSpec, Warm
from backendctl.spec.rows import (
    Schema,
    block,
    described,
    either,
    flag,
    many,
    mapping,
    named,
    or_null,
    properties,
    ref,
    some,
    text,
    whole,
)
from backendctl.spec.settings import Asynchronous, Vpc

_VARIABLES = {
    "propertyNames": text("^[a-zA-Z][a-zA-Z0-9_]+$", "two or more letters, digits and '_', beginning with a letter")
}
_SOURCES = ("folder", "archive", "s3", "image")


def _override(function: Schema) -> Schema:
    """A function's settings as a region may have them: null takes one away, and what is merged may lack parts."""
    same: dict[str, Schema] = {
        key: or_null(ref(f"function/properties/{key}"))
        for key in function["properties"]
        if key not in {"name", "code", "regions"}
    }
    nullable = {"type": ["string", "null"]}
    apart: dict[str, Schema] = {
        "code": {"type": ["string", "object"], "minLength": 1, "if": {"type": "object"}, "then": ref("long-code")},
        "environment": or_null(named("the environment", nullable, **_VARIABLES)),
        "async": or_null(mapping("async", {key: or_null(one) for key, one in properties(Asynchronous).items()})),
        "vpc": or_null(mapping("vpc", properties(Vpc))),
        "tags": or_null(named("tags", {**nullable, "maxLength": 256})),
    }
    return mapping(
        "an override", {**same, **apart}, description="What differs in this region; null takes a setting away."
    )


def _function() -> Schema:
    return block(
        FunctionSpec,
        "a function",
        also={
            "name": text(
                r"^([a-zA-Z0-9_-]{1,64}|.*\{\{.*)$",
                "at most 64 letters, digits, '-' and '_'",
                description="The function's name in AWS; by default <backend>-<key>.",
            ),
            "regions": named("regions", ref("override"), description="Settings that differ in a region."),
        },
    )


def of_functions() -> dict[str, Schema]:
    """By name."""
    function = _function()
    return {
        "environment": named(
            "the environment",
            text(),
            description="Environment variables; 4 KB together. Values may be expressions such as "
            "'{{ ssm \"/path\" }}'.",
            **_VARIABLES,
        ),
        "long-code": block(Code, "code", also=CODE_IN_FILES),
        "code": {
            "description": "Where the code comes from: a folder, a .zip or .jar, s3://bucket/key or a container image; "
            "or the long form.",
            "type": ["string", "object"],
            "minLength": 1,
            "if": {"type": "object"},
            "then": {
                "allOf": [
                    ref("long-code"),
                    {
                        "oneOf": [{"required": [source]} for source in _SOURCES],
                        "x-fault": "code needs exactly one of 'folder', 'archive', 's3' and 'image'",
                    },
                ]
            },
        },
        "vpc": block(
            Vpc,
            "vpc",
            description="The network a function runs in. Subnets belong to a region: give them under 'regions'.",
        ),
        "warm": _warm(),
        "async": block(Asynchronous, "async"),
        "override": _override(function),
        "function": function,
    }


def _warm() -> Schema:
    also = {
        "only": some(
            description="Office hours, outside of which nothing is kept warm: days, hours and time zone.",
            examples=["Mon-Fri 07:00-20:00 Europe/Dublin"],
        ),
        "provisioned": whole(
            1,
            description="Provisioned concurrency: environments that Lambda keeps ready on each alias that users reach.",
        ),
        "bake-time": text(
            r"^[1-9][0-9]* (minutes?|hours?)$|\{\{",
            "whole minutes or hours, for instance '30 minutes'",
            description="How long the release before keeps its provisioned concurrency after the stage is switched.",
            default="30 minutes",
        ),
        "snapstart": flag(
            description="Lambda SnapStart on published versions: true on, false off; without it, it is left as it is."
        ),
    }
    made = block(
        Warm,
        "warm",
        also=also,
        description="Keeps every alias warm: by pings, by provisioned concurrency or by SnapStart; false for none.",
        anyOf=[{"type": "object"}, {"const": "snapstart"}, {"const": False}],
    )
    made["x-fault"] = "'warm' is false, snapstart or a mapping such as {every: 5 minutes} or {provisioned: 2}"
    del made["type"]
    return made


def of_roles() -> dict[str, Schema]:
    """By name."""
    statement = {
        "Sid": text("^[A-Za-z0-9]+$", "letters and digits only", description="A name for the statement."),
        "Effect": {"description": "Allow, which is the default, or Deny.", "enum": ["Allow", "Deny"]},
        "Action": described(ref("actions"), "What may be done, e.g. s3:GetObject; one, or a list."),
        "Resource": described(ref("texts"), "On what, ARNs; one, or a list."),
        "Condition": {"description": "When, as IAM writes it.", "type": "object"},
    }
    statements = many(
        ref("statement"),
        least=1,
        description="Policy statements as IAM writes them; Effect is Allow by default.",
    )
    return {
        "role": {
            "description": "ARN of an IAM role that exists; or `statements`, what functions may do under the role that "
            "backendctl keeps, beside logs, the spec's tables and tracing.",
            **either(
                "object",
                ref("own-role"),
                text(
                    r"^(arn:aws[a-z-]*:iam::[0-9]{12}:role/.+|.*\{\{.*)$",
                    "the ARN of a role, arn:aws:iam::123456789012:role/name, or {statements: [...]}",
                ),
            ),
        },
        "own-role": mapping("a role", {"statements": statements}, required=("statements",)),
        "statement": mapping("a statement", statement, required=("Action", "Resource")),
        "actions": either("array", many(ref("action"), least=1), ref("action")),
        "action": text(
            "^[a-z0-9-]+:[A-Za-z0-9*?]+$",
            "an action of a service, s3:GetObject",
            description="An action such as s3:GetObject; * and ? stand for others.",
        ),
        "texts": either("array", many(text(), least=1), text()),
    }
