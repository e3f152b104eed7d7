"""Application Auto Scaling as moto has it, which is loaded at the first request for it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.http import OK, Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

_TARGET = ("ServiceNamespace", "ResourceId", "ScalableDimension")
_KEPT = {
    "RegisterScalableTarget": _TARGET,
    "PutScalingPolicy": ("PolicyName", *_TARGET),
    "PutScheduledAction": ("ScheduledActionName", *_TARGET),
}
_DROPPED = {
    "DeregisterScalableTarget": ("RegisterScalableTarget", "PutScalingPolicy", "PutScheduledAction"),
    "DeleteScalingPolicy": ("PutScalingPolicy",),
    "DeleteScheduledAction": ("PutScheduledAction",),
}
_LISTS = {"DescribeScalableTargets": "ScalableTargets", "DescribeScalingPolicies": "ScalingPolicies"}
_WHOLE = ({"ServiceNamespace": "dynamodb"}, {"ServiceNamespace": "lambda"})
"""What is asked by whoever wants everything of a service."""


@dataclass(kw_only=True, slots=True)
class Moto:
    """Moto as a part of this process.

    Its objects cannot be saved, so the accepted calls which made them are kept, each replaced by its
    successor and dropped with what it made, and are played again after a restart.
    """

    _services: Callable[[Request], Response] | None = None
    _calls: list[dict[str, Any]] = field(default_factory=list)
    _unplayed: list[dict[str, Any]] = field(default_factory=list)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def answer(self, request: Request) -> Response:
        """Answer a request, and remember it when it changed something."""
        async with self._lock:  # moto is not made for threads
            listed = _LISTS.get(_operation(request))
            if listed is not None and self._services is None and not self._calls and request.json() in _WHOLE:
                return Response.of_json({listed: []})  # every plan asks, and moto takes two seconds to load
            waiting, self._unplayed = self._unplayed, []
            for saved in waiting:
                await asyncio.to_thread(self._ask, _replayed(saved))
            response = await asyncio.to_thread(self._ask, request)
            if response.status == OK:
                self._remember(request)
        return response

    def target(self, region: str, which: dict[str, Any]) -> dict[str, Any]:
        """The registered target with this namespace, resource and dimension; {} when there is none."""
        return next((saved["document"] for saved in self._of(region, "RegisterScalableTarget", which)), {})

    def scaled(self, region: str, resource: str, dimension: str) -> bool:
        """Whether a DynamoDB resource has both a target and a policy (C15)."""
        which = {"ServiceNamespace": "dynamodb", "ResourceId": resource, "ScalableDimension": dimension}
        return bool(self.target(region, which)) and bool(self._of(region, "PutScalingPolicy", which))

    def policies(self, region: str, which: dict[str, Any]) -> list[str]:
        """Names of the policies of a target."""
        return [saved["document"]["PolicyName"] for saved in self._of(region, "PutScalingPolicy", which)]

    def request(self, operation: str, region: str, document: dict[str, Any]) -> Request:
        """A request of the sandbox's own."""
        return _replayed({"operation": operation, "region": region, "document": document})

    def _of(self, region: str, operation: str, which: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            saved
            for saved in self._calls
            if saved["region"] == region
            and saved["operation"] == operation
            and all(saved["document"].get(name) == which.get(name) for name in _TARGET)
        ]

    def dump(self) -> list[dict[str, Any]]:
        """The calls which rebuild the state, oldest first."""
        return list(self._calls)

    def load(self, calls: list[dict[str, Any]]) -> None:
        """Take saved calls over; they are played at the first request, so that starting stays quick."""
        self._calls = calls
        self._unplayed = list(calls)

    def _remember(self, request: Request) -> None:
        operation = _operation(request)
        if operation not in _KEPT and operation not in _DROPPED:
            return
        document = request.json()
        if operation == "RegisterScalableTarget":  # what an update leaves out stays as it was
            document = self.target(request.region, document) | document
        gone = _DROPPED.get(operation, (operation,))
        names = _KEPT.get(operation) or (*_TARGET, *_name_of(operation))
        self._calls = [
            saved
            for saved in self._calls
            if saved["region"] != request.region
            or saved["operation"] not in gone
            or any(saved["document"].get(name) != document.get(name) for name in names)
        ]
        if operation in _KEPT:
            self._calls.append({"region": request.region, "operation": operation, "document": document})

    def _ask(self, request: Request) -> Response:
        if self._services is None:
            self._services = _load()
        return self._services(request)


def _load() -> Callable[[Request], Response]:
    # Two seconds of imports, which most sandboxes never need. Moto's own server would need Flask besides.
    from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse  # noqa: PLC0415
    from moto.core.request import Request as MotoRequest  # noqa: PLC0415
    from werkzeug.exceptions import HTTPException  # noqa: PLC0415

    def ask(request: Request) -> Response:
        url = f"http://application-autoscaling.{request.region}.amazonaws.com{request.raw_path}"
        question = MotoRequest.from_primitives(request.method, url, request.headers, request.body)
        try:
            status, headers, body = ApplicationAutoScalingResponse.dispatch(question, url, question.headers)
        except NotImplementedError as problem:
            return Response.of_json({"__type": "NotImplementedException", "message": str(problem)}, status=501)
        except HTTPException as problem:
            status, headers, body = problem.code, dict(problem.get_headers()), problem.get_body()
        data = body if isinstance(body, bytes) else str(body).encode()
        return Response(status=status, headers={str(key): str(headers[key]) for key in headers}, body=data)

    return ask


def _operation(request: Request) -> str:
    return request.headers.get("x-amz-target", "").rpartition(".")[2]


def _name_of(operation: str) -> tuple[str, ...]:
    return {"DeleteScalingPolicy": ("PolicyName",), "DeleteScheduledAction": ("ScheduledActionName",)}.get(
        operation, ()
    )


def _replayed(saved: dict[str, Any]) -> Request:
    region = saved["region"]
    scope = f"sandbox/20200101/{region}/application-autoscaling/aws4_request"
    return Request(
        method="POST",
        path="/",
        raw_path="/",
        query={},
        headers={
            "host": f"application-autoscaling.{region}.amazonaws.com",
            "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": f"AnyScaleFrontendService.{saved['operation']}",
        },
        body=json.dumps(saved["document"]).encode(),
        region=region,
        account="",
    )
