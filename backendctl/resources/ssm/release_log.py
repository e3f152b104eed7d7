"""The release log: what is released is written down, in every region, before anything serves it.

One Standard parameter per entry, `/backendctl/<backend>/release-log/<index>`. PutParameter without Overwrite succeeds
once, so that an index belongs to one operation: the log of a region has one order, and whoever comes second is told.
Only the entry with the highest index can be under way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from backendctl.aws.errors import ClientError, is_missing, says
from backendctl.errors import BackendctlError
from backendctl.resources.ssm.release_record import LIMIT, Event, Record, State, decode, encode
from backendctl.whole import whole

if TYPE_CHECKING:
    from mypy_boto3_ssm.type_defs import ParameterTypeDef

    from backendctl.aws.connection import Aws

KEPT = 30
"""How many releases are remembered, beside those that each stage has served last."""
_WAYS = 10
_BATCH = 10  # names that GetParameters and DeleteParameters take


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionLog:
    """All entries of one region.

    Attributes:
        entries: by index, in order. damaged: indexes of what cannot be read.
    """

    region: str
    entries: Mapping[int, Record] = field(default_factory=dict)
    damaged: frozenset[int] = frozenset()

    @property
    def top(self) -> int:
        """The highest index there is; 0 for none."""
        return max((*self.entries, *self.damaged), default=0)

    def release(self, number: int) -> Record | None:
        """The entry that begins that release."""
        return next((e for e in self.entries.values() if e.number == number and e.is_release), None)

    def releases(self) -> list[Record]:
        """Every release that was carried out or begun, the oldest first."""
        return [e for e in self.entries.values() if e.is_release and e.state is not State.WITHDRAWN]

    def lived(self, target: str) -> list[Record]:
        """The releases that have served all requests of a stage or an alias, the oldest first.

        One of which a kill left open whether it did counts when the next release has it for what served before it.
        """
        told = [entry for entry in self.releases() if target in entry.targets]
        before = {entry.before for entry in told}
        return [entry for entry in told if self._has_lived(entry, before)]

    def _has_lived(self, entry: Record, before: Collection[int | None]) -> bool:
        if entry.event is Event.CANARY:
            steps = self.canary_steps(entry.number)
            promoted = any(step.event is Event.PROMOTE and step.state is not State.CLAIMED for step in steps)
            return promoted or entry.number in before
        return entry.state is State.DONE or (entry.state is State.READY and entry.number in before)

    def canary_steps(self, number: int) -> list[Record]:
        """What became of a canary: its shifts, its promotion or its end, the oldest first."""
        steps = {Event.SHIFT, Event.PROMOTE, Event.ABORT}
        return [
            e for e in self.entries.values() if e.number == number and e.event in steps and e.state != State.WITHDRAWN
        ]


def root(backend: str) -> str:
    """Where all entries of a backend lie."""
    return f"/backendctl/{backend}/release-log/"


def read(aws: Aws, region: str) -> RegionLog:
    """The log of one region, shared within a plan, and kept while that is carried out: see `renew`."""
    return aws.shared(("release-log", region), lambda: read_now(aws, region), lasting=True)


def outdate(aws: Aws, region: str) -> None:
    """The next `read` asks AWS: somebody else's releases may have come since the last."""
    aws.forget("release-log", region)


def read_now(aws: Aws, region: str, *, patience: int | None = None) -> RegionLog:
    """The same, asked now. patience: seconds that the region may take to answer; by default as for every call."""
    pages = aws.client("ssm", region, patience=patience).get_paginator("get_parameters_by_path")
    found = pages.paginate(Path=root(aws.backend), Recursive=False)
    return _log_of(region, (item for page in found for item in page["Parameters"]))


def _log_of(region: str, items: Iterable[ParameterTypeDef]) -> RegionLog:
    entries: dict[int, Record] = {}
    damaged: set[int] = set()
    for item in items:
        if (index := whole(item["Name"].rpartition("/")[2])) is None:
            continue
        modified = item.get("LastModifiedDate")
        entry = decode(index, item.get("Value", ""), touched=modified.timestamp() if modified else 0.0)
        if entry is None:
            damaged.add(index)
        else:
            entries[entry.index] = entry
    return RegionLog(region=region, entries=dict(sorted(entries.items())), damaged=frozenset(damaged))


def claim(aws: Aws, region: str, entry: Record) -> Record | None:
    """Write an entry whose index nobody has: the claim.

    Returns:
        None when it stands; else the entry of whoever was first, which may be our own of an earlier try.

    Raises:
        BackendctlError: the index is taken by something that cannot be read.
    """
    try:
        _put(aws, region, entry, overwrite=False)
    except ClientError as error:
        if not says(error, "ParameterAlreadyExists"):
            raise
        return get(aws, region, entry.index) or replace(entry, token="", operator="")
    return None


