"""The sandbox's index of tags, with the clock held."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, cast

from backendctl.sandbox.corrections.tagging import LATE, Tagging
from backendctl.sandbox.http import Request, Response
from backendctl.sandbox.inner import Inner
from backendctl.sandbox.timing import Pace, TimeScale
from backendctl.sandbox.world import ACCOUNT


@dataclass
class Emulated:
    """What is there at this moment: ARN → tags."""

    present: dict[str, dict[str, str]] = field(default_factory=dict)

    async def forward(self, request: Request) -> Response:
        """All of it, whatever was asked."""
        del request
        tags = {arn: [{"Key": k, "Value": v} for k, v in each.items()] for arn, each in self.present.items()}
        found = [{"ResourceARN": arn, "Tags": each} for arn, each in tags.items()]
        return Response.of_json({"ResourceTagMappingList": found, "PaginationToken": ""})


@dataclass
class Index:
    """The index, its clock, and what is there."""

    now: float = 0.0
    emulated: Emulated = field(default_factory=Emulated)

    def __post_init__(self) -> None:
        pace = Pace(scale=TimeScale(1), clock=lambda: self.now)
        self.tagging = Tagging(inner=cast("Inner", self.emulated), pace=pace)

    def told(self, **asked: Any) -> dict[str, Any]:
        """The answer of GetResources."""
        body = json.dumps(asked).encode()
        request = Request(
            method="POST",
            path="/",
            raw_path="/",
            query={},
            headers={"x-amz-target": "ResourceGroupsTaggingAPI_20170126.GetResources"},
            body=body,
            region="us-east-1",
            account=ACCOUNT,
        )
        answer: dict[str, Any] = json.loads(asyncio.run(self.tagging.handle(request)).body)
        return answer

    def arns(self) -> list[str]:
        """All that it names."""
        return [one["ResourceARN"] for one in self.told()["ResourceTagMappingList"]]


def test_it_hears_later_of_what_is_new_and_of_what_is_gone() -> None:
    index = Index()
    assert index.arns() == []
    index.emulated.present = {"one": {"owner": "us"}}
    assert index.arns() == []
    index.now += LATE[1]
    assert index.arns() == ["one"]
    index.emulated.present = {}
    assert index.arns() == ["one"]
    index.now += LATE[1]
    assert index.arns() == []


def test_it_goes_on_telling_the_tags_from_before() -> None:
    index = Index(emulated=Emulated(present={"one": {"owner": "us"}}))
    index.arns()
    index.emulated.present = {"one": {"owner": "them"}}
    (told,) = index.told(TagFilters=[{"Key": "owner", "Values": ["us"]}])["ResourceTagMappingList"]
    assert told["Tags"] == [{"Key": "owner", "Value": "us"}]
    index.now += LATE[1]
    assert index.told(TagFilters=[{"Key": "owner", "Values": ["us"]}])["ResourceTagMappingList"] == []


def test_pages_hold_as_many_as_were_asked_for() -> None:
    index = Index(emulated=Emulated(present={name: {"owner": "us"} for name in ("a", "b", "c")}))
    first = index.told(ResourcesPerPage=2)
    assert [one["ResourceARN"] for one in first["ResourceTagMappingList"]] == ["a", "b"]
    second = index.told(ResourcesPerPage=2, PaginationToken=first["PaginationToken"])
    assert [one["ResourceARN"] for one in second["ResourceTagMappingList"]] == ["c"]
    assert second["PaginationToken"] == ""


def test_types_are_services_or_what_their_arns_go_on_with() -> None:
    rule, group = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/one", f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/one"
    index = Index(emulated=Emulated(present={rule: {}, group: {}}))

    def told(*types: str) -> list[str]:
        return [one["ResourceARN"] for one in index.told(ResourceTypeFilters=types)["ResourceTagMappingList"]]

    assert told("events") == told("events:rule") == [rule]
    assert told("logs:log-group") == [group]
    assert told("logs:log-group", "events:rule") == [rule, group]
    assert told("events:event-bus") == []
