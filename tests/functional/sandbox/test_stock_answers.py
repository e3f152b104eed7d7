"""What every answer of the control plane has, whoever gives it."""

from __future__ import annotations

import pytest

from tests.functional.sandboxed import Sandbox


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("apigateway", "get_rest_apis"),
        ("lambda", "list_functions"),
        ("dynamodb", "list_tables"),
        ("cloudwatch", "list_metrics"),
        ("ssm", "describe_parameters"),
        ("events", "list_rules"),
        ("sts", "get_caller_identity"),
    ],
)
def test_an_answer_has_a_request_id(sandbox: Sandbox, service: str, operation: str) -> None:
    answer = getattr(sandbox.client(service), operation)()
    assert answer["ResponseMetadata"]["RequestId"]
