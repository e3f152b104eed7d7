"""The patch of a stage: what differs, nothing else, in words that AWS takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.apigateway.stage_patch import NO_CACHE, escaped, patches
from backendctl.spec.callers import Throttling
from backendctl.spec.model import Logging

LIVE = Stage(
    region="us-east-1",
    name="prodv1",
    owner="corkhounds",
    api="corkhounds",
    definition="a" * 12,
    variables={"kept": "1", "old": "1"},
    tracing=False,
    metrics=False,
    cache=NO_CACHE,
    cache_ttl=300,
    logging=Logging(level="INFO", access="group", format="$context.requestId"),
    description="",
)


def patch(deployment: str | None = None, **fields: Any) -> list[tuple[str, ...]]:
    found = patches(replace(LIVE, **fields), LIVE, deployment=deployment, log_arn="arn:group:")
    return [(op["op"], op["path"], *([op["value"]] if "value" in op else [])) for op in found]


def test_nothing_that_is_the_same_is_patched() -> None:
    assert patch() == []


def test_none_leaves_alone() -> None:
    assert patch(variables=None, tracing=None, metrics=None, cache=None, logging=None, description=None) == []


def test_the_deployment_comes_first_and_variables_in_the_same_list() -> None:
    assert patch("d1", variables={"kept": "2", "new": "1"}) == [
        ("replace", "/deploymentId", "d1"),
        ("replace", "/variables/kept", "2"),
        ("replace", "/variables/new", "1"),
        ("remove", "/variables/old"),
    ]


def test_an_empty_map_removes_all_variables() -> None:
    assert patch(variables={}) == [("remove", "/variables/kept"), ("remove", "/variables/old")]


def test_values_are_strings() -> None:
    assert patch(description="x", tracing=True, throttling=Throttling(rate=0.5, burst=2), metrics=True) == [
        ("replace", "/description", "x"),
        ("replace", "/tracingEnabled", "true"),
        ("replace", "/*/*/metrics/enabled", "true"),
        ("replace", "/*/*/throttling/rateLimit", "0.5"),
        ("replace", "/*/*/throttling/burstLimit", "2"),
    ]


def test_a_cache_is_switched_on_for_all_methods() -> None:
    assert patch(cache="0.5", cache_ttl=60) == [
        ("replace", "/cacheClusterEnabled", "true"),
        ("replace", "/cacheClusterSize", "0.5"),
        ("replace", "/*/*/caching/enabled", "true"),
        ("replace", "/*/*/caching/ttlInSeconds", "60"),
    ]


def test_an_access_log_is_set_with_its_format_and_removed_whole() -> None:
    logging = Logging(level="INFO", access="other", format="$context.requestId")
    assert patch(logging=logging) == [
        ("replace", "/accessLogSettings/destinationArn", "arn:group:other"),
        ("replace", "/accessLogSettings/format", "$context.requestId"),
    ]
    assert patch(logging=Logging(level="ERROR", data_trace=True)) == [
        ("replace", "/*/*/logging/loglevel", "ERROR"),
        ("replace", "/*/*/logging/dataTrace", "true"),
        ("remove", "/accessLogSettings"),
    ]


def test_keys_are_escaped() -> None:
    assert escaped("/a~b/{c}") == "~1a~0b~1{c}"


def test_settings_of_single_methods_are_set_one_by_one_and_removed_together() -> None:
    live = replace(LIVE, methods={"~1a/GET/throttling/rateLimit": "5.0", "~1b/PUT/metrics/enabled": "true"})
    wanted = replace(live, methods={"~1a/GET/throttling/rateLimit": "6.0", "~1c/GET/logging/loglevel": "INFO"})
    assert patches(wanted, live, deployment=None, log_arn="") == [
        {"op": "remove", "path": "/~1b/PUT"},
        {"op": "replace", "path": "/~1a/GET/throttling/rateLimit", "value": "6.0"},
        {"op": "replace", "path": "/~1c/GET/logging/loglevel", "value": "INFO"},
    ]
    assert patches(replace(live, methods=None), live, deployment=None, log_arn="") == []
