from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from backendctl.sandbox.corrections import parameters
from backendctl.sandbox.corrections.parameters import Parameters
from backendctl.sandbox.http import Request, Response
from backendctl.sandbox.inner import Inner

REGION = "eu-west-1"
LEVELS = "/level" * 15


class Behind:
    """Stands where the emulated service does and lets everything through; what it was asked is kept."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        self.asked.append(json.loads((await receive())["body"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})


def _answer(behind: Behind, operation: str, document: dict[str, Any]) -> Response:
    request = Request(
        method="POST",
        path="/",
        raw_path="/",
        query={},
        headers={"x-amz-target": f"AmazonSSM.{operation}"},
        body=json.dumps(document).encode(),
        region=REGION,
        account="000000000000",
    )
    return asyncio.run(Parameters(inner=Inner(app=behind)).handle(request))


def _told(operation: str, **document: Any) -> str:
    """`CODE: MESSAGE` of a refusal; "" when the request came through."""
    behind = Behind()
    answer = _answer(behind, operation, document)
    if answer.status == 200:
        assert len(behind.asked) == 1
        return ""
    assert (answer.status, behind.asked) == (400, [])
    told = json.loads(answer.body)
    return f"{told['__type']}: {told['message']}"


def _put(name: str = "/a", value: str = "x", **more: Any) -> str:
    return _told("PutParameter", Name=name, Value=value, Type="String", **more)


@pytest.mark.parametrize("name", ["plain", "/a", "/a/b_c.d-e/9", LEVELS, " /spaces/around "])
def test_names_in_aws_s_form_are_let_through(name: str) -> None:
    assert _put(name) == ""


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a/b", parameters._NOT_QUALIFIED),
        ("/a b", parameters._BAD_NAME),
        ("/a//b", parameters._BAD_NAME),
        ("/a/", parameters._BAD_NAME),
        ("/größe", parameters._BAD_NAME),
        ("a:1", parameters._BAD_NAME),
        ("/" + "n" * 967, parameters._LONG_NAME),
    ],
)
def test_other_names_are_refused(name: str, told: str) -> None:
    assert _put(name) == f"ValidationException: {told}"


def test_the_longest_name_is_let_through() -> None:
    assert _put("/" + "n" * 966) == ""  # eu-west-1: 45 characters of the ARN stand before it


def test_the_sixteenth_level_is_refused() -> None:
    assert _put(f"{LEVELS}/more").startswith("HierarchyLevelLimitExceededException: ")


@pytest.mark.parametrize(
    ("size", "tier", "told"),
    [
        (4096, None, ""),
        (4097, None, parameters._TOO_LONG_STANDARD),
        (4096, "Standard", ""),
        (4097, "Standard", parameters._TOO_LONG_STANDARD),
        (8192, "Advanced", ""),
        (8193, "Advanced", parameters._TOO_LONG_ADVANCED),
        (8192, "Intelligent-Tiering", ""),
        (8193, "Intelligent-Tiering", parameters._TOO_LONG_ADVANCED),
    ],
)
def test_a_tier_takes_values_up_to_its_size(size: int, tier: str | None, told: str) -> None:
    expected = f"ValidationException: {told}" if told else ""
    assert _put(value="x" * size, **({"Tier": tier} if tier else {})) == expected


def test_a_size_is_counted_in_bytes() -> None:
    assert _put(value="é" * 2048) == ""
    assert _put(value="é" * 2049) == f"ValidationException: {parameters._TOO_LONG_STANDARD}"


@pytest.mark.parametrize(("size", "tier"), [(4096, "Standard"), (4097, "Advanced")])
def test_intelligent_tiering_comes_to_the_tier_the_value_needs(size: int, tier: str) -> None:
    behind = Behind()
    asked = {"Name": " /a ", "Value": "x" * size, "Type": "String", "Tier": "Intelligent-Tiering"}
    _answer(behind, "PutParameter", asked)
    assert behind.asked == [{**asked, "Name": "/a", "Tier": tier}]


@pytest.mark.parametrize("operation", ["GetParameters", "DeleteParameters"])
def test_ten_names_are_the_most_of_one_request(operation: str) -> None:
    names = [f"/{number}" for number in range(11)]
    assert _told(operation, Names=names[:10]) == ""
    assert _told(operation, Names=names) == (
        f"ValidationException: 1 validation error detected: Value '[{', '.join(names)}]' at 'names' failed to satisfy "
        "constraint: Member must have length less than or equal to 10"
    )


def test_ten_parameters_are_the_most_of_a_page_by_path() -> None:
    assert _told("GetParametersByPath", Path="/", MaxResults=10) == ""
    assert (
        "'11' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 10"
        in _told("GetParametersByPath", Path="/", MaxResults=11)
    )
