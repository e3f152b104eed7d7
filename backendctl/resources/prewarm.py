"""One call to a version before traffic gets to it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from backendctl.aws.errors import BotoCoreError, ClientError
from backendctl.aws.progress import note
from backendctl.errors import BackendctlError

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

_SHOWN = 1000
"""Characters of an answer, and of a log, that are worth showing."""


def prewarm(aws: Aws, region: str, physical: str, *, version: str, payload: str) -> None:
    """Invoke a version once, so that its first user does not wait for it.

    What AWS or the network says is only told, since the release may be good all the same; what the *function* says
    is final.

    Raises:
        BackendctlError: the function itself failed; a release that cannot answer the warmer must not get traffic.
    """
    try:
        answer = aws.lambda_(region).invoke(
            FunctionName=physical,
            Qualifier=version,
            InvocationType="RequestResponse",
            LogType="Tail",
            Payload=payload.encode(),
        )
        said = answer["Payload"].read().decode(errors="replace")
    except (ClientError, BotoCoreError) as error:
        note(f"{physical}:{version} could not be warmed: {error}"[:200])
        return
    if fault := answer.get("FunctionError"):
        raise BackendctlError(
            failed(f"{physical}:{version} in {region}", fault=fault, said=said, log=answer.get("LogResult", "")),
            hint="the release gets no traffic; correct it, or the function's warm input, and deploy again",
        )


def failed(what: str, *, fault: str, said: str, log: str) -> str:
    """The sentence for a function that failed. log: base64, as AWS sends it."""
    tail = base64.b64decode(log).decode(errors="replace").strip()
    sentence = f"{what} answers the warmer's input with an error ({fault}): {said[:_SHOWN]}"
    return f"{sentence}\n{tail[-_SHOWN:]}" if tail else sentence
