"""Lambda's reserved and provisioned concurrency: their limits, and the time the second one takes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections import function_rules as rules
from backendctl.sandbox.corrections.answers import retold
from backendctl.sandbox.timing import Deadlines

if TYPE_CHECKING:
    from backendctl.sandbox.corrections.awslambda import Call
    from backendctl.sandbox.corrections.refusals import Refusal
    from backendctl.sandbox.http import Response
    from backendctl.sandbox.inner import Inner
    from backendctl.sandbox.timing import Pace

OK_CLASS = range(200, 300)
ALLOCATION = 60.0, 180.0
"""AWS's seconds until provisioned concurrency is READY (B47)."""


@dataclass(kw_only=True, slots=True)
class Concurrency:
    """Put/Get/Delete of both kinds."""

    inner: Inner
    pace: Pace
    _allocating: Deadlines[tuple[str, str, str | None]] = field(init=False)

    def __post_init__(self) -> None:
        self._allocating = Deadlines(pace=self.pace)

    async def handle(self, call: Call) -> Response:
        """Answer a request about concurrency."""
        if call.rest == "/concurrency":
            refusal = await self._reserve(call) if call.request.method == "PUT" else None
            return refusal.rest_json() if refusal else await self.inner.forward(call.request)
        if call.request.method == "PUT":
            refusal = await self._provision(call)
            if refusal is not None:
                return refusal.rest_json()
        answer = await self.inner.forward(call.request)
        key = *call.place, call.qualifier
        if call.request.method == "PUT" and answer.status in OK_CLASS:
            self._allocating.begin(key, *ALLOCATION)
            return _allocating(answer)  # whatever the pace: nothing is READY in the answer to the wish
        if answer.status in OK_CLASS and answer.body and self._allocating.lasts(key):
            return _allocating(answer)
        return answer

    async def _reserve(self, call: Call) -> Refusal | None:
        account = await self._account(call.region)
        own = await self._own(call)
        limit = account["ConcurrentExecutions"]
        others = limit - account["UnreservedConcurrentExecutions"] - (own or 0)
        wanted = call.request.json().get("ReservedConcurrentExecutions", 0)
        return rules.reserved(wanted=wanted, limit=limit, others=others)

    async def _provision(self, call: Call) -> Refusal | None:
        account = await self._account(call.region)
        return await self._twice(call) or rules.provisioned(
            qualifier=call.qualifier,
            wanted=call.request.json().get("ProvisionedConcurrentExecutions", 0),
            own=await self._own(call),
            unreserved=account["UnreservedConcurrentExecutions"],
        )

    async def _twice(self, call: Call) -> Refusal | None:
        """Not on an alias and on its version (B48)."""
        listed = await self._read(call, "aliases") or {}
        versions = {alias["Name"]: _versions(alias) for alias in listed.get("Aliases", [])}
        for version in versions.get(call.qualifier or "", ()):
            if await self._read(call, "provisioned-concurrency", version):
                return rules.bad_value(
                    "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
                )
        for alias, pointed in versions.items():
            if call.qualifier in pointed and await self._read(call, "provisioned-concurrency", alias):
                return rules.bad_value("Version is pointed by a Provisioned Concurrency alias")
        return None

    async def _read(self, call: Call, what: str, qualifier: str | None = None) -> dict[str, Any] | None:
        answer = await self.inner.ask(
            service="lambda",
            region=call.region,
            method="GET",
            path=f"/2019-09-30/functions/{call.name}/{what}",
            query={} if qualifier is None else {"Qualifier": [qualifier]},
        )
        found: dict[str, Any] | None = json.loads(answer.body) if answer.status in OK_CLASS and answer.body else None
        return found

    async def _account(self, region: str) -> dict[str, Any]:
        answer = await self.inner.ask(
            service="lambda", region=region, method="GET", path="/2016-08-19/account-settings"
        )
        limits: dict[str, Any] = json.loads(answer.body)["AccountLimit"]
        return limits

    async def _own(self, call: Call) -> int | None:
        answer = await self.inner.ask(
            service="lambda",
            region=call.region,
            method="GET",
            path=f"/2019-09-30/functions/{call.name}/concurrency",
        )
        reserved: int | None = (
            json.loads(answer.body).get("ReservedConcurrentExecutions")
            if answer.status in OK_CLASS and answer.body
            else None
        )
        return reserved


def _allocating(answer: Response) -> Response:
    document = json.loads(answer.body)
    if document.get("Status") != "READY":
        return answer
    document |= {
        "Status": "IN_PROGRESS",
        "AvailableProvisionedConcurrentExecutions": 0,
        "AllocatedProvisionedConcurrentExecutions": 0,
    }
    return retold(answer, document)


def _versions(alias: dict[str, Any]) -> set[str]:
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    return {alias["FunctionVersion"], *weights}
