"""What of a table is compared over regions: what the spec wants of each aspect, and what a region has."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from backendctl.resources.dynamodb import (
    replica_own,
    table_capacity,
    table_indexes,
    table_policy,
    table_reads,
    table_settings,
    table_shape,
    table_steps,
)
from backendctl.resources.dynamodb.scaling import bounds_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.spec import model

NONE = "none"
_OFF = "off"
_ALONE = "a table of its own"
_TO = " to "
_MARK = "backendctl:"
_OURS = "ours"


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A table as one region has it.

    Attributes:
        encryption: "aws-owned", "aws-managed" or a key's ARN.
        scaling: least, most and aim by "", "<index>" and "/read" or "/write".
    """

    region: str
    description: TableDescriptionTypeDef
    ttl: str
    recovery: bool
    tags: Mapping[str, str]
    policy: table_policy.Policy
    encryption: str
    scaling: Mapping[str, tuple[int, int, int | None]]


def _never(value: str, wanted: str) -> bool:
    del value, wanted
    return False


@dataclass(frozen=True, kw_only=True, slots=True)
class Aspect:
    """One aspect of a table, in words that are equal where the regions are.

    Attributes:
        replicated: whether AWS brings it to every region by itself.
        value: what a region has.
        wanted: what the spec wants in a region, None where it leaves it open.
        follow: what a region is to have where the spec leaves it open, by the primary region's; None is the same.
        suits: whether a value is right although it reads differently from what is wanted.
    """

    name: str
    replicated: bool
    value: Callable[[Seen], str]
    wanted: Callable[[str], str | None]
    follow: Callable[[Seen, str], str] | None = None
    suits: Callable[[str, str], bool] = _never

    def following(self, primary: Seen, region: str) -> str:
        """What that region is to have, as the primary region has it."""
        return self.value(primary) if self.follow is None else self.follow(primary, region)


def see(aws: Aws, table: model.TableSpec, region: str) -> Seen | None:
    """A table in a region, None when there is none."""
    found = table_reads.describe(aws, region, table.physical)
    if found is None:
        return None
    prefix = f"table/{table.physical}"
    bounds = {name: one for name, one in bounds_of(aws, region).items() if name.startswith(f"{prefix}/")}
    return Seen(
        region=region,
        description=found,
        ttl=table_reads.expiry_of(aws, region, table.physical),
        recovery=table_reads.recovery_of(aws, region, table.physical),
        tags=table_reads.tags_of(aws, region, table.physical),
        policy=table_policy.live(aws, region, table.physical),
        encryption=table_reads.encryption_of(aws, region, found, wanted=(table.encryption or {}).get(region)),
        scaling={
            name.removeprefix(prefix).removeprefix("/index/").removeprefix("/"): one for name, one in bounds.items()
        },
    )


def aspects_of(table: model.TableSpec, seen: Sequence[Seen], backend: str) -> Iterator[Aspect]:
    """Every aspect worth a row: those of indexes that the spec wants or some region has."""
    yield _plain("status", replicated=False, wanted="ACTIVE", value=lambda one: _status(one, table))
    yield _plain("key", replicated=True, wanted=table.key.words(), value=_key)
    yield from _indexes(table, seen)
    yield _plain("TTL", replicated=True, wanted=table.ttl or _OFF, value=lambda one: one.ttl or _OFF)
    provisioned = table_capacity.is_provisioned(table)
    billing = table_capacity.PROVISIONED if provisioned else table_capacity.ON_DEMAND
    yield _plain("billing", replicated=True, wanted=billing, value=lambda one: table_steps.billing_of(one.description))
    yield _stream(table)
    yield from _capacity(table)
    yield from _scaling(table, seen)
    yield _switch("point-in-time recovery", on=table.point_in_time_recovery, value=lambda one: one.recovery)
    yield _switch(
        "deletion protection",
        on=table.deletion_protection,
        value=lambda one: bool(one.description.get("DeletionProtectionEnabled", False)),
    )
    yield _tags(table, seen, backend)
    yield _encryption(table)
    yield _table_class(table)
    yield _policy(table)


def notes(primary: Seen) -> Iterator[str]:
    """What is worth knowing of a table beside its aspects."""
    if table_shape.is_strong(primary.description):
        yield table_shape.STRONG
    if table_shape.is_of_ended_version(primary.description):
        yield f"a global table of version {table_shape.ENDED_VERSION}, which AWS has ended: update it to 2019.11.21"


