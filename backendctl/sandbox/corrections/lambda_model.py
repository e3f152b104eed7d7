"""Lambda's own ways with its model: what it judges by other words than those all services share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections import constraints, runtimes
from backendctl.sandbox.operations import operation_of
from backendctl.sandbox.timing import FAR

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backendctl.sandbox.corrections.answers import Refusal
    from backendctl.sandbox.http import Request

_FUNCTIONS = constraints.Judge(
    service="lambda",
    silent=frozenset({"Runtime", "Blob"}),  # of a function's runtime Lambda speaks in words of its own
    limits={"Timeout": {"max": 900}, "MemorySize": {"max": 10240}},  # B54; the model's are those of managed instances
)
_LAYERS = constraints.Judge(
    service="lambda",
    enums={"Runtime": runtimes.EVER},
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
    if not all(runtimes.is_offered(name) for name in given):
        yield (
            f"Value '[{', '.join(given)}]' at 'compatibleRuntimes' failed to satisfy constraint: Member must satisfy "
            f"enum value set: [{', '.join(runtimes.OFFERED)}]"
        )
