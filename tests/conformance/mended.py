"""What the recordings got wrong: calls whose request is not the one which was answered, told by the answers themselves.

The recorder worked requests out from the text of the recorded tests, sometimes of a later text than the one that ran.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conformance.recorded import Case, Step

FOREIGN = "123456789012", "999999999999"
"""The account which the recorded tests took for another's is the sandbox's own; and the one that stands for it."""

_MEMBERS: dict[tuple[str, str], dict[int, dict[str, Any]]] = {
    # The rule is on a bus of its own, and only PutRule says so.
    ("events", "put_list_remove_target[custom]"): {number: {"EventBusName": "<bus_name>"} for number in (3, 4, 5, 6)},
    # The answers are from the time when the test asked for another runtime.
    ("lambda", "lambda_provisioned_concurrency_moves_with_alias"): {0: {"runtime": "python3.8"}},
}
_ELSEWHERE = {("lambda", "layer_function_exceptions"): {11}}
"""Calls to the second region of a test, which the recorder does not tell apart."""

_LEFT_OUT: dict[tuple[str, str], dict[int, dict[str, Any]]] = {
    # Between the two calls the method setting goes: the second shows none.
    ("apigateway", "update_stage_remove_wildcard"): {
        2: {
            "operation": "apigateway.UpdateStage",
            "request": {
                "restApiId": "<api_id>",
                "stageName": "s1",
                "patchOperations": [{"op": "remove", "path": "/*/*"}],
            },
        }
    },
    # The alias moves with what it has: AWS shows it in the answer after.
    ("lambda", "lambda_provisioned_concurrency_moves_with_alias"): {
        8: {"operation": "", "note": "until provisioned concurrency is ready"}
    },
    # A new table can be changed, and recovered, only after a while.
    ("dynamodb", "continuous_backup_update"): {1: {"operation": "", "note": "until backups are enabled"}},
}
"""Calls and waits which came before the call of that number, and are missing."""


def mended(case: Case) -> Case:
    """The case as it must have run."""
    key = case.service, case.name
    steps: list[Step] = []
    for step in case.steps:
        missing = _LEFT_OUT.get(key, {}).get(step.number)
        if missing is not None:
            steps.append(replace(step, **missing, answer=None, error=None, status=None))
        request = {**_here(step.request), **_MEMBERS.get(key, {}).get(step.number, {})}
        steps.append(replace(step, request=request, elsewhere=step.number in _ELSEWHERE.get(key, ())))
    return replace(case, steps=tuple(steps))


def _here(request: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(request).replace(*FOREIGN))
    return found
