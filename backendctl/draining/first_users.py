"""A region more: it is tested and warmed when all of it stands, and gets its records after that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from backendctl.draining.smoke import smoke, warm
from backendctl.engine.action import Action
from backendctl.engine.diff import FieldChange
from backendctl.engine.plan import Change, Plan, operating
from backendctl.engine.resource import address
from backendctl.resources.route53.record import Record

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.backend import Backend

KIND = "smoke-test"


@dataclass(frozen=True, kw_only=True, slots=True)
class SmokeTest:
    """Of one region that is about to get its first users.

    Attributes:
        name: of the domain. after: addresses of all that a request needs there.
    """

    kind: ClassVar[str] = KIND
    action: ClassVar[Action] = Action.CREATE
    taken_back: ClassVar[str] = ""

    region: str
    name: str
    backend: Backend
    after: frozenset[str]

    def needs(self) -> frozenset[str]:
        """All that a request needs."""
        return self.after

    def read(self, aws: Aws) -> tuple[FieldChange, ...]:
        """That it comes before the records."""
        del aws
        return (FieldChange(field="before", before=None, after="users are sent there"),)

    def run(self, aws: Aws) -> None:
        """Ask the region what users would, and warm its functions.

        Raises:
            BackendctlError: it does not answer as it should; it gets no records.
        """
        aws.forget("stages", self.region)
        smoke(self.backend, self.region, throttled=False)
        warm(self.backend, self.region)


def tested_first(plan: Plan, backend: Backend) -> Plan:
    """The plan with a smoke test before the first records of a region, where other regions have users already."""
    others = any(isinstance(one, Record) for one in (*plan.unchanged, *(change.live for change in plan.changes)))
    entering = [change for change in plan.changes if _enters(change)]
    if not others or not entering or backend.spec.api is None:
        return plan
    tests = {change.region: _test(change, plan, backend) for change in entering}
    changes = [_behind(change, tests[change.region]) if _enters(change) else change for change in plan.changes]
    added = [operating(test, test.read(backend.aws)) for test in tests.values()]
    return replace(plan, changes=(*changes, *added))


def _enters(change: Change) -> bool:
    return change.kind == Record.kind and change.action is Action.CREATE and isinstance(change.desired, Record)


def _test(change: Change, plan: Plan, backend: Backend) -> SmokeTest:
    """Behind everything else that is made or changed there, also by a deploy that mends what has failed before."""
    there = {c.address for c in plan.changes if c.region == change.region and not c.removes and c.kind != Record.kind}
    return SmokeTest(region=change.region, name=change.name, backend=backend, after=change.resource.needs() | there)


def _behind(change: Change, test: SmokeTest) -> Change:
    if not isinstance(change.desired, Record):
        return change
    after = change.desired.after | {address(test.region, test.kind, test.name)}
    return replace(change, desired=replace(change.desired, after=after))
