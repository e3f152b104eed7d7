"""Every call that tests make through the command line, held against the policy that `iam-policy` prints.

Each sandbox of the tests writes down which command asked for which action on what (`BACKENDCTL_SANDBOX_CALLS`). After
each test its new lines have to be allowed to that command, in a backend as its spec was at some time; at the end of a
run of the whole suite every right has to have been used.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from backendctl.cli.catalogue import entries
from backendctl.errors import BackendctlError
from backendctl.permissions.arns import RESOURCES, Scope
from backendctl.permissions.on_behalf import ON_BEHALF
from backendctl.permissions.reading import Named
from backendctl.permissions.row import Right
from backendctl.permissions.table import ROWS
from backendctl.resources.assemble import called_names
from backendctl.spec import parse
from tests.functional.sandboxed import ACCOUNT

_OURS = frozenset(entries()) - {"validate", "render", "sandbox"}
"""Also a verb that the table does not have yet; what is left out asks for what expressions name, and for no more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What a command needed."""

    command: str
    action: str
    resource: str


def scope_of(spec: Path) -> Scope | None:
    """What the ARNs of a backend are made from; None for a spec with faults, which asks AWS for nothing."""
    try:
        text = spec.read_bytes()
    except OSError:
        return None
    return _scope(spec, text)


@cache
def _scope(spec: Path, text: bytes) -> Scope | None:
    del text  # a spec that has changed is another one
    lookups = Named(ACCOUNT)
    try:
        found = parse(spec, elsewhere=True).expand(lookups)
    except BackendctlError:
        return None
    return Scope(
        spec=found,
        account=ACCOUNT,
        partition="aws",
        regions=frozenset(found.regions),
        functions=called_names(found),
        zones=("*",),
        parameters=frozenset(lookups.parameters),
    )


def calls_in(file: Path, since: int) -> tuple[list[Asked], int]:
    """The lines behind an offset, without what tests ask by themselves; and where the file ends."""
    try:
        text = file.read_text(encoding="utf-8")[since:]
    except OSError:
        return [], since
    found = [Asked(command=one[0], action=one[1], resource=one[2]) for one in map(json.loads, text.splitlines())]
    return [one for one in found if one.command in _OURS], since + len(text)


def outside(asked: Iterable[Asked], scopes: Iterable[Scope]) -> Iterator[str]:
    """Each that no row allows, in a sentence."""
    scopes = list(scopes)
    for one in asked:
        if not any(_allows(row, one, scopes) for row in (*ROWS, *ON_BEHALF)):
            yield f"{one.command} needs {one.action} on {one.resource}, which its policy does not allow"


def used_rows(asked: Iterable[Asked], scopes: Iterable[Scope]) -> set[str]:
    """The rights that were used, as `unused` names them."""
    scopes = list(scopes)
    return {_name(row) for row in ROWS for one in asked if _allows(row, one, scopes)}


def unused(used: set[str]) -> list[str]:
    """The rights that nobody used; those for what AWS does on a caller's behalf are not among them."""
    return sorted({_name(row) for row in ROWS} - used)


def _name(row: Right) -> str:
    return f"{row.action} on {row.on}"


def _allows(row: Right, one: Asked, scopes: list[Scope]) -> bool:
    if row.action != one.action or one.command not in row.commands:
        return False
    patterns = {pattern for scope in scopes for pattern in RESOURCES[row.on].find(scope)}
    return any(fnmatchcase(one.resource, pattern.replace("[", "[[]")) for pattern in patterns)
