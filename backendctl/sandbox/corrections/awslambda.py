"""Lambda: refusals of its control plane, policies per qualifier, weighted aliases."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from backendctl.sandbox.corrections import function_rules as rules
from backendctl.sandbox.corrections.answers import retold
from backendctl.sandbox.corrections.concurrency import Concurrency
from backendctl.sandbox.corrections.function_times import FunctionTimes
from backendctl.sandbox.corrections.permissions import Permissions
from backendctl.sandbox.corrections.refusals import Refusal
from backendctl.sandbox.timing import FAR, FLEET, Propagation

if TYPE_CHECKING:
    from backendctl.sandbox.corrections.iam import Roles
    from backendctl.sandbox.http import Request, Response
    from backendctl.sandbox.inner import Inner
    from backendctl.sandbox.telemetry import Meter
    from backendctl.sandbox.timing import Pace

OK, CREATED = 200, 201
_PATH = re.compile(r"/\d{4}-\d{2}-\d{2}/functions(?:/([^/]+)(/.*)?)?/?")
_ARN = re.compile(r"arn:aws[a-z-]*:lambda:([a-z0-9-]+):(\d{12}):function:([^:]+)(?::([^:]+))?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A request about one function.

    Attributes:
        qualifier: from the query or from the end of the name; None when unqualified.
        rest: the path after the function's name, "" for the function itself.
    """

    request: Request
    name: str
    qualifier: str | None
    rest: str

    @property
    def region(self) -> str:
        """Where the function is."""
        return self.request.region

    @property
    def place(self) -> tuple[str, str]:
        """Region and name."""
        return self.request.region, self.name


