"""Usage plans at work: what a key may spend, and GetUsage: what it has spent, day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from backendctl.sandbox.apigateway.call import Call, answer
from backendctl.sandbox.apigateway.errors import bad_request, not_found
from backendctl.sandbox.apigateway.exchange import Exchange, RefusedError
from backendctl.sandbox.apigateway.model import Doc, Region
from backendctl.sandbox.http import Response

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


LONGEST_RANGE = 90
"""Days GetUsage goes back."""


def read_usage(call: Call) -> Response:
    """Per key a list of [used, remaining], one for each day of the range; remaining is -1 without a quota."""
    plan = call.region.plans.get(call.params["plan"])
    if plan is None:
        raise not_found("Invalid Usage Plan ID specified")
    begin, end = _day(call, "startDate"), _day(call, "endDate")
    today = datetime.fromtimestamp(call.now, tz=UTC).date()
    if end < begin or (today - begin).days > LONGEST_RANGE:
        raise bad_request("Invalid date range specified")
    wanted = call.request.first("keyId")
    days = [begin + timedelta(days=number) for number in range((end - begin).days + 1)]
    usage = call.region.usage.get(plan["id"], {})
    values = {
        key: [_entry(usage.get(key, {}), plan.get("quota"), day) for day in days]
        for key in plan["keys"]
        if wanted in {None, key}
    }
    return answer(
        {"usagePlanId": plan["id"], "startDate": begin.isoformat(), "endDate": end.isoformat(), "values": values}
    )


def _entry(used: dict[str, int], quota: dict[str, int | str] | None, day: date) -> list[int]:
    count = used.get(day.isoformat(), 0)
    if not quota:
        return [count, -1]
    left = int(quota["limit"]) - spent(used, period=str(quota["period"]), today=day)
    return [count, max(0, left)]


def _day(call: Call, name: str) -> date:
    text = call.request.first(name) or ""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise bad_request(f"Invalid date specified: {text}") from error
