"""What one request through a stage leaves: values of AWS/ApiGateway, and lines of the stage's execution log."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.http import Request
from backendctl.sandbox.world import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backendctl.sandbox.apigateway.served import Served
    from backendctl.sandbox.apigateway.service import ApiGateway

Settings = dict[str, dict[str, Any]]
"""Method settings of a stage: by "<path without the first slash>/<method>", "*/*" for all methods."""

LONGEST_LINE = 1024
"""Bytes of a line that the execution log keeps (A59)."""

_CLIENT_ERRORS, _SERVER_ERRORS = range(400, 500), range(500, 600)


def name(stage: str, *, canary: bool) -> str:
    """The name under which a stage, or its canary, has logs and metrics (A76)."""
    return f"{stage}/Canary" if canary else stage


def values(served: Served) -> list[tuple[str, float, str]]:
    """The metrics of one request."""
    found = [
        ("Count", 1.0, "Count"),
        ("4XXError", float(served.status in _CLIENT_ERRORS), "Count"),
        ("5XXError", float(served.status in _SERVER_ERRORS), "Count"),
        ("Latency", float(round(served.seconds * 1000)), "Milliseconds"),
    ]
    if served.integration_seconds is not None:
        found.append(("IntegrationLatency", float(round(served.integration_seconds * 1000)), "Milliseconds"))
    return found


def dimensions(served: Served, settings: Settings, *, counts_canaries: bool = True) -> list[dict[str, str]]:
    """Under which names a request is counted: the API, its stage, and the method where its metrics are on.

    Args:
        counts_canaries: whether a canary's request is counted as one of a stage of its own; else it is the API's only.
    """
    api = {"ApiName": served.api_name}
    if served.canary and not counts_canaries:
        return [api]
    found = [api, {**api, "Stage": name(served.stage, canary=served.canary)}]
    if served.resource is not None and _setting(served, settings, "metricsEnabled"):
        found.append({**found[1], "Resource": served.resource, "Method": served.method})
    return found


def lines(gateway: ApiGateway, group: Sequence[Served], settings: Settings) -> list[tuple[int, str]]:
    """The execution log's lines of requests to one stage, or to its canary, whose logging is on."""
    wanted = {served.request_id for served in group if _is_logged(served, settings)}
    if not wanted:
        return []
    first, now = group[0], int(time.time() * 1000)
    place = name(first.stage, canary=first.canary)
    written = gateway.execution_log(first.region, first.api_id, place)
    return [(now, _cut(line)) for line in written if line[1:].partition(")")[0] in wanted]


def _cut(line: str) -> str:
    return line.encode()[:LONGEST_LINE].decode(errors="ignore")


def access_lines(group: Sequence[Served]) -> dict[str, list[tuple[int, str]]]:
    """Log group → lines of the stage's access log; a canary has a group of its own (A76)."""
    now = int(time.time() * 1000)
    found: dict[str, list[tuple[int, str]]] = {}
    for served in group:
        line = served.access_log
        if line is not None and ":log-group:" in line.destination:
            place = line.destination.partition(":log-group:")[2].removesuffix(":*")
            found.setdefault(name(place, canary=served.canary), []).append((now, line.text))
    return found


async def settings(gateway: ApiGateway, region: str, api_id: str, stage: str) -> Settings:
    """The method settings of a stage; none when it is gone."""
    path = f"/restapis/{api_id}/stages/{stage}"
    answer = await gateway.control(
        Request(
            method="GET",
            path=path,
            raw_path=path,
            query={},
            headers={},
            body=b"",
            region=region,
            account=ACCOUNT,
        )
    )
    found: Mapping[str, dict[str, Any]] = json.loads(answer.body).get("methodSettings", {}) if answer.body else {}
    return {key.replace("~1", "/").lstrip("/"): value for key, value in found.items()}


def _is_logged(served: Served, settings: Settings) -> bool:
    level = _setting(served, settings, "loggingLevel")
    return level == "INFO" or (level == "ERROR" and served.status >= _CLIENT_ERRORS.start)


def _setting(served: Served, settings: Settings, key: str) -> Any:
    """A setting of the method at hand, else of all methods."""
    own = f"{(served.resource or '').lstrip('/')}/{served.method}"
    return settings.get(own, settings.get("*/*", {})).get(key)
