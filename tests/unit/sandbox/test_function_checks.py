"""What Lambda is asked before it refuses."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from backendctl.sandbox.corrections.function_checks import FunctionChecks
from backendctl.sandbox.http import Response


class Paged:
    """A function with 60 versions, listed 50 at a time where nothing else is asked for."""

    async def ask(self, *, query: dict[str, list[str]] | None = None, **_: object) -> Response:
        most = int((query or {}).get("MaxItems", ["50"])[0])
        return Response.of_json({"Versions": [{"Version": str(number)} for number in range(1, 61)][:most]})


def test_a_version_beyond_the_fiftieth_is_known() -> None:
    nothing: Any = cast("Any", None)
    checks = FunctionChecks(inner=cast("Any", Paged()), roles=nothing, times=nothing)
    found = asyncio.run(checks.get("us-east-1", "shop-places/versions"))
    assert found is not None
    assert found["Versions"][-1] == {"Version": "60"}
