"""What the API's callers get, beside the definition: CORS, API keys, usage plans, limits of single methods."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

HEADERS = ("Content-Type", "X-Amz-Date", "Authorization", "X-Api-Key", "X-Amz-Security-Token")
"""What a page may send unless the spec says otherwise: what API Gateway itself reads."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Throttling:
    """rate: requests per second; burst: requests."""

    rate: float
    burst: int

    def words(self) -> str:
        """`5/s, burst 10`."""
        return f"{self.rate:g}/s, burst {self.burst}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cors:
    """Which pages of other origins may call the API from a browser.

    Attributes:
        origins: `scheme://host[:port]` each, or "*" alone.
        headers: that a page may send. methods: in capitals; empty means those of each path.
        max_age: seconds for which a browser remembers what it was told; None leaves that to the browser.
    """

    origins: tuple[str, ...]
    headers: tuple[str, ...] = HEADERS
    methods: tuple[str, ...] = ()
    credentials: bool = False
    max_age: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiKey:
    """An API key, the same value in every region.

    Attributes:
        physical: its name in AWS.
        value: None has one made, once for all regions. customer: id of AWS Marketplace.
    """

    name: str
    physical: str
    value: str | None = field(default=None, repr=False)
    description: str = ""
    customer: str = ""
    enabled: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota:
    """limit: requests of one key. period: DAY, WEEK or MONTH."""

    limit: int
    period: str


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
    stages: dict[str, dict[str, Throttling]]
    keys: tuple[str, ...] = ()
    throttling: Throttling | None = None
    quota: Quota | None = None
    description: str = ""


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
    parameters: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    expect: int | None = None
    skip: bool = False


def build_cors(given: dict[str, Any]) -> Cors:
    """From a sound spec."""
    origins = given["origins"]
    return Cors(
        origins=(origins,) if isinstance(origins, str) else tuple(origins),
        headers=tuple(given.get("headers", HEADERS)),
        methods=tuple(given.get("methods", ())),
        credentials=bool(given.get("credentials")),
        max_age=int(given["max-age"]) if "max-age" in given else None,
    )


def build_key(physical: str, name: str, given: dict[str, Any]) -> ApiKey:
    """From a sound spec."""
    return ApiKey(
        name=name,
        physical=physical,
        **{key: given[key] for key in ("value", "description", "customer", "enabled") if key in given},
    )


def build_plan(physical: str, name: str, given: dict[str, Any]) -> UsagePlan:
    """From a sound spec."""
    stages, quota = given["stages"], given.get("quota")
    limits: dict[str, Any] = stages if isinstance(stages, dict) else {stage: {} for stage in stages}
    return UsagePlan(
        name=name,
        physical=physical,
        stages={stage: method_throttling(limits[stage]) for stage in limits},
        keys=tuple(given.get("keys", ())),
        throttling=throttling(given["throttling"]) if "throttling" in given else None,
        quota=Quota(limit=int(quota["limit"]), period=quota["per"].upper()) if quota else None,
        description=given.get("description", ""),
    )


def method_throttling(given: dict[str, Any]) -> dict[str, Throttling]:
    """By route."""
    return {route: throttling(limit) for route, limit in given.items()}


def throttling(given: dict[str, Any]) -> Throttling:
    """From a sound spec."""
    return Throttling(rate=float(given["rate"]), burst=int(given["burst"]))
