"""What the parts that know no kind ask of one: everything has a default, so a kind that needs nothing says nothing.

A kind of resource or an operation says what is different about it in its class attribute `traits`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Fix(StrEnum):
    """Which changes of a kind `doctor --fix` makes: those that no request can notice and that take nothing away.

    CREATED: its creation; a shorter retention of logs, for one, deletes lines. ADDED: that, and updates that only set
    what was not set; a statement that goes takes a right. ALWAYS: every update as well, but never a delete.
    """

    NEVER = "never"
    CREATED = "created"
    ADDED = "added"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """Where `status` shows a resource: under the thing that a user thinks of.

    Attributes:
        title: of the thing, e.g. "function".
        name: name of the resource, backend → name of the thing; empty for the only one of that title.
    """

    title: str
    name: Callable[[str, str], str]


def base(name: str, backend: str) -> str:
    """`places:version1`, `v1/access` → what stands before the first colon or slash."""
    del backend
    return name.partition(":")[0].partition("/")[0]


def whole(name: str, backend: str) -> str:
    """The name as it is."""
    del backend
    return name


def the_only(name: str, backend: str) -> str:
    """That of the only thing of the title, whatever the resource is called."""
    del name, backend
    return ""


def _rest(name: str, backend: str) -> str:
    del name, backend
    return "logging, region index"


REST = MatrixRow("region", _rest)
"""The last row: what belongs to the region and to nothing in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Traits:
    """How a kind differs from most.

    Attributes:
        opens_region: its name is a region, which it makes known: before anything else there, and gone after it.
        announces: everything waits for it, but for what opens a region.
        spans: of kinds that reach over regions, the name they share: a delete waits for the others in all regions.
        lasts: as many ordinary changes as one of it takes.
        needs_settled: it waits until what it needs is known to all of AWS.
        outlasts: what AWS goes on with by itself when a change of it is interrupted.
        reads_early: it has a long chain of reads, which begins before the others.
        beside_canary: start-canary makes its changes as well, because the canary's requests meet it.
        made_if_missing: a release of single stages makes it where something new needs it, and never compares it.
        part_of_needed: it belongs to what it needs: whoever makes that makes it as well, and what else needs that waits
            for it.
        region_check: the row of check-regions that asks whether a region which would take another one's users has it
            as the spec says; empty for none.
        of_release: a release is concluded in a region when its changes hold there.
        row: where `status` shows it.
        fix: what `doctor --fix` may do. fixed_by: the command that brings it alone, e.g. "grant".
        harm: what callers notice where it differs from the spec; empty when that depends.
        follows: fields that differ while everything is as it should be.
        instead: what one may do other than to adopt one that is somebody else's.
    """

    opens_region: bool = False
    announces: bool = False
    spans: str = ""
    lasts: int = 1
    needs_settled: bool = True
    outlasts: str = ""
    reads_early: bool = False
    beside_canary: bool = False
    made_if_missing: bool = False
    part_of_needed: bool = False
    region_check: str = ""
    of_release: bool = False
    row: MatrixRow = REST
    fix: Fix = Fix.NEVER
    fixed_by: str = ""
    harm: str = ""
    follows: frozenset[str] = frozenset()
    instead: str = "give it another name in the spec"


_USUAL = Traits()


def traits_of(kind: object) -> Traits:
    """Of a kind, a resource or an operation."""
    found: Traits = getattr(kind, "traits", _USUAL)
    return found