def get(aws: Aws, region: str, index: int) -> Record | None:
    """One entry, asked now; None when it is not there or is damaged."""
    try:
        found = aws.ssm(region).get_parameter(Name=f"{root(aws.backend)}{index}")["Parameter"]
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    modified = found.get("LastModifiedDate")
    return decode(index, found.get("Value", ""), touched=modified.timestamp() if modified else 0.0)


def rewrite(aws: Aws, region: str, entry: Record, change: Callable[[Record], Record]) -> Record:
    """Write an entry of one's own again, with what is known by now.

    Args:
        entry: what it is when it is not there. change: from what is there to what is to be there.
    """
    with aws.exclusive("release-log", region):
        written = change(get(aws, region, entry.index) or entry)
        _put(aws, region, written, overwrite=True)
        return written


def renew(aws: Aws, region: str, index: int) -> RegionLog:
    """The shared log, of which what stands from an index on is asked now: that entry, and what could follow it.

    One call, where the whole log has a page for ten entries. What is older than the last has ended.
    """
    asked = range(index, index + _BATCH)
    with aws.exclusive("release-log", region):
        known = read(aws, region)
        found = aws.ssm(region).get_parameters(Names=[f"{root(aws.backend)}{one}" for one in asked])
        fresh = _log_of(region, found["Parameters"])
        kept = {one: entry for one, entry in known.entries.items() if one not in asked}
        log = RegionLog(
            region=region,
            entries=dict(sorted({**kept, **fresh.entries}.items())),
            damaged=known.damaged - {*asked} | fresh.damaged,
        )
        aws.forget("release-log", region)
        aws.remember(("release-log", region), log, lasting=True)
        return log


def rewrite_in(
    aws: Aws,
    region: str,
    entry: Record,
    change: Callable[[Record], Record],
    *,
    look: Callable[[RegionLog], None],
    renewed: bool = False,
) -> RegionLog:
    """The same where all of the log is read anyway; it is given back as it is then, and shared.

    Args:
        look: gets the log before anything is written, and may refuse.
        renewed: whether the shared log is new enough; it has what this process has written meanwhile.
    """
    with aws.exclusive("release-log", region):
        log = read(aws, region) if renewed else read_now(aws, region)
        look(log)
        written = change(log.entries.get(entry.index) or entry)
        _put(aws, region, written, overwrite=True)
        log = replace(log, entries=dict(sorted({**log.entries, entry.index: written}.items())))
        aws.remember(("release-log", region), log, lasting=True)
        return log


def _put(aws: Aws, region: str, entry: Record, *, overwrite: bool) -> None:
    value = encode(entry)
    if (size := len(value.encode())) > LIMIT:
        raise BackendctlError(
            f"v{entry.number} does not fit into the release log of {region}: its {len(entry.versions)} functions take "
            f"{size} bytes, and a Standard parameter {LIMIT}",
            hint="divide the functions among several backends; nothing has been switched",
        )
    aws.ssm(region).put_parameter(
        Name=f"{root(aws.backend)}{entry.index}", Value=value, Type="String", Tier="Standard", Overwrite=overwrite
    )
    aws.forget("release-log", region)


def expendable(log: RegionLog) -> list[int]:
    """Indexes of the entries that nobody needs any more; never the highest.

    The last releases stay, and of every stage and alias those it has served last, with what they return to: what
    serves now is among them, and so is what a canary that runs is made of.
    """
    releases = log.releases()
    kept = {entry.number for entry in releases[-KEPT:]}
    for target in {target for entry in releases for target in entry.targets}:
        told = [*log.lived(target)[-_WAYS:], *[entry for entry in releases if target in entry.targets][-1:]]
        kept |= {number for entry in told for number in (entry.number, entry.like) if number is not None}
    gone = [index for index, entry in log.entries.items() if entry.number not in kept]
    return sorted(index for index in (*gone, *(i for i in log.damaged if i < log.top - KEPT)) if index < log.top)


def forget_stage(aws: Aws, region: str, stage: str, *, left: Collection[str]) -> None:
    """A stage is gone, and what only it has served is forgotten. left: the stages that are still there."""
    log = read_now(aws, region)
    gone = [
        entry.index
        for entry in log.entries.values()
        if stage in entry.targets and not any(target in left for target in entry.targets)
    ]
    forget(aws, region, gone)


def forget(aws: Aws, region: str, indexes: Iterable[int]) -> None:
    """Delete these entries."""
    names = [f"{root(aws.backend)}{index}" for index in indexes]
    for start in range(0, len(names), _BATCH):
        aws.ssm(region).delete_parameters(Names=names[start : start + _BATCH])
    if names:
        aws.forget("release-log", region)
