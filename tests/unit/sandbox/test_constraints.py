from __future__ import annotations

import json
from typing import Any

import pytest

from backendctl.sandbox.corrections import constraints, lambda_model
from backendctl.sandbox.corrections.constraints import Judge
from backendctl.sandbox.http import Request

LAMBDA = Judge(service="lambda")
ROLE = "arn:aws:iam::123456789012:role/handlers"
FUNCTION = {"FunctionName": "places", "Role": ROLE, "Code": {"ZipFile": "UEsFBg=="}, "Runtime": "python3.13"}


def _request(method: str, path: str, document: dict[str, Any] | None = None, **query: str) -> Request:
    return Request(
        method=method,
        path=path,
        raw_path=path,
        query={name: [value] for name, value in query.items()},
        headers={},
        body=b"" if document is None else json.dumps(document).encode(),
        region="us-east-1",
        account="123456789012",
    )


def _create(**settings: Any) -> str:
    refused = lambda_model.refusal(_request("POST", "/2015-03-31/functions", {**FUNCTION, **settings}))
    return "" if refused is None else f"{refused.code}: {refused.message}"


def test_what_keeps_to_the_model_is_let_through() -> None:
    assert _create() == ""
    assert _create(Environment={"Variables": {"TABLE": "places"}}, Tags={"kept": "yes"}, Layers=[]) == ""


@pytest.mark.parametrize(
    ("settings", "value", "constraint"),
    [
        ({"Timeout": 901}, "'901' at 'timeout'", "Member must have value less than or equal to 900"),
        ({"MemorySize": 64}, "'64' at 'memorySize'", "Member must have value greater than or equal to 128"),
        ({"MemorySize": 10241}, "'10241' at 'memorySize'", "Member must have value less than or equal to 10240"),
        ({"Role": None}, "null at 'role'", "Member must not be null"),
        (
            {"TracingConfig": {"Mode": "On"}},
            "'On' at 'tracingConfig.mode'",
            "Member must satisfy enum value set: [Active, PassThrough]",
        ),
        ({"Handler": "a b"}, "'a b' at 'handler'", "Member must satisfy regular expression pattern: [^\\s]+"),
    ],
)
def test_a_value_that_breaks_a_constraint_is_told_with_its_place(
    settings: dict[str, Any], value: str, constraint: str
) -> None:
    told = f"1 validation error detected: Value {value} failed to satisfy constraint: {constraint}"
    assert _create(**settings) == f"ValidationException: {told}"


def test_names_of_variables_are_judged_and_their_secrets_not_told() -> None:
    told = _create(Environment={"Variables": {"not-a-name": "secret"}})
    assert told == (
        "ValidationException: 1 validation error detected: Value at 'environment.variables' failed to satisfy "
        "constraint: Map keys must satisfy constraint: [Member must satisfy regular expression pattern: "
        "[a-zA-Z]([a-zA-Z0-9_])+, Member must not be null]"
    )


def test_every_broken_constraint_is_told_in_one_refusal() -> None:
    told = _create(Timeout=0, MemorySize=1)
    assert told.startswith("ValidationException: 2 validation errors detected: Value '0' at 'timeout'")
    assert "; Value '1' at 'memorySize'" in told


def test_members_of_a_path_and_a_query_are_judged_as_those_of_a_body() -> None:
    path = "/2015-03-31/functions/places/aliases"
    asked = _request("GET", path, FunctionVersion="newest", MaxItems="0")
    assert LAMBDA.values("ListAliases", asked) == {
        "FunctionName": "places", "FunctionVersion": "newest", "Marker": None, "MaxItems": 0,
    }  # fmt: skip
    refused = lambda_model.refusal(asked)
    assert refused is not None
    assert "Value 'newest' at 'functionVersion'" in refused.message
    assert "Value '0' at 'maxItems'" in refused.message


def test_structures_in_lists_are_told_by_number() -> None:
    targets = [{"Id": "good", "Arn": "arn:aws:sqs:us-east-1:1:q"}, {"Id": "bad id", "Arn": "arn:aws:sqs:us-east-1:1:q"}]
    faults = Judge(service="events").faults("PutTargets", {"Rule": "warm", "Targets": targets})
    assert [fault.partition(" failed")[0] for fault in faults] == ["Value 'bad id' at 'targets.2.member.id'"]


def test_an_operation_the_model_does_not_know_is_let_through() -> None:
    assert LAMBDA.refusal("GET /somewhere", _request("GET", "/somewhere")) is None
    assert constraints.refusal([]) is None
