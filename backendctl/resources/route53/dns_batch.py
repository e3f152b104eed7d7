"""Changes of one zone, gathered over regions and names and sent as one batch (E8, E22)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backendctl.aws.errors import ClientError, says
from backendctl.resources.route53 import dns

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import ChangeTypeDef, ResourceRecordSetOutputTypeDef

    from backendctl.aws.connection import Aws

Records = Sequence["ResourceRecordSetOutputTypeDef"]

_WINDOW = 1.0
"""Seconds for which the first of several waits for the others."""

_LARGEST = 400
"""Changes in a batch: an UPSERT counts twice, and 1,000 is AWS's limit (E8)."""


@dataclass(kw_only=True, slots=True, eq=False)
class _Part:
    """What one caller adds to a batch.

    Attributes:
        changes: from the records of `name` as they are.
    """

    name: str
    changes: Callable[[Records], list[ChangeTypeDef]]
    done: bool = False
    submitted: str | None = None
    error: BaseException | None = None

    def end(self, *, submitted: str | None = None, error: BaseException | None = None) -> None:
        self.done, self.submitted, self.error = True, submitted, error


@dataclass(kw_only=True, slots=True)
class _Gathering:
    lock: threading.Lock = field(default_factory=threading.Lock)
    waiting: list[_Part] = field(default_factory=list)

    def take(self) -> list[_Part]:
        with self.lock:
            taken, self.waiting = self.waiting, []
        return taken


def change_together(
    aws: Aws, zone_id: str, name: str, changes: Callable[[Records], list[ChangeTypeDef]], *, what: str
) -> bool:
    """Change the records of a name, in one batch with what others change in the zone at this time, and await INSYNC.

    Args:
        changes: what to change, from the records that the name has by then; may be called again.
        what: what is waited for, as told to the user.

    Returns:
        Whether anything was changed.

    Raises:
        BackendctlError: `changes` did, or it took too long.
        ClientError: Route 53 refuses this part of the batch.
    """
    gathering = aws.in_common(("dns-batch", zone_id), _Gathering)
    part = _Part(name=name, changes=changes)
    with gathering.lock:
        gathering.waiting.append(part)
    aws.sleep(_WINDOW * aws.time_scale)
    with aws.exclusive("records", zone_id):
        if not part.done:
            _send(aws, zone_id, gathering.take())
    if part.error is not None:
        raise part.error
    if part.submitted is None:
        return False
    dns.await_sync(aws, part.submitted, what)
    return True


def _send(aws: Aws, zone_id: str, parts: list[_Part]) -> None:
    """Everybody's part, as one batch where Route 53 takes it so; else each on its own, so that one spoils no other."""
    try:
        for group in _groups(_with_changes(aws, zone_id, parts)):
            try:
                _submit(aws, zone_id, group)
            except ClientError as error:
                if not says(error, "InvalidChangeBatch"):
                    raise
                for part, _ in group:
                    _alone(aws, zone_id, part)
    except BaseException as error:
        for part in parts:
            if not part.done:
                part.end(error=error)
        raise


def _with_changes(aws: Aws, zone_id: str, parts: list[_Part]) -> list[tuple[_Part, list[ChangeTypeDef]]]:
    found = {name: dns.list_records_at(aws, zone_id, name) for name in dict.fromkeys(part.name for part in parts)}
    wanted: list[tuple[_Part, list[ChangeTypeDef]]] = []
    for part in parts:
        try:
            wanted.append((part, part.changes(found[part.name])))
        except Exception as error:  # noqa: BLE001  # it is raised where the part comes from
            part.end(error=error)
    return wanted


def _groups(wanted: list[tuple[_Part, list[ChangeTypeDef]]]) -> Iterator[list[tuple[_Part, list[ChangeTypeDef]]]]:
    """In batches that AWS takes; all of one name stay together, so that a conversion is one (E3)."""
    by_name: dict[str, list[tuple[_Part, list[ChangeTypeDef]]]] = {}
    for part, changes in wanted:
        by_name.setdefault(part.name, []).append((part, changes))
    group: list[tuple[_Part, list[ChangeTypeDef]]] = []
    for same in by_name.values():
        if group and sum(len(changes) for _, changes in (*group, *same)) > _LARGEST:
            yield group
            group = []
        group += same
    if group:
        yield group


def _submit(aws: Aws, zone_id: str, group: list[tuple[_Part, list[ChangeTypeDef]]]) -> None:
    merged: list[ChangeTypeDef] = []
    for _, changes in group:
        merged += [change for change in changes if change not in merged]
    # What goes makes room for what comes: Route 53 applies a batch in its order.
    merged.sort(key=lambda change: change["Action"] != "DELETE")
    submitted = dns.submit(aws, zone_id, merged) if merged else None
    for part, changes in group:
        part.end(submitted=submitted if changes else None)


def _alone(aws: Aws, zone_id: str, part: _Part) -> None:
    """One part by itself, from what is there by now: the answer to an earlier try may have been lost."""
    for wanted, changes in _with_changes(aws, zone_id, [part]):
        try:
            _submit(aws, zone_id, [(wanted, changes)])
        except ClientError as error:
            part.end(error=error)
