"""How many calls a plan makes: what AWS lists in bulk costs one, and what it does not so many for each function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from backendctl.aws.connection import Aws
from backendctl.engine.plan import Planner
from backendctl.resources.deploy_context import DeployContext, Link, SlotChoice
from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.permission import Permission
from tests.unit.resources.lambda_helpers import (
    EAST,
    PLACES,
    PROD,
    changed,
    context_of,
    deploy,
    emulated,
    put_api,
    put_role,
)

KINDS = (Function, Alias, Permission)


@pytest.fixture
def aws() -> Iterator[Aws]:
    with emulated() as made:
        put_role(made)
        put_api(made)
        yield made


def context_with(number: int) -> DeployContext:
    """So many functions, each behind a stage variable of its own."""
    names = [f"f{one}" for one in range(number)]
    functions = [changed(PLACES, name=name, physical=f"corkhounds-{name}", warm=None) for name in names]
    links = [Link(stage=PROD, variable=f"{one.name}Alias", function=one, alias="version1") for one in functions]
    first = SlotChoice(target="a", idle_exists=False)
    return context_of(*functions, links=links, slots={(EAST, one.physical, "version1"): first for one in functions})


def calls_of_a_plan(aws: Aws, context: DeployContext) -> Counter[str]:
    """Operation → calls of a plan that has nothing to do."""
    aws.forget()
    made: Counter[str] = Counter()

    def count(*, model: object, **_: object) -> None:
        made[getattr(model, "name", "")] += 1

    events = aws.lambda_(EAST).meta.events
    events.register("before-call.lambda", count, unique_id="count")
    desired = [one for kind in KINDS for one in kind.desired(context)]
    plan = Planner(kinds=KINDS, aws=aws, regions=[EAST], workers=4, backend="corkhounds").whole(desired)
    events.unregister("before-call.lambda", unique_id="count")
    assert plan.changes == ()
    return made


@pytest.mark.parametrize("number", [1, 3])
def test_a_plan_asks_four_things_of_each_function_and_lists_them_once(aws: Aws, number: int) -> None:
    context = context_with(number)
    deploy(aws, [one for kind in KINDS for one in kind.desired(context)])
    assert calls_of_a_plan(aws, context) == {
        "ListFunctions": 1,
        "GetFunction": number,
        "ListAliases": number,
        "GetPolicy": 2 * number,
    }
