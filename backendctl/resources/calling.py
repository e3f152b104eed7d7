"""Calls of one function that run at the same time, so that each meets an environment of its own."""

from __future__ import annotations

import base64
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.aws.errors import BotoCoreError, ClientError

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What became of one synchronous call.

    Attributes:
        began, ended: seconds of `Aws.clock`: when it was sent, and when all of the answer was there.
        said: the answer's payload. log: the last 4 KB of the call's log, base64 as AWS sends it.
        fault: "Unhandled" or the like when the function itself failed; empty otherwise.
        error: what AWS or the network said in place of an answer.
    """

    began: float
    ended: float
    said: str = ""
    log: str = ""
    fault: str = ""
    error: ClientError | BotoCoreError | None = None

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

    def call(_: int) -> Answer:
        start.wait()
        return _call(aws, region, physical, qualifier=qualifier, payload=payload)

    with ThreadPoolExecutor(max_workers=count, thread_name_prefix="warm") as pool:
        return list(pool.map(call, range(count)))


def _call(aws: Aws, region: str, physical: str, *, qualifier: str | None, payload: str) -> Answer:
    client, began = aws.lambda_(region), aws.clock()
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
    return Answer(
        began=began,
        ended=aws.clock(),
        said=said,
        log=answer.get("LogResult", ""),
        fault=answer.get("FunctionError", ""),
    )
