"""What a new region must not get of the region that a pinned stage comes from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from backendctl.bringing import left_variables, leftovers, variables
from backendctl.pinned_stage import Kept
from backendctl.resources.lambda_.function import Function
from backendctl.spec.model import Code, StageSpec, Vpc
from tests.unit.resources.lambda_helpers import PLACES

EAST, EUROPE, SYDNEY = "us-east-1", "eu-west-1", "ap-southeast-2"
WAY = f"functions: places: regions: {SYDNEY}:"


def found(*, overridden: tuple[str, ...] = (), **settings: Any) -> list[str]:
    """Said of a version that comes from Ireland, of a backend whose primary is in Virginia."""
    copied = Function(region=SYDNEY, name="places", owner="shop", physical="shop-places", **settings)
    spec = replace(PLACES, overridden=frozenset(overridden))
    return list(leftovers(copied, spec, elsewhere=(EUROPE, EAST), told=f"{EUROPE}/stage/prodv1"))


@pytest.mark.parametrize(
    ("settings", "told", "way"),
    [
        (
            {"environment": {"URL": f"https://sqs.{EAST}.amazonaws.com"}},
            f"variable URL names {EAST}",
            "environment: URL",
        ),
        ({"environment": {"KEY": f"arn:aws:kms:{EUROPE}:1:key/5"}}, f"variable KEY names {EUROPE}", "environment: KEY"),
        ({"environment": {"ZONE": f"{EAST}a"}}, f"variable ZONE names {EAST}", "environment: ZONE"),
        ({"layers": (f"arn:aws:lambda:{EAST}:1:layer:x:2",)}, f"layer:x:2 is of {EAST}", "layers"),
        ({"source": Code(image=f"1.dkr.ecr.{EUROPE}.amazonaws.com/a:1")}, f"amazonaws.com/a:1 is of {EUROPE}", "code"),
        ({"vpc": Vpc(subnets=("subnet-1",), security_groups=("sg-1",))}, "the subnets subnet-1 are", "vpc"),
    ],
)
def test_what_names_the_region_it_comes_from_or_the_primary_is_a_leftover(
    settings: dict[str, Any], told: str, way: str
) -> None:
    (reason,) = found(**settings)
    assert told in reason
    assert f"say `{WAY} {way}`" in reason
    assert "https://" not in reason


def test_what_names_no_region_or_another_one_is_fine() -> None:
    environment = {"A": "", "B": f"x{EAST}", "C": "us-east-12", "D": SYDNEY, "E": "us-west-2"}
    assert found(environment=environment, layers=(f"arn:aws:lambda:{SYDNEY}:1:layer:x:2",)) == []


def test_what_the_spec_says_of_the_region_is_meant() -> None:
    assert found(vpc=Vpc(subnets=("subnet-2",), security_groups=("sg-2",)), overridden=("vpc",)) == []
    assert found(layers=(f"arn:aws:lambda:{EAST}:1:layer:x:2",), overridden=("layers",)) == []
    (other,) = found(environment={"ONE": EAST, "TWO": EAST}, overridden=("environment.ONE",))
    assert "TWO" in other


def test_a_stage_variable_is_taken_from_the_spec_where_it_names_another_region() -> None:
    served = Kept(region=EUROPE, stage="prodv1", variables={"a": "version1", "b": f"x-{EAST}", "c": f"y-{EUROPE}"})
    said = StageSpec(name="prodv1", variables={"a": "version9", "b": "everywhere"})
    there = replace(said, variables=variables(said, served, (EAST, EUROPE)))
    assert there.variables == {"a": "version1", "b": "everywhere", "c": f"y-{EUROPE}"}
    (reason,) = left_variables(there, said, (EAST, EUROPE), told=f"{EUROPE}/stage/prodv1")
    assert f"the stage variable c names {EUROPE}; say `api: stages: prodv1: variables: c`" in reason
