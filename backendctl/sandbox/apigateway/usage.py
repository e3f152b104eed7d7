"""GetUsage: what the keys of a usage plan have spent, day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from backendctl.sandbox.apigateway.call import Call, answer
from backendctl.sandbox.apigateway.errors import bad_request, not_found
from backendctl.sandbox.apigateway.throttle import spent
from backendctl.sandbox.http import Response

LONGEST_RANGE = 90
"""Days GetUsage goes back."""


def read(call: Call) -> Response:
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
