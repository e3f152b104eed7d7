"""Announcing a release before it begins, and noting that it has ended: the first and the last operation of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from backendctl.aws.crew import together
from backendctl.aws.errors import attempt
from backendctl.aws.progress import remark
from backendctl.engine.action import Action
from backendctl.engine.diff import FieldChange
from backendctl.engine.resource import GLOBAL, address
from backendctl.engine.traits import Traits
from backendctl.errors import AwsError, BackendctlError, OvertakenError
from backendctl.resources.ssm import release_log
from backendctl.resources.ssm.release_log import RegionLog
from backendctl.resources.ssm.release_record import Event, Record, State

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

EXPIRES = 15 * 60.0
"""Seconds without a sign of life after which an announcement binds nobody any more."""

KIND = "release"
_WORDS = {Event.SHIFT: "shift of", Event.PROMOTE: "promotion of", Event.ABORT: "abort of"}
_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Announce:
    """The entry of an operation, written in every region that answers before anything moves.

    Attributes:
        entries: region → what is written there, all of one index; the first region decides who is first.
        earlier: region → entries of before, to be written first: the old notes, or what serves and nobody noted.
        joins: whether the entry stands somewhere already and is ours to finish.
        summary: what the plan shows of it.
    """

    kind: ClassVar[str] = KIND
    action: ClassVar[Action] = Action.CREATE
    taken_back: ClassVar[str] = ""
    traits: ClassVar[Traits] = Traits(announces=True)

    region: str = GLOBAL
    name: str
    entries: Mapping[str, Record]
    earlier: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    joins: bool = False
    summary: tuple[FieldChange, ...] = ()
    requires: frozenset[str] = frozenset()

    def needs(self) -> frozenset[str]:
        """The regions are entered first."""
        return self.requires

    def read(self, aws: Aws) -> tuple[FieldChange, ...]:
        """What it will be; everything has been read by whoever plans it."""
        del aws
        return self.summary

    def run(self, aws: Aws) -> None:
        """Region by region until one has it, then in the others at once; one that does not answer is left for later.

        The order is the same for everybody, so that the first region that answers decides who is first.

        Raises:
            OvertakenError: somebody else was first. BackendctlError: no region answers.
        """
        asked = together(partial(self._look, aws, region) for region in self.entries)
        found = dict(zip(self.entries, asked, strict=True))
        silent: list[BackendctlError] = []
        left = list(self.entries)
        while left:
            region = left.pop(0)
            result = self._tried(aws, region, found[region])
            if not isinstance(result, BackendctlError):
                break
            silent.append(result)
        else:
            raise silent[0]
        results: dict[str, Record | BackendctlError | None] = {region: result}
        if result is None:
            others = together(partial(self._tried, aws, one, found[one]) for one in left)
            results |= zip(left, others, strict=True)
        taken = next((one for one in results.values() if isinstance(one, Record)), None)
        if taken is not None:
            self._give_up(aws, [region for region, result in results.items() if result is None], taken)

    def _look(self, aws: Aws, region: str) -> RegionLog | BackendctlError:
        looking = partial(release_log.renew, aws, region, self.entries[region].index)
        return attempt(looking, doing=f"announce {region}/release/{self.name}")

    def _tried(self, aws: Aws, region: str, found: RegionLog | BackendctlError) -> Record | BackendctlError | None:
        """Write in a region.

        Args:
            found: the log of that region, asked now; or why it does not answer.

        Returns:
            None when it is written; the entry of who was first there; why the region does not answer.
        """
        result: Record | BackendctlError | None = None
        if isinstance(found, BackendctlError):
            result = found
        else:
            writing = partial(self._in_region, aws, region, found)
            result = attempt(writing, doing=f"announce {region}/release/{self.name}")
        if isinstance(result, BackendctlError):
            if not (isinstance(result, AwsError) and result.silent):
                raise result
            remark(f"{region} does not answer, and is left as it is: {result.message}")
        return result

    def _in_region(self, aws: Aws, region: str, found: RegionLog) -> Record | None:
        entry, earlier = self.entries[region], self.earlier.get(region, ())
        for one in earlier:
            taken = release_log.claim(aws, region, one)
            if taken is not None and taken.token != one.token:
                return taken
        known = found.entries.get(entry.index)
        if known is not None and known.is_over and same_operation(known, entry) and self.joins:
            return None  # it has ended here, whatever came after it; other regions are still to be done
        if found.top > entry.index:
            return found.entries.get(found.top) or entry
        there = found.entries.get(entry.index) or release_log.claim(aws, region, entry)
        if there is None:
            written = replace(entry, touched=datetime.now(tz=UTC).timestamp())
            entries = {**found.entries, **{one.index: one for one in earlier}, entry.index: written}
            # For what is noted before a stage turns.
            aws.remember(("release-log", region), replace(found, entries=entries), lasting=True)
            return None
        if not same_operation(there, entry) or (there.operator != entry.operator and not self.joins):
            return there
        if not there.is_over:
            release_log.rewrite(aws, region, there, lambda found: resumed(found, entry))
        return None

    def _give_up(self, aws: Aws, written: Sequence[str], other: Record) -> None:
        together(partial(release_log.rewrite, aws, region, self.entries[region], _withdrawn) for region in written)
        raise OvertakenError(
            f"not started: {told(other)}",
            hint="wait until it has ended and run the same command again, or take it over with --take-over",
        )


def _withdrawn(entry: Record) -> Record:
    return entry if entry.is_over else replace(entry, state=State.WITHDRAWN)


def same_operation(one: Record, other: Record) -> bool:
    """Whether two entries mean the same: what a repeated command finishes instead of doing something else."""
    keys = ("index", "number", "event", "token", "targets", "percent")
    return all(getattr(one, key) == getattr(other, key) for key in keys)


def resumed(there: Record, entry: Record) -> Record:
    """An entry of an earlier try, whoever made it, as its operation goes on now."""
    whose = replace(there, operator=entry.operator, process=entry.process)
    # A canary whose share is not on yet begins now, and so does what its verdict looks at.
    return replace(whose, time=entry.time) if there.event in {Event.CANARY, Event.SHIFT} else whose


@dataclass(frozen=True, kw_only=True, slots=True)
class Conclude:
    """Noted in one region when everything there holds: nothing is left to be finished.

    Attributes:
        entry: as announced. requires: addresses of all that it consists of.
    """

    kind: ClassVar[str] = KIND
    action: ClassVar[Action] = Action.UPDATE
    taken_back: ClassVar[str] = ""

    region: str
    name: str
    entry: Record
    requires: frozenset[str] = frozenset()

    def needs(self) -> frozenset[str]:
        """The announcement, and everything that it announces."""
        return self.requires | {address(GLOBAL, KIND, self.name)}

    def read(self, aws: Aws) -> tuple[FieldChange, ...]:
        """That it is under way, unless it is over."""
        found = release_log.read(aws, self.region).entries.get(self.entry.index)
        if found is not None and found.is_over:
            return ()
        return (FieldChange(field="state", before=None if found is None else str(found.state), after=str(State.DONE)),)

    def run(self, aws: Aws) -> None:
        """The entry of this region says so from now on."""
        # The log as this process knows it is new enough: only who finishes the same operation writes this entry too.
        log = release_log.rewrite_in(
            aws,
            self.region,
            self.entry,
            lambda found: replace(found, state=State.DONE),
            look=lambda _: None,
            renewed=True,
        )
        release_log.forget(aws, self.region, release_log.expendable(log))


def beat(aws: Aws, region: str, entry: Record) -> None:
    """A sign of life: the entry is written as it is, for AWS to note the time."""
    with aws.exclusive("release-beat", region):
        found = release_log.get(aws, region, entry.index)
        if found is not None and not found.is_over:
            release_log.rewrite(aws, region, found, lambda there: there)


def ready(aws: Aws, region: str, entry: Record, *, adds: bool = False, renewed: bool = False) -> None:
    """Just before the call that users feel: note what will serve, unless somebody has taken the release over.

    Args:
        entry: with its deployment and versions. adds: whether the versions come beside those that are noted, as
            they do of a release of several stages. renewed: whether the log has been read for this a moment ago, with
            `release_log.renew`.

    Raises:
        OvertakenError: a later entry stands in the log.
    """
    adds = adds or bool(entry.deployments)  # each stage of several adds what it serves

    def look(found: RegionLog) -> None:
        if found.top > entry.index:
            other = found.entries.get(found.top)
            raise OvertakenError(
                f"{entry_name(entry)} cannot continue in {region}: "
                f"{told(other) if other else 'it has been taken over'}",
                hint="see what is live: backendctl history",
            )

    def noted(there: Record) -> Record:
        return replace(
            there,
            deployment=entry.deployment,
            deployments={**there.deployments, **entry.deployments},
            versions={**(there.versions if adds else {}), **entry.versions},
            codes={**(there.codes if adds else {}), **entry.codes},
            variables={**there.variables, **entry.variables},
            state=State.READY,
        )

    release_log.rewrite_in(aws, region, entry, noted, look=look, renewed=renewed)


def told(entry: Record, *, at: float | None = None) -> str:
    """Who releases what, and since when: for the other operator."""
    at = datetime.now(tz=UTC).timestamp() if at is None else at
    ago = f", started {duration(at - moment(entry.time))} ago" if moment(entry.time) else ""
    who = entry.operator or entry.author
    by = f" by {who.partition('@')[0]}" if who else ""
    host = f" from {who.partition('@')[2]}" if "@" in who else ""
    return f"{entry_name(entry)}{by}{host} is in progress{ago}"


def entry_name(entry: Record) -> str:
    """For people: "v9 (rollback to v5)", "the promotion of v8"."""
    if entry.event in _WORDS:
        return f"the {_WORDS[entry.event]} v{entry.number}"
    return f"v{entry.number} ({entry.event}{f' to v{entry.like}' if entry.like is not None else ''})"


def moment(text: str) -> float:
    """Seconds since the epoch of an ISO 8601 time in UTC; 0 for what is none."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0


def duration(seconds: float) -> str:
    """For people: "40 s", "12 min", "3 h"."""
    whole = max(0, round(seconds))
    if whole < 2 * _MINUTE:
        return f"{whole} s"
    return f"{whole // _MINUTE} min" if whole < 2 * _HOUR else f"{whole // _HOUR} h"
