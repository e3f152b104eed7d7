"""Lambda's reserved and provisioned concurrency: their limits, and the time the second one takes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections import calls
from backendctl.sandbox.corrections import function_records as records
from backendctl.sandbox.corrections import function_rules as rules
from backendctl.sandbox.corrections.answers import Refusal, retold
from backendctl.sandbox.corrections.readiness import Key, Readiness
from backendctl.sandbox.http import CONFLICT, NOT_FOUND, Response
from backendctl.sandbox.timing import Deadlines

if TYPE_CHECKING:
    from backendctl.sandbox.corrections.calls import Call
    from backendctl.sandbox.inner import Inner
    from backendctl.sandbox.timing import Pace

OK_CLASS = range(200, 300)
ALLOCATION = 60.0, 180.0
"""AWS's seconds until provisioned concurrency is READY (B47)."""

_UNDER_WAY = {
    "Status": "IN_PROGRESS",
    "AvailableProvisionedConcurrentExecutions": 0,
    "AllocatedProvisionedConcurrentExecutions": 0,
}
_CONFIGS = "provisioned_concurrency"
_NOTHING: records.Record = {_CONFIGS: {}}
_NO_VERSIONS: records.Record = {"versions": {}}


@dataclass(kw_only=True, slots=True)
class Concurrency:
    """Put/Get/Delete of both kinds."""

    inner: Inner
    pace: Pace
    readiness: Readiness = field(default_factory=Readiness)
    _allocating: Deadlines[Key] = field(init=False)
    _moving: Deadlines[Key] = field(init=False)

    def __post_init__(self) -> None:
        self._allocating = Deadlines(pace=self.pace)
        self._moving = Deadlines(pace=self.pace)

    async def handle(self, call: Call) -> Response:
        """Answer a request about concurrency."""
        if call.rest == "/provisioned-concurrency":
            return self._list(call) if call.request.first("List") == "ALL" else await self._provisioned(call)
        refusal = await self._reserve(call) if call.request.method == "PUT" else None
        return refusal.rest_json() if refusal else await self.inner.forward(call.request)

    async def _provisioned(self, call: Call) -> Response:
        refusal = _nowhere(call) or (await self._provision(call) if call.request.method == "PUT" else None)
        if refusal is not None:
            return refusal.rest_json()
        qualifier = str(call.qualifier)
        answer = await self.inner.forward(call.request)
        if call.request.method == "PUT" and answer.status in OK_CLASS:
            self._allocating.begin(_key(call), *ALLOCATION)
            records.revise(call.place, records.version_of(call.place, qualifier))
            self.readiness.begin(call.place, qualifier, call.request.json()["ProvisionedConcurrentExecutions"])
            return retold(
                answer, _allocating(json.loads(answer.body))
            )  # whatever the pace: nothing is READY in the answer to the wish
        if call.request.method == "DELETE" and answer.status in OK_CLASS:
            self.readiness.end(call.place, records.version_of(call.place, qualifier))
        if answer.status == NOT_FOUND:
            return _not_provisioned().rest_json()
        if answer.status not in OK_CLASS or not answer.body:
            return answer
        return retold(answer, self._told(_key(call), json.loads(answer.body)))

    def moved(self, place: tuple[str, str], alias: str, *, before: str) -> None:
        """An alias points elsewhere: what it has stays until as much is ready there (B50).

        Args:
            before: the version it pointed to.
        """
        configs = (records.record(place) or _NOTHING)[_CONFIGS]
        config = configs.get(alias)
        if config is not None:
            self._moving.begin((*place, alias), *ALLOCATION)
            if not any(records.version_of(place, other) == before for other in configs if other != alias):
                self.readiness.end(place, before)
            self.readiness.begin(place, alias, config["RequestedProvisionedConcurrentExecutions"])

    def alias_deleted(self, place: tuple[str, str], alias: str) -> None:
        """What an alias has goes with it."""
        if (records.record(place) or _NOTHING)[_CONFIGS].pop(alias, None) is not None:
            self.readiness.end(place, records.version_of(place, alias))

    def _told(self, key: Key, config: dict[str, Any]) -> dict[str, Any]:
        if not self._allocating.lasts(key) and self._moving.lasts(key):
            return {**config, "Status": "IN_PROGRESS"}
        return _allocating(config) if self._allocating.lasts(key) or self.readiness.lasts(key) else config

    def _list(self, call: Call) -> Response:
        known = records.record(call.place)
        if known is None:
            return calls.not_found(call.arn).rest_json()
        every = [
            {"FunctionArn": f"{call.arn}:{qualifier}", **self._told((*call.place, qualifier), config)}
            for qualifier, config in known[_CONFIGS].items()
            if records.has(call.place, qualifier)
        ]
        return Response.of_json({"ProvisionedConcurrencyConfigs": every})

    async def _reserve(self, call: Call) -> Refusal | None:
        if call.qualifier is not None:  # B51
            return rules.bad_value(
                "This operation is permitted on Lambda functions only. Aliases and versions do not support this "
                "operation. Please specify either a function name or an unqualified function ARN."
            )
        if not records.has(call.place, None):
            return calls.not_found(call.arn, "$LATEST")
        account = await self._account(call.region)
        own = await self._own(call)
        limit = account["ConcurrentExecutions"]
        others = limit - account["UnreservedConcurrentExecutions"] - (own or 0)
        wanted = call.request.json().get("ReservedConcurrentExecutions", 0)
        return rules.reserved(wanted=wanted, limit=limit, others=others, provisioned=_total(call.place))

    async def _provision(self, call: Call) -> Refusal | None:
        account = await self._account(call.region)
        return (
            _restored(call)
            or await self._twice(call)
            or rules.provisioned(
                wanted=call.request.json().get("ProvisionedConcurrentExecutions", 0),
                others=_total(call.place, without=call.qualifier),
                own=await self._own(call),
                unreserved=account["UnreservedConcurrentExecutions"],
            )
        )

    async def _twice(self, call: Call) -> Refusal | None:
        """Not on an alias and on its version (B48)."""
        listed = await self._read(call, "aliases") or {}
        versions = {alias["Name"]: _versions(alias) for alias in listed.get("Aliases", [])}
        for version in versions.get(call.qualifier or "", ()):
            if await self._read(call, "provisioned-concurrency", version):
                return _conflict(
                    "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
                )
        for alias, pointed in versions.items():
            if call.qualifier in pointed and await self._read(call, "provisioned-concurrency", alias):
                return _conflict("Version is pointed by a Provisioned Concurrency alias")
        return None

    async def _read(self, call: Call, what: str, qualifier: str | None = None) -> dict[str, Any] | None:
        path = f"/2019-09-30/functions/{call.name}/{what}"
        return await calls.fetched(self.inner, call.region, path, {} if qualifier is None else {"Qualifier": qualifier})

    async def _account(self, region: str) -> dict[str, Any]:
        limits: dict[str, Any] = await calls.fetched(self.inner, region, "/2016-08-19/account-settings") or {}
        return dict(limits["AccountLimit"])

    async def _own(self, call: Call) -> int | None:
        return (await self._read(call, "concurrency") or {}).get("ReservedConcurrentExecutions")


