"""Records of ours in another hosted zone than the spec names, as after a change of `zone`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.engine.action import Action
from backendctl.resources.route53.record import Record

if TYPE_CHECKING:
    from backendctl.engine.plan import Change, Plan


def with_strays(plan: Plan) -> Plan:
    """The plan in which they go one run after those in the spec's zone were made, so that the name always answers."""
    begun = {c.desired.name for c in plan.changes if isinstance(c.desired, Record) and c.action is Action.CREATE}
    kept = [record for change in plan.changes for record in _strays(change) if record.host in begun]
    going = [record for change in plan.changes for record in _strays(change) if record.host not in begun]
    remarks = [
        *(_told(host, zone, "stay in this run, and the next one removes them") for host, zone in _places(kept)),
        *(_told(host, zone, "are removed") for host, zone in _places(going)),
    ]
    plan = plan.restricted(lambda change: not any(record.host in begun for record in _strays(change)))
    return replace(plan, remarks=(*plan.remarks, *remarks))


def _strays(change: Change) -> Iterator[Record]:
    if change.removes and isinstance(change.live, Record) and change.live.is_stray:
        yield change.live


def _places(records: list[Record]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((record.host, record.zone) for record in records))


def _told(host: str, zone: str, what: str) -> str:
    return (
        f"{host} has records of ours in the hosted zone {zone}, which the spec does not name for it: they {what}; see "
        "to it that the name is delegated to the zone of the spec"
    )
