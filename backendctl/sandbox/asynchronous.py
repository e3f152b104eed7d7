"""Asynchronous invocations: by the settings of what is called, and not tried at all where 0 is reserved."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from backendctl.sandbox import invocation, ministack_names
from backendctl.sandbox.corrections import function_records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.sandbox.inner import Inner

NOTHING_RESERVED = "ZeroReservedConcurrency"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asynchronous:
    """Sends events of functions whose reserved concurrency is 0 straight to where failures go.

    Left alone, the emulated Lambda would try three times and tell of them.
    """

    inner: Inner
    loop: asyncio.AbstractEventLoop

    def install(self, service: Any) -> None:
        """Put this before the module's own way to run what nobody waits for."""
        attempt = service.invoke_async_with_retry

        def judged(func: dict[str, Any], event: Any) -> None:
            config = func.get("config") or func
            place = service.get_region(), config["FunctionName"]
            if function_records.concurrency(place).reserved != 0:
                attempt({**func, "event_invoke_config": settings(place, config)}, event)
                return
            ministack_names.read(service, "_acquire_execution_slot")(func, config)  # counts the throttle
            target = destination(place, config)
            if target is not None:
                document = told(config, event, invocation.request_id() or "")
                asyncio.run_coroutine_threadsafe(self._deliver(target, document), self.loop)

        service.invoke_async_with_retry = judged

    async def _deliver(self, target: str, document: Mapping[str, Any]) -> None:
        """Send a document to a queue or to a function; other destinations are not reached."""
        _, _, service, region, _, *name = target.split(":")
        body = json.dumps(document)
        if service == "sqs":
            asked = {"QueueName": name[-1]}
            found = await self.inner.ask_json(
                service="sqs", region=region, target="AmazonSQS.GetQueueUrl", document=asked
            )
            message = {"QueueUrl": (found or {}).get("QueueUrl", ""), "MessageBody": body}
            await self.inner.ask_json(service="sqs", region=region, target="AmazonSQS.SendMessage", document=message)
        elif service == "lambda":
            await self.inner.ask(
                service="lambda",
                region=region,
                path=f"/2015-03-31/functions/{name[1]}/invocations",
                query={"Qualifier": name[2:3]} if name[2:] else {},
                headers={"x-amz-invocation-type": "Event", "content-type": "application/json"},
                body=body.encode(),
            )


def settings(place: tuple[str, str], config: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the version or alias that is called; {} without any."""
    found: dict[str, Any] = (function_records.record(place) or {}).get("event_invoke_configs", {})
    return dict(found.get(_qualifier(config), {}))


def destination(place: tuple[str, str], config: Mapping[str, Any]) -> str | None:
    """Where failed events of a version or alias go, by its own settings or the function's dead letters."""
    on_failure = (settings(place, config).get("DestinationConfig") or {}).get("OnFailure") or {}
    found: str | None = on_failure.get("Destination") or (config.get("DeadLetterConfig") or {}).get("TargetArn")
    return found or None


def told(config: Mapping[str, Any], event: Any, request_id: str) -> dict[str, Any]:
    """What a destination is told of an event that was never tried."""
    arn = config["FunctionArn"].split(":function:")[0] + f":function:{config['FunctionName']}:{_qualifier(config)}"
    now = datetime.now(UTC)
    return {
        "version": "1.0",
        "timestamp": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z",
        "requestContext": {
            "requestId": request_id,
            "functionArn": arn,
            "condition": NOTHING_RESERVED,
            "approximateInvokeCount": 0,
        },
        "requestPayload": event,
    }


def _qualifier(config: Mapping[str, Any]) -> str:
    """The alias or version that was called, as the ARN of the call has it."""
    return config["FunctionArn"].split(":function:")[-1].partition(":")[2] or "$LATEST"
