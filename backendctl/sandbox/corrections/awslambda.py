"""Lambda: refusals of its control plane, policies per qualifier, weighted aliases."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from backendctl.sandbox import function_code, invocation
from backendctl.sandbox.corrections import (
    calls,
    event_invoke,
    function_records,
    function_shape,
    lambda_model,
    lambda_others,
)
from backendctl.sandbox.corrections import function_rules as rules
from backendctl.sandbox.corrections.answers import Refusal, carrying, retold
from backendctl.sandbox.corrections.calls import FUNCTIONS, Call, call_of
from backendctl.sandbox.corrections.concurrency import Concurrency
from backendctl.sandbox.corrections.function_checks import FunctionChecks
from backendctl.sandbox.corrections.function_shape import FunctionTimes
from backendctl.sandbox.corrections.lambda_others import LAYERS, MAPPINGS, EventSources, Layers, nothing
from backendctl.sandbox.corrections.permissions import Permissions
from backendctl.sandbox.corrections.readiness import Readiness
from backendctl.sandbox.http import (
    ACCEPTED,
    BAD_REQUEST,
    BROKEN,
    CREATED,
    NO_CONTENT,
    NOT_FOUND,
    OK,
    TOO_MANY,
    Response,
)
from backendctl.sandbox.timing import FAR, FLEET, Propagation

if TYPE_CHECKING:
    from backendctl.sandbox.corrections.iam import Roles
    from backendctl.sandbox.corrections.readiness import Provisioner
    from backendctl.sandbox.http import Request
    from backendctl.sandbox.inner import Inner
    from backendctl.sandbox.telemetry import Meter
    from backendctl.sandbox.timing import Pace

_SHOWN = frozenset({"", "/configuration", "/code", "/versions"})


class Lambda:
    """Lambda in front of the emulated one."""

    def __init__(
        self, inner: Inner, meter: Meter, *, roles: Roles, pace: Pace, provisioner: Provisioner | None = None
    ) -> None:
        self.inner = inner
        self._meter = meter
        self.concurrency = Concurrency(inner=inner, pace=pace, readiness=Readiness(provisioner=provisioner))
        self.permissions = Permissions(inner=inner, statements=Propagation(pace=pace, hosts=FLEET))
        self.event_sources = EventSources(inner=inner)
        self.layers = Layers(inner=inner)
        self.times = FunctionTimes(pace=pace)
        self.checks = FunctionChecks(inner=inner, roles=roles, times=self.times)
        self._aliases: Propagation[tuple[str, str, str], dict[str, Any] | None] = Propagation(pace=pace, hosts=FLEET)
        self._chance = random.Random()  # noqa: S311 - it splits traffic

    async def handle(self, request: Request) -> Response:
        """Answer a request."""
        refusal = lambda_model.refusal(request)
        answer = refusal.rest_json() if refusal else await self._answer(request)
        return answer if answer.status < BAD_REQUEST or answer.status == TOO_MANY else _whole(answer)

    async def _answer(self, request: Request) -> Response:
        found = FUNCTIONS.fullmatch(request.raw_path)
        if found is None:
            return await self._about_no_function(request)
        if found[2] is None:
            return await (self._create(request) if request.method == "POST" else self._list(request))
        call = call_of(request, found)
        return call.rest_json() if isinstance(call, Refusal) else await self._function(call)

    async def _about_no_function(self, request: Request) -> Response:
        mapping = MAPPINGS.fullmatch(request.path)
        if mapping is not None:
            return await self.event_sources.handle(request, mapping[1])
        if LAYERS.fullmatch(request.path) is not None:
            return await self.layers.handle(request)
        refusal = lambda_others.tags_refusal(request)
        answer = refusal.rest_json() if refusal else await self.inner.forward(request)
        tagged = lambda_others.tagged_function(request)
        if tagged is not None and request.method != "GET" and answer.status == NO_CONTENT:
            function_records.revise(tagged)
        return answer

    async def _function(self, call: Call) -> Response:
        method, rest = call.request.method, call.rest
        if rest == "/policy" or rest.startswith("/policy/"):
            return await self.permissions.handle(call)
        if rest in {"/concurrency", "/provisioned-concurrency"}:
            return await self.concurrency.handle(call)
        if rest.startswith("/event-invoke-config"):
            denied = await self.checks.destinations(call, event_invoke.sound_destinations(call))
            return denied.rest_json() if denied else event_invoke.handle(call)
        if rest == "/invocations":
            return await self._invocation(call)
        if rest == "" and method == "DELETE":
            return await self._delete(call)
        refusal = await self.checks.change(call)
        return refusal.rest_json() if refusal else await self._accepted(call, method, rest)

    async def _invocation(self, call: Call) -> Response:
        pending = self.times.pending(call.place)
        if pending is None and call.qualifier is not None:
            pending = self.times.unready(call.place, function_records.version_of(call.place, call.qualifier))
        if pending is not None:
            return pending.rest_json()
        with invocation.begun() as request_id:
            answer = await (self.inner.forward(call.request) if call.qualifier is None else self._invoke(call))
        dropped = {"x-amzn-requestid"} | ({"x-amz-executed-version"} if answer.status == ACCEPTED else set())
        headers = {name: value for name, value in answer.headers.items() if name.lower() not in dropped}
        if answer.status == TOO_MANY:
            headers["x-amzn-ErrorType"] = "TooManyRequestsException"
        return replace(answer, headers={**headers, "x-amzn-RequestId": request_id})

    async def _accepted(self, call: Call, method: str, rest: str) -> Response:
        if rest == "/code" and method == "PUT" and call.request.json().get("DryRun"):
            return await self._dry_run(call)
        if rest.startswith("/aliases/") and method == "PUT":
            return await self._move(call)
        if rest.startswith("/aliases/") and method == "DELETE":
            self.concurrency.alias_deleted(call.place, unquote(rest.removeprefix("/aliases/")))
        versions = function_records.versions(call.place)
        answer = await self.inner.forward(call.request)
        if rest == "/versions" and method == "POST" and answer.status == CREATED:
            self._snapshot(call, json.loads(answer.body), before=versions)
        if rest == "/versions" and method == "POST" and function_records.versions(call.place) != versions:
            function_records.revise(call.place)  # a new version gives $LATEST another RevisionId too
        if rest in {"/configuration", "/code"} and method == "PUT" and answer.status == OK:
            self.times.updated(call.place)
            if rest == "/code" and call.request.json().get("Publish"):
                answer = self._published(call, answer)
        if answer.status == NOT_FOUND:
            return self._not_found(call, answer)
        return self._shown(call, answer)

    def _snapshot(self, call: Call, made: dict[str, Any], *, before: frozenset[str]) -> None:
        if made["Version"] not in before:
            self.times.snapshot(call.place, made)

    def _not_found(self, call: Call, answer: Response) -> Response:
        if call.rest in {"", "/configuration"}:
            return calls.not_found(call.arn, call.qualifier).rest_json()
        if call.rest == "/url":
            return nothing().rest_json()
        alias = unquote(call.rest.removeprefix("/aliases/"))
        if (
            call.rest.startswith("/aliases/")
            and call.request.method == "GET"
            and function_records.has(call.place, None)
        ):
            return calls.no_alias(call.arn, alias).rest_json()
        if (
            call.rest.startswith("/aliases/")
            and call.request.method == "DELETE"
            and function_records.has(call.place, None)
        ):
            return Response(status=NO_CONTENT)  # of an alias which is gone nothing is said
        return answer

    def _published(self, call: Call, answer: Response) -> Response:
        """The version which came of new code: it is as new as a function which is being made."""
        version = json.loads(answer.body)["Version"]
        made = function_records.published(call.place, version)
        self.times.published(call.place, version)
        return retold(answer, made)

    def _shown(self, call: Call, answer: Response) -> Response:
        """An answer which tells of a function's states, with those it has by our clock."""
        if answer.status not in {OK, CREATED} or call.rest not in _SHOWN | {"/aliases"}:
            return answer
        document = json.loads(answer.body or b"{}")
        if "Configuration" in document:
            document["Configuration"] = self._told(call, document["Configuration"])
            if not document.get("Tags"):
                document.pop("Tags", None)
            if "Location" in document.get("Code", {}):
                document["Code"]["Location"] = function_code.location(call.request, document["Configuration"])
        elif "Versions" in document:
            document["Versions"] = [
                function_shape.listed(function_shape.qualified(self._told(call, version), version["Version"]))
                for version in document["Versions"]
            ]
        elif "Aliases" in document:
            version = call.request.first("FunctionVersion")
            document["Aliases"] = [one for one in document["Aliases"] if version in {None, one["FunctionVersion"]}]
        elif "FunctionArn" in document:
            document = self._told(call, document)
        else:
            return answer
        return retold(answer, document)

    def _told(self, call: Call, configuration: dict[str, Any]) -> dict[str, Any]:
        told = function_shape.whole(self.times.shown(call.place, configuration), region=call.region)
        return told if call.qualifier is None else function_shape.qualified(told, call.qualifier)

    async def _create(self, request: Request) -> Response:
        asked = request.json()
        reference = calls.reference_of(asked.get("FunctionName", ""))
        call = Call(request=request, name=reference.name, qualifier=None, rest="")
        refusal = (
            calls.too_long(reference.name)
            or calls.elsewhere(reference, request)
            or await self.checks.creation(call, asked)
        )
        if refusal is not None:
            return refusal.rest_json()
        answer = await self.inner.forward(carrying(request, {**asked, "FunctionName": reference.name}))
        if answer.status != CREATED:
            return answer
        self.times.created(call.place)
        answer = self._shown(call, answer)
        if asked.get("Publish"):
            function_records.published(call.place, json.loads(answer.body)["Version"])
        return answer

    async def _delete(self, call: Call) -> Response:
        if call.qualifier == "$LATEST":
            return rules.bad_value("$LATEST version cannot be deleted without deleting the function.").rest_json()
        if (
            call.qualifier
            and function_records.has(call.place, None)
            and not function_records.has(call.place, call.qualifier)
        ):
            return Response(status=NO_CONTENT)  # of a version which is gone nothing is said
        return await self.inner.forward(call.request)

    async def _list(self, request: Request) -> Response:
        """ListFunctions; with FunctionVersion=ALL every version of every function as well."""
        answer = await self.inner.forward(request)
        if answer.status != OK:
            return answer
        document = json.loads(answer.body)
        if request.first("FunctionVersion") == "ALL":
            every: list[dict[str, Any]] = []
            for function in document["Functions"]:
                listed = await self.checks.get(request.region, f"{function['FunctionName']}/versions") or {}
                every += [
                    function_shape.qualified(version, version["Version"]) for version in listed.get("Versions", [])
                ]
            document["Functions"] = every
        document["Functions"] = [
            function_shape.listed(function_shape.whole(self._states(request, function), region=request.region))
            for function in document["Functions"]
        ]
        return retold(answer, document)

    def _states(self, request: Request, function: dict[str, Any]) -> dict[str, Any]:
        return self.times.shown((request.region, function["FunctionName"]), function)

    async def _invoke(self, call: Call) -> Response:
        """Through an alias with weights, the version is drawn per request; each call is metered."""
        alias = present = dict(function_records.alias(call.place, call.qualifier or "") or {})
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
        now = await self.checks.get(call.region, f"{call.name}/configuration")
        if now is None:
            return calls.not_found(call.arn).rest_json()
        return Response.of_json(self._told(call, {**now, **rules.code_facts(call.request.json())}))

    async def _move(self, call: Call) -> Response:
        """UpdateAlias, of which those who serve calls hear later (A51, B43)."""
        path = f"{call.name}{call.rest}"
        before = await self.checks.get(call.region, path)
        answer = await self.inner.forward(call.request)
        if answer.status == OK:
            name = unquote(call.rest.removeprefix("/aliases/"))
            after = await self.checks.get(call.region, path)
            self._aliases.change((*call.place, name), before=before, after=after)
            if before and after and before["FunctionVersion"] != after["FunctionVersion"]:
                self.concurrency.moved(call.place, name, before=before["FunctionVersion"])
        return answer


def _whole(answer: Response) -> Response:
    """A refusal with the members Lambda puts beside the sentence; the services behind leave some out."""
    try:
        document = json.loads(answer.body)
    except ValueError:
        return answer
    told = document.get("message") or document.get("Message")
    if told is None:
        return answer
    side = "User" if answer.status < BROKEN else "Service"
    return retold(answer, {"Type": side, **document, "Message": told, "message": told})
