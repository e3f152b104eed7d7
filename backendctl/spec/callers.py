"""What the API's callers get, beside the definition: CORS, API keys, usage plans, limits of single methods."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from backendctl.spec.rows import build, flag, many, numeric, ref, row, some, text, whole, words

HEADERS = ("Content-Type", "X-Amz-Date", "Authorization", "X-Api-Key", "X-Amz-Security-Token")
"""What a page may send unless the spec says otherwise: what API Gateway itself reads."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Throttling:
    """rate: requests per second; burst: requests."""

    rate: float = field(metadata=row(numeric(minimum=0), "Requests per second."))
    burst: int = field(metadata=row(whole(0), "Requests at once."))

    def words(self) -> str:
        """`5/s, burst 10`."""
        return f"{self.rate:g}/s, burst {self.burst}"


def method_throttling(given: dict[str, Any]) -> dict[str, Throttling]:
    """By route."""
    return {route: build(Throttling, limit) for route, limit in given.items()}


def _limits(stages: dict[str, Any] | list[str]) -> dict[str, dict[str, Throttling]]:
    limits: dict[str, Any] = stages if isinstance(stages, dict) else {stage: {} for stage in stages}
    return {stage: method_throttling(limits[stage]) for stage in limits}


@dataclass(frozen=True, kw_only=True, slots=True)
class Cors:
    """Which pages of other origins may call the API from a browser.

    Attributes:
        origins: `scheme://host[:port]` each, or "*" alone.
        headers: that a page may send. methods: in capitals; empty means those of each path.
        max_age: seconds for which a browser remembers what it was told; None leaves that to the browser.
    """

    origins: tuple[str, ...] = field(
        metadata=row(
            {**many(some(), least=1, once=True), "type": ["string", "array"], "minLength": 1},
            "Origins whose pages may call the API, as scheme://host[:port]; '*' is every one.",
            read=lambda given: (given,) if isinstance(given, str) else tuple(given),
        )
    )
    headers: tuple[str, ...] = field(
        default=HEADERS,
        metadata=row(
            many(some(), least=1, once=True),
            "Request headers that a page may send, by default those that API Gateway itself reads.",
        ),
    )
    methods: tuple[str, ...] = field(
        default=(),
        metadata=row(
            many(words("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "*"), least=1, once=True),
            "Methods that a page may use, by default those of each path.",
        ),
    )
    credentials: bool = field(
        default=False, metadata=row(flag(), "Whether a page may send cookies and HTTP authentication.")
    )
    max_age: int | None = field(
        default=None,
        metadata=row(
            whole(0, 86400, unit="seconds"),
            "Seconds for which a browser caches the answer to a preflight request.",
        ),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiKey:
    """An API key, the same value in every region.

    Attributes:
        physical: its name in AWS.
        value: None has one made, once for all regions. customer: id of AWS Marketplace.
    """

    name: str
    physical: str
    value: str | None = field(
        default=None,
        repr=False,
        metadata=row(
            text(),
            'Its value, from an expression such as {{ ssm "/shop/partner-key" }}; by default one is made, once, for '
            "all regions.",
        ),
    )
    description: str = field(default="", metadata=row(text(most=1024), "Free text."))
    customer: str = field(default="", metadata=row(some(), "Customer id of AWS Marketplace."))
    enabled: bool = field(default=True, metadata=row(flag(), "Whether it opens anything."))


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota:
    """limit: requests of one key. period: DAY, WEEK or MONTH."""

    limit: int = field(metadata=row(whole(1), "Requests."))
    period: str = field(metadata=row(words("day", "week", "month"), "The period.", key="per", read=str.upper))


@dataclass(frozen=True, kw_only=True, slots=True)
class UsagePlan:
    """Which keys open which stages, and how often.

    Attributes:
        physical: its name in AWS.
        stages: name → limits of single methods by route, for each key.
        keys: short names. throttling, quota: of each key; None is no limit.
    """

    name: str
    physical: str
    stages: dict[str, dict[str, Throttling]] = field(
        metadata=row(
            {
                **many(text(), once=True, what="stages"),
                "type": ["array", "object"],
                "additionalProperties": ref("method-throttling"),
            },
            "The stages that its keys open: a list, or a mapping to limits of single methods for each key.",
            read=_limits,
        )
    )
    keys: tuple[str, ...] = field(default=(), metadata=row(many(text(), once=True), "Names of the API keys in it."))
    throttling: Throttling | None = field(
        default=None,
        metadata=row(ref("throttling"), "Limits of each of its keys.", read=partial(build, Throttling)),
    )
    quota: Quota | None = field(
        default=None,
        metadata=row(ref("quota"), "Requests that each of its keys may make in a period.", read=partial(build, Quota)),
    )
    description: str = field(default="", metadata=row(text(most=1024), "Free text."))


def body_text(given: Any) -> str:
    """The body of a request: text as it is, anything else as JSON."""
    return given if isinstance(given, str) else json.dumps(given)


@dataclass(frozen=True, kw_only=True, slots=True)
class Smoke:
    """One request that proves a route.

    Attributes:
        method: in capitals. path: as the definition has it, "/places/{id}".
        parameters: of the path.
        expect: the status wanted; None takes any below 500 that all regions give.
        skip: this route is never asked.
    """

    method: str
    path: str
    parameters: dict[str, str] = field(
        default_factory=dict,
        metadata=row({"type": "object", "additionalProperties": some()}, "The path parameters by name.", key="path"),
    )
    query: dict[str, str] = field(
        default_factory=dict,
        metadata=row({"type": "object", "additionalProperties": text()}, "The query string's parameters."),
    )
    headers: dict[str, str] = field(
        default_factory=dict, metadata=row({"type": "object", "additionalProperties": text()}, "Request headers.")
    )
    body: str | None = field(
        default=None,
        metadata=row(
            {"type": ["string", "object"]},
            "The request's body: text, or a mapping that is sent as JSON.",
            read=body_text,
        ),
    )
    expect: int | None = field(
        default=None,
        metadata=row(
            whole(100, 599),
            "The status that every region must answer with; without it, the same below 500 everywhere.",
        ),
    )
    skip: bool = False
