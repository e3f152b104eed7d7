"""Whether a region has what the others have: the release, the definition and the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.aws.errors import ClientError, is_missing
from backendctl.aws.regions import each_region
from backendctl.release.running import Serving, serving
from backendctl.resources.ssm.release_record import split_tag

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.backend import Backend
    from backendctl.errors import BackendctlError
    from backendctl.spec.model import TableSpec

DEPLOY = "backendctl deploy"


@dataclass(frozen=True, kw_only=True, slots=True)
class Differing:
    """One thing that a region has otherwise than the region it is held against.

    Attributes:
        what: "release", "definition" or "table". said: a sentence. command: what makes it so.
    """

    region: str
    what: str
    said: str
    command: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """One table in one region, as far as requests depend on it.

    Attributes:
        status: of the table there. indexes: name → status.
    """

    status: str
    key: tuple[str, ...] = ()
    indexes: tuple[tuple[str, str], ...] = ()

    def words(self) -> str:
        """For people."""
        indexes = ", ".join(f"{name} {status}" for name, status in self.indexes)
        return f"{self.status}{f' with {indexes}' if indexes else ''}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Alike:
    """What every region serves and holds, and the regions that did not answer."""

    serving: Mapping[tuple[str, str], Serving]
    tables: Mapping[str, Mapping[str, Shape]]
    unreachable: Mapping[str, BackendctlError]

    def differing(self, region: str, others: Sequence[str]) -> Iterator[Differing]:
        """What the region has otherwise than the first of the others that answers."""
        other = next((one for one in others if one not in self.unreachable), None)
        if other is None or region in self.unreachable:
            return
        stages = dict.fromkeys(stage for where, stage in self.serving if where in {region, other})
        for stage in stages:
            yield from _stage(stage, self.serving.get((region, stage)), self.serving.get((other, stage)), region, other)
        for table in dict.fromkeys([*self.tables.get(region, {}), *self.tables.get(other, {})]):
            mine = self.tables.get(region, {}).get(table)
            theirs = self.tables.get(other, {}).get(table)
            if mine is None or theirs is None or mine != theirs or _is_arriving(mine):
                said = f"{region}/table/{table} is {_words(mine)}, in {other} {_words(theirs)}"
                yield Differing(region=region, what="table", said=said, command="backendctl sync-tables")


def look_alike(backend: Backend) -> Alike:
    """Read what every region of the spec serves and holds, now."""
    found, failed = serving(backend)
    spec = backend.spec

    def tables(region: str) -> dict[str, Shape]:
        return {one.name: _shape(backend.aws, region, one) for one in spec.tables if region in one.regions}

    shapes, silent = each_region(spec.regions, tables, workers=backend.settings.workers, doing="read the tables of")
    return Alike(
        serving={(one.region, one.stage): one for one in found}, tables=shapes, unreachable={**silent, **failed}
    )


def _stage(stage: str, mine: Serving | None, theirs: Serving | None, region: str, other: str) -> Iterator[Differing]:
    place = f"{region}/stage/{stage}"
    if mine is None or theirs is None:
        said = f"{place} is not there" if mine is None else f"{place} is there, and not in {other}"
        yield Differing(region=region, what="release", said=said, command=DEPLOY)
        return
    if mine.tag != theirs.tag:
        said = f"{place} serves {_number(mine.tag)}, in {other} {_number(theirs.tag)}"
        yield Differing(region=region, what="release", said=said, command=DEPLOY)
    if mine.canary is not None:
        said = f"{place} has a canary that no user would judge"
        yield Differing(region=region, what="release", said=said, command="backendctl promote-canary")
    if mine.definition != theirs.definition:
        said = f"{place} serves another definition ({mine.definition or 'unknown'}) than {other} ({theirs.definition})"
        yield Differing(region=region, what="definition", said=said, command=DEPLOY)


def _number(tag: str) -> str:
    told = split_tag(tag)
    return "no numbered release" if told is None else f"v{told[0]} ({told[1]})"


def _is_arriving(shape: Shape) -> bool:
    return shape.status != "ACTIVE" or any(status != "ACTIVE" for _, status in shape.indexes)


def _words(shape: Shape | None) -> str:
    return "not there" if shape is None else shape.words()


def _shape(aws: Aws, region: str, table: TableSpec) -> Shape:
    try:
        found: Any = aws.dynamodb(region).describe_table(TableName=table.physical)["Table"]
    except ClientError as error:
        if is_missing(error):
            return Shape(status="not there")
        raise
    return Shape(
        status=found["TableStatus"],
        key=tuple(f"{part['AttributeName']} {part['KeyType']}" for part in found.get("KeySchema", ())),
        indexes=tuple(
            sorted((one["IndexName"], one["IndexStatus"]) for one in found.get("GlobalSecondaryIndexes", ()))
        ),
    )
