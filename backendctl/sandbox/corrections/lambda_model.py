"""Lambda's own ways with its model, and its runtimes as its answers list them: in an order of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections import constraints
from backendctl.sandbox.operations import operation_of
from backendctl.sandbox.timing import FAR

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backendctl.sandbox.corrections.answers import Refusal
    from backendctl.sandbox.http import Request

OFFERED = (
    "nodejs20.x", "python3.14", "provided.al2023", "python3.12", "python3.13", "nodejs24.x", "nodejs22.x", "java25",
    "python3.10", "python3.11", "java21", "ruby3.3", "ruby3.4", "ruby3.2", "python3.8", "python3.9", "java17",
    "nodejs16.x", "dotnet10", "dotnet8", "java11", "dotnet6", "nodejs18.x", "provided.al2", "java8.al2",
)  # fmt: skip
"""Those a function may be made with."""

EVER = (
    "ruby3.5", "ruby2.6", "dotnetcore1.0", "python3.7", "nodejs8.10", "nasa", "ruby2.7", "python2.7-greengrass",
    "dotnetcore2.0", "python3.8", "java21", "dotnet6", "dotnetcore2.1", "python3.9", "java11", "nodejs6.10",
    "provided", "dotnetcore3.1", "dotnet8", "java25", "java17", "nodejs", "nodejs4.3", "java8.al2", "go1.x",
    "dotnet10", "nodejs20.x", "go1.9", "byol", "nodejs10.x", "provided.al2023", "nodejs22.x", "python3.10", "java8",
    "nodejs12.x", "python3.11", "nodejs24.x", "nodejs8.x", "python3.12", "nodejs14.x", "nodejs8.9", "nodejs26.x",
    "python3.13", "python3.14", "nodejs16.x", "python3.15", "provided.al2", "nodejs4.3-edge", "nodejs18.x",
    "ruby3.2", "python3.4", "ruby3.3", "ruby3.4", "ruby2.5", "python3.6", "python2.7",
)  # fmt: skip
"""Those a layer may be asked for by."""

LATER = frozenset({"nodejs26.x", "python3.15", "ruby4.0", "java8.al2023", "java11.al2023", "java17.al2023"})
"""Those which have come since (B34)."""

_GONE = re.compile(r"python(2\.7|3\.[67])|nodejs(\d|4\.3|6\.10|8\.10|1[024]\.x)?|java8|ruby2\..*|dotnetcore.*|go1\.x")


def is_offered(name: str) -> bool:
    """Whether a function may be made with it."""
    return name in OFFERED or name in LATER


def is_gone(name: str) -> bool:
    """Whether it has been one and is blocked for good (B33)."""
    return _GONE.fullmatch(name) is not None


_FUNCTIONS = constraints.Judge(
    service="lambda",
    silent=frozenset({"Runtime", "Blob"}),  # of a function's runtime Lambda speaks in words of its own
    limits={"Timeout": {"max": 900}, "MemorySize": {"max": 10240}},  # B54; the model's are those of managed instances
)
_LAYERS = constraints.Judge(
    service="lambda",
    enums={"Runtime": EVER},
    silent=frozenset({"Blob"}),
)


def refusal(request: Request) -> Refusal | None:
    """What breaks the constraints of the model; whoever serves or makes calls is not held up by it."""
    if FAR in request.headers or request.path.endswith(("/invocations", "/response-streaming-invocations")):
        return None
    operation = operation_of("lambda", request)
    judge = _LAYERS if operation.startswith(("ListLayer", "GetLayer")) else _FUNCTIONS
    values = judge.values(operation, request)
    return constraints.refusal([*_runtimes(values), *judge.faults(operation, values)])


def _runtimes(values: Mapping[str, Any]) -> Iterator[str]:
    given = values.get("CompatibleRuntimes") or []
    if not all(is_offered(name) for name in given):
        yield (
            f"Value '[{', '.join(given)}]' at 'compatibleRuntimes' failed to satisfy constraint: Member must satisfy "
            f"enum value set: [{', '.join(OFFERED)}]"
        )
