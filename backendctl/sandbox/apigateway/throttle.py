"""Limits of the data plane: of the stage's method settings, of a usage plan, and its quota."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from backendctl.sandbox.apigateway.exchange import Exchange, RefusedError
from backendctl.sandbox.apigateway.model import Doc, Region

ACCOUNT_RATE, ACCOUNT_BURST = 10_000.0, 5_000.0  # A44
UNLIMITED = -1


def throttle(exchange: Exchange) -> None:
    """Count a request against its method's limit on the stage.

    Raises:
        RefusedError: 429 `Too Many Requests`.
    """
    settings = exchange.stage.get("methodSettings", {})
    path, verb = str(exchange.resource["path"]), str(exchange.method["httpMethod"])
    key = next((each for each in (*_names(path, verb), "*/*") if each in settings), None)
    chosen = settings[key] if key else {}
    _limit(
        exchange,
        ("stage", exchange.region, exchange.api.id, exchange.stage_name, path, verb),
        rate=chosen.get("throttlingRateLimit", ACCOUNT_RATE),
        burst=chosen.get("throttlingBurstLimit", ACCOUNT_BURST),
    )


def _names(path: str, verb: str) -> tuple[str, str]:
    """How a method setting may name a method: the first slash is escaped, or left out."""
    escaped = path.strip("/").replace("/", "~1")
    return f"~1{escaped}/{verb}", f"{escaped}/{verb}"


def charge(exchange: Exchange, region: Region, plan: Doc, key: Doc) -> None:
    """Count a request against the usage plan of its API key: throttle first, then quota.

    Raises:
        RefusedError: 429, `Too Many Requests` or `Limit Exceeded`.
    """
    name = ("plan", exchange.region, str(plan["id"]), str(key["id"]))
    if plan.get("throttle"):
        _limit(exchange, name, rate=plan["throttle"]["rateLimit"], burst=plan["throttle"]["burstLimit"])
    method = f"{exchange.resource['path']}/{exchange.method['httpMethod']}"
    limits = [each.get("throttle", {}).get(method) for each in plan["apiStages"] if _is_here(each, exchange)]
    for limit in limits:
        if limit:
            _limit(exchange, (*name, exchange.api.id, exchange.stage_name, method), **_limits(limit))
    _count(exchange, region, plan, key)


def _limits(limit: Doc) -> dict[str, float]:
    return {"rate": float(limit.get("rateLimit", UNLIMITED)), "burst": float(limit.get("burstLimit", UNLIMITED))}


def _is_here(api_stage: Doc, exchange: Exchange) -> bool:
    return bool(api_stage["apiId"] == exchange.api.id and api_stage["stage"] == exchange.stage_name)


def _limit(exchange: Exchange, key: tuple[str, ...], *, rate: float, burst: float) -> None:
    if UNLIMITED in {rate, burst}:
        return
    if not exchange.live.take(*key, rate=float(rate), burst=float(burst), now=exchange.now):
        raise RefusedError(kind="THROTTLED", status=429, message="Too Many Requests")


def _count(exchange: Exchange, region: Region, plan: Doc, key: Doc) -> None:
    today = datetime.fromtimestamp(exchange.now, tz=UTC).date()
    used: dict[str, int] = region.usage.setdefault(plan["id"], {}).setdefault(key["id"], {})
    quota = plan.get("quota")
    if quota and spent(used, period=str(quota["period"]), today=today) >= quota["limit"]:
        raise RefusedError(kind="QUOTA_EXCEEDED", status=429, message="Limit Exceeded")
    used[today.isoformat()] = used.get(today.isoformat(), 0) + 1


def spent(used: dict[str, int], *, period: str, today: date) -> int:
    """Requests since the period of that day began; weeks begin on Sunday."""
    begins = {
        "DAY": today,
        "WEEK": today - timedelta(days=today.isoweekday() % 7),
        "MONTH": today.replace(day=1),
    }[period]
    return sum(count for day, count in used.items() if begins.isoformat() <= day <= today.isoformat())