def _plain(name: str, *, replicated: bool, wanted: str, value: Callable[[Seen], str]) -> Aspect:
    """One of which the spec always says what it wants, the same in every region."""
    return Aspect(name=name, replicated=replicated, value=value, wanted=lambda _: wanted)


def _switch(name: str, *, on: bool, value: Callable[[Seen], bool]) -> Aspect:
    words = {True: "on", False: _OFF}
    return _plain(name, replicated=False, wanted=words[on], value=lambda one: words[value(one)])


def _status(one: Seen, table: model.TableSpec) -> str:
    """A replica whose table does not know the primary region belongs to no group."""
    primary = table.regions[0]
    if one.region != primary and primary not in table_reads.others(one.description, one.region):
        return _ALONE
    return table_reads.status_of(one.description)


def _key(one: Seen) -> str:
    return table_indexes.key_of(one.description["KeySchema"], one.description).words()


def _indexes(table: model.TableSpec, seen: Sequence[Seen]) -> Iterator[Aspect]:
    wanted = table_indexes.wanted(table.indexes)
    for name in sorted(wanted.keys() | {name for one in seen for name in table_indexes.found(one.description)}):
        words = wanted[name].words() if name in wanted else NONE
        yield _plain(f"index {name}", replicated=True, wanted=words, value=partial(_index, name))
    local = table_shape.local_wanted(table.local_indexes)
    for name in sorted(local.keys() | {name for one in seen for name in table_shape.local_found(one.description)}):
        words = local[name].words() if name in local else NONE
        yield _plain(f"local index {name}", replicated=True, wanted=words, value=partial(_local_index, name))


def _index(name: str, one: Seen) -> str:
    found = table_indexes.found(one.description).get(name)
    if found is None:
        return NONE
    states = {
        index["IndexName"]: index.get("IndexStatus", "ACTIVE") for index in one.description["GlobalSecondaryIndexes"]
    }
    return found.words() + ("" if states[name] in table_indexes.USABLE else f" ({states[name]})")


def _local_index(name: str, one: Seen) -> str:
    found = table_shape.local_found(one.description).get(name)
    return NONE if found is None else found.words()


def _stream(table: model.TableSpec) -> Aspect:
    view = table_shape.stream_wanted(table)
    return Aspect(
        name="stream",
        replicated=len(table.regions) > 1,
        value=lambda one: _view(table_shape.stream_of(one.description)),
        wanted=lambda _: None if view is None else _view(view),
    )


def _view(view: str) -> str:
    return view.lower().replace("_", "-") or _OFF


def _capacity(table: model.TableSpec) -> Iterator[Aspect]:
    """Units by the spec's bounds: what scaling moves within them is right wherever it stands."""
    bounds = {
        (one.name, region): one.scaling for region in table.regions for one in table_capacity.scaled(table, region)
    }
    for index, unit in _holders(table):
        name = table_capacity.units_name(index, unit)
        scaled = f"{table.name}/index/{name}" if index else f"{table.name}/{name}"
        yield Aspect(
            name=f"{_of_index(index)}{unit} units",
            replicated=unit == "write",
            value=partial(_units, name),
            wanted=partial(_range_in, bounds, scaled),
            suits=lambda _, wanted: _TO in wanted,
        )


def _scaling(table: model.TableSpec, seen: Sequence[Seen]) -> Iterator[Aspect]:
    wanted = {
        (one.resource.removeprefix(f"table/{table.physical}").removeprefix("/index/"), unit, region): one.scaling
        for region in table.regions
        for one in table_capacity.scaled(table, region)
        for unit in [one.name.rpartition("/")[2]]
    }
    there = {(name.rpartition("/")[0], name.rpartition("/")[2]) for one in seen for name in one.scaling}
    for index, unit in sorted({(index, unit) for index, unit, _ in wanted} | there):
        name = table_capacity.units_name(index, unit)
        told = {region: _aim(wanted.get((index, unit, region))) for region in table.regions}
        yield Aspect(
            name=f"{_of_index(index)}{unit} scaling",
            replicated=False,
            value=partial(_bounds_of, name),
            wanted=told.__getitem__,
        )


