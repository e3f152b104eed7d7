"""Calls of a version before traffic gets to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from backendctl.aws.errors import explain
from backendctl.aws.progress import remark
from backendctl.errors import BackendctlError
from backendctl.resources.lambda_.calling import call_at_once, decoded
from backendctl.resources.lambda_.lambda_waits import NOT_RUN_HERE, not_run

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

_SHOWN = 1000
"""Characters of an answer, and of a log, that are worth showing."""


def prewarm(aws: Aws, region: str, physical: str, *, version: str, payload: str, count: int = 1) -> None:
    """Invoke a version, so that its first users do not wait for it.

    What AWS or the network says is only told, since the release may be good all the same, and so is a sandbox's word
    that it cannot run the function; what the *function* says is final.

    Args:
        count: environments to make; so many calls run at once.

    Raises:
        BackendctlError: the function itself failed; a release that cannot answer the warmer must not get traffic.
    """
    answers = call_at_once(aws, region, physical, qualifier=version, payload=payload, count=count)
    for answer in answers:
        if answer.fault and (reason := _not_run(answer.said)):
            remark(not_run(physical, reason))
        elif answer.fault:
            raise BackendctlError(
                failed(f"{physical}:{version} in {region}", fault=answer.fault, said=answer.said, log=answer.log),
                hint="the release gets no traffic; correct it, or the function's warm input, and deploy again",
            )
    if errors := [answer.error for answer in answers if answer.error is not None]:
        told = explain(errors[0], doing=f"warm {physical}:{version} in {region}")
        remark(f"{physical}:{version} in {region} could not be warmed: {told.message}")


def failed(what: str, *, fault: str, said: str, log: str) -> str:
    """The sentence for a function that failed. log: base64, as AWS sends it."""
    tail = decoded(log).strip()
    sentence = f"{what} answers the warmer's input with an error ({fault}): {said[:_SHOWN]}"
    return f"{sentence}\n{tail[-_SHOWN:]}" if tail else sentence


def _not_run(said: str) -> str | None:
    """Why a sandbox could not run the function; None when it ran, and failed by itself."""
    try:
        document = json.loads(said)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.get("errorType") != NOT_RUN_HERE:
        return None
    return str(document.get("errorMessage", "no reason given"))
