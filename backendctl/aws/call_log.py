"""What `-v` counts and `-vv` shows of each call to AWS, without anything that was sent or answered."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from backendctl.secrets import KNOWN

if TYPE_CHECKING:
    from botocore.session import Session

_BEGAN = "backendctl-began"
_SERVICE = "backendctl-service"


@dataclass(frozen=True, kw_only=True, slots=True)
class CallEnd:
    """How one call ended.

    Attributes:
        ended: when, in UTC.
        error: AWS's code, or the name of the exception where nothing was answered; empty when all is well.
        status: of the HTTP answer; 0 without one.
        seconds: from the first attempt to the answer, waits between attempts and for the rate limit included.
        request_id: AWS's, which its support asks for; empty when nothing was answered.
    """

    ended: datetime
    region: str
    service: str
    operation: str
    error: str
    status: int
    seconds: float
    retries: int
    request_id: str

    @property
    def line(self) -> str:
        """When, where, what, how it went, how long it took, and the request id; a secret is not in it."""
        when = self.ended.isoformat(timespec="milliseconds").removesuffix("+00:00")
        outcome = " ".join(word for word in (str(self.status or "no answer"), self.error) if word)
        retried = f", {self.retries} {'retry' if self.retries == 1 else 'retries'}" if self.retries else ""
        request = f", request {self.request_id}" if self.request_id else ""
        told = f"{self.service} {self.operation}: {outcome}, {self.seconds * 1000:,.0f} ms{retried}{request}"
        return f"{when}Z {self.region} {KNOWN.redact(told)}"


Hear = Callable[[CallEnd], None]
"""Takes in one call; called from many threads."""


def listen(session: Session, hear: Hear | None, *, clock: Callable[[], float] = time.monotonic) -> None:
    """Have every call of every client of a session told, those for credentials included.

    Args:
        session: before it has made a client.
        hear: None when nobody wants to know.
        clock: seconds, from any origin.
    """
    if hear is None:
        return

    def begin(*, model: Any, context: dict[str, Any], **_: Any) -> None:
        context |= {_BEGAN: clock(), _SERVICE: model.service_model.service_name}

    def tell(event_name: str, context: Mapping[str, Any], parsed: Mapping[str, Any]) -> None:
        meta = parsed.get("ResponseMetadata", {})
        hear(
            CallEnd(
                ended=datetime.now(tz=UTC),
                region=str(context.get("client_region") or "-"),
                service=str(context[_SERVICE]),
                operation=event_name.rpartition(".")[2],
                error=str(parsed.get("Error", {}).get("Code", "")),
                status=int(meta.get("HTTPStatusCode", 0)),
                seconds=clock() - context[_BEGAN],
                retries=int(meta.get("RetryAttempts", 0)),
                request_id=str(meta.get("RequestId", "")),
            )
        )

    def answered(*, event_name: str, context: dict[str, Any], parsed: dict[str, Any], **_: Any) -> None:
        tell(event_name, context, parsed)

    def unanswered(*, event_name: str, context: dict[str, Any], exception: Exception, **_: Any) -> None:
        tell(event_name, context, {"Error": {"Code": type(exception).__name__}})

    handlers: dict[str, Any] = {
        "provide-client-params": begin,
        "after-call": answered,
        "after-call-error": unanswered,
    }
    for event, handler in handlers.items():
        session.register(event, handler)
