"""Two policies that say the same are equal, however they are written."""

from __future__ import annotations

from typing import Any

from backendctl.resources.dynamodb.table_policy import canonical, in_region, wanted

HERE = "arn:aws:dynamodb:us-east-1:123456789012:table/shop-orders"


def policy(**statement: Any) -> dict[str, Any]:
    made = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "dynamodb:GetItem", "Resource": HERE}
    return {"Version": "2012-10-17", "Statement": [{**made, **statement}]}


def test_one_action_and_a_list_of_one_are_alike() -> None:
    assert canonical(policy()) == canonical(policy(Action=["dynamodb:GetItem"]))


def test_an_account_and_its_root_are_alike() -> None:
    assert canonical(policy()) == canonical(policy(Principal={"AWS": ["arn:aws:iam::123456789012:root"]}))


def test_the_order_of_actions_is_no_difference() -> None:
    one, other = (
        policy(Action=[f"dynamodb:{name}" for name in names]) for names in (("Scan", "Query"), ("Query", "Scan"))
    )
    assert canonical(one) == canonical(other)


def test_another_effect_is_a_difference() -> None:
    assert canonical(policy()) != canonical(policy(Effect="Deny"))


def test_a_policy_names_the_table_of_its_own_region() -> None:
    there = in_region(policy(), of="us-east-1", region="eu-west-1")
    assert there["Statement"][0]["Resource"] == HERE.replace("us-east-1", "eu-west-1")


def test_none_is_something_else_than_nothing_said() -> None:
    assert wanted({"us-east-1": None}, "us-east-1") == {}
    assert wanted({}, "us-east-1") is None
