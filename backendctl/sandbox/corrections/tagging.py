"""The tagging service: an index that hears of changes later, tells them in pages, and has log groups too (F18, F19)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.sandbox import ministack_names
from backendctl.sandbox.corrections.answers import carrying, retold
from backendctl.sandbox.corrections.constraints import Judge
from backendctl.sandbox.corrections.service import CorrectedService, Doc, Handled, operations
from backendctl.sandbox.http import OK
from backendctl.sandbox.timing import Pace, Propagation

if TYPE_CHECKING:
    from backendctl.sandbox.http import Request

LATE = (5.0, 60.0)
"""Seconds until the index shows a change; AWS promises no figure (F19)."""
PAGE = 50

_Tags = dict[str, str] | None
"""None where the index knows no such resource."""


@dataclass(kw_only=True, slots=True)
class Tagging(CorrectedService):
    """The tagging service in front of the emulated one."""

    pace: Pace
    _present: dict[str, dict[str, _Tags]] = field(default_factory=dict)
    _index: Propagation[tuple[str, str], _Tags] = field(init=False)

    def __post_init__(self) -> None:
        self._index = Propagation(pace=self.pace, low=LATE[0], high=LATE[1])
        _know_log_groups()

    async def _get(self, request: Request, asked: Doc) -> Handled:
        if asked.get("ResourceARNList"):
            return None
        answer = await self.inner.forward(carrying(request, {}))
        if answer.status != OK:
            return answer
        present = {
            one["ResourceARN"]: {tag["Key"]: tag["Value"] for tag in one["Tags"]}
            for one in json.loads(answer.body)["ResourceTagMappingList"]
        }
        found = [
            (arn, tags)
            for arn, tags in self._told(request.region, present)
            if _is_one_of(arn, asked.get("ResourceTypeFilters", [])) and _fits(tags, asked.get("TagFilters", []))
        ]
        start, size = int(asked.get("PaginationToken") or 0), asked.get("ResourcesPerPage", PAGE)
        rest = start + size < len(found)
        return retold(
            answer,
            {
                "ResourceTagMappingList": [_mapping(arn, tags) for arn, tags in found[start : start + size]],
                "PaginationToken": str(start + size) if rest else "",
            },
        )

    def _told(self, region: str, present: dict[str, dict[str, str]]) -> Iterator[tuple[str, dict[str, str]]]:
        """What the index shows of what is there, and of what has gone lately; it learns of both by being asked."""
        known = self._present.get(region)
        for arn in sorted({**(known or {}), **present}):
            now = present.get(arn)
            if known is not None and known.get(arn) != now:
                self._index.change((region, arn), before=known.get(arn), after=now)
            seen = self._index.seen((region, arn), now)
            if seen is not None:
                yield arn, seen
        self._present[region] = {**present}

    service = "tagging"
    judge = Judge(service="resourcegroupstaggingapi", limits={"ResourcesPerPage": {"min": 1, "max": 100}})
    handlers = operations(GetResources=_get)


def _is_one_of(arn: str, types: list[str]) -> bool:
    """Types are services, or a service and the word that its ARNs go on with: "logs:log-group"."""
    if not types:
        return True
    service, _, _, resource = arn.split(":", 5)[2:]
    return service in types or f"{service}:{re.split('[:/]', resource)[0]}" in types


def _fits(tags: dict[str, str], filters: list[dict[str, Any]]) -> bool:
    return all(one["Key"] in tags and (not one.get("Values") or tags[one["Key"]] in one["Values"]) for one in filters)


def _mapping(arn: str, tags: dict[str, str]) -> dict[str, Any]:
    return {"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _know_log_groups() -> None:
    """The emulated index lacks them."""
    groups = ministack_names.read(ministack_names.module("services.cloudwatch_logs"), "_log_groups")

    def collect() -> Iterator[tuple[str, list[dict[str, str]]]]:
        for group in groups.values():
            tags = group.get("tags", {})
            yield group["arn"].removesuffix(":*"), [{"Key": key, "Value": value} for key, value in tags.items()]

    ministack_names.read(ministack_names.module("services.tagging"), "_COLLECTORS")["logs"] = collect
