"""What a stage calls in a region: the slot that serves stays, and what is missing is named."""

from __future__ import annotations

from copy import copy
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from backendctl.api.lambda_targets import LambdaTargets, find_lambda_targets
from backendctl.aws.connection import Access, Aws
from backendctl.resources.lambda_.lambda_reads import AliasInfo
from backendctl.spec.model import Api, Code, FunctionSpec, Spec, StageSpec

WEST = "us-west-2"
ACCOUNT = "123456789012"
URI = (
    "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/arn:${AWS::Partition}:lambda:"
    "${AWS::Region}:${AWS::AccountId}:function:%s/invocations"
)
SLOTTED = ("live", "live-a", "live-b")


def document(**routes: str) -> dict[str, Any]:
    """Path → function and qualifier."""
    return {
        "openapi": "3.0.1",
        "paths": {
            f"/{name}": {"get": {"x-amazon-apigateway-integration": {"uri": URI % target}}}
            for name, target in routes.items()
        },
    }


def looked_up(
    routes: dict[str, str],
    *,
    variables: dict[str, str],
    aliases: dict[str, tuple[str, ...]],
    serving: dict[str, str] | None = None,
) -> LambdaTargets:
    """LambdaTargets, with everything AWS would say known beforehand."""
    aws = Aws(Access(keys=("x", "y")), backend="shop")
    known: dict[tuple[object, ...], Any] = {
        ("lambda-functions", WEST): {name: {} for name in aliases},
        ("apis", WEST): [{"id": "abc", "name": "shop"}],
        ("stages", WEST, "abc"): {"prod": {"stageName": "prod", "variables": serving or {}}},
    }
    for function, names in aliases.items():
        known["lambda-aliases", WEST, function] = {
            name: AliasInfo(name=name, version="1", description="", weights={}) for name in names
        }
        known["lambda-versions", WEST, function] = []
    for key, value in known.items():
        aws.shared(key, partial(copy, value))
    own = FunctionSpec(name="items", physical="shop-items", code=Code())
    stage = StageSpec(name="prod", variables=variables)
    api = Api(name="shop", path=Path("x"), definition={}, stages=(stage,))
    spec = Spec(backend="shop", file=Path("x"), regions=(WEST,), functions={WEST: (own,)}, api=api)
    return find_lambda_targets(
        aws, spec, WEST, document=document(**routes), wanted=(stage,), api="shop", account=ACCOUNT
    )


ITEMS = {"items": "shop-items:${stageVariables.items}"}


@pytest.mark.parametrize("serving", ["live", "live-a", "live-b"])
def test_the_alias_that_serves_stays(serving: str) -> None:
    found = looked_up(ITEMS, variables={"items": "live"}, aliases={"shop-items": SLOTTED}, serving={"items": serving})
    assert found.variables == {"prod": {"items": serving}}
    assert found.missing == ()


def test_a_variable_that_was_changed_by_hand_is_brought_back() -> None:
    found = looked_up(
        {**ITEMS, "more": "shop-items:${stageVariables.more}"},
        variables={"items": "live", "more": "live", "mode": "full"},
        aliases={"shop-items": SLOTTED},
        serving={"items": "live-b", "more": "other", "mode": "slow"},
    )
    assert found.variables == {"prod": {"items": "live-b", "more": "live-b", "mode": "full"}}


def test_a_new_variable_of_a_function_that_serves_nothing_says_the_plain_alias() -> None:
    found = looked_up(ITEMS, variables={"items": "live"}, aliases={"shop-items": SLOTTED})
    assert found.variables == {"prod": {"items": "live"}}


def test_a_variable_may_hold_function_and_alias() -> None:
    found = looked_up(
        {"items": "${stageVariables.target}"},
        variables={"target": "shop-items:live"},
        aliases={"shop-items": ("live",)},
    )
    assert [(link.function.physical, link.alias) for link in found.links] == [("shop-items", "live")]


def test_an_alias_with_slots_is_linked_by_its_variable_and_any_other_by_name() -> None:
    routes = {**ITEMS, "orders": "orders:${stageVariables.orders}", "plain": "orders"}
    found = looked_up(
        routes,
        variables={"items": "live", "orders": "live"},
        aliases={"shop-items": SLOTTED, "orders": ("live",)},
        serving={"items": "live-a"},
    )
    assert [(link.function.name, link.variable, link.alias) for link in found.links] == [
        ("items", "items", "live"),
        ("orders", None, "live"),
        ("orders", None, None),
    ]


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("shop-item:live", "there is no function 'shop-item'; did you mean 'shop-items'?"),
        ("shop-items:gone", "there is no alias 'gone'; aliases: 'live'"),
        ("shop-items:7", "there is no version 7"),
        ("shop-items:${stageVariables.nothing}", "stage prod has no variable nothing, which GET /items needs"),
    ],
)
def test_what_is_missing_is_named(target: str, told: str) -> None:
    found = looked_up({"items": target}, variables={}, aliases={"shop-items": ("live",)})
    (line,) = found.missing
    assert told in line
    assert "GET /items" in line


def test_latest_needs_no_alias() -> None:
    found = looked_up({"items": "shop-items:$LATEST"}, variables={}, aliases={"shop-items": ()})
    assert (found.missing, [link.alias for link in found.links]) == ((), [None])
