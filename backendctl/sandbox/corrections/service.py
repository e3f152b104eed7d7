"""The one way in which a service behind is corrected.

A correction stands before one service. It finds out which operation a request asks for, refuses what breaks the
service's own model, and lets the handler of that operation look. A handler returns the answer, or the refusal, or None
for what the service behind may answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from backendctl.sandbox.corrections.answers import Refusal
from backendctl.sandbox.http import Request, Response
from backendctl.sandbox.operations import operation_of

if TYPE_CHECKING:
    from backendctl.sandbox.corrections.constraints import Judge
    from backendctl.sandbox.inner import Inner

Doc = dict[str, Any]
Handled = Response | Refusal | None
Handler = Callable[[Any, Request, Doc], Awaitable[Handled]]
"""A method of a correction, with the request and what it asks for."""


def operations(**handlers: Handler) -> Mapping[str, Handler]:
    """Who answers which operation, for `CorrectedService.handlers`."""
    return handlers


@dataclass(kw_only=True, slots=True)
class CorrectedService:
    """A service in front of the emulated one.

    Attributes:
        service: its signing name.
        target: what stands before the operation's name in `X-Amz-Target`, for services which are asked by it.
        judge: knows the service's model; None judges nothing.
        handlers: by operation.
        dialect: how the service tells of a refusal.
    """

    inner: Inner
    service: ClassVar[str]
    target: ClassVar[str] = ""
    judge: ClassVar[Judge | None] = None
    handlers: ClassVar[Mapping[str, Handler]] = operations()
    dialect: ClassVar[Callable[[Refusal], Response]] = Refusal.json_rpc

    async def handle(self, request: Request) -> Response:
        """Answer a request."""
        operation = operation_of(self.service, request)
        handled: Handled = self.broken(operation, request)
        if handled is None:
            handled = await self.answer(operation, request, request.members())
        if handled is None:
            return await self.inner.forward(request)
        return type(self).dialect(handled) if isinstance(handled, Refusal) else handled

    def broken(self, operation: str, request: Request) -> Refusal | None:
        """The refusal of a request which breaks constraints of the model."""
        return None if self.judge is None else self.judge.refusal(operation, request)

    async def answer(self, operation: str, request: Request, asked: Doc) -> Handled:
        """The answer of the operation's handler; None where there is none."""
        handler = self.handlers.get(operation)
        return None if handler is None else await handler(self, request, asked)

    async def ask(self, region: str, operation: str, document: Mapping[str, Any]) -> Doc | None:
        """What the service behind answers to a request of our own; None when it refuses."""
        return await self.inner.ask_json(
            service=self.service, region=region, target=f"{self.target}.{operation}", document=document
        )
