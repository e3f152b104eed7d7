"""Source and live API in one form: equal when the live one is what the source makes there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backendctl.openapi.diff import differences
from tests.unit.openapi.everywhere import comparable, localise
from tests.unit.openapi.samples import INTEGRATION, example, openapi, operation, swagger
from tests.unit.openapi.test_corpus import HERE, after_import, moved


def local(source: dict[str, Any], bindings: dict[str, str] | None = None, **where: Any) -> dict[str, Any]:
    return localise(source, **{**HERE, **where}, name="places", bindings=bindings)


def live(source: dict[str, Any], name: str = "places") -> dict[str, Any]:
    """The export of what the source makes in this region."""
    exported = after_import({**moved(source, HERE), "info": {**source["info"], "title": name}})
    assert "host" in exported or "servers" in exported
    return exported


@pytest.mark.parametrize("make", [openapi, swagger])
def test_a_placeholder_anywhere_in_the_source_is_no_difference(make: Any) -> None:
    uri = "https://queue.${AWS::Region}.example/${AWS::AccountId}"
    source = make({"/a": {"get": operation(integration={"type": "http", "uri": uri})}})
    source["info"]["description"] = "served from ${AWS::Region}"
    assert comparable(local(source)) == comparable(live(source))
    assert differences(comparable(live(source)), comparable(local(source))) == ()


def test_the_example_is_what_it_makes_whatever_the_name_of_the_api() -> None:
    assert comparable(local(example())) == comparable(live(example(), "another name"))


def test_an_edit_by_hand_is_seen_and_nothing_else() -> None:
    found = live(example())
    edited = json.loads(json.dumps(found))
    edited["paths"]["/places"]["get"][INTEGRATION]["timeoutInMillis"] = 1000
    (change,) = differences(comparable(local(example())), comparable(edited))
    assert (change.path, change.method, change.aspect, change.where) == (
        "/places",
        "GET",
        "integration",
        "timeoutInMillis",
    )


def test_each_region_has_its_ids_and_the_same_form() -> None:
    link = {"type": "http_proxy", "httpMethod": "GET", "uri": "http://x", "connectionType": "VPC_LINK"}
    source = openapi({"/a": {"get": operation(integration={**link, "connectionId": "${binding:link}"})}})
    here, there = {"link": "aaa111"}, {"link": "bbb222"}
    assert comparable(local(source, here), bindings=here) == comparable(
        local(source, there, region="eu-west-1"), bindings=there
    )
    exported = openapi({"/a": {"get": operation(integration={**link, "connectionId": "aaa111"})}})
    assert comparable(exported, bindings=here) == comparable(local(source, here), bindings=here)
    assert comparable(exported, bindings=there) != comparable(local(source, there), bindings=there)
