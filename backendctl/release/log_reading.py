"""The release log as all regions tell it together: which numbers there are, what is under way, and what comes next."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from backendctl.aws.crew import together
from backendctl.aws.regions import each
from backendctl.errors import BackendctlError
from backendctl.release.migration import taken_over
from backendctl.resources.ssm import old_notes, release_log
from backendctl.resources.ssm.old_notes import Note
from backendctl.resources.ssm.release_claim import EXPIRES
from backendctl.resources.ssm.release_log import RegionLog
from backendctl.resources.ssm.release_record import Record

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import Stamp

_PATIENCE = 5
"""Seconds that a region beside the chosen ones may take to answer: it is asked for its numbers only."""


@dataclass(frozen=True, kw_only=True)
class Logs:
    """The logs of all regions.

    Attributes:
        regions: region → its log, in the order of the spec; without those that did not answer.
        unreachable: region → why nothing is known of it.
        migrated: region → entries made of the old notes, which are not written yet.
    """

    regions: Mapping[str, RegionLog] = field(default_factory=dict)
    unreachable: Mapping[str, BackendctlError] = field(default_factory=dict)
    migrated: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)

    @property
    def top(self) -> int:
        """The highest index anywhere; 0 for none."""
        return max((log.top for log in self.regions.values()), default=0)

    @property
    def highest(self) -> int:
        """The highest number anywhere; 0 for none."""
        return max((e.number for log in self.regions.values() for e in log.entries.values()), default=0)

    def at(self, index: int) -> dict[str, Record]:
        """Region → the entry of that index."""
        return {region: log.entries[index] for region, log in self.regions.items() if index in log.entries}

    def unfinished(self) -> Record | None:
        """The newest entry, when something is left to do for it in a region that answers."""
        found = self.at(self.top)
        first = next(iter(found.values()), None)
        if first is None:
            return None
        meant = [region for region in first.regions if region in self.regions]
        over = all(region in found and found[region].is_over for region in meant)
        withdrawn = any(str(entry.state) == "withdrawn" for entry in found.values())
        if over or withdrawn:
            return None
        return max(found.values(), key=lambda entry: entry.touched)

    def releases(self, target: str | None = None) -> list[Record]:
        """Every release, as the first region that knows it has it, the oldest first.

        Args:
            target: only those of this stage or alias.
        """
        found: dict[int, Record] = {}
        for log in self.regions.values():
            for entry in log.releases():
                if target is None or target in entry.targets:
                    found.setdefault(entry.number, entry)
        return [found[number] for number in sorted(found)]

    def numbered(self, number: int) -> dict[str, Record]:
        """Region → that release."""
        found = {region: log.release(number) for region, log in self.regions.items()}
        return {region: entry for region, entry in found.items() if entry is not None}


def read_logs(aws: Aws, *, regions: Sequence[str], beside: Sequence[str], targets: Sequence[str], workers: int) -> Logs:
    """Every region's log, in parallel; where there is none yet, what the old notes make of it.

    Args:
        regions: those that are worked on. beside: others, which are asked for their numbers, and not for long.
        targets: stages, or aliases such as "places:live".
    """

    def ask(region: str) -> RegionLog:
        if region in regions:
            return release_log.read(aws, region)
        return release_log.read_now(aws, region, patience=_PATIENCE)

    order = [*dict.fromkeys((*beside, *regions))]
    logs, silent = each(order, ask, workers=workers, doing=lambda region: f"read {region}/release-log")
    bare = [region for region in regions if region in logs and not logs[region].entries]
    pairs = [(region, target) for region in bare for target in targets]
    told = together(partial(old_notes.read, aws, region, target) for region, target in pairs)
    notes: dict[str, dict[str, list[Note]]] = {region: {} for region in bare}
    for (region, target), noted in zip(pairs, told, strict=True):
        notes[region][target] = noted
    migrated = taken_over(notes, logs)
    logs = {region: _with(log, migrated.get(region, ())) for region, log in logs.items()}
    return Logs(regions=logs, unreachable=silent, migrated=migrated)


def _with(log: RegionLog, entries: Sequence[Record]) -> RegionLog:
    if not entries:
        return log
    return RegionLog(region=log.region, entries={e.index: e for e in entries}, damaged=log.damaged)


def binds(
    entry: Record,
    *,
    me: Stamp,
    now: float | None = None,
    is_alive: Callable[[int], bool] | None = None,
) -> bool:
    """Whether an unfinished entry is somebody's work that must not be disturbed.

    It binds for 15 minutes after the last sign of life; where it was begun on this machine, as long as its process
    lives.

    Args:
        now: seconds since the epoch. is_alive: whether a process of this machine lives.
    """
    now = datetime.now(tz=UTC).timestamp() if now is None else now
    if entry.touched and now - entry.touched > EXPIRES:
        return False
    here = entry.operator.rpartition("@")[2] == me.operator.rpartition("@")[2]
    if here and entry.process is not None:
        return entry.process != me.process and (is_alive or _is_alive)(entry.process)
    return True


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        return True
    return True
