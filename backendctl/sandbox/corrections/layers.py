"""Lambda's layers and their policies."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections.answers import Refusal, retold
from backendctl.sandbox.corrections.function_rules import bad_value
from backendctl.sandbox.http import PRECONDITION

if TYPE_CHECKING:
    from backendctl.sandbox.http import Request, Response
    from backendctl.sandbox.inner import Inner

_VERSION = re.compile(r"/\d{4}-\d{2}-\d{2}/layers/[^/]+/versions/(-?\d+)(/policy(?:/.*)?)?")
LAYERS = re.compile(r"/\d{4}-\d{2}-\d{2}/layers(/.*)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Layers:
    """Layers in front of the emulated ones."""

    inner: Inner

    async def handle(self, request: Request) -> Response:
        """Answer a request about layers."""
        version = _VERSION.fullmatch(request.path)
        if version is not None and int(version[1]) < 1:
            return bad_value("Layer Version Cannot be less than 1").rest_json()
        answer = await self.inner.forward(request)
        if answer.status == PRECONDITION:
            return Refusal(
                code="PreconditionFailedException",
                message="The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API "
                "to retrieve the latest Revision Id",
                status=PRECONDITION,
            ).rest_json()
        return retold(answer, _without_licence(json.loads(answer.body))) if answer.body else answer


def _without_licence(document: Any) -> Any:
    """A layer's versions, without a licence none has given."""
    if isinstance(document, list):
        return [_without_licence(each) for each in document]
    if not isinstance(document, dict):
        return document
    return {name: _without_licence(value) for name, value in document.items() if value != "" or name != "LicenseInfo"}
