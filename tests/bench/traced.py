"""`python -m tests.bench.traced TRACE DELAY ARGUMENTS…`: backendctl, DELAY seconds further away from AWS.

Every attempt of a call waits so long before it is sent, as it would on a long wire: calls at the same time wait at the
same time. A DELAY of "rounds" lets calls out in rounds, so that the longest chain of them is counted exactly, however
busy the machine is (`tests/rounds.py`). TRACE gets one JSON line for each (service, operation, region, status, start,
end, round) and one for the whole run (wall and processor seconds, MB at most), from the moment this module is loaded.
"""

from __future__ import annotations

import atexit
import json
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tests.rounds import Rounds

BEGAN = time.monotonic()
_local = threading.local()


def follow(delay: float, lines: list[dict[str, Any]], rounds: Rounds | None = None) -> None:
    """Put the delay and the notes into botocore. delay: seconds."""
    from botocore.endpoint import Endpoint  # noqa: PLC0415  # a part of what is measured
    from botocore.httpsession import URLLib3Session  # noqa: PLC0415  # the same

    make_request, send = Endpoint.make_request, URLLib3Session.send

    def make_request_noted(self: Any, operation_model: Any, request_dict: Any) -> Any:
        region = request_dict.get("context", {}).get("client_region", "")
        _local.call = (operation_model.service_model.service_name, operation_model.name, region)
        return make_request(self, operation_model, request_dict)

    def send_late(self: Any, request: Any) -> Any:
        service, operation, region = getattr(_local, "call", ("?", request.method, ""))
        turn = rounds.enter() if rounds is not None else 0
        started = time.monotonic()
        if delay:
            time.sleep(delay)
        answer = None
        try:
            answer = send(self, request)
        finally:
            if rounds is not None:
                rounds.leave()
            lines.append(
                {
                    "service": service,
                    "operation": operation,
                    "region": region,
                    "status": answer.status_code if answer is not None else 0,
                    "from": started - BEGAN,
                    "to": time.monotonic() - BEGAN,
                    "round": turn,
                    "thread": threading.current_thread().name,
                }
            )
        return answer

    Endpoint.make_request = make_request_noted  # type: ignore[method-assign]
    URLLib3Session.send = send_late  # type: ignore[method-assign]


def main() -> None:
    """Run backendctl so."""
    trace, delay, *arguments = sys.argv[1:]
    lines: list[dict[str, Any]] = []

    def finish() -> None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        whole = {"wall": time.monotonic() - BEGAN, "cpu": used.ru_utime + used.ru_stime, "mb": used.ru_maxrss / 1024}
        Path(trace).write_text("\n".join(json.dumps(line) for line in [*lines, whole]), encoding="utf-8")

    atexit.register(finish)
    rounds = Rounds() if delay == "rounds" else None
    follow(0.0 if rounds else float(delay), lines, rounds)
    from backendctl.cli.main import main as backendctl  # noqa: PLC0415  # a part of what is measured

    sys.argv = ["backendctl", *arguments]
    backendctl()


if __name__ == "__main__":
    main()
