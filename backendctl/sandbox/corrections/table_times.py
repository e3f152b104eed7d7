"""What is under way on tables. The service behind has done it all at once; this says what AWS would show meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.timing import Deadlines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from backendctl.sandbox.timing import Pace

Table = dict[str, Any]
Place = tuple[str, str]
"""Region and name of a table."""

# AWS's seconds, from and to.
CREATION = 5.0, 10.0
CHANGE = 15.0, 25.0
TO_ON_DEMAND, TO_PROVISIONED = (60.0, 98.0), (129.0, 172.0)  # C46
DELETION = 5.0, 15.0
BACKUPS = 1.0, 6.0  # C50
TAG_LOCK, TAG_LAG = 1.7, (2.0, 3.0)  # C51
TTL_WINDOW = 31 * 60.0  # C49
PROTECTION, PROTECTION_ALONE, COOLDOWN = (34.0, 39.0), (2.0, 6.0), 15.0  # C52
ENTRY, REGION_ANSWERS = 6.0, 10.0  # C7
EMPTY_COPY, COPY = (14.0, 49.0), (562.0, 686.0)  # C8
LEAVING, LEFT, SOURCE_LEAVING = (121.0, 244.0), (10.0, 35.0), (31.0, 47.0)  # C22
SOURCE = 86_400.0  # C23
INDEX_TABLE, INDEX, INDEX_IN_GROUP = (24.0, 56.0), (480.0, 1020.0), (541.0, 575.0)  # C42
INDEX_DELETION = 30.0, 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Join:
    """A replica which is being made.

    Attributes:
        group: the regions which know of it, its own included.
        mentioned: when the others begin to list it; answers: when its own region does (C7).
        calm: when the table it is copied from is ACTIVE again, though the copy is not (C9).
        ready: when it is ACTIVE.
    """

    source: str
    group: frozenset[str]
    mentioned: float
    answers: float
    calm: float
    ready: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Leave:
    """A replica which is going: until `mentioned` the others list it, until `gone` its own region does (C22)."""

    group: frozenset[str]
    mentioned: float
    gone: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Indexing:
    """An index which comes or goes.

    Attributes:
        was: its description when it goes, None when it comes.
        filling: when it begins to be filled (C42).
    """

    was: dict[str, Any] | None
    filling: float
    ready: float


@dataclass(kw_only=True, slots=True)
class TableTimes:
    """The clock of every table.

    Attributes:
        creating, updating: whether TableStatus says so.
        backups, tags, ttl, cooldown: whether another change of these is refused.
        sources: regions which may not leave, because a replica was copied from them.
    """

    pace: Pace
    creating: Deadlines[Place] = field(init=False)
    updating: Deadlines[Place] = field(init=False)
    backups: Deadlines[Place] = field(init=False)
    tags: Deadlines[Place] = field(init=False)
    ttl: Deadlines[Place] = field(init=False)
    cooldown: Deadlines[Place] = field(init=False)
    sources: Deadlines[Place] = field(init=False)
    _joins: dict[Place, Join] = field(default_factory=dict)
    _leaves: dict[Place, Leave] = field(default_factory=dict)
    _indexes: dict[Place, dict[str, Indexing]] = field(default_factory=dict)
    _ghosts: dict[Place, tuple[float, Table]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("creating", "updating", "backups", "tags", "ttl", "cooldown", "sources"):
            setattr(self, name, Deadlines[Place](pace=self.pace))

    def created(self, place: Place) -> None:
        """A table has been created."""
        for deadlines in (self.updating, self.tags, self.ttl, self.cooldown, self.sources):
            deadlines.drop(place)
        self._indexes.pop(place, None)
        self._joins.pop(place, None)
        self.creating.begin(place, *CREATION)
        self.backups.begin(place, CREATION[1] + BACKUPS[0], CREATION[1] + BACKUPS[1])

    def deleted(self, place: Place, was: Table, *, group: Iterable[str]) -> None:
        """A table has been deleted in one region; the others of its group still list it for a while."""
        end = self.pace.due(*DELETION)
        self._leaves[place] = Leave(group=frozenset(group), mentioned=end, gone=end)
        self._ghosts[place] = end, was

    def joined(self, source: str, place: Place, *, group: Iterable[str], is_empty: bool) -> None:
        """A replica has been asked for."""
        copied = EMPTY_COPY if is_empty else COPY
        now, ready = self.pace.clock(), self.pace.due(*copied)
        answers = min(self.pace.due(REGION_ANSWERS), ready)
        self._joins[place] = Join(
            source=source,
            group=frozenset(group) | {source, place[0]},
            mentioned=min(self.pace.due(ENTRY), ready),
            answers=answers,
            calm=answers + (ready - answers) / 2,
            ready=ready,
        )
        if ready > now:
            self.backups.begin(place, copied[1] + BACKUPS[0])
        self.sources.begin((source, place[1]), SOURCE)

    def left(self, source: str, place: Place, was: Table, *, group: Iterable[str]) -> None:
        """The removal of a replica has been asked for in another region."""
        mentioned = self.pace.due(*LEAVING)
        gone = mentioned + self.pace.due(*LEFT) - self.pace.clock()
        self._joins.pop(place, None)
        self._leaves[place] = Leave(group=frozenset(group) | {source}, mentioned=mentioned, gone=gone)
        self._ghosts[place] = gone, was
        self.updating.begin((source, place[1]), *SOURCE_LEAVING)

    def parted(self, place: Place, *, group: Iterable[str]) -> None:
        """A replica leaves its group and stays; the others list it for a while."""
        mentioned = self.pace.due(*LEAVING)
        self._leaves[place] = Leave(group=frozenset(group), mentioned=mentioned, gone=mentioned)
        self.updating.end_at(place, mentioned)

    def index_created(self, places: Iterable[Place], index: str) -> None:
        """An index has been asked for, in every region of a group at once."""
        every = list(places)
        filling = self.pace.due(*INDEX_TABLE)
        ready = self.pace.due(*(INDEX_IN_GROUP if len(every) > 1 else INDEX))
        for place in every:
            self._indexes.setdefault(place, {})[index] = Indexing(was=None, filling=filling, ready=ready)
            self.updating.end_at(place, filling)

    def index_deleted(self, places: Iterable[Place], was: dict[str, Any]) -> None:
        """The removal of an index has been asked for."""
        ready = self.pace.due(*INDEX_DELETION)
        for place in places:
            self._indexes.setdefault(place, {})[was["IndexName"]] = Indexing(was=was, filling=ready, ready=ready)
            self.updating.begin(place, *INDEX_TABLE)

    def is_hidden(self, place: Place) -> bool:
        """Whether a replica's region does not know it yet (C7)."""
        join = self._join(place)
        return join is not None and not self.pace.is_past(join.answers)

    def is_joining(self, place: Place) -> bool:
        """Whether it is a replica which is being made."""
        return self._join(place) is not None

    def ghost(self, place: Place) -> Table | None:
        """What DescribeTable shows of a table which is being deleted, None when there is none."""
        end, was = self._ghosts.get(place, (0.0, {}))
        if not was:
            return None
        if self.pace.is_past(end):
            del self._ghosts[place]
            return None
        return {**was, "TableStatus": "DELETING"}

    def ghosts(self, region: str) -> list[str]:
        """Names of the tables of a region which are being deleted."""
        return [name for where, name in list(self._ghosts) if where == region and self.ghost((where, name))]

    def is_group_busy(self, place: Place) -> bool:
        """Whether a replica comes or goes in its group (C6)."""
        moving = [other for other in (*self._joins, *self._leaves) if other[1] == place[1]]
        joins, leaves = ([known(other) for other in moving] for known in (self._join, self._leave))
        return any(one is not None and place[0] in one.group for one in (*joins, *leaves))

    def indexing(self, place: Place) -> dict[str, Indexing]:
        """The indexes of a table which come or go."""
        known = self._indexes.get(place, {})
        for name in [name for name, work in known.items() if self.pace.is_past(work.ready)]:
            del known[name]
        return known

    def filled(self, place: Place) -> dict[str, float]:
        """How far the indexes are that are being filled, in per cent."""
        now = self.pace.clock()
        coming = {name: work for name, work in self.indexing(place).items() if work.was is None and now >= work.filling}
        return {
            name: min(100.0, 100 * (now - work.filling) / max(work.ready - work.filling, 1e-9))
            for name, work in coming.items()
        }

    def seen(self, place: Place, table: Table) -> Table:
        """A table's description as AWS shows it now."""
        shown = {**table, "TableStatus": self._status(place, table)}
        shown |= self._replicas(place, table.get("Replicas", []))
        if not shown["Replicas"]:
            del shown["Replicas"]
            shown.pop("GlobalTableVersion", None)
        indexes = self._shown_indexes(place, table)
        return {**shown, "GlobalSecondaryIndexes": indexes} if indexes else shown

    def _status(self, place: Place, table: Table) -> str:
        if self.creating.lasts(place) or self.is_joining(place):
            return "CREATING"
        for other in [other for other in self._joins if other[1] == place[1]]:
            join = self._join(other)
            if join and join.source == place[0] and not self.pace.is_past(join.calm):
                return "UPDATING" if self.pace.is_past(join.mentioned) else "ACTIVE"  # C9
        return "UPDATING" if self.updating.lasts(place) else str(table["TableStatus"])

    def _replicas(self, place: Place, known: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
        region, name = place
        shown = []
        for replica in known:
            join = self._join((replica["RegionName"], name))
            if join is None:
                shown.append(replica)
            elif self.pace.is_past(join.mentioned):
                shown.append({**replica, "ReplicaStatus": "CREATING"})
        present = {replica["RegionName"] for replica in known}
        for other in [other for other in self._leaves if other[1] == name and other[0] not in {region, *present}]:
            leave = self._leave(other)
            if leave and region in leave.group:
                shown.append({"RegionName": other[0], "ReplicaStatus": "DELETING"})
        return {"Replicas": shown}

    def _shown_indexes(self, place: Place, table: Table) -> list[dict[str, Any]]:
        work = self.indexing(place)
        young = self.creating.lasts(place) or self.is_joining(place)
        shown = []
        for index in table.get("GlobalSecondaryIndexes", []):
            state: Mapping[str, Any] = {"IndexStatus": "CREATING"} if young else {}
            if index["IndexName"] in work:
                backfilling = self.pace.is_past(work[index["IndexName"]].filling)
                state = {"IndexStatus": "CREATING", "Backfilling": backfilling}
            shown.append({**index, **state})
        return shown + [{**one.was, "IndexStatus": "DELETING"} for one in work.values() if one.was]

    def _join(self, place: Place) -> Join | None:
        join = self._joins.get(place)
        if join is not None and self.pace.is_past(join.ready):
            del self._joins[place]
            return None
        return join

    def _leave(self, place: Place) -> Leave | None:
        leave = self._leaves.get(place)
        if leave is not None and self.pace.is_past(leave.mentioned):
            del self._leaves[place]
            return None
        return leave