class Lambda:
    """Lambda in front of the emulated one."""

    def __init__(self, inner: Inner, meter: Meter, *, roles: Roles, pace: Pace) -> None:
        self.inner = inner
        self._meter = meter
        self._roles = roles
        self.concurrency = Concurrency(inner=inner, pace=pace)
        self.permissions = Permissions(inner=inner, statements=Propagation(pace=pace, hosts=FLEET))
        self.times = FunctionTimes(pace=pace)
        self._aliases: Propagation[tuple[str, str, str], dict[str, Any] | None] = Propagation(pace=pace, hosts=FLEET)
        self._chance = random.Random()  # noqa: S311 - it splits traffic

    async def handle(self, request: Request) -> Response:
        """Answer a request."""
        found = _PATH.fullmatch(request.raw_path)
        if found is None:
            return await self.inner.forward(request)
        if found[1] is None:
            return await (self._create(request) if request.method == "POST" else self._list(request))
        arn = _ARN.fullmatch(unquote(found[1]))
        if arn is not None and arn[1] != request.region:  # B57
            return Refusal(
                code="ResourceNotFoundException",
                message=f"Functions from '{arn[1]}' are not reachable in this region ('{request.region}')",
                status=404,
            ).rest_json()
        name, _, of_name = (
            (arn[3], "", arn[4] or "") if arn else unquote(found[1]).rpartition(":function:")[2].partition(":")
        )
        call = Call(
            request=request, name=name, qualifier=request.first("Qualifier") or of_name or None, rest=found[2] or ""
        )
        return await self._function(call)

    async def _function(self, call: Call) -> Response:
        method, rest = call.request.method, call.rest
        if rest == "/policy" or rest.startswith("/policy/"):
            return await self.permissions.handle(call)
        if rest in {"/concurrency", "/provisioned-concurrency"}:
            return await self.concurrency.handle(call)
        if rest == "/invocations":
            return await self._invocation(call)
        refusal = await self._refusal(call, method, rest)
        return refusal.rest_json() if refusal else await self._accepted(call, method, rest)

    async def _invocation(self, call: Call) -> Response:
        pending = self.times.pending(call.place)
        if pending is not None:
            return pending.rest_json()
        return await (self.inner.forward(call.request) if call.qualifier is None else self._invoke(call))

    async def _accepted(self, call: Call, method: str, rest: str) -> Response:
        if rest == "/code" and method == "PUT" and call.request.json().get("DryRun"):
            return await self._dry_run(call)
        if rest.startswith("/aliases/") and method == "PUT":
            return await self._move(call)
        answer = await self.inner.forward(call.request)
        if rest in {"/configuration", "/code"} and method == "PUT" and answer.status == OK:
            self.times.updated(call.place)
        return self._shown(call, answer)

    def _shown(self, call: Call, answer: Response) -> Response:
        """An answer which tells of a function's states, with those it has by our clock."""
        if answer.status not in {OK, CREATED} or call.rest not in {"", "/configuration", "/code", "/versions"}:
            return answer
        document = json.loads(answer.body or b"{}")
        if "Configuration" in document:
            document["Configuration"] = self.times.shown(call.place, document["Configuration"])
        elif "Versions" in document:
            document["Versions"] = [self.times.shown(call.place, version) for version in document["Versions"]]
        elif "FunctionArn" in document:
            document = self.times.shown(call.place, document)
        else:
            return answer
        return retold(answer, document)

    async def _refusal(self, call: Call, method: str, rest: str) -> Refusal | None:
        asked = call.request.json() if method in {"POST", "PUT"} and rest != "/invocations" else {}
        if rest in {"/configuration", "/code", "/versions"} and method in {"POST", "PUT"}:
            return (
                await self._busy(call)
                or rules.environment(asked)
                or rules.runtime(asked)
                or await self._role(asked)
                or await self._tracing(call, asked)
                or (await self._publish(call, asked) if rest == "/versions" else None)
            )
        if rest.startswith("/aliases") and method in {"POST", "PUT"}:
            return await self._alias(call, asked)
        return None

    async def _create(self, request: Request) -> Response:
        asked = request.json()
        call = Call(request=request, name=asked.get("FunctionName", "").rpartition(":")[2], qualifier=None, rest="")
        refusal = (
            rules.environment(asked)
            or rules.runtime(asked)
            or await self._role(asked)
            or await self._tracing(call, asked)
        )
        if refusal is None and asked.get("Code", {}).get("S3Bucket"):
            refusal = await self._missing_code(request.region, asked["Code"])
        if refusal is not None:
            return refusal.rest_json()
        answer = await self.inner.forward(request)
        if answer.status == CREATED:
            self.times.created(call.place)
        return self._shown(call, answer)

    async def _list(self, request: Request) -> Response:
        """ListFunctions; with FunctionVersion=ALL every version of every function as well."""
        answer = await self.inner.forward(request)
        if answer.status != OK:
            return answer
        document = json.loads(answer.body)
        if request.first("FunctionVersion") == "ALL":
            every: list[dict[str, Any]] = []
            for function in document["Functions"]:
                listed = await self.get(request.region, f"{function['FunctionName']}/versions") or {}
                every += [_qualified(version) for version in listed.get("Versions", [])]
            document["Functions"] = every
        document["Functions"] = [
            self.times.shown((request.region, function["FunctionName"]), function) for function in document["Functions"]
        ]
        return retold(answer, document)

    async def _invoke(self, call: Call) -> Response:
        """Through an alias with weights, the version is drawn per request; each call is metered."""
        alias = present = await self.get(call.region, f"{call.name}/aliases/{quote(call.qualifier or '')}") or {}
        request = call.request
        if FAR in request.headers:  # an alias which has just moved is still where it was (A51)
            alias = self._aliases.seen((*call.place, call.qualifier or ""), present) or {}
        weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights", {})
        other = self._drawn(weights)
        if other is None and alias.get("FunctionVersion") != present.get("FunctionVersion"):
            other = alias["FunctionVersion"]
        if other is not None:
            path = f"/2015-03-31/functions/{call.name}/invocations"
            request = replace(request, path=path, raw_path=path, query={"Qualifier": [other]})
        with self._meter.through(qualifier=call.qualifier or "$LATEST", weighted=bool(weights)):
            return await self.inner.forward(request)

    def _drawn(self, weights: dict[str, float]) -> str | None:
        """The version a request goes to instead of the alias's own; None: the alias's own."""
        drawn = self._chance.random()
        for version, weight in weights.items():
            drawn -= weight
            if drawn < 0:
                return version
        return None

    async def _dry_run(self, call: Call) -> Response:
        """UpdateFunctionCode which only judges (B36): the emulated one would take the code."""
        answer = await self.inner.ask(
            service="lambda",
            region=call.region,
            method="GET",
            path=f"/2015-03-31/functions/{call.name}/configuration",
        )
        if answer.status != OK:
            return answer
        document = {**json.loads(answer.body), **rules.code_facts(call.request.json())}
        return retold(answer, document)

    async def _move(self, call: Call) -> Response:
        """UpdateAlias, of which those who serve calls hear later (A51, B43)."""
        path = f"{call.name}{call.rest}"
        before = await self.get(call.region, path)
        answer = await self.inner.forward(call.request)
        if answer.status == OK:
            name = unquote(call.rest.removeprefix("/aliases/"))
            self._aliases.change((*call.place, name), before=before, after=await self.get(call.region, path))
        return answer

    async def _busy(self, call: Call) -> Refusal | None:
        now = await self.get(call.region, f"{call.name}/configuration")
        return None if now is None else self.times.busy(call.place, now["FunctionArn"])

    async def _publish(self, call: Call, asked: dict[str, Any]) -> Refusal | None:
        """The guards of PublishVersion (B24)."""
        now = await self.get(call.region, f"{call.name}/configuration") or {}
        given = asked.get("CodeSha256")
        if given and now and given != now["CodeSha256"]:
            return rules.bad_value(
                f"CodeSHA256 ({given}) is different from current CodeSHA256 in $LATEST ({now['CodeSha256']}). "
                "Please try again with the CodeSHA256 in $LATEST."
            )
        return rules.revision(asked, now)

    async def _role(self, asked: dict[str, Any]) -> Refusal | None:
        """The role must exist and trust Lambda (B15, B17)."""
        arn = asked.get("Role")
        if arn is None:
            return None
        if await self._roles.trusts(arn, "lambda.amazonaws.com"):
            return None
        return rules.bad_value("The role defined for the function cannot be assumed by Lambda.")

    async def _tracing(self, call: Call, asked: dict[str, Any]) -> Refusal | None:
        """Active tracing needs a role which may write to X-Ray, and Lambda to know that it may (B58)."""
        if not {"TracingConfig", "Role"} & asked.keys():
            return None
        now = {} if not call.rest else await self.get(call.region, f"{call.name}/configuration") or {}
        mode = (asked.get("TracingConfig") or now.get("TracingConfig") or {}).get("Mode")
        role = asked.get("Role") or now.get("Role", "")
        if mode != "Active" or await self._roles.may_trace(role):
            return None
        return rules.bad_value("The provided execution role does not have permissions to call PutTraceSegments on XRAY")

    async def _missing_code(self, region: str, code: dict[str, Any]) -> Refusal | None:
        path = f"/{code['S3Bucket']}/{quote(code.get('S3Key', ''))}"
        answer = await self.inner.ask(service="s3", region=region, method="HEAD", path=path)
        if answer.status != 404:  # noqa: PLR2004 - a bucket elsewhere is refused behind
            return None
        return rules.bad_value(  # B21
            "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: "
            "The specified key does not exist."
        )

    async def _alias(self, call: Call, asked: dict[str, Any]) -> Refusal | None:
        name = asked.get("Name") or unquote(call.rest.removeprefix("/aliases").strip("/"))
        if call.request.method == "POST" and name.isdigit():  # B27
            return rules.bad_value(
                f"Value '{name}' at 'name' failed to satisfy constraint: Member must satisfy regular expression "
                "pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)"
            )
        now = await self.get(call.region, f"{call.name}/aliases/{quote(name)}")
        if call.request.method == "POST" and now is not None:  # B27
            return Refusal(
                code="ResourceConflictException", message=f"Alias already exists: {now['AliasArn']}", status=409
            )
        main = asked.get("FunctionVersion") or (now or {}).get("FunctionVersion", "")
        weights = (asked.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        listed = await self.get(call.region, f"{call.name}/versions") or {}
        versions = {version["Version"]: version for version in listed.get("Versions", [])}
        arn = versions.get("$LATEST", {}).get("FunctionArn", "").removesuffix(":$LATEST")
        return rules.alias(arn=arn, main=main, weights=weights, versions=versions) if versions else None

    async def get(self, region: str, path: str) -> dict[str, Any] | None:
        """Read a document of the function API; None when it is not there."""
        answer = await self.inner.ask(
            service="lambda", region=region, method="GET", path=f"/2015-03-31/functions/{path}"
        )
        document: dict[str, Any] | None = json.loads(answer.body) if answer.status == OK else None
        return document


def _qualified(version: dict[str, Any]) -> dict[str, Any]:
    suffix = f":{version['Version']}"
    return {**version, "FunctionArn": version["FunctionArn"].removesuffix(suffix) + suffix}
