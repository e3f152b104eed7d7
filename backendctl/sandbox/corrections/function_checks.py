"""What Lambda refuses after a look at the function itself, at its role, its layers or its code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from backendctl.sandbox.corrections import calls
from backendctl.sandbox.corrections import function_records as records
from backendctl.sandbox.corrections import function_rules as rules
from backendctl.sandbox.corrections.answers import Refusal
from backendctl.sandbox.http import CONFLICT, NOT_FOUND

if TYPE_CHECKING:
    from backendctl.sandbox.corrections.calls import Call
    from backendctl.sandbox.corrections.function_shape import FunctionTimes
    from backendctl.sandbox.corrections.iam import Roles
    from backendctl.sandbox.inner import Inner

_CHANGES = frozenset({"/configuration", "/code", "/versions"})
_SENDING = {
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "lambda": "lambda:InvokeFunction",
    "events": "events:PutEvents",
    "s3": "s3:PutObject",
}
_EVERYTHING = "10000"
"""MaxItems of a list that is wanted whole: by itself it ends after 50."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionChecks:
    """The order in which Lambda judges: what is asked for alone, then guards, then whether it is the moment."""

    inner: Inner
    roles: Roles
    times: FunctionTimes

    async def creation(self, call: Call, asked: dict[str, Any]) -> Refusal | None:
        """CreateFunction."""
        code = asked.get("Code") or {}
        return (
            self._settings(call, asked)
            or rules.snapstart(asked, {})
            or rules.archive(code.get("ZipFile"))
            or await self._layers(call, asked)
            or await self._role(asked)
            or await self._tracing(call, asked)
            or (await self._code(call.region, code) if code.get("S3Bucket") else None)
        )

    async def change(self, call: Call) -> Refusal | None:
        """UpdateFunctionConfiguration, UpdateFunctionCode, PublishVersion, changes of aliases; code signing of none."""
        if call.rest == "/code-signing-config" and not records.has(call.place, None):
            return calls.not_found(call.arn)
        if call.request.method not in {"POST", "PUT"}:
            return None
        asked = call.request.json()
        if call.rest.startswith("/aliases"):
            return await self._alias(call, asked)
        if call.rest not in _CHANGES:
            return None
        now = self._shown(call, await self.get(call.region, f"{call.name}/configuration"))
        return (
            rules.revision(asked, now)
            or self._settings(call, asked)
            or (rules.snapstart(asked, now) if call.rest == "/configuration" else None)
            or rules.archive(asked.get("ZipFile"))
            or await self._layers(call, asked)
            or (self.times.busy(call.place, call.arn) if now else None)
            or await self._role(asked)
            or await self._tracing(call, asked)
            or (await self._code(call.region, asked) if call.rest == "/code" and asked.get("S3Bucket") else None)
            or (rules.same_code(asked, now) if call.rest == "/versions" else None)
        )

    async def destinations(self, call: Call, arns: list[str]) -> Refusal | None:
        """Where results of asynchronous calls go, the function's role must be allowed to send; words unconfirmed."""
        now = await self.get(call.region, f"{call.name}/configuration") or {}
        for arn in arns:
            action = _SENDING.get(arn.split(":")[2], "")
            if action and not await self.roles.allows(now.get("Role", ""), action):
                words = f"The function's execution role does not have permissions to call {action.partition(':')[2]}"
                return rules.bad_value(f"{words} on {arn}")
        return None

    async def get(self, region: str, path: str) -> dict[str, Any] | None:
        """Read a document of the function API, a list as one page; None when it is not there."""
        return await calls.fetched(self.inner, region, f"/2015-03-31/functions/{path}", {"MaxItems": _EVERYTHING})

    def _shown(self, call: Call, configuration: dict[str, Any] | None) -> dict[str, Any]:
        return {} if configuration is None else self.times.shown(call.place, configuration)

    def _settings(self, call: Call, asked: dict[str, Any]) -> Refusal | None:
        return (
            rules.environment(asked)
            or rules.runtime(asked)
            or rules.layers_here(asked, call.region)
            or rules.layers_once(asked)
            or rules.logging(asked)
        )

    async def _layers(self, call: Call, asked: dict[str, Any]) -> Refusal | None:
        for arn in asked.get("Layers") or []:
            if f":{call.request.account}:" in arn:  # another account's layer is that account's to grant
                query = {"find": "LayerVersion", "Arn": arn}
                if await calls.fetched(self.inner, call.region, "/2018-10-31/layers", query) is None:
                    return rules.bad_value(f"Layer version {arn} does not exist.")
        return None

    async def _role(self, asked: dict[str, Any]) -> Refusal | None:
        """The role must exist and trust Lambda (B15, B17)."""
        arn = asked.get("Role")
        if arn is None:
            return None
        if await self.roles.trusts(arn, "lambda.amazonaws.com"):
            return None
        return rules.bad_value("The role defined for the function cannot be assumed by Lambda.")

    async def _tracing(self, call: Call, asked: dict[str, Any]) -> Refusal | None:
        """Active tracing needs a role which may write to X-Ray, and Lambda to know that it may (B58)."""
        if not {"TracingConfig", "Role"} & asked.keys():
            return None
        now = {} if not call.rest else await self.get(call.region, f"{call.name}/configuration") or {}
        mode = (asked.get("TracingConfig") or now.get("TracingConfig") or {}).get("Mode")
        role = asked.get("Role") or now.get("Role", "")
        if mode != "Active" or await self.roles.may_trace(role):
            return None
        return rules.bad_value("The provided execution role does not have permissions to call PutTraceSegments on XRAY")

    async def _code(self, region: str, code: dict[str, Any]) -> Refusal | None:
        bucket, key = f"/{code['S3Bucket']}", quote(code.get("S3Key", ""))
        paths = {  # B21
            bucket: "NoSuchBucket. S3 Error Message: The specified bucket does not exist",
            f"{bucket}/{key}": "NoSuchKey. S3 Error Message: The specified key does not exist.",
        }
        for path, words in paths.items():
            answer = await self.inner.ask(service="s3", region=region, method="HEAD", path=path)
            if answer.status == NOT_FOUND:  # a bucket elsewhere is refused behind
                return rules.bad_value(f"Error occurred while GetObject. S3 Error Code: {words}")
        return None

    async def _alias(self, call: Call, asked: dict[str, Any]) -> Refusal | None:
        name = asked.get("Name") or unquote(call.rest.removeprefix("/aliases").strip("/"))
        now = await self.get(call.region, f"{call.name}/aliases/{quote(name)}")
        if call.request.method == "POST" and now is not None:  # B27
            return Refusal(
                code="ResourceConflictException", message=f"Alias already exists: {now['AliasArn']}", status=CONFLICT
            )
        if call.request.method == "PUT" and now is None and records.has(call.place, None):
            return Refusal(
                code="ResourceNotFoundException", message=f"Alias not found: {call.arn}:{name}", status=NOT_FOUND
            )
        main = asked.get("FunctionVersion") or (now or {}).get("FunctionVersion", "")
        weights = (asked.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        listed = await self.get(call.region, f"{call.name}/versions") or {}
        versions = {version["Version"]: version for version in listed.get("Versions", [])}
        return rules.revision(asked, now or {}) or (
            rules.alias(arn=call.arn, main=main, weights=weights, versions=versions) if versions else None
        )
