"""Distances between regions, which stand for latencies."""

from __future__ import annotations

import boto3
import pytest

from backendctl.sandbox.routing import kilometres


@pytest.mark.parametrize(
    ("near", "first", "second"),
    [
        ("us-west-1", "us-west-2", "us-east-1"),
        ("eu-west-1", "us-east-1", "us-west-2"),
        ("ap-northeast-1", "us-west-2", "us-east-1"),
        ("sa-east-1", "us-east-1", "eu-west-1"),
    ],
)
def test_the_nearer_region_is_the_one_on_the_map(near: str, first: str, second: str) -> None:
    assert kilometres(near, first) < kilometres(near, second)


def test_a_region_is_nearest_to_itself_and_one_that_is_not_known_is_farthest() -> None:
    assert kilometres("xx-new-1", "xx-new-1") == 0
    assert kilometres("us-east-1", "xx-new-1") > kilometres("us-east-1", "ap-southeast-4")


def test_every_region_that_boto3_knows_has_a_place() -> None:
    names = boto3.Session().get_available_regions("apigateway")
    assert [name for name in names if kilometres(name, "us-east-1") > 20_016] == []
