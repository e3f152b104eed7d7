"""What of a plan the command line chooses: --only, --skip, and the addresses of --allow-delete and --adopt."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from backendctl.engine.action import Action
from backendctl.engine.plan import Change, Plan
from backendctl.engine.safety import EVERYTHING, named
from backendctl.errors import UsageError
from backendctl.nearest import nearest
from backendctl.resources import ORDER
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.log_group import LogGroup

_LISTED = 8
"""So many names are told when none is near."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """What a plan is restricted to, and what it may do beside.

    Attributes:
        only, skip: KIND or KIND/NAME, with shell wildcards.
        delete, adopt: addresses, REGION/KIND/NAME or KIND/NAME; EVERYTHING in `adopt` for all.
        deleted: addresses that an earlier run was allowed to delete, so that they may be gone by now.
    """

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    adopt: tuple[str, ...] = ()
    deleted: frozenset[str] = frozenset()

    def check(self) -> None:
        """Refuse what cannot mean anything, before AWS is asked.

        Raises:
            UsageError: a kind that there is not.
        """
        patterns = [("--only", self.only), ("--skip", self.skip)]
        for option, kind, text in [(o, p.partition("/")[0], p) for o, given in patterns for p in given]:
            _refuse_kind(option, kind, text)
        addresses = [("--allow-delete", self.delete), ("--adopt", [one for one in self.adopt if one != EVERYTHING])]
        for option, text in [(o, address) for o, given in addresses for address in given]:
            head, _, rest = text.partition("/")
            if not rest or (head not in ORDER and "/" not in rest):
                raise UsageError(f"{option} {text}: an ADDRESS is REGION/KIND/NAME or KIND/NAME")
            _refuse_kind(option, head if head in ORDER else rest.partition("/")[0], text)

    def applied(self, plan: Plan) -> Plan:
        """The plan with only what was chosen."""
        return plan.restricted(self._chosen)

    def _chosen(self, change: Change) -> bool:
        if self.only and not any(_matches(change.kind, change.name, pattern) for pattern in self.only):
            return False
        return not any(_matches(change.kind, change.name, pattern) for pattern in self.skip)

    def refuse_unmatched(self, plan: Plan, more: Iterable[tuple[str, str, str]] = ()) -> None:
        """Refuse what chooses nothing of a plan that is not restricted yet.

        Args:
            more: region, kind and name of what counts although the plan does not hold it; an empty name is a kind
                of which nothing has to be there.

        Raises:
            UsageError: the first such one, with the nearest that is there.
        """
        there = set(_things(plan))
        if not there:
            return
        there |= set(more)
        kinds = {f"{kind}/{name}": (kind, name) for _, kind, name in there}
        unmatched = [one for one in (*self.only, *self.skip) if not any(_matches(*it, one) for it in kinds.values())]
        for pattern in unmatched if not plan.unreachable else ():
            # A kind of which there is nothing is no slip of the hand, unless it would be all there is to do.
            if "/" in pattern or (pattern in self.only and set(self.only) <= set(unmatched)):
                option = "--only" if pattern in self.only else "--skip"
                raise UsageError(_nothing(option, pattern, kinds, plan.backend))
        known = {f"{region}/{kind}/{name}" for region, kind, name in there}
        given = [*(("--allow-delete", one) for one in self.delete), *(("--adopt", one) for one in self.adopt)]
        for option, text in given:
            whole = text.partition("/")[0] not in ORDER
            unsure = text.partition("/")[0] in plan.unreachable if whole else bool(plan.unreachable)
            gone = option == "--allow-delete" and text in self.deleted
            if text != EVERYTHING and not unsure and not gone and text not in (known if whole else kinds):
                raise UsageError(_nothing(option, text, known if whole else kinds, plan.backend))


def sparing_history(plan: Plan, allowed: Collection[str]) -> Plan:
    """The plan without the deletion of logs that nobody named, and with what is left behind.

    Args:
        allowed: the addresses of --allow-delete.
    """
    spared = [
        change
        for change in plan.changes
        if isinstance(change.resource, LogGroup) and change.action is Action.DELETE and not named(change, allowed)
    ]
    remarks = list(_renamed(plan))
    if spared:
        kept = ", ".join(change.address for change in spared)
        remarks.append(
            f"the logs of functions that are gone are kept: {kept}; --allow-delete {spared[0].address} deletes one"
        )
    plan = plan.restricted(lambda change: change not in spared)
    return replace(plan, remarks=(*plan.remarks, *remarks))


def _renamed(plan: Plan) -> Iterable[str]:
    """A function's history hangs on its name."""
    gone = [c.live for c in plan.changes if c.action is Action.DELETE and isinstance(c.live, Function)]
    made = [c.desired for c in plan.changes if c.action is Action.CREATE and isinstance(c.desired, Function)]
    pairs = [(old.name, new.name) for old in gone for new in made if (old.region, old.code) == (new.region, new.code)]
    for old, new in dict.fromkeys(pairs):
        yield (
            f"{new} has the code of {old}: if it is renamed, the logs, metrics and versions of {old} stay behind "
            "under the old name"
        )


_RENAMED_KINDS = {"roster": "; it is called region-index"}


def _refuse_kind(option: str, kind: str, text: str) -> None:
    if kind not in ORDER:
        near = _RENAMED_KINDS.get(kind) or nearest(kind, ORDER) or "; the kinds are " + ", ".join(ORDER)
        raise UsageError(f"{option} {text}: {kind!r} is not a kind of resource{near}")


def _things(plan: Plan) -> Iterable[tuple[str, str, str]]:
    for resource in (*plan.unchanged, *(change.resource for change in plan.changes)):
        yield resource.region, resource.kind, resource.name


def _matches(kind: str, name: str, pattern: str) -> bool:
    wanted, _, glob = pattern.partition("/")
    return kind == wanted and (not glob or fnmatchcase(name, glob))


def _nothing(option: str, text: str, known: Collection[str], backend: str) -> str:
    kind = text.partition("/")[0]
    if text in ORDER:
        return f"{option} {text}: {backend} has no {kind}; leave it out"
    alike = sorted(one for one in known if not one.endswith("/") and (kind not in ORDER or one.startswith(f"{kind}/")))
    near = nearest(text, alike) or (f"; there is {', '.join(alike[:_LISTED])}" if alike else "")
    return f"{option} {text}: {backend} has nothing of that name{near}"