def _total(place: tuple[str, str], *, without: str | None = None) -> int:
    """What a function has provisioned, all together or without one version or alias."""
    configs = (records.record(place) or _NOTHING)[_CONFIGS]
    wished = [one["RequestedProvisionedConcurrentExecutions"] for name, one in configs.items() if name != without]
    return sum(wished)


def _allocating(config: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name != "StatusReason"} | _UNDER_WAY


def _key(call: Call) -> Key:
    return *call.place, call.qualifier


def _nowhere(call: Call) -> Refusal | None:
    """What provisioned concurrency cannot be for (B46), and what is not there."""
    if call.qualifier in {None, "$LATEST"}:
        if call.request.method == "PUT":
            return rules.bad_value(
                "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
            )
        return rules.bad_value("The function resource provided must be an alias or a published version.")
    if records.has(call.place, call.qualifier):
        return None
    if str(call.qualifier).isdigit():
        return calls.not_found(call.arn, call.qualifier)
    return calls.no_alias(call.arn, call.qualifier)


def _restored(call: Call) -> Refusal | None:
    """Not beside SnapStart (B52); the sentence is ours (unconfirmed)."""
    version = records.version_of(call.place, str(call.qualifier))
    config = ((records.record(call.place) or _NO_VERSIONS)["versions"].get(version) or {"config": {}})["config"]
    if (config.get("SnapStart") or {}).get("ApplyOn") != "PublishedVersions":
        return None
    return rules.bad_value("Provisioned Concurrency is not supported for functions with SnapStart enabled.")


def _not_provisioned() -> Refusal:
    return Refusal(
        code="ProvisionedConcurrencyConfigNotFoundException",
        message="No Provisioned Concurrency Config found for this function",
        status=NOT_FOUND,
    )


def _conflict(message: str) -> Refusal:
    return Refusal(code="ResourceConflictException", message=message, status=CONFLICT)


def _versions(alias: dict[str, Any]) -> set[str]:
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    return {alias["FunctionVersion"], *weights}
