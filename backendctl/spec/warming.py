"""The setting `warm` of a function: what is wrong with it, and what it means."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from backendctl.spec.cron import ScheduleError, parse_cron, shortest_gap
from backendctl.spec.model import HOLD, Provisioned, Warm
from backendctl.spec.office_hours import check_step, check_zone, expressions, office_hours_faults, parse_office_hours
from backendctl.spec.rows import build

_MAX_INPUT = 8192  # characters, D9
_EVERY = "5 minutes"
_MINUTES = {"minute": 1, "minutes": 1, "hour": 60, "hours": 60, "day": 1440, "days": 1440}
_WORDS = re.compile(r"(?P<count>[0-9]{1,9}) (?P<unit>minutes?|hours?)")
_RATE = re.compile(r"rate\((?P<count>[0-9]{1,9}) (?P<unit>minutes?|hours?|days?)\)")

SNAPSTART = "snapstart"
PINGS = frozenset({"every", "only", "time-zone", "input", "instances", "hold", "enabled"})
"""The settings of pings."""

_SCHEDULE = frozenset({"every", "time-zone"})

Finding = tuple[str, str, int | None]
"""A setting, what is wrong with it, and how many characters into its text; None for the setting as a whole."""


def warm_faults(warm: Mapping[str, Any]) -> Iterator[Finding]:
    """What AWS would refuse of its pings, and what could not hold what it says; all at once."""
    if not _pings(warm):
        return
    yield from _schedule_faults(warm)
    given, instances = warm.get("input", {}), int(warm.get("instances", 1))
    if len(json.dumps(given)) > _MAX_INPUT:
        yield "input", f"the warmer's input may have {_MAX_INPUT} characters as JSON", None
    if instances > 1 and not isinstance(given, dict):
        yield "input", f"with {instances} instances the input must be a mapping: a ping adds '{HOLD}' to it", None
    if instances > 1 and ("only" in warm or "time-zone" in warm):
        message = (
            "EventBridge Scheduler calls each target at a moment of its own within the minute, so that it cannot hold "
            "several instances: take a plain 'every' without 'only' and 'time-zone', or one instance"
        )
        yield "instances", message, None
    if instances == 1 and "hold" in warm:
        yield (
            "hold",
            f"'hold' has no effect with one instance: a ping carries '{HOLD}' where 'instances' is above 1",
            None,
        )


def spelt_out(warm: object) -> Mapping[str, Any] | None:
    """The setting as a mapping; None for no warmth at all."""
    if warm == SNAPSTART:
        return {SNAPSTART: True}
    return warm if isinstance(warm, Mapping) else None


def build_provisioned(warm: Mapping[str, Any]) -> Provisioned | None:
    """The provisioned concurrency that a setting without faults asks for."""
    if "provisioned" not in warm:
        return None
    bake: dict[str, int] = {}
    if found := _WORDS.fullmatch(str(warm.get("bake-time", ""))):
        bake = {"bake": int(found["count"]) * _MINUTES[found["unit"]]}
    return Provisioned(environments=int(warm["provisioned"]), **bake)


def _pings(warm: Mapping[str, Any]) -> bool:
    """Whether it asks for pings: by naming a setting of theirs, or by naming nothing else."""
    if "provisioned" in warm:
        return False
    return bool(PINGS & warm.keys()) or SNAPSTART not in warm


def build_warm(warm: Mapping[str, Any]) -> Warm | None:
    """The pings of a setting without faults; None where it asks for none."""
    if not _pings(warm):
        return None
    made: dict[str, Any] = {}
    with contextlib.suppress(ScheduleError):  # what SSM holds is not known, and not judged, while a spec is checked
        made |= _schedule(warm)
    return build(Warm, {key: one for key, one in warm.items() if key not in _SCHEDULE}, **made)


def _schedule(warm: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of the model.

    Raises:
        ScheduleError: some of it is no schedule.
    """
    every, cron = _cadence(_every(warm))
    if "only" in warm:
        hours = parse_office_hours(warm["only"])
        return {"every": every, "expressions": expressions(hours, every), "time_zone": hours.zone}
    return {"every": every, "expressions": (cron,) if cron else (), "time_zone": warm.get("time-zone")}


def _schedule_faults(warm: Mapping[str, Any]) -> Iterator[Finding]:
    every, cron = 1, None
    sound = True
    try:
        every, cron = _cadence(_every(warm))
    except ScheduleError as error:
        yield "every", error.message, error.offset
        sound = False
    if "time-zone" in warm:
        try:
            check_zone(warm["time-zone"])
        except ScheduleError as error:
            yield "time-zone", error.message, error.offset
        if "only" in warm:
            yield "time-zone", "'only' names its time zone itself", None
        elif sound and cron is None:
            yield "time-zone", "'time-zone' has no effect without a cron expression in 'every'", None
    if "only" not in warm:
        return
    if cron is not None:
        yield "only", "a cron expression says itself on which days and hours: leave 'only' or take '5 minutes'", None
        return
    for fault in office_hours_faults(warm["only"]):
        yield "only", fault.message, fault.offset
    try:
        check_step(every)
    except ScheduleError as error:
        yield "every", error.message, error.offset


def _every(warm: Mapping[str, Any]) -> str:
    text: str = warm.get("every", _EVERY)
    return text


def _cadence(text: str) -> tuple[int, str | None]:
    """Minutes between two pings, and the cron expression if it is one.

    Raises:
        ScheduleError: it is no schedule.
    """
    if text.startswith("cron("):
        return shortest_gap(parse_cron(text)), text
    found = _WORDS.fullmatch(text) or _RATE.fullmatch(text)
    if found is None or int(found["count"]) < 1:
        raise ScheduleError(f"'{text}' is not a schedule: '5 minutes', rate(5 minutes) or cron(0/5 8-17 ? * MON-FRI *)")
    count, unit = int(found["count"]), found["unit"]
    if text.startswith("rate(") and (count == 1) is unit.endswith("s"):  # D3
        right = unit.removesuffix("s") if count == 1 else f"{unit}s"
        raise ScheduleError(f"'{text}' is not as AWS spells it: rate({count} {right})")
    return count * _MINUTES[unit], None
