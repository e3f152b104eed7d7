"""Calls of one function that run at the same time, so that each meets an environment of its own."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.aws.errors import BotoCoreError, ClientError
from backendctl.aws.regions import in_parallel

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

    from backendctl.aws.connection import Aws

_ROOT = re.compile(r"root=(1-[0-9a-f]{8}-[0-9a-f]{24})", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What became of one synchronous call.

    Attributes:
        began, ended: seconds of `Aws.clock`: when it was sent, and when all of the answer was there.
        said: the answer's payload. log: the last 4 KB of the call's log, base64 as AWS sends it.
        fault: "Unhandled" or the like when the function itself failed; empty otherwise.
        error: what AWS or the network said in place of an answer.
        version: that answered. request_id: of the invocation. trace_id: of X-Ray; each empty where AWS did not tell.
    """

    began: float
    ended: float
    said: str = ""
    log: str = ""
    fault: str = ""
    error: ClientError | BotoCoreError | None = None
    version: str = ""
    request_id: str = ""
    trace_id: str = ""

    @property
    def tail(self) -> str:
        """The log as text."""
        return decoded(self.log)


def decoded(log: str) -> str:
    """The text of a log that Invoke sends with its answer."""
    return base64.b64decode(log).decode(errors="replace")


def call_at_once(
    aws: Aws, region: str, physical: str, *, qualifier: str | None, payload: str, count: int
) -> list[Answer]:
    """Invoke synchronously, so many times at once; whatever goes wrong is part of the answer.

    Args:
        qualifier: alias or version; None is the function itself.
        payload: JSON text.
    """
    start = threading.Barrier(count)

    def call_together(_: int) -> Answer:
        start.wait()
        return call(aws, aws.lambda_(region), physical, qualifier=qualifier, payload=payload)

    return in_parallel(range(count), call_together, workers=count)


def call(aws: Aws, client: LambdaClient, physical: str, *, qualifier: str | None, payload: str) -> Answer:
    """Invoke synchronously once; whatever goes wrong is part of the answer.

    Args:
        client: of the region; `Aws.calling` where the function may take long.
        qualifier: alias or version; None is the function itself.
        payload: JSON text.
    """
    began = aws.clock()
    try:
        answer = client.invoke(
            FunctionName=physical,
            InvocationType="RequestResponse",
            LogType="Tail",
            Payload=payload.encode(),
            **({"Qualifier": qualifier} if qualifier else {}),
        )
        said = answer["Payload"].read().decode(errors="replace")
    except (ClientError, BotoCoreError) as error:
        return Answer(began=began, ended=aws.clock(), error=error)
    metadata: Mapping[str, Any] = answer.get("ResponseMetadata", {})
    trace = _ROOT.search(metadata.get("HTTPHeaders", {}).get("x-amzn-trace-id", ""))
    return Answer(
        began=began,
        ended=aws.clock(),
        said=said,
        log=answer.get("LogResult", ""),
        fault=answer.get("FunctionError", ""),
        version=answer.get("ExecutedVersion", ""),
        request_id=metadata.get("RequestId", ""),
        trace_id=trace[1] if trace else "",
    )