def _holders(table: model.TableSpec) -> Iterator[tuple[str, str]]:
    if table_capacity.is_provisioned(table):
        for index in ("", *(one.name for one in table.indexes)):
            yield from ((index, unit) for unit in ("read", "write"))


def _of_index(index: str) -> str:
    return f"{index}: " if index else ""


def _units(name: str, one: Seen) -> str:
    return str(table_capacity.units_of(one.description).get(name, 0))


def _bounds_of(name: str, one: Seen) -> str:
    return _bounds(one.scaling.get(name))


def _range_in(bounds: Mapping[tuple[str, str], model.Scaling], scaled: str, region: str) -> str:
    return _range(bounds[scaled, region])


def _range(scaling: model.Scaling) -> str:
    return str(scaling.min) if scaling.min == scaling.max else f"{scaling.min}{_TO}{scaling.max}"


def _aim(scaling: model.Scaling | None) -> str:
    return NONE if scaling is None else _bounds((scaling.min, scaling.max, scaling.target))


def _bounds(bounds: tuple[int, int, int | None] | None) -> str:
    if bounds is None:
        return NONE
    least, most, aim = bounds
    return f"{least}{_TO}{most}, " + ("no single policy" if aim is None else f"{aim} %")


def _tags(table: model.TableSpec, seen: Sequence[Seen], backend: str) -> Aspect:
    """Those of the spec, our marks, and what the primary region has beside; one that only a replica has is its own."""
    primary = table.regions[0]
    wanted = table_settings.marks(backend=backend, name=table.name, primary=primary, tags=table.tags)
    theirs = {one.region: one.tags for one in seen}.get(primary, {})
    beside = replica_own.open_tags(theirs, wanted)
    words = _tagged({**beside, **wanted}, {**beside, **wanted})
    return Aspect(
        name="tags",
        replicated=False,
        value=lambda one: _tagged({**beside, **wanted}, one.tags),
        wanted=lambda _: None if beside else words,
        follow=lambda *_: words,
    )


def _tagged(wanted: Mapping[str, str], tags: Mapping[str, str]) -> str:
    """Tags in words; our marks are named where they are missing or other."""
    users = [f"{key}={tags[key]}" for key in sorted(wanted) if key in tags and not key.startswith(_MARK)]
    unmarked = [key for key in sorted(wanted) if key.startswith(_MARK) and tags.get(key) != wanted[key]]
    return ", ".join([*users, *(f"no {key}" if key not in tags else f"{key}={tags[key]}" for key in unmarked)]) or _OURS


def _encryption(table: model.TableSpec) -> Aspect:
    own = table_shape.is_customers((table.encryption or {}).get(table.regions[0]))
    return Aspect(
        name="encryption",
        replicated=not own,
        value=lambda one: one.encryption,
        wanted=(table.encryption or {}).get,
        suits=_encrypted_alike,
    )


def _encrypted_alike(value: str, wanted: str) -> bool:
    """A key serves one region: where each has a key of its own and the spec names none, they are alike."""
    both = (value, wanted)
    regions = {one.split(":")[3] for one in both if one.startswith("arn:")}
    return all(one.startswith("arn:") for one in both) and len(regions) == len(both)


def _table_class(table: model.TableSpec) -> Aspect:
    return Aspect(
        name="table class",
        replicated=False,
        value=lambda one: table_shape.class_of(one.description),
        wanted=table.class_in,
    )


def _policy(table: model.TableSpec) -> Aspect:
    def wanted(region: str) -> str | None:
        policy = table_policy.wanted(table.resource_policies, region)
        return None if policy is None else _told(policy)

    return Aspect(
        name="resource policy",
        replicated=False,
        value=lambda one: _told(one.policy),
        wanted=wanted,
        follow=lambda primary, region: _told(
            table_policy.in_region(primary.policy, of=primary.region, region=region) if primary.policy else {}
        ),
    )


def _told(policy: table_policy.Policy) -> str:
    """How many statements, and a digest by which two are told apart."""
    if not policy:
        return NONE
    digest = hashlib.sha256(json.dumps(policy, sort_keys=True).encode()).hexdigest()[:6]
    count = len(policy["Statement"])
    return f"{count} statement{'' if count == 1 else 's'} ({digest})"
